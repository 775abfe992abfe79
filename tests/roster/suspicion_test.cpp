// SPDX-License-Identifier: Apache-2.0
#include "tests/roster/lab.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

using Kind = RosterChange::Kind;

struct Whole : Lab {
  explicit Whole(std::size_t count, RosterConfig with = {}) : Lab{count, with} {
    connect_all();
    start(0);
    for (std::size_t i = 1; i < count; ++i) start(i, {0}), pass(milliseconds{3});
    pass(seconds{2});
    BOATO_CHECK(all_equal() && peers[0]->roster().size() == count);
    for (auto& peer : peers) peer->changes.clear();
    forget_counts();
  }
  [[nodiscard]] std::size_t who_miss(std::size_t member) const {
    std::size_t n = 0;
    for (const auto& peer : peers) n += peer->alive && !peer->roster().find(peers[member]->self.id) ? 1U : 0U;
    return n;
  }
  // Stops at the moment when the news has come, for the accused may answer soon.
  [[nodiscard]] bool soon_suspects(std::size_t at, std::size_t who) {
    const auto suspected = [&] { return peers[at]->roster().suspected(peers[who]->self.id); };
    for (int step = 0; step < 500 && !suspected(); ++step) pass(milliseconds{1});
    return suspected();
  }
  // `by` accuses `who` before all; its link is gone, theirs are not, unless told so.
  void accuse(std::size_t by, std::size_t who) {
    cut(by, who);
    unreachable(by, who);
  }
};

TEST(Suspicion, ACrashedMemberIsGoneEverywhereWithinSeconds) {
  Whole lab{40};
  lab.crash(7);
  lab.pass(seconds{2});
  EXPECT_EQ(lab.who_miss(7), 39U);
  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab[3].told(Kind::left), 1U);
}

TEST(Suspicion, AFewAccuseAndTheOthersNeedNot) {
  Whole lab{60};
  lab.crash(7);
  lab.pass(seconds{2});
  // Three accusations would do; those on their way at the same time are too many, but far from all 59.
  EXPECT_LT(lab.received(wire::Kind::roster_spread), 40U * 59U);
  EXPECT_GE(lab.received(wire::Kind::roster_spread), 3U * 58U);
}

TEST(Suspicion, TwoAccusersNeedSixteenSecondsWhereThreeNeedNone) {
  Whole lab{10};
  lab[9].alive = false;
  for (std::size_t i = 0; i < 9; ++i) lab.cut(i, 9);
  lab.unreachable(0, 9);
  lab.unreachable(1, 9);
  lab.pass(seconds{15});
  EXPECT_EQ(lab.who_miss(9), 0U);
  EXPECT_TRUE(lab[4].roster().suspected(lab[9].self.id));
  lab.pass(seconds{4});
  EXPECT_EQ(lab.who_miss(9), 9U);
}

TEST(Suspicion, TheThirdAccuserEndsIt) {
  Whole lab{10};
  lab[9].alive = false;
  for (std::size_t i = 0; i < 9; ++i) lab.cut(i, 9);
  for (std::size_t i : {0, 1, 2}) lab.unreachable(i, 9);
  lab.pass(seconds{1});
  EXPECT_EQ(lab.who_miss(9), 9U);
}

TEST(Suspicion, OfTwoMembersTheOtherOneDecides) {
  Whole lab{2};
  lab.crash(1);
  lab.pass(seconds{1});
  EXPECT_EQ(lab[0].roster().size(), 1U);
}

TEST(Suspicion, AFalselyAccusedMemberRefutesAndStays) {
  Whole lab{20};
  for (std::size_t i = 1; i < 20; ++i)
    if (i != 5 && i != 6) lab.cut(i, 5);  // only 6 and 0 keep a link to 5
  const auto version = lab[5].machine->own_record()->version;
  lab.unreachable(1, 5);
  EXPECT_TRUE(lab.soon_suspects(10, 5));

  lab.pass(seconds{20});

  ASSERT_EQ(lab.who_miss(5), 0U);
  EXPECT_TRUE(lab.all_equal());
  EXPECT_GT(lab[10].roster().find(lab[5].self.id)->version, version);
  EXPECT_FALSE(lab[10].roster().suspected(lab[5].self.id));
}

