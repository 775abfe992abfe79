// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/reconciler.hpp"
#include "tests/multicast/lab.hpp"

#include <algorithm>

namespace boato::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

bool compares(wire::Kind kind) {
  return kind == wire::Kind::reconcile || kind == wire::Kind::frontiers || kind == wire::Kind::roster_ranges;
}

// Peers that subscribe to many topics, at rest.
struct ManyTopics {
  explicit ManyTopics(std::size_t peers, std::size_t topics) : lab{peers} {
    for (std::size_t t = 0; t < topics; ++t)
      for (std::size_t i = 0; i < peers; ++i)
        tags.push_back(lab.open(i, Use::subscribe, {}, "t" + std::to_string(t)));
    for (const TopicTag tag : tags) EXPECT_TRUE(lab.gather(tag));
    lab.pass(minutes{10});
  }
  Lab lab;
  std::vector<TopicTag> tags;
};

TEST(Reconcile, AnIdleTopicHasNoTimerOfItsOwn) {
  ManyTopics idle{3, 20};
  for (std::size_t i = 0; i < 3; ++i) idle.lab.at(i).counts[Counter::topic_deadlines] = 0;

  idle.lab.pass(minutes{8});  // entries are looked over for expiry every 30 minutes

  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(idle.lab.at(i).counts[Counter::topic_deadlines], 0U) << i;
}

TEST(Reconcile, ARoundOverAHundredEqualTopicsCostsOneSmallFrame) {
  ManyTopics idle{2, 100};
  std::size_t rounds = 0, worst = 0;
  idle.lab.drop = [&](const Lab::Packet& packet, wire::Kind kind) {
    EXPECT_TRUE(!compares(kind) || kind == wire::Kind::reconcile);
    if (kind == wire::Kind::reconcile) ++rounds, worst = std::max(worst, packet.envelope.size());
    return false;
  };

  idle.lab.pass(minutes{20});

  EXPECT_GE(rounds, 4U);   // two peers, at least one in 6 minutes
  EXPECT_LE(rounds, 12U);  // ever more rarely while nothing differs
  EXPECT_LE(worst, 64U);
}

TEST(Reconcile, WhatCastAndMeshMissedIsFoundByComparing) {
  ManyTopics idle{2, 5};
  Lab& lab = idle.lab;
  lab.open(0, Use::publish, {}, "t3");
  lab.drop = [](const Lab::Packet&, wire::Kind kind) {
    return kind == wire::Kind::cast || kind == wire::Kind::have;
  };
  lab.publish(0, idle.tags[6], "missed");
  lab.pass(seconds{6});
  EXPECT_TRUE(lab.at(1).got.empty());

  lab.pass(seconds{10});

  ASSERT_EQ(lab.at(1).got.size(), 1U);
  EXPECT_EQ(lab.at(1).got[0].payload, "missed");
}

TEST(Reconcile, ManyStreamsAreComparedByRanges) {
  ManyTopics idle{30, 1};
  Lab& lab = idle.lab;
  for (std::size_t i = 0; i < lab.size(); ++i) {
    lab.open(i, Use::publish, {}, "t0");
    lab.publish(i, idle.tags[0], "of " + std::to_string(i));
  }
  lab.pass(minutes{2});  // none of them has changed lately
  lab.drop = [&](const Lab::Packet& packet, wire::Kind kind) {
    return packet.to == 7 && (kind == wire::Kind::cast || kind == wire::Kind::have);
  };
  lab.publish(3, idle.tags[0], "missed");
  lab.pass(seconds{8});  // neighbours have told it by now, in vain
  ASSERT_EQ(std::ranges::count(lab.at(7).got, "missed", &Got::payload), 0);
  std::size_t bytes = 0;
  lab.drop = [&](const Lab::Packet& packet, wire::Kind kind) {
    if (kind == wire::Kind::frontiers) bytes += packet.envelope.size();
    return false;
  };

  lab.pass(minutes{1});

  EXPECT_EQ(std::ranges::count(lab.at(7).got, "missed", &Got::payload), 1);
  EXPECT_GT(bytes, 0U);
  EXPECT_LT(bytes, 250U);
}

