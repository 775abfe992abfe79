// SPDX-License-Identifier: Apache-2.0
// One membership machine and frames by hand: the rules of becoming neighbours and ceasing to be.
#include "overlay/membership/membership.hpp"
#include "overlay/wire/codec.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <vector>

namespace boato {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

struct Lab {
  MembershipConfig config;
  Self self;
  LinkTable links;
  Time now{1s};
  Effects fx;
  std::optional<Membership> m;
  std::uint32_t next_link = 1;

  // `key` of the machine; peers have keys of their number.
  explicit Lab(std::uint8_t key = 200) {
    self.id.raw[0] = key;
    self.addresses.push_back(address(key));
    m.emplace(config, self, links, Rng{1});
    const Address seed = address(250);
    m->on_start(now, std::span{&seed, 1}, fx);
    fx.clear();
  }
  static Address address(std::uint8_t n) {
    Address a;
    a.ip[15] = n;
    a.port = 7470;
    return a;
  }
  static PeerId peer(std::uint8_t n) {
    PeerId id;
    id.raw[0] = n;
    return id;
  }
  static wire::PeerSample sample(std::uint8_t n, std::uint32_t age_s = 0) {
    wire::PeerSample s;
    s.id = peer(n);
    s.incarnation = Incarnation{1};
    s.age_s = age_s;
    s.addresses.push_back(address(n));
    return s;
  }
  LinkInfo link(std::uint8_t n, std::uint32_t flags = 0) {
    LinkUp up;
    up.link = LinkId{next_link++};
    up.peer = peer(n);
    up.incarnation = Incarnation{1};
    up.flags = flags;
    up.addresses.push_back(address(n));
    const LinkInfo info = links.add(up, now);
    m->on_link_up(now, info, fx);
    m->check_invariants();
    return info;
  }
  void drop(const LinkInfo& info, CloseReason why) {
    links.remove(info.id);
    m->on_link_down(now, info, why, fx);
    m->check_invariants();
  }
  template <class M>
  void hear(const LinkInfo& from, const M& message) {
    links.edit(from.id)->last_heard = now;
    static_cast<void>(m->on(now, from, message, fx));
    m->check_invariants();
  }
  void pass(Duration d) {
    for (const Time end = now + d; now < end;) {
      now = std::min(end, std::max(now, m->next_deadline()));
      if (m->next_deadline() <= now) m->on_deadline(now, fx);
      m->check_invariants();
    }
  }
  template <class M>
  std::vector<std::pair<LinkId, M>> sent() {
    std::vector<std::pair<LinkId, M>> found;
    for (const Send& s : fx.sends()) {
      M message;
      if (wire::decode(fx.envelope(s), message)) found.emplace_back(s.link, message);
    }
    return found;
  }
  // Peers [first, first + n) ask and are accepted; they tell `degree`.
  std::vector<LinkInfo> neighbours(std::uint8_t first, std::size_t n, std::uint32_t degree = 8) {
    std::vector<LinkInfo> made;
    for (std::size_t i = 0; i < n; ++i) {
      made.push_back(link(static_cast<std::uint8_t>(first + i)));
      hear(made.back(), wire::Neighbor{wire::Want::urgent, 0});
      hear(made.back(), wire::Ping{1, degree, wire::role_active});
    }
    fx.clear();
    return made;
  }
};

TEST(Neighbor, IsAcceptedBelowTheTarget) {
  Lab lab;
  const LinkInfo a = lab.link(1);

  lab.hear(a, wire::Neighbor{wire::Want::normal, 3});

  EXPECT_THAT(lab.sent<wire::Accept>(), SizeIs(1));
  ASSERT_THAT(lab.m->active(), SizeIs(1));
  EXPECT_EQ(lab.m->active()[0].peer, Lab::peer(1));
}

TEST(Neighbor, AcceptWithoutAQuestionIsRefused) {
  Lab lab;
  const LinkInfo a = lab.link(1);

  lab.hear(a, wire::Accept{3});

  EXPECT_THAT(lab.m->active(), IsEmpty());
  EXPECT_THAT(lab.sent<wire::Disconnect>(), SizeIs(1));
}

TEST(Neighbor, HearsayAloneMakesNoNeighbour) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  wire::Shuffle shuffle;
  for (std::uint8_t n = 10; n < 20; ++n) shuffle.samples.push_back(Lab::sample(n));

  lab.hear(a, shuffle);
  lab.pass(10s);

