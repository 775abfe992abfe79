// SPDX-License-Identifier: Apache-2.0
#include "tests/multicast/lab.hpp"

namespace boato::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Multicast, EveryMemberGetsTheFirstEventOnceInOneCopyEach) {
  Lab lab{40};
  TopicTag tag{};
  for (std::size_t i = 0; i < lab.size(); ++i) tag = lab.open(i, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));
  lab.open(7, Use::publish);
  lab.pass(seconds{5});
  lab.sent.clear();

  lab.publish(7, tag, "first");
  lab.pass(seconds{2});

  for (std::size_t i = 0; i < lab.size(); ++i) EXPECT_EQ(times(lab.at(i), "first"), 1U) << i;
  EXPECT_EQ(lab.sent[wire::Kind::cast], lab.size() - 1);
}

TEST(Multicast, AMemberWhoseCopyWasLostPullsIt) {
  Lab lab{6};
  const TopicTag tag = lab.all_subscribe(0);
  lab.drop = [](const Lab::Packet& packet, wire::Kind kind) {
    return kind == wire::Kind::cast && packet.to == 3;
  };

  lab.publish(0, tag, "lost");
  lab.pass(seconds{1});

  EXPECT_EQ(times(lab.at(3), "lost"), 1U);
  EXPECT_GE(lab.at(3).counts[Counter::events_pulled], 1U);
}

TEST(Multicast, InACalmTopicFewNeighboursAreToldAtOnce) {
  CoreConfig config;
  config.multicast.have_enough = 100;  // nobody keeps silent because others have spoken
  Lab lab{9, config};
  const TopicTag tag = lab.all_subscribe(0);
  lab.pass(seconds{30});
  lab.sent.clear();

  lab.publish(0, tag, "x");
  lab.pass(config.multicast.have_pause + config.multicast.have_pause_spread + milliseconds{50});
  const auto at_once = lab.sent[wire::Kind::have];
  lab.pass(2 * config.multicast.have_late);

  EXPECT_LE(at_once, lab.size() * config.multicast.have_tell);
  EXPECT_GE(at_once, lab.size());
  EXPECT_GT(lab.sent[wire::Kind::have], at_once);  // the others later
}

TEST(Multicast, AHoleInTheMiddleIsPulledAndOrderKept) {
  Lab lab{4};
  TopicTag tag{};
  for (std::size_t i = 0; i < lab.size(); ++i) tag = lab.open(i, Use::subscribe);
  lab.open(0, Use::publish);
  ASSERT_TRUE(lab.gather(tag));
  int casts = 0;
  lab.drop = [&](const Lab::Packet& packet, wire::Kind kind) {
    return kind == wire::Kind::cast && packet.to == 2 && ++casts == 2;
  };

  for (int i = 1; i <= 4; ++i) lab.publish(0, tag, std::to_string(i));
  lab.pass(seconds{1});

  std::vector<std::uint64_t> seqs;
  for (const Got& got : lab.at(2).got) seqs.push_back(got.seq);
  EXPECT_THAT(seqs, testing::ElementsAre(1, 2, 3, 4));
}

TEST(Multicast, AnAnswerEndsBehindItsBudgetAndIsAskedOnAtOnce) {
  CoreConfig config;
  config.multicast.answer_bytes_max = 1000;
  config.multicast.have_pause = milliseconds{20};
  config.multicast.have_pause_spread = milliseconds{0};
  Lab lab{2, config};
  const TopicTag tag = lab.open(0, Use::publish);
  lab.open(1, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));
  lab.pass(seconds{2});
  lab.drop = [](const Lab::Packet&, wire::Kind kind) { return kind == wire::Kind::cast; };
  const std::string payload(300, 'x');

  for (int i = 0; i < 40; ++i) lab.publish(0, tag, payload);
  lab.pass(milliseconds{450});  // a question each 120 ms would get 12 of them by now

  EXPECT_EQ(times(lab.at(1), payload), 40U);
  EXPECT_GE(lab.at(0).counts[Counter::pulls_answered], 13U);
}