TEST(Suspicion, WhoMissedTheRefutationAsksOthersBeforeTheSuspectIsGone) {
  Whole lab{20};
  lab.next_compare = never;
  for (std::size_t i = 1; i < 20; ++i)
    if (i != 6) lab.cut(i, 5);
  lab.unreachable(1, 5);
  ASSERT_TRUE(lab.soon_suspects(10, 5));
  lab.drop = [](std::size_t to, wire::Kind kind) { return to == 10 && kind == wire::Kind::roster_spread; };

  lab.pass(seconds{20});

  EXPECT_EQ(lab[10].told(Kind::left), 0U);
  EXPECT_FALSE(lab[10].roster().suspected(lab[5].self.id));
  EXPECT_TRUE(lab.all_equal());
}

TEST(Suspicion, ALoneAccuserWhomNobodyHeardSaysItAgain) {
  Whole lab{20};
  lab.next_compare = never;
  lab[7].alive = false;
  for (std::size_t i = 0; i < 20; ++i) lab.cut(i, 7);
  lab.drop = [](std::size_t, wire::Kind kind) { return kind == wire::Kind::roster_spread; };
  lab.unreachable(3, 7);
  lab.pass(seconds{2});
  ASSERT_FALSE(lab[10].roster().suspected(lab[7].self.id));
  lab.drop = {};

  lab.pass(seconds{45});

  EXPECT_EQ(lab.who_miss(7), 19U);
}

TEST(Suspicion, WhatWasHeardBeforeThisProcessSleptIsNotHeldAgainstAnybodyAtOnce) {
  Whole lab{20};
  for (std::size_t i = 1; i < 20; ++i)
    if (i != 6) lab.cut(i, 5);
  lab.unreachable(1, 5);
  lab.pass(milliseconds{350});
  ASSERT_TRUE(lab[10].roster().suspected(lab[5].self.id));
  lab[10].alive = false;  // 5 answers meanwhile
  lab.pass(seconds{30});
  for (std::size_t i = 0; i < 20; ++i) lab.cut(10, i);
  lab[10].alive = true;

  lab.call(10, [&](RosterMachine& m, Effects&) { m.on_slept(lab.now); });
  lab.pass(seconds{5});
  lab.connect(10, 3);
  lab.mesh(10, 3);
  lab.pass(seconds{30});

  EXPECT_EQ(lab[10].told(Kind::left), 0U);
  EXPECT_TRUE(lab[10].roster().find(lab[5].self.id) && !lab[10].roster().suspected(lab[5].self.id));
}

TEST(Suspicion, AnOwnLiveLinkOutweighsIt) {
  Whole lab{10};
  lab.accuse(1, 5);
  lab.pass(milliseconds{350});
  EXPECT_TRUE(lab[1].roster().suspected(lab[5].self.id) || lab[1].roster().find(lab[5].self.id)->version > 0);
  EXPECT_FALSE(lab[2].roster().suspected(lab[5].self.id));
  lab.pass(seconds{30});
  EXPECT_EQ(lab.who_miss(5), 0U);
}

TEST(Suspicion, ThoseWhoBuriedAFalselyAccusedMemberTakeItBack) {
  Whole lab{20};
  for (std::size_t i = 0; i < 19; ++i)
    if (i != 6) lab.cut(i, 19);
  for (std::size_t i : {0, 1, 2}) lab.unreachable(i, 19);
  lab.pass(milliseconds{350});
  EXPECT_GE(lab.who_miss(19), 10U);  // three accusers: gone at once for who has no link

  lab.pass(seconds{30});

  EXPECT_EQ(lab.who_miss(19), 0U);
  EXPECT_TRUE(lab.all_equal());
}

