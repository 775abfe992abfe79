// SPDX-License-Identifier: Apache-2.0
#include "tests/roster/lab.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

using Kind = RosterChange::Kind;

// A topic in which all have joined, with a link between every two.
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
};

class RosterSpread : public testing::TestWithParam<std::size_t> {};

TEST_P(RosterSpread, NewsReachEveryMemberExactlyOnce) {
  Whole lab{GetParam()};
  const std::size_t source = GetParam() / 2;
  lab.call(source, [&](RosterMachine& m, Effects& fx) { m.set_own(lab.now, {"a = 1", {}}, fx); });
  lab.pass(milliseconds{200});

  for (std::size_t i = 0; i < GetParam(); ++i) EXPECT_EQ(lab.spreads[i], i == source ? 0U : 1U) << i;
  EXPECT_TRUE(lab.all_equal());
  EXPECT_LE(lab.hops, 5);
  EXPECT_EQ(lab[0].told(Kind::updated), 1U);
}
INSTANTIATE_TEST_SUITE_P(Sizes, RosterSpread, testing::Values(2, 3, 17, 60, 150));

TEST(RosterSpreads, ChangesWithinTheCollectTimeTravelTogether) {
  Whole lab{20};
  lab.call(3, [&](RosterMachine& m, Effects& fx) {
    m.set_own(lab.now, {"a = 1", {}}, fx);
    m.set_own(lab.now, {"a = 2", {}}, fx);
  });
  lab.pass(milliseconds{200});
  EXPECT_EQ(lab.received(wire::Kind::roster_spread), 19U);
  EXPECT_EQ(lab[7].roster().find(lab[3].self.id)->interest_text(), "a = 2");
}

TEST(RosterSpreads, PublishOnlyMembersHearTheNewsToo) {
  Whole lab{20};
  for (std::size_t i : {2, 5, 9})
    lab.call(i, [&](RosterMachine& m, Effects& fx) { m.set_own(lab.now, {"false", {}}, fx); });
  lab.pass(seconds{1});
  EXPECT_EQ(lab[0].roster().receivers().size(), 17U);
  lab.forget_counts();
  lab.call(1, [&](RosterMachine& m, Effects& fx) { m.set_own(lab.now, {"a = 1", {}}, fx); });
  lab.pass(seconds{1});
  EXPECT_EQ(lab.received(wire::Kind::roster_spread), 19U);
  EXPECT_TRUE(lab.all_equal());
}

TEST(RosterSpreads, ALeaveReachesAllAndIsWhatTheDirectoryIsTold) {
  Whole lab{30};
  std::vector<std::byte> last;
  lab.call(4, [&](RosterMachine& m, Effects& fx) {
    const Bytes statement = m.leave(lab.now, fx);
    last.assign(statement.begin(), statement.end());
    EXPECT_EQ(m.next_deadline(), never);
  });
  lab[4].alive = false;
  lab.pass(milliseconds{100});

  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab[0].roster().size(), 29U);
  EXPECT_EQ(lab[0].told(Kind::left), 1U);
  const Interned leaving = lab.records.take(lab.now, last);
  ASSERT_TRUE(leaving.record);
  EXPECT_NE(leaving.record->flags & wire::flag_leaving, 0U);
}

TEST(RosterSpreads, PartsWithoutALinkGoToTheChildOfANeighbouringPart) {
  Whole lab{12};
  for (std::size_t i = 2; i < 12; ++i) lab.cut(0, i);  // 0 is linked to 1 only

  lab.call(0, [&](RosterMachine& m, Effects& fx) { m.set_own(lab.now, {"a = 1", {}}, fx); });
  lab.pass(milliseconds{200});

  EXPECT_EQ(lab.received(wire::Kind::roster_spread), 11U);
  EXPECT_TRUE(lab.all_equal());
}

TEST(RosterSpreads, AForgedStatementEndsTheLinkAndGoesNoFurther) {
  Whole lab{20};
  auto entry = lab[5].signer.entry(lab.topic, 99'000'000, "a = 1");
  entry[entry.size() - 3] ^= std::byte{1};
  lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 0, 0, {}, 1}, entry);
  lab.pass(seconds{1});
  ASSERT_EQ(lab[0].closes.size(), 1U);
  EXPECT_EQ(lab[0].closes[0], (std::pair{lab.link(0, 1), CloseReason::protocol}));
  EXPECT_EQ(lab.received(wire::Kind::roster_spread), 0U);
  EXPECT_TRUE(lab.all_equal());
}