TEST(Multicast, NobodyIsAnsweredTwiceWhileTheFirstAnswerStillLeaves) {
  Lab lab{2};
  const TopicTag tag = lab.open(0, Use::publish);
  lab.open(1, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));
  lab.drop = [](const Lab::Packet&, wire::Kind kind) {
    return kind == wire::Kind::cast || kind == wire::Kind::repair;
  };
  const LinkInfo* link = lab.at(0).core->links().find(lab.at(1).self.id);
  ASSERT_NE(link, nullptr);
  const std::size_t waits = CoreConfig{}.multicast.answer_left_max + 1;
  lab.at(0).core->on_backlog(lab.now(), link->id, {waits, waits});

  lab.publish(0, tag, "x");
  lab.pass(seconds{2});

  EXPECT_EQ(lab.sent[wire::Kind::repair], 0U);
  EXPECT_GE(lab.at(0).counts[Counter::pulls_put_off], 1U);
  EXPECT_EQ((lab.at(0).drops[{DropReason::put_off, lab.at(1).self.id}]),
            lab.at(0).counts[Counter::pulls_put_off]);
  lab.drop = nullptr;
  lab.at(0).core->on_backlog(lab.now(), link->id, {});
  lab.pass(seconds{2});
  EXPECT_EQ(times(lab.at(1), "x"), 1U);
}

TEST(Multicast, APublisherWaitsWhenItsWayOutIsFullAndNotForOneSlowMember) {
  Lab lab{6};
  const TopicTag tag = lab.all_subscribe(0);
  PeerCore& publisher = *lab.at(0).core;
  const MulticastConfig config;
  const auto let_wait = [&](std::size_t on_each, std::size_t on_last) {
    for (std::size_t i = 1; i < lab.size(); ++i) {
      const LinkInfo* link = publisher.links().find(lab.at(i).self.id);
      ASSERT_NE(link, nullptr);
      publisher.on_backlog(lab.now(), link->id, {i + 1 == lab.size() ? on_last : on_each, 0});
    }
  };

  let_wait(config.link_full_bytes - 1, config.link_full_bytes - 1);
  EXPECT_FALSE(publisher.has_room(tag));
  let_wait(0, config.link_full_bytes);
  EXPECT_TRUE(publisher.has_room(tag));
  let_wait(config.links_full_bytes / 8, config.link_full_bytes);
  EXPECT_TRUE(publisher.has_room(tag));
}

TEST(Multicast, ASilentChildIsTakenOver) {
  Lab lab{40};
  TopicTag tag{};
  for (std::size_t i = 0; i < lab.size(); ++i) tag = lab.open(i, Use::subscribe);
  lab.open(0, Use::publish);
  ASSERT_TRUE(lab.gather(tag));
  lab.pass(seconds{5});
  std::size_t silent = 0;  // takes its first CAST of a part with others in it, and does nothing
  lab.drop = [&](const Lab::Packet& packet, wire::Kind kind) {
    if (kind == wire::Kind::have) return true;  // the mesh must not do the tree's work here
    if (silent == 0 && kind == wire::Kind::cast && packet.from == 0) silent = packet.to;
    return silent != 0 && (packet.from == silent || packet.to == silent);
  };

  lab.publish(0, tag, "x");
  lab.pass(milliseconds{600});

  ASSERT_NE(silent, 0U);
  EXPECT_GE(lab.at(0).counts[Counter::takeovers], 1U);
  for (std::size_t i = 0; i < lab.size(); ++i)
    if (i != silent) {
      EXPECT_EQ(times(lab.at(i), "x"), 1U) << i;
    }
}

TEST(Multicast, ADuplicateStillForwardsItsDuty) {
  Lab lab{20};
  TopicTag tag{};
  for (std::size_t i = 0; i < lab.size(); ++i) tag = lab.open(i, Use::subscribe);
  lab.open(0, Use::publish);
  ASSERT_TRUE(lab.gather(tag));
  lab.pass(seconds{5});
  EventRef body;
  lab.change = [&](Lab::Packet& packet, wire::Kind kind) {
    if (kind == wire::Kind::cast && packet.from == 0) body = packet.body;
  };
  lab.publish(0, tag, "x");
  lab.pass(seconds{1});
  ASSERT_TRUE(body);
  lab.change = nullptr;
  lab.sent.clear();

  // The same batch comes to peer 1 again, now with a duty that nobody has given it: an interval around all
  // others.
  const LinkInfo* link = lab.at(1).core->links().find(lab.at(0).self.id);
  if (!link) GTEST_SKIP() << "peers 0 and 1 are not linked in this layout";
  std::vector<std::byte> room(512);
  const auto size = wire::encode(wire::Cast{tag, 0, 0, {}, 0, 0}, room);
  ASSERT_TRUE(size.has_value());
  lab.at(1).core->on_frame(lab.now(), link->id, Flow::reliable, Frame{Bytes{room}.first(*size), body, false});
  lab.settle(1);

  EXPECT_GE(lab.sent[wire::Kind::cast], 1U);
}