  EXPECT_THAT(lab.m->active(), IsEmpty());
  EXPECT_GE(lab.m->passive().size(), 10u);
  EXPECT_FALSE(lab.fx.dials().empty());
}

TEST(Neighbor, AFullPeerRefusesWithSamplesOfOthers) {
  Lab lab;
  lab.neighbours(1, 8);
  const LinkInfo asker = lab.link(50);
  lab.fx.clear();

  lab.hear(asker, wire::Neighbor{wire::Want::normal, 7});

  const auto refused = lab.sent<wire::Refuse>();
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].first, asker.id);
  EXPECT_GE(refused[0].second.samples.size(), 4u);
  for (const wire::PeerSample& s : refused[0].second.samples) EXPECT_NE(s.id, Lab::peer(50));
}

TEST(Neighbor, WhoWasRefusedAsksOthersAndNotTheSameForTenSeconds) {
  Lab lab;
  wire::Shuffle shuffle;
  shuffle.samples.push_back(Lab::sample(1));
  const LinkInfo friendly = lab.link(9);
  lab.hear(friendly, shuffle);
  const LinkInfo full = lab.link(1);
  lab.pass(4s);
  ASSERT_FALSE(lab.sent<wire::Neighbor>().empty());
  wire::Refuse refuse;
  refuse.samples.push_back(Lab::sample(2));
  lab.hear(full, refuse);
  lab.fx.clear();

  lab.pass(9s);

  for (const auto& [link, ask] : lab.sent<wire::Neighbor>()) EXPECT_NE(link, full.id);
  EXPECT_TRUE(std::ranges::any_of(lab.fx.dials(), [](const DialWish& d) { return d.peer == Lab::peer(2); }));
}

TEST(Neighbor, AFullPeerInsertsTheAskerIntoOneOfItsEdges) {
  Lab lab;
  lab.neighbours(1, 8);
  const LinkInfo asker = lab.link(50);
  lab.fx.clear();

  lab.hear(asker, wire::Neighbor{wire::Want::normal, 4});

  const auto splices = lab.sent<wire::Splice>();
  ASSERT_THAT(splices, SizeIs(1));
  EXPECT_EQ(splices[0].second.peer[0].id, Lab::peer(50));
  EXPECT_THAT(lab.sent<wire::Accept>(), IsEmpty());
}

TEST(Splice, KeepsTheDegreeAndClosesTheEdgeOnlyWhenBothLinksAreConfirmed) {
  Lab lab;
  const auto others = lab.neighbours(1, 8);
  const LinkInfo asker = lab.link(50);
  lab.hear(asker, wire::Neighbor{wire::Want::normal, 4});
  const auto [edge, splice] = lab.sent<wire::Splice>()[0];
  const LinkInfo other = *lab.links.find(edge);
  lab.fx.clear();

  lab.hear(other, wire::SpliceAnswer{splice.token, wire::SpliceState::agreed});
  ASSERT_THAT(lab.sent<wire::Neighbor>(), SizeIs(1));
  lab.hear(asker, wire::Accept{5});
  EXPECT_THAT(lab.sent<wire::Disconnect>(), IsEmpty());
  EXPECT_EQ(lab.m->active().size(), 9u);
  lab.hear(other, wire::SpliceAnswer{splice.token, wire::SpliceState::linked});

  const auto gone = lab.sent<wire::Disconnect>();
  ASSERT_THAT(gone, SizeIs(1));
  EXPECT_EQ(gone[0].first, edge);
  EXPECT_EQ(gone[0].second.reason, static_cast<std::uint8_t>(CloseReason::splice));
  EXPECT_EQ(lab.m->active().size(), 8u);
}

TEST(Splice, IsVoidAfterTwoSecondsAndNothingIsLost) {
  Lab lab;
  lab.neighbours(1, 8);
  const LinkInfo asker = lab.link(50);
  lab.hear(asker, wire::Neighbor{wire::Want::normal, 4});
  const auto [edge, splice] = lab.sent<wire::Splice>()[0];
  lab.hear(*lab.links.find(edge), wire::SpliceAnswer{splice.token, wire::SpliceState::agreed});
  lab.hear(asker, wire::Accept{8});

  for (int i = 0; i < 5; ++i) {
    lab.pass(500ms);
    for (const LinkInfo& info : std::vector<LinkInfo>(lab.links.all().begin(), lab.links.all().end()))
      lab.links.edit(info.id)->last_heard = lab.now;
  }
  lab.hear(*lab.links.find(edge), wire::SpliceAnswer{splice.token, wire::SpliceState::linked});

  EXPECT_TRUE(lab.m->uses(edge));
  EXPECT_GE(lab.m->active().size(), 8u);
}

