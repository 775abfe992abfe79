// SPDX-License-Identifier: Apache-2.0
// How a membership machine watches its links.
#include "tests/membership/machine_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace boato {
namespace {

using machine_lab::Lab;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

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

TEST(Liveness, AFirstAnswerMayTakeLongerThanASecond) {
  Lab lab{0};
  lab.neighbours(1, 1);
  lab.pass(10ms);
  ASSERT_THAT(lab.sent<wire::Ping>(), SizeIs(1));

  lab.pass(2900ms);
  EXPECT_THAT(lab.fx.closes(), IsEmpty());
  lab.pass(700ms);

  EXPECT_THAT(lab.fx.closes(), SizeIs(1));
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

TEST(Liveness, AnAnswerAfterAPauseIsNoRoundTrip) {
  Lab lab{0};
  const LinkInfo a = lab.neighbours(1, 1)[0];
  lab.pass(10ms);
  const auto pings = lab.sent<wire::Ping>();
  ASSERT_THAT(pings, SizeIs(1));
  lab.now += 24s;
  lab.links.edit(a.id)->last_heard = lab.now;
  const Duration rtt = lab.m->on(lab.now, a, wire::Pong{pings[0].second.token, 1, 1}, lab.fx);
  EXPECT_LE(rtt, 10s);
  lab.fx.clear();

  lab.pass(100s);  // silent from here on; a jump of our clock has cost us our health, by which waits are
                   // multiplied

  EXPECT_THAT(lab.fx.closes(), SizeIs(1));
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

TEST(Liveness, LinksWithoutEventsAreAskedSeldom) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  lab.m->set_busy(a.id, true, true);
  lab.pass(10ms);
  lab.hear(a, wire::Pong{lab.sent<wire::Ping>().at(0).second.token, 3, 0});
  const auto pings_in_21_s = [&] {
    std::size_t pings = 0;
    for (int i = 0; i < 10; ++i) {
      lab.pass(2100ms);
      pings += lab.sent<wire::Ping>().size();
      lab.links.edit(a.id)->last_heard = lab.now;  // some other frame, such as a digest
      lab.fx.clear();
    }
    return pings;
  };
  lab.links.edit(a.id)->last_work = lab.now + 1h;
  EXPECT_GE(pings_in_21_s(), 9U);
  lab.links.edit(a.id)->last_work = lab.now - lab.config.quiet_after;
  EXPECT_EQ(pings_in_21_s(), 0U);
}

TEST(Liveness, EachEndTellsTheOtherWhetherItUsesTheLink) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  lab.m->set_busy(a.id, true, true);
  lab.pass(10ms);
  ASSERT_THAT(lab.sent<wire::Ping>(), SizeIs(1));
  EXPECT_EQ(lab.sent<wire::Ping>()[0].second.roles, wire::role_used);
  lab.m->set_busy(a.id, false, false);
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

// The link to a neighbour is cut; its dial is refused, and what the helpers say is `alive`. After how long it
// counts as dead; never: not within two seconds.
Duration dead_after(std::optional<bool> alive) {
  Lab lab;
  const auto others = lab.neighbours(1, 5);
  lab.pass(10ms);
  lab.fx.clear();
  const Time cut = lab.now;
  lab.drop(others[0], CloseReason::cut);
  const auto probes = lab.sent<wire::Probe>();
  EXPECT_THAT(probes, SizeIs(2));
  lab.pass(20ms);
  lab.m->on_dial_failed(lab.now, {others[0].peer, others[0].addresses}, lab.fx);
  for (const auto& [link, probe] : probes)
    if (alive) lab.hear(*lab.links.find(link), wire::ProbeResult{probe.token, *alive});
  while (lab.now < cut + 2s && lab.m->deaths().empty()) lab.pass(10ms);
  return lab.m->deaths().empty() ? Duration::max() : lab.now - cut;
}

TEST(Doubt, EndsSoonWhereAllWhoTryAreRefusedAndNeverBeforeARestartHadItsTime) {
  const Duration refused = dead_after(false), silent = dead_after(std::nullopt);

  EXPECT_GE(refused, MembershipConfig{}.refused_within);
  EXPECT_LE(refused, MembershipConfig{}.refused_within + 20ms);
  EXPECT_GE(silent, MembershipConfig{}.answer_least + MembershipConfig{}.probe_within);
  EXPECT_EQ(dead_after(true), Duration::max());
}

}  // namespace
}  // namespace boato