TEST(Suspicion, ANewLinkToASuspectClearsIt) {
  Whole lab{6};
  lab[5].alive = false;
  for (std::size_t i = 0; i < 5; ++i) lab.cut(i, 5);
  lab.unreachable(0, 5);
  lab.pass(seconds{1});
  EXPECT_TRUE(lab[3].roster().suspected(lab[5].self.id));
  lab.connect(3, 5);
  EXPECT_FALSE(lab[3].roster().suspected(lab[5].self.id));
}

TEST(Suspicion, OneMemberAccusesAtMostFourInTenSeconds) {
  Whole lab{20};
  for (std::size_t i = 10; i < 16; ++i) {
    lab[i].alive = false;
    lab.cut(0, i);
    lab.unreachable(0, i);
  }
  lab.pass(seconds{2});
  EXPECT_EQ(lab[0].roster().suspects().size(), 4U);
  lab.pass(seconds{10});
  EXPECT_EQ(lab[0].roster().suspects().size(), 6U);
}

TEST(Suspicion, WhoIsNoMemberHasNoVoice) {
  Whole lab{4};
  for (std::size_t i = 0; i < 3; ++i) lab.cut(i, 3);
  const EntryVersion of = lab[0].roster().find(lab[3].self.id)->entry_version();
  const auto words = Signer{4711}.suspicion(lab.topic, lab[3].self.id, of);
  lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 1, 1, {}, 1}, words);
  EXPECT_FALSE(lab[0].roster().suspected(lab[3].self.id));
  EXPECT_TRUE(lab[0].closes.empty());
}

TEST(Suspicion, NobodyAccusesItself) {
  Whole lab{4};
  for (std::size_t i = 0; i < 3; ++i) lab.cut(i, 3);
  const EntryVersion of = lab[0].roster().find(lab[3].self.id)->entry_version();
  lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 1, 1, {}, 1},
           lab[3].signer.suspicion(lab.topic, lab[3].self.id, of));
  EXPECT_FALSE(lab[0].roster().suspected(lab[3].self.id));
}

TEST(Suspicion, AForgedOneEndsTheLink) {
  Whole lab{4};
  const EntryVersion of = lab[0].roster().find(lab[3].self.id)->entry_version();
  auto words = lab[2].signer.suspicion(lab.topic, lab[3].self.id, of);
  words[60] ^= std::byte{1};
  lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 1, 1, {}, 1}, words);
  EXPECT_EQ(lab[0].closes.size(), 1U);
}

TEST(Suspicion, AnAccusationOfAnOlderEntryCountsForNothing) {
  Whole lab{4};
  for (std::size_t i = 0; i < 3; ++i) lab.cut(i, 3);
  const EntryVersion of = lab[0].roster().find(lab[3].self.id)->entry_version();
  lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 1, 1, {}, 1},
           lab[2].signer.suspicion(lab.topic, lab[3].self.id, {of.incarnation, of.version - 1}));
  EXPECT_FALSE(lab[0].roster().suspected(lab[3].self.id));
}

TEST(Suspicion, ARestartDuringSuspicionReplacesTheEntryAtOnce) {
  Whole lab{10};
  lab.crash(9);
  lab.pass(milliseconds{100});
  lab[9].self.incarnation = Incarnation{2};
  lab.renew(9);
  for (std::size_t i = 0; i < 9; ++i) lab.connect(9, i);
  lab.start(9, {0});
  lab.pass(seconds{30});
  EXPECT_EQ(lab.who_miss(9), 0U);
  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab[4].roster().find(lab[9].self.id)->incarnation, Incarnation{2});
}