TEST(Multicast, ALeafChecksNoSignatureOfItsPublishersOwnLink) {
  Lab lab{2};
  TopicTag tag = lab.open(0, Use::publish);
  lab.open(1, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));

  for (int i = 0; i < 10; ++i) lab.publish(0, tag, "x");
  lab.pass(seconds{1});

  EXPECT_EQ(times(lab.at(1), "x"), 10U);
  EXPECT_EQ(lab.at(1).counts[Counter::signatures_checked], 0U);
}

TEST(Multicast, AJoinerIsOwedWhatComesAfterItsStartAndNothingBefore) {
  Lab lab{3};
  const TopicTag tag = lab.open(0, Use::publish);
  lab.open(1, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));
  for (int i = 0; i < 20; ++i) lab.publish(0, tag, "before");
  lab.pass(seconds{1});

  lab.open(2, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));
  lab.publish(0, tag, "after");
  lab.pass(seconds{2});

  EXPECT_EQ(times(lab.at(2), "before"), 0U);
  EXPECT_EQ(times(lab.at(2), "after"), 1U);
  EXPECT_THAT(lab.at(2).gaps, testing::IsEmpty());
}

TEST(Multicast, AJoinerIsNotOwedTheHolesOfWhomItAsks) {
  Lab lab{2};
  const TopicTag tag = lab.all_subscribe(0);
  bool lose = true;
  lab.drop = [&](const Lab::Packet& packet, wire::Kind kind) {
    if (packet.to == 0 && kind == wire::Kind::start_ask) return true;
    return packet.to == 1 && (kind == wire::Kind::repair || (kind == wire::Kind::cast && lose));
  };
  lab.publish(0, tag, "a hole at 1");
  lab.pass(milliseconds{100});
  lose = false;
  lab.publish(0, tag, "known at 1");
  lab.pass(milliseconds{100});
  lab.add();
  lab.pass(seconds{2});
  lab.open(2, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));

  lab.publish(0, tag, "new");
  lab.pass(seconds{5});

  EXPECT_EQ(times(lab.at(1), "a hole at 1"), 0U) << "the world of this test is another one";
  EXPECT_EQ(times(lab.at(2), "a hole at 1"), 0U);
  EXPECT_EQ(times(lab.at(2), "new"), 1U);
  EXPECT_THAT(lab.at(2).gaps, testing::IsEmpty());
}

TEST(Multicast, APublisherThatSubscribesToNothingGetsNothing) {
  Lab lab{3};
  const TopicTag tag = lab.open(0, Use::publish);
  lab.open(1, Use::publish);
  lab.open(2, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));
  lab.pass(seconds{1});
  std::size_t to_publishers = 0;
  lab.change = [&](Lab::Packet& packet, wire::Kind kind) {
    to_publishers += kind == wire::Kind::cast && packet.to != 2;
  };

  lab.publish(0, tag, "a");
  lab.publish(1, tag, "b");
  lab.pass(seconds{1});

  EXPECT_THAT(lab.at(2).got, testing::SizeIs(2));
  EXPECT_THAT(lab.at(1).got, testing::IsEmpty());
  EXPECT_EQ(to_publishers, 0U);
}

