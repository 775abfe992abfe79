// SPDX-License-Identifier: Apache-2.0
#include "tests/roster/lab.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

using Kind = RosterChange::Kind;

// Entries of peers that are not there, half of them at each of the first two members.
struct TwoViews : Lab {
  TwoViews(std::size_t common, std::size_t first_only, std::size_t second_only) : Lab{2} {
    connect_all();
    start(0);
    start(1, {0});
    pass(seconds{1});
    std::vector<const MemberRecord*> views[2];
    const auto add = [&](std::size_t count, bool at_first, bool at_second) {
      for (std::size_t i = 0; i < count; ++i) {
        refs.push_back(records.take(now, Signer{70000 + refs.size()}.entry(topic, 1)).record);
        if (at_first) views[0].push_back(refs.back().get());
        if (at_second) views[1].push_back(refs.back().get());
      }
    };
    for (std::size_t i : {0, 1}) refs.push_back(records.take(now, peers[i]->machine->own_statement()).record);
    for (auto& view : views) view = {refs[0].get(), refs[1].get()};
    add(common, true, true);
    add(first_only, true, false);
    add(second_only, false, true);
    for (std::size_t i : {0, 1})
      call(i, [&](RosterMachine& m, Effects& fx) { m.set_members(now, views[i], fx); });
    forget_counts();
  }
  std::vector<RecordRef> refs;
};

TEST(RosterSync, EqualRostersExchangeADigestAndNothingElse) {
  TwoViews lab{500, 0, 0};
  lab.pass(seconds{3});
  lab.forget_counts();
  lab.mesh(0, 1);
  lab.pass(milliseconds{50});
  EXPECT_EQ(lab.received(wire::Kind::roster_ranges), 1U);
  EXPECT_EQ(lab.received(wire::Kind::roster_page), 0U);
  EXPECT_LE(lab.bytes_sent, 40U);
}

TEST(RosterSync, OneMissingEntryOfAThousandTravelsAlone) {
  TwoViews lab{1000, 1, 0};
  lab.mesh(0, 1);
  lab.pass(milliseconds{50});
  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab.received(wire::Kind::roster_page), 1U);
  EXPECT_LE(lab.bytes_sent, 2000U);
}

TEST(RosterSync, BothSidesGetWhatTheyLack) {
  TwoViews lab{300, 20, 30};
  lab.mesh(0, 1);
  lab.pass(seconds{30});
  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab[0].roster().size(), 352U);
}

TEST(RosterSync, WhoHasNextToNothingFetches) {
  for (const auto& [first, second] : {std::pair{2000, 3}, std::pair{3, 2000}}) {
    TwoViews lab{0, static_cast<std::size_t>(first), static_cast<std::size_t>(second)};
    lab.mesh(0, 1);
    lab.pass(seconds{15});
    EXPECT_TRUE(lab.all_equal());
    EXPECT_EQ(lab[0].roster().size(), 2005U);
  }
}

TEST(RosterSync, LargeDifferencesEndEqualTooAfterAFewSessions) {
  TwoViews lab{100, 600, 600};
  lab.mesh(0, 1);
  lab.pass(minutes{2});
  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab[0].roster().size(), 1302U);
}

TEST(RosterSync, AnOlderEntryIsReplacedByComparing) {
  Lab lab{3};
  lab.connect_all();
  lab.start(0);
  for (std::size_t i : {1, 2}) lab.start(i, {0}), lab.pass(seconds{1});
  lab[1].alive = false;  // misses the news
  lab.call(2, [&](RosterMachine& m, Effects& fx) { m.set_own(lab.now, {"a = 1", {}}, fx); });
  lab.pass(seconds{1});
  lab[1].alive = true;
  EXPECT_FALSE(lab.all_equal());
  lab.pass(seconds{30});
  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab[1].told(Kind::updated), 1U);
}

TEST(RosterSync, AtRestNothingIsSentThatNobodyAskedFor) {
  TwoViews lab{10, 0, 0};
  lab.mesh(0, 1);
  lab.next_compare = never;
  lab.pass(seconds{10});
  lab.forget_counts();
  lab.pass(minutes{10});
  EXPECT_EQ(lab.received(wire::Kind::roster_ranges), 0U);
}