TEST(Suspicion, APartitionThatBuriedTheOtherHalfHeals) {
  Whole lab{16};
  const auto half = [](std::size_t i) { return i % 2; };
  for (std::size_t a = 0; a < 16; ++a)
    for (std::size_t b = a + 1; b < 16; ++b)
      if (half(a) != half(b)) lab.part(a, b);
  lab.pass(minutes{2});
  EXPECT_EQ(lab[0].roster().size(), 8U);
  EXPECT_EQ(lab[1].roster().size(), 8U);

  lab.blocked.clear();
  lab.pass(minutes{2});  // ghosts are dialled

  EXPECT_EQ(lab[0].roster().size(), 16U);
  EXPECT_TRUE(lab.all_equal());
}

TEST(Suspicion, WhoMissedTheNewsOfADeathLearnsOfItByComparing) {
  Whole lab{10};
  lab[9].alive = false;
  for (std::size_t i = 0; i < 9; ++i) lab.cut(i, 9);
  lab[0].alive = false;  // away for a moment
  for (std::size_t i : {1, 2, 3}) lab.unreachable(i, 9);
  lab.pass(seconds{1});
  lab[0].alive = true;
  EXPECT_EQ(lab.who_miss(9), 8U);
  lab.pass(seconds{50});
  EXPECT_EQ(lab.who_miss(9), 9U);
}

TEST(Suspicion, WhatAnOwnLinkOutweighedCountsOnceThatLinkIsDead) {
  Whole lab{10};
  lab[9].alive = false;
  for (std::size_t i = 0; i < 8; ++i) lab.cut(i, 9);
  for (std::size_t i : {0, 1, 2}) lab.unreachable(i, 9);
  lab.pass(seconds{1});
  EXPECT_EQ(lab.who_miss(9), 8U);
  EXPECT_FALSE(lab[8].roster().suspected(lab[9].self.id));
  lab.forget_counts();

  lab.cut(8, 9);
  lab.unreachable(8, 9);

  EXPECT_EQ(lab.who_miss(9), 9U);
  lab.pass(milliseconds{500});
  EXPECT_EQ(lab.received(wire::Kind::roster_spread), 0U);  // all has been said
}

TEST(Suspicion, ALinkDoesNotKeepOneThatIsNoMemberAnyMore) {
  Whole lab{10};
  lab[9].alive = false;  // it left while nobody heard it: its process answers pings, this topic does not
  for (std::size_t i = 0; i < 8; ++i) lab.cut(i, 9);
  for (std::size_t i : {0, 1, 2}) lab.unreachable(i, 9);
  lab.pass(seconds{10});
  ASSERT_EQ(lab.who_miss(9), 8U);

  lab.pass(seconds{50});

  EXPECT_EQ(lab.who_miss(9), 9U);
}

TEST(Suspicion, ALinkWithAnAccusedMemberIsToBeTestedOncePerAccuser) {
  Whole lab{10};
  const EntryVersion of = lab[0].roster().find(lab[9].self.id)->entry_version();
  for (std::uint64_t accuser : {1, 2, 2, 1}) {
    const auto words = lab[accuser].signer.suspicion(lab.topic, lab[9].self.id, of);
    lab.hand(0, 3, wire::RosterSpread{tag_of(lab.topic), 1, 1, {}, 1}, words);
  }
  ASSERT_EQ(lab[0].told(Kind::doubted), 2U);
  const auto doubted = std::ranges::find(lab[0].changes, Kind::doubted, &RosterChange::kind);
  EXPECT_EQ(doubted->peer, lab[9].self.id);
  EXPECT_EQ(doubted->link, lab.link(0, 9));
}

TEST(Suspicion, ANewLinkAnswersWhatWasOutweighed) {
  Whole lab{10};
  const EntryVersion of = lab[0].roster().find(lab[9].self.id)->entry_version();
  for (std::size_t accuser : {1, 2, 3}) {
    const auto words = lab[accuser].signer.suspicion(lab.topic, lab[9].self.id, of);
    lab.hand(0, 4, wire::RosterSpread{tag_of(lab.topic), 1, 1, {}, 1}, words);
  }
  lab.cut(0, 9);
  lab.connect(0, 9);
  lab.cut(0, 9);
  lab.unreachable(0, 9);
  EXPECT_NE(lab[0].roster().find(lab[9].self.id), nullptr);
  EXPECT_FALSE(lab[0].roster().suspected(lab[9].self.id));
}