TEST(Splice, TheOtherEndLinksToTheNewcomerAndTells) {
  Lab lab;
  const auto others = lab.neighbours(1, 8);
  wire::Splice splice;
  splice.token = 77;
  splice.peer.push_back(Lab::sample(50));

  lab.hear(others[2], splice);
  const auto answers = lab.sent<wire::SpliceAnswer>();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].second.state, wire::SpliceState::agreed);
  ASSERT_THAT(lab.fx.dials(), SizeIs(1));
  lab.fx.clear();
  const LinkInfo newcomer = lab.link(50);
  ASSERT_THAT(lab.sent<wire::Neighbor>(), SizeIs(1));
  lab.hear(newcomer, wire::Accept{2});

  const auto told = lab.sent<wire::SpliceAnswer>();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].first, others[2].id);
  EXPECT_EQ(told[0].second.state, wire::SpliceState::linked);
}

TEST(Splice, AnEdgeIsInOneSpliceAtATime) {
  Lab lab;
  const auto others = lab.neighbours(1, 8);
  wire::Splice splice;
  splice.token = 77;
  splice.peer.push_back(Lab::sample(50));
  lab.hear(others[2], splice);
  lab.fx.clear();

  splice.token = 78;
  splice.peer[0] = Lab::sample(51);
  lab.hear(others[2], splice);

  EXPECT_EQ(lab.sent<wire::SpliceAnswer>().at(0).second.state, wire::SpliceState::refused);
}

TEST(Neighbor, AtTheCapAnUrgentAskerTakesThePlaceOfTheRichest) {
  Lab lab;
  lab.neighbours(1, 11, 6);
  const auto rich = lab.neighbours(20, 1, 11);
  ASSERT_EQ(lab.m->active().size(), lab.config.active_max);
  const LinkInfo asker = lab.link(50);
  lab.fx.clear();

  lab.hear(asker, wire::Neighbor{wire::Want::urgent, 0});

  EXPECT_THAT(lab.sent<wire::Accept>(), SizeIs(1));
  const auto gone = lab.sent<wire::Disconnect>();
  ASSERT_THAT(gone, SizeIs(1));
  EXPECT_EQ(gone[0].first, rich[0].id);
  EXPECT_EQ(gone[0].second.reason, static_cast<std::uint8_t>(CloseReason::full));
}

TEST(Neighbor, NobodyIsEvictedBelowItsMinimum) {
  Lab lab;
  lab.neighbours(1, 12, 5);
  const LinkInfo asker = lab.link(50);
  lab.fx.clear();

  lab.hear(asker, wire::Neighbor{wire::Want::urgent, 0});

  EXPECT_THAT(lab.sent<wire::Disconnect>(), IsEmpty());
  EXPECT_THAT(lab.sent<wire::Refuse>(), SizeIs(1));
  EXPECT_EQ(lab.m->active().size(), 12u);
}

TEST(Neighbor, TheLowerKeyClosesALinkWhoseEndsBothHaveTooMany) {
  for (const std::uint8_t key : {std::uint8_t{0}, std::uint8_t{200}}) {
    Lab lab{key};
    const auto others = lab.neighbours(1, 10, 9);
    for (int i = 0; i < 90; ++i) {
      lab.pass(1s);
      for (const LinkInfo& other : others)
        if (lab.links.find(other.id)) lab.links.edit(other.id)->last_heard = lab.now;
    }

    EXPECT_EQ(lab.m->active().size(), key == 0 ? 8u : 10u);
  }
}

TEST(Neighbor, ALinkThatOneEndDoesNotCountIsGivenUpAtTheSecondKeepAlive) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  lab.hear(a, wire::Neighbor{wire::Want::normal, 3});

  lab.hear(a, wire::Ping{1, 3, 0});
  EXPECT_THAT(lab.m->active(), SizeIs(1));
  lab.hear(a, wire::Ping{2, 3, 0});

  EXPECT_THAT(lab.m->active(), IsEmpty());
}

TEST(Neighbor, WhoCountsUsWithoutReasonIsTold) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  lab.fx.clear();

  lab.hear(a, wire::Ping{1, 3, wire::role_active});

  EXPECT_THAT(lab.sent<wire::Disconnect>(), SizeIs(1));
}