struct Side {
  explicit Side(std::size_t topics) : reconciler{config, Rng{7}} {
    for (std::size_t i = 0; i < topics; ++i)
      common.push_back({TopicTag{(i + 1) << 40}, i * 3 + 1, i * 5 + 2});
  }
  // What the other learns of differences from our message, and what it answers.
  std::vector<std::byte> hear(Bytes items, wire::Compared what) {
    Effects fx;
    const auto differs = [&](TopicTag topic, wire::Compared half) { found.emplace_back(topic, half); };
    EXPECT_TRUE(reconciler.on(Time{}, link, {what, items}, common, fx, differs));
    return sent(fx);
  }
  std::vector<std::byte> begin(wire::Compared what) {
    Effects fx;
    reconciler.begin(link, what, common, fx);
    return sent(fx);
  }
  static std::vector<std::byte> sent(Effects& fx) {
    struct Host {
      std::vector<std::byte> items;
      void on_send(LinkId, Flow, Bytes envelope, const EventRef&) {
        wire::Cursor in{envelope};
        wire::Kind kind{};
        std::uint32_t fields = 0;
        wire::Reconcile m;
        EXPECT_TRUE(wire::open_frame(in, kind, fields) && kind == wire::Kind::reconcile &&
                    wire::read(in, fields, m));
        items.assign(m.items.begin(), m.items.end());
      }
      void on_deliver(const Delivery&) {}
      void on_gap(const GapNotice&) {}
      void on_notice(const TopicNotice&) {}
      void on_taken(const TakenNotice&) {}
      void on_dial(const DialWish&) {}
      void on_close(LinkId, CloseReason) {}
      void on_note(const Note&) {}
      void on_drop(const Drop&) {}
    } host;
    fx.drain(host);
    return host.items;
  }
  MulticastConfig config;
  LinkInfo link = [] {
    LinkInfo l;
    l.id = LinkId{1};
    return l;
  }();
  Reconciler reconciler;
  std::vector<CommonTopic> common;
  std::vector<std::pair<TopicTag, wire::Compared>> found;
};

// Runs a round to its end and returns its bytes.
std::size_t run(Side& a, Side& b, wire::Compared what = wire::Compared::both) {
  std::size_t bytes = 0;
  std::vector<std::byte> message = a.begin(what);
  for (int turn = 0; !message.empty() && turn < 16; ++turn) {
    bytes += message.size();
    message = (turn % 2 == 0 ? b : a).hear(message, what);
  }
  EXPECT_TRUE(message.empty());
  return bytes;
}

TEST(Reconciler, NamesExactlyTheTopicsThatDifferAndInWhat) {
  Side a{300}, b{300};
  b.common[17].streams ^= 1;
  b.common[200].rosters ^= 1;

  run(a, b);

  std::vector<std::pair<TopicTag, wire::Compared>> found = a.found;
  found.insert(found.end(), b.found.begin(), b.found.end());
  EXPECT_THAT(found, testing::UnorderedElementsAre(std::pair{a.common[17].topic, wire::Compared::streams},
                                                   std::pair{a.common[200].topic, wire::Compared::rosters}));
}

TEST(Reconciler, ATopicThatOneSideDoesNotCountAsCommonIsAMatterOfRosters) {
  Side a{5}, b{5};
  b.common.erase(b.common.begin() + 2);

  run(a, b);

  ASSERT_EQ(b.found.size(), 2U);  // it has no digest of its own to tell the halves apart
  EXPECT_EQ(b.found[1], (std::pair{a.common[2].topic, wire::Compared::rosters}));
}

TEST(Reconciler, ComparesOnlyWhatIsAsked) {
  Side a{5}, b{5};
  b.common[2].rosters ^= 1;

  run(a, b, wire::Compared::streams);

  EXPECT_TRUE(a.found.empty() && b.found.empty());
}

TEST(Reconciler, EqualTopicsEndTheRoundAtOnce) {
  Side a{1000}, b{1000};

  EXPECT_LE(run(a, b), 16U);
}

TEST(Reconciler, RefusesWhatIsNoMessage) {
  Side a{5};
  Effects fx;
  const std::vector<std::byte> bytes(3, std::byte{0xff});

  EXPECT_FALSE(a.reconciler.on(Time{}, a.link, {wire::Compared::both, bytes}, a.common, fx,
                               [](TopicTag, wire::Compared) {}));
}

TEST(Reconciler, RoundsComeMoreRarelyWhileNothingChangesAndSoonAfterAChange) {
  Side a{1};
  Reconciler& r = a.reconciler;
  EXPECT_EQ(r.next_deadline(), never);
  r.on_change(Time{});
  EXPECT_LE(r.next_deadline(), Time{} + seconds{12});
  Time now = r.next_deadline();
  Duration wait{};
  for (int i = 0; i < 8; ++i) {
    r.next_round(now);
    wait = r.next_deadline() - now;
    now = r.next_deadline();
  }
  EXPECT_GE(wait, a.config.reconcile_rest * 4 / 5);

  r.on_change(now);

  EXPECT_LE(r.next_deadline(), now + seconds{12});
}

}  // namespace
}  // namespace boato::lab