// Three members accused the last one while the first was away; it has learnt of it by comparing.
struct Late : Whole {
  Late() : Whole{10} {
    peers[9]->alive = false;
    for (std::size_t i = 0; i < 9; ++i) cut(i, 9);
    peers[0]->alive = false;
    for (std::size_t i : {1, 2, 3}) unreachable(i, 9);
    pass(seconds{1});
    peers[0]->alive = true;
    for (int i = 0; i < 100 && !peers[0]->roster().suspected(peers[9]->self.id); ++i) pass(milliseconds{200});
  }
};

TEST(Suspicion, LearntByComparingItWaitsForAnAnswer) {
  Late lab;
  ASSERT_TRUE(lab[0].roster().suspected(lab[9].self.id));
  lab.pass(seconds{14});
  EXPECT_EQ(lab.who_miss(9), 8U);
  lab.pass(seconds{5});
  EXPECT_EQ(lab.who_miss(9), 9U);
}

TEST(Suspicion, WhoseHearsayHasBecomeAFactTellsANeighbourSoon) {
  Late lab;
  lab.next_compare = never;
  lab.pass(seconds{10});
  lab.forget_counts();
  lab.pass(seconds{10});
  EXPECT_EQ(lab.who_miss(9), 9U);
  EXPECT_GE(lab.received(wire::Kind::roster_ranges), 1U);
}

TEST(Suspicion, LearntByComparingItNeedsNoWaitIfTheOwnDialFailsToo) {
  Late lab;
  ASSERT_TRUE(lab[0].roster().suspected(lab[9].self.id));
  lab.unreachable(0, 9);
  lab.pass(milliseconds{400});
  EXPECT_EQ(lab.who_miss(9), 9U);
}

TEST(Suspicion, WhoMissedTheLastEntryOfADeadMemberLearnsOfItsDeathToo) {
  Whole lab{10};
  lab[0].alive = false;  // away for a moment
  lab.call(9, [&](RosterMachine& m, Effects& fx) { m.set_own(lab.now, {"a = 1", {}}, fx); });
  lab.pass(milliseconds{200});
  lab[9].alive = false;
  for (std::size_t i = 0; i < 9; ++i) lab.cut(i, 9);
  for (std::size_t i : {1, 2, 3}) lab.unreachable(i, 9);
  lab.pass(seconds{1});
  lab[0].alive = true;
  EXPECT_EQ(lab.who_miss(9), 8U);

  lab.pass(seconds{60});

  EXPECT_EQ(lab.who_miss(9), 9U);
  EXPECT_TRUE(lab.all_equal());
}

TEST(Suspicion, AnAccuserThatDiedSinceHasItsVoice) {
  Whole lab{10};
  lab[9].alive = lab[0].alive = false;
  for (std::size_t i = 0; i < 9; ++i) lab.cut(i, 9);
  for (std::size_t i : {1, 2, 3}) lab.unreachable(i, 9);
  lab.pass(seconds{1});
  lab[0].alive = true;
  for (std::size_t i : {1, 2, 3}) lab.crash(i);
  lab.pass(milliseconds{400});
  ASSERT_EQ(lab[0].roster().size(), 7U);  // it misses the accusers and knows of no doubt about 9
  ASSERT_FALSE(lab[0].roster().suspected(lab[9].self.id));

  lab.pass(seconds{60});

  EXPECT_EQ(lab.who_miss(9), 6U);
  EXPECT_TRUE(lab.all_equal());
}

}  // namespace
}  // namespace boato