TEST(Neighbor, AGhostComesBackOnlyWithNewerEvidence) {
  Lab lab;
  lab.now += 100s;
  const LinkInfo a = lab.link(1);
  wire::Shuffle told;
  told.samples.push_back(Lab::sample(7, 5));
  lab.hear(a, told);
  DialWish dead{Lab::peer(7), {}};
  dead.addresses.push_back(Lab::address(7));
  lab.m->on_dial_failed(lab.now, dead, lab.fx);
  ASSERT_THAT(lab.m->ghosts(), SizeIs(1));

  lab.now += 10s;
  told.samples[0].age_s = 15;
  lab.hear(a, told);
  EXPECT_THAT(lab.m->ghosts(), SizeIs(1));
  told.samples[0].age_s = 2;
  lab.hear(a, told);

  EXPECT_THAT(lab.m->ghosts(), IsEmpty());
}

TEST(Neighbor, LeavingTellsEveryLinkWithSamplesAndThenIsSilent) {
  Lab lab;
  lab.neighbours(1, 3);
  lab.link(40);
  lab.fx.clear();

  lab.m->leave(lab.now, lab.fx);

  const auto told = lab.sent<wire::Disconnect>();
  ASSERT_THAT(told, SizeIs(4));
  for (const auto& [link, goodbye] : told) {
    EXPECT_EQ(goodbye.reason, static_cast<std::uint8_t>(CloseReason::leaving));
    EXPECT_FALSE(goodbye.samples.empty());
  }
  EXPECT_EQ(lab.m->next_deadline(), never);
}

TEST(Liveness, SilenceLeadsToPingThenProbesThenDeath) {
  Lab lab{0};
  const auto others = lab.neighbours(1, 4);
  lab.pass(10ms);
  for (const auto& [link, ping] : lab.sent<wire::Ping>())
    lab.hear(*lab.links.find(link), wire::Pong{ping.token, 8, 1});
  lab.fx.clear();
  const auto others_speak = [&] {
    for (std::size_t i = 1; i < others.size(); ++i) lab.links.edit(others[i].id)->last_heard = lab.now;
  };
  const auto pass = [&](Duration d) {
    for (Duration done{0}; done < d; done += 50ms) {
      others_speak();
      lab.pass(50ms);
    }
  };

  pass(1100ms);
  EXPECT_EQ(lab.sent<wire::Ping>().at(0).first, others[0].id);
  EXPECT_THAT(lab.sent<wire::Probe>(), IsEmpty());
  pass(1000ms);
  EXPECT_THAT(lab.sent<wire::Probe>(), SizeIs(2));
  EXPECT_THAT(lab.fx.closes(), IsEmpty());
  pass(500ms);

  EXPECT_THAT(lab.fx.closes(), ElementsAre(std::pair{others[0].id, CloseReason::dead}));
}

TEST(Liveness, ALinkWithoutARoleIsAskedAtOnceWhenOthersDoubtThePeer) {
  for (const bool doubted : {false, true}) {
    Lab lab;
    const LinkInfo spare = lab.link(1);
    lab.pass(10ms);
    for (const auto& [link, ping] : lab.sent<wire::Ping>())
      lab.hear(*lab.links.find(link), wire::Pong{ping.token, 8, 0});
    lab.fx.clear();

    if (doubted) lab.m->doubt_link(spare.id);
    lab.pass(1100ms);
    EXPECT_THAT(lab.sent<wire::Ping>(), SizeIs(doubted ? 1 : 0));
    lab.pass(2s);
    EXPECT_THAT(lab.fx.closes(), SizeIs(doubted ? 1 : 0));
  }
}

TEST(Liveness, ADoubtedPeerThatSpeaksIsLeftInPeace) {
  Lab lab;
  const LinkInfo spare = lab.link(1);
  lab.pass(10ms);
  for (const auto& [link, ping] : lab.sent<wire::Ping>())
    lab.hear(*lab.links.find(link), wire::Pong{ping.token, 8, 0});
  lab.m->doubt_link(spare.id);
  for (int i = 0; i < 60; ++i) {
    lab.pass(50ms);
    for (const auto& [link, ping] : lab.sent<wire::Ping>())
      lab.hear(*lab.links.find(link), wire::Pong{ping.token, 8, 0});
    lab.fx.clear();
  }
  lab.pass(5s);
  EXPECT_THAT(lab.sent<wire::Ping>(), IsEmpty());  // one answer ends the doubt
  EXPECT_THAT(lab.fx.closes(), IsEmpty());
}