TEST(Multicast, AnUnreliableLossIsAStatedGapAndNotRepaired) {
  Lab lab{2};
  const Contract contract{.reliability = Reliability::unreliable};
  const TopicTag tag = lab.open(0, Use::publish, contract);
  lab.open(1, Use::subscribe, contract);
  ASSERT_TRUE(lab.gather(tag));
  int casts = 0;
  lab.drop = [&](const Lab::Packet&, wire::Kind kind) { return kind == wire::Kind::cast && ++casts == 2; };

  for (int i = 1; i <= 3; ++i) lab.publish(0, tag, std::to_string(i));
  lab.pass(seconds{2});

  EXPECT_THAT(lab.at(1).got, testing::SizeIs(2));
  ASSERT_THAT(lab.at(1).gaps, testing::SizeIs(1));
  EXPECT_EQ(lab.at(1).gaps[0].first, Seq{2});
  EXPECT_EQ(lab.at(1).gaps[0].last, Seq{2});
  EXPECT_EQ(lab.at(1).gaps[0].reason, GapReason::lost);
  EXPECT_EQ((lab.at(1).drops[{DropReason::lost, lab.at(0).self.id}]), 1U);  // told once, counted once
  EXPECT_EQ(lab.at(1).counts[Counter::events_lost], 1U);
  EXPECT_EQ(lab.sent[wire::Kind::pull], 0U);
}

TEST(Multicast, APatternOpensATopicThatAppearsLater) {
  Lab lab{3};
  ASSERT_TRUE(lab.at(2).core->subscribe_pattern(lab.now(), "rooms/+/temp").has_value());
  lab.settle(2);
  lab.pass(seconds{3});

  const TopicTag tag = lab.open(0, Use::publish, {}, "rooms/1/temp");
  ASSERT_TRUE(lab.gather(tag));
  lab.pass(seconds{1});
  lab.publish(0, tag, "31.5");
  lab.pass(seconds{1});

  EXPECT_EQ(times(lab.at(2), "31.5"), 1U);
}

TEST(Multicast, APatternIsOwedAYoungerTopicFromItsFirstEventOn) {
  Lab lab{4};
  for (std::size_t i : {1U, 2U}) {
    ASSERT_TRUE(lab.at(i).core->subscribe_pattern(lab.now(), "rooms/#").has_value());
    lab.settle(i);
  }
  lab.pass(seconds{3});

  const TopicTag tag = lab.open(0, Use::publish, {}, "rooms/1");
  for (const char* payload : {"a", "b", "c"}) lab.publish(0, tag, payload);  // nobody else has joined yet
  EXPECT_TRUE(lab.at(0).core->should_stay(lab.now()));
  lab.pass(seconds{1});

  for (std::size_t i : {1U, 2U})
    for (const char* payload : {"a", "b", "c"}) EXPECT_EQ(times(lab.at(i), payload), 1U) << i << payload;
  EXPECT_FALSE(lab.at(0).core->should_stay(lab.now()));
  ASSERT_TRUE(lab.at(3).core->subscribe_pattern(lab.now(), "rooms/#").has_value());
  lab.settle(3);
  lab.pass(seconds{3});
  EXPECT_THAT(lab.at(3).got, testing::IsEmpty()) << "this pattern is the younger one";
}

TEST(Multicast, WhatAPatternWasOwedIsNotOwedToALaterSubscription) {
  Lab lab{3};
  ASSERT_TRUE(lab.at(1).core->subscribe_pattern(lab.now(), "rooms/#").has_value());
  lab.settle(1);
  lab.pass(seconds{3});
  const TopicTag tag = lab.open(0, Use::publish, {}, "rooms/1");
  lab.open(1, Use::publish, {}, "rooms/1");
  lab.open(2, Use::subscribe, {}, "rooms/1");  // a member to ask where to begin
  ASSERT_TRUE(lab.gather(tag));
  lab.at(1).core->unsubscribe_pattern(lab.now(), "rooms/#");
  lab.settle(1);
  lab.pass(seconds{1});
  lab.publish(0, tag, "between");
  lab.pass(seconds{1});

  lab.open(1, Use::subscribe, {}, "rooms/1");
  lab.pass(seconds{2});
  lab.publish(0, tag, "after");
  lab.pass(seconds{1});

  EXPECT_EQ(times(lab.at(1), "between"), 0U);
  EXPECT_EQ(times(lab.at(1), "after"), 1U);
}