TEST(RosterSync, TwoIslandsMergeThroughAContact) {
  Lab lab{30};
  for (std::size_t a = 0; a < 30; ++a)
    for (std::size_t b = a + 1; b < 30; ++b)
      if (a / 15 == b / 15) lab.connect(a, b);
  lab.start(0);
  lab.start(15);
  for (std::size_t i = 1; i < 15; ++i) {
    lab.start(i, {0});
    lab.start(15 + i, {15});
    lab.pass(milliseconds{5});
  }
  lab.pass(seconds{2});
  ASSERT_EQ(lab[3].roster().size(), 15U);
  lab.dials = 0;

  const Bytes statement = lab[15].machine->own_statement();
  const std::vector<std::byte> contact(statement.begin(), statement.end());
  for (std::size_t i = 0; i < 15; ++i)
    lab.call(i, [&](RosterMachine& m, Effects& fx) { m.on_contact(lab.now, contact, fx); });
  EXPECT_EQ(lab[3].roster().size(), 15U);  // nothing is believed before it answers
  EXPECT_LE(lab.dials, 4U);                // its nearest on the ring
  lab.pass(seconds{30});

  EXPECT_EQ(lab[3].roster().size(), 30U);
  EXPECT_EQ(lab[20].roster().size(), 30U);
  EXPECT_TRUE(lab.all_equal());
}

TEST(RosterSync, ADeadContactIsDialledForAWhileAndNeverEntersTheRoster) {
  Lab lab{2};
  lab.start(0);
  const auto dead = lab[1].signer.entry(lab.topic, 1);
  lab[1].alive = false;
  lab.call(0, [&](RosterMachine& m, Effects& fx) { m.on_contact(lab.now, dead, fx); });
  EXPECT_EQ(lab.dials, 1U);
  lab.pass(minutes{11});
  EXPECT_GE(lab.dials, 10U);
  lab.dials = 0;
  lab.pass(minutes{10});
  EXPECT_EQ(lab.dials, 0U);
  EXPECT_EQ(lab[0].roster().size(), 1U);
}

TEST(RosterSync, AContactThatComesUpLateIsStillFound) {
  Lab lab{2};
  lab.start(0);
  lab.start(1);
  const Bytes statement = lab[1].machine->own_statement();
  const std::vector<std::byte> contact(statement.begin(), statement.end());
  lab.blocked.emplace_back(0, 1);
  lab.call(0, [&](RosterMachine& m, Effects& fx) { m.on_contact(lab.now, contact, fx); });
  lab.pass(minutes{1});
  EXPECT_EQ(lab[0].roster().size(), 1U);
  lab.blocked.clear();
  lab.pass(minutes{1});
  EXPECT_EQ(lab[0].roster().size(), 2U);
  EXPECT_TRUE(lab.all_equal());
}

// Each would answer the other's answer, and every copy doubles: it took all memory of the simulator.
TEST(RosterSync, TwoWhoKnowAGoodbyeDoNotTellItToEachOtherForEver) {
  Lab lab{2};
  lab.connect_all();
  lab.start(0);
  lab.start(1, {0});
  lab.pass(seconds{1});
  Signer gone{70000};
  const auto entry = gone.entry(lab.topic, 1), goodbye = gone.entry(lab.topic, 2, "", wire::flag_leaving);
  for (std::size_t i : {0, 1})
    for (const auto& statement : {entry, goodbye})
      lab.hand(i, 1 - i, wire::RosterPage{tag_of(lab.topic), 1, 1}, statement);
  lab.pass(milliseconds{100});
  lab.forget_counts();

  lab.hand(0, 1, wire::RosterPage{tag_of(lab.topic), 1, 1}, goodbye);
  lab.pass(milliseconds{100});

  EXPECT_EQ(lab.received(wire::Kind::roster_page), 0U);
}

TEST(RosterSync, MalformedRangesEndTheLink) {
  TwoViews lab{10, 1, 0};
  const auto junk = bytes("junk!");
  lab.hand(0, 1, wire::RosterRanges{tag_of(lab.topic), 1, 1, junk});
  EXPECT_EQ(lab[0].closes.size(), 1U);
}

TEST(RosterSync, QuestionsBeyondTheByteBudgetGoUnanswered) {
  TwoViews lab{2000, 0, 0};
  for (int i = 0; i < 200; ++i) lab.hand(0, 1, wire::RosterFetch{tag_of(lab.topic), 0, 0, 8});
  EXPECT_LE(lab.bytes_sent, lab.config.answer_bytes_burst + 200U * 1024U);
  EXPECT_GE(lab.bytes_sent, lab.config.answer_bytes_burst / 2);
}

TEST(RosterSync, AFetchIsAnsweredByAtMostEightPagesWhateverItAsks) {
  TwoViews lab{2000, 0, 0};
  lab.hand(0, 1, wire::RosterFetch{tag_of(lab.topic), 0, 0, 255});
  lab.pass(milliseconds{10});
  EXPECT_EQ(lab.received(wire::Kind::roster_page), 8U);
}

TEST(RosterSync, PreloadedMembersAreReadyAndEqual) {
  TwoViews lab{3000, 0, 0};
  EXPECT_TRUE(lab[0].machine->ready());
  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab[1].roster().size(), 3002U);
}

}  // namespace
}  // namespace boato