TEST(Liveness, APeerThatOthersReachIsNotDeadButItsLinkIsClosed) {
  Lab lab{0};
  const auto others = lab.neighbours(1, 2);
  for (int i = 0; i < 200 && lab.fx.closes().empty(); ++i) {
    lab.links.edit(others[1].id)->last_heard = lab.now;
    lab.pass(50ms);
    for (const auto& [link, probe] : lab.sent<wire::Probe>())
      lab.hear(others[1], wire::ProbeResult{probe.token, true});
  }

  ASSERT_FALSE(lab.fx.closes().empty());
  EXPECT_EQ(lab.fx.closes()[0], (std::pair{others[0].id, CloseReason::timeout}));
}

TEST(Liveness, TheRoundTripIsMeasuredAndSmoothed) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  lab.pass(1ms);
  const auto pings = lab.sent<wire::Ping>();
  ASSERT_THAT(pings, SizeIs(1));
  lab.now += 40ms;

  const Duration rtt = lab.m->on(lab.now, a, wire::Pong{pings[0].second.token, 1, 0}, lab.fx);
  const Duration again = lab.m->on(lab.now, a, wire::Pong{pings[0].second.token, 1, 0}, lab.fx);

  EXPECT_NEAR(static_cast<double>(rtt.count()), 40000.0, 1000.0);
  EXPECT_EQ(again.count(), 0);
}

TEST(Liveness, AnOwnPauseAccusesNobody) {
  Lab lab{0};
  const auto others = lab.neighbours(1, 4);
  lab.pass(900ms);  // pinged, no answer yet
  lab.fx.clear();

  lab.now += 30s;
  lab.m->on_deadline(lab.now, lab.fx);

  EXPECT_THAT(lab.fx.closes(), IsEmpty());
  EXPECT_THAT(lab.sent<wire::Probe>(), IsEmpty());
  EXPECT_THAT(lab.sent<wire::Ping>(), SizeIs(4));
  EXPECT_EQ(lab.m->health(), lab.config.health_max);
}

TEST(Liveness, KeepAlivesDoNotCountAsUse) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  const Time up = lab.now;
  lab.now += 20s;
  lab.hear(a, wire::Ping{1, 3, 0});
  EXPECT_EQ(lab.m->quiet_since(a.id), up);

  lab.now += 1s;
  lab.hear(a, wire::Shuffle{});

  EXPECT_EQ(lab.m->quiet_since(a.id), lab.now);
}

TEST(Liveness, EachEndTellsTheOtherWhetherItUsesTheLink) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  lab.m->set_busy(a.id, true);
  lab.pass(10ms);
  ASSERT_THAT(lab.sent<wire::Ping>(), SizeIs(1));
  EXPECT_EQ(lab.sent<wire::Ping>()[0].second.roles, wire::role_used);
  lab.m->set_busy(a.id, false);
  lab.hear(a, wire::Ping{7, 3, wire::role_used});
  ASSERT_THAT(lab.sent<wire::Pong>(), SizeIs(1));
  EXPECT_EQ(lab.sent<wire::Pong>()[0].second.roles, 0U);
  EXPECT_TRUE(lab.m->used_there(a.id));

  lab.hear(a, wire::Ping{8, 3, 0});
  EXPECT_FALSE(lab.m->used_there(a.id));
}

TEST(Probe, IsAnsweredByAPingOnAnOwnLinkOrByADial) {
  Lab lab;
  const LinkInfo asker = lab.link(1), target = lab.link(2);
  lab.fx.clear();
  wire::Probe probe;
  probe.token = 5;
  probe.target.push_back(Lab::sample(2));

  lab.hear(asker, probe);
  const auto pings = lab.sent<wire::Ping>();
  ASSERT_THAT(pings, SizeIs(1));
  EXPECT_EQ(pings[0].first, target.id);
  lab.hear(target, wire::Pong{pings[0].second.token, 0, 0});
  ASSERT_THAT(lab.sent<wire::ProbeResult>(), SizeIs(1));
  EXPECT_TRUE(lab.sent<wire::ProbeResult>()[0].second.alive);
  lab.fx.clear();

  probe.token = 6;
  probe.target[0] = Lab::sample(3);
  lab.hear(asker, probe);
  ASSERT_THAT(lab.fx.dials(), SizeIs(1));
  lab.m->on_dial_failed(lab.now, lab.fx.dials()[0], lab.fx);

  ASSERT_THAT(lab.sent<wire::ProbeResult>(), SizeIs(1));
  EXPECT_FALSE(lab.sent<wire::ProbeResult>()[0].second.alive);
}

}  // namespace
}  // namespace boato