TEST(RosterSpreads, AStatementOfAnotherTopicEndsTheLink) {
  Whole lab{3};
  const auto entry = lab[2].signer.entry(topic_number(9), 99'000'000);
  lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 0, 0, {}, 1}, entry);
  EXPECT_EQ(lab[0].closes.size(), 1U);
}

TEST(RosterSpreads, SixtyFourStatementsAreTakenAndOneMoreIsNot) {
  Whole lab{2};
  std::vector<std::byte> body;
  for (std::uint64_t i = 0; i < 64; ++i) {
    const auto entry = Signer{5000 + i}.entry(lab.topic, 1);
    body.insert(body.end(), entry.begin(), entry.end());
  }
  lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 1, 1, {}, 1}, body);
  EXPECT_TRUE(lab[0].closes.empty());
  EXPECT_EQ(lab[0].roster().size(), 66U);
  const auto one = Signer{5064}.entry(lab.topic, 1);
  body.insert(body.end(), one.begin(), one.end());
  lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 1, 1, {}, 1}, body);
  EXPECT_EQ(lab[0].closes.size(), 1U);
  EXPECT_EQ(lab[0].roster().size(), 66U);
}

TEST(RosterSpreads, ThirtyTwoHopsEndASpread) {
  Whole lab{20};
  const auto entry = lab[5].signer.entry(lab.topic, 99'000'000, "a = 1");
  lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 0, 0, {}, 31}, entry);
  lab.pass(milliseconds{10});
  EXPECT_GT(lab.received(wire::Kind::roster_spread), 0U);
  lab.forget_counts();
  lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 0, 0, {}, 32}, entry);
  lab.pass(milliseconds{10});
  EXPECT_EQ(lab.received(wire::Kind::roster_spread), 0U);
}

TEST(RosterSpreads, MembersAboveTheLimitAreRefusedAndCounted) {
  Whole lab{2, {.members_max = 3}};
  for (std::uint64_t i = 0; i < 2; ++i)
    lab.hand(0, 1, wire::RosterSpread{tag_of(lab.topic), 1, 1, {}, 1}, Signer{5000 + i}.entry(lab.topic, 1));
  EXPECT_EQ(lab[0].roster().size(), 3U);
  EXPECT_TRUE(lab[0].closes.empty());
}

TEST(RosterSpreads, OwnEntryIsRefreshedEveryTwelveHours) {
  Whole lab{2};
  const auto version = lab[1].roster().find(lab[0].self.id)->version;
  lab.pass(hours{9});
  EXPECT_EQ(lab[1].roster().find(lab[0].self.id)->version, version);
  lab.pass(hours{6});
  EXPECT_GT(lab[1].roster().find(lab[0].self.id)->version, version);
}

TEST(RosterSpreads, AnEntryThatIsNotRefreshedExpires) {
  Whole lab{3};
  lab[2].alive = false;  // nobody notices
  lab.pass(hours{20});
  EXPECT_EQ(lab[0].roster().size(), 3U);
  lab.pass(hours{6});
  EXPECT_EQ(lab[0].roster().size(), 2U);
  EXPECT_EQ(lab[0].told(Kind::left), 1U);
  EXPECT_TRUE(lab.all_equal());
}

TEST(RosterSpreads, AnEntryOfOursThatIsNewerThanOursIsOutdone) {
  Whole lab{3};
  const auto lost = lab[1].signer.entry(lab.topic, 99'000'000, "a = 1");
  lab.hand(1, 0, wire::RosterPage{tag_of(lab.topic), 1, 1}, lost);
  lab.pass(seconds{1});
  EXPECT_GT(lab[0].roster().find(lab[1].self.id)->version, 99'000'000U);
  EXPECT_EQ(lab[0].roster().find(lab[1].self.id)->interest, Interest::everything);
}

}  // namespace
}  // namespace boato