TEST(Multicast, AtWhateverMomentAFounderPublishesAPatternGetsIt) {
  for (int ms = 0; ms < 40; ++ms) {
    Lab lab{1};
    ASSERT_TRUE(lab.at(0).core->subscribe_pattern(lab.now(), "rooms/#").has_value());
    lab.settle(0);
    lab.pass(seconds{1});
    const std::size_t founder = lab.add();
    ASSERT_TRUE(lab.at(founder).core->subscribe_pattern(lab.now(), "rooms/#").has_value());
    lab.settle(founder);
    lab.pass(milliseconds{ms});

    const TopicTag tag = lab.open(founder, Use::publish, {}, "rooms/1");
    lab.publish(founder, tag, "x");
    lab.pass(CoreConfig{}.stay_after_founding);

    EXPECT_EQ(times(lab.at(0), "x"), 1U) << "after " << ms << " ms";
  }
}

TEST(Multicast, WhoOpensATopicBeforeItHasHeardOfItMeetsTheOthersWithinASecond) {
  for (int ms = 0; ms < 40; ++ms) {
    Lab lab{1};
    for (const Use use : {Use::publish, Use::subscribe}) lab.open(0, use);
    lab.pass(seconds{1});
    const std::size_t late = lab.add();
    lab.pass(milliseconds{ms});

    const TopicTag tag = lab.open(late, Use::publish);
    lab.open(late, Use::subscribe);
    lab.pass(milliseconds{ms % 4});
    lab.publish(late, tag, "from late");
    lab.pass(seconds{1});
    lab.publish(0, tag, "from early");
    lab.pass(milliseconds{100});

    EXPECT_EQ(times(lab.at(0), "from late"), 1U) << "after " << ms << " ms";
    EXPECT_EQ(times(lab.at(late), "from early"), 1U) << "after " << ms << " ms";
  }
}

TEST(Multicast, WhatIsPublishedWhileInterestTravelsIsFoundAtOnce) {
  Lab lab{2};
  TopicTag tag{};
  for (std::size_t i = 0; i < lab.size(); ++i) tag = lab.open(i, Use::publish);
  ASSERT_TRUE(lab.gather(tag));
  lab.pass(seconds{2});

  lab.open(1, Use::subscribe);
  lab.pass(milliseconds{5});  // it has asked where to begin, and its entry is still collected with other news
  ASSERT_TRUE(lab.at(1).core->topic_ready(tag));
  lab.publish(0, tag, "x");
  lab.pass(seconds{1});

  EXPECT_EQ(times(lab.at(1), "x"), 1U);
}

TEST(Multicast, WhatWasPublishedBeforeAnybodyCameIsNotOwedButNothingBreaks) {
  Lab lab{1};
  const TopicTag tag = lab.open(0, Use::publish);
  lab.publish(0, tag, "alone");
  const std::size_t late = lab.add();
  lab.pass(seconds{1});
  lab.open(late, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));

  lab.publish(0, tag, "together");
  lab.pass(seconds{1});

  EXPECT_EQ(times(lab.at(late), "alone"), 0U);
  EXPECT_EQ(times(lab.at(late), "together"), 1U);
}

TEST(Multicast, WhoHasLeftIsToldNothingMore) {
  Lab lab{3};
  const TopicTag tag = lab.all_subscribe(0);
  bool lose = true;
  lab.drop = [&](const Lab::Packet& packet, wire::Kind kind) {
    return packet.to == 2 && ((kind == wire::Kind::cast && lose) || kind == wire::Kind::repair);
  };
  lab.publish(0, tag, "lost");
  lab.pass(milliseconds{5});
  lose = false;
  lab.publish(0, tag, "held back");
  lab.pass(milliseconds{5});

  lab.at(2).core->leave(lab.now());
  lab.settle(2);
  lab.pass(seconds{90});  // a hole is given up after 60 s

  EXPECT_TRUE(lab.at(2).got.empty());
  EXPECT_TRUE(lab.at(2).gaps.empty());
}

TEST(Multicast, SurvivorsAgreeWhenAPublisherDiesAfterOneCopy) {
  Lab lab{8};
  const TopicTag tag = lab.all_subscribe(0);
  bool first = true;
  lab.drop = [&](const Lab::Packet& packet, wire::Kind kind) {
    return packet.from == 0 && !(kind == wire::Kind::cast && std::exchange(first, false));
  };

  lab.publish(0, tag, "last words");
  lab.pass(milliseconds{2});
  lab.kill(0);
  lab.pass(seconds{5});

  for (std::size_t i = 1; i < lab.size(); ++i) EXPECT_EQ(times(lab.at(i), "last words"), 1U) << i;
}

}  // namespace
}  // namespace boato::lab
