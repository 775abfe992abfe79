// SPDX-License-Identifier: Apache-2.0
#include "tests/roster/lab.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

using Kind = RosterChange::Kind;

TEST(RosterJoin, WithoutContactsThePeerIsReadyAtOnceAndBecomesAContact) {
  Lab lab{1};
  lab.start(0);
  EXPECT_TRUE(lab[0].machine->ready());
  EXPECT_EQ(lab[0].told(Kind::ready), 1U);
  EXPECT_EQ(lab[0].told(Kind::announce_contact), 1U);
  EXPECT_EQ(lab[0].roster().size(), 1U);
  EXPECT_FALSE(lab[0].machine->own_statement().empty());
}

TEST(RosterJoin, AJoinerHasTheWholeSmallRosterAfterOneRoundTrip) {
  Lab lab{3};
  lab.connect_all();
  lab.start(0);
  lab.start(1, {0});
  lab.pass(seconds{1});

  lab.start(2, {0});
  lab.pass(milliseconds{3});

  EXPECT_TRUE(lab[2].machine->ready());
  EXPECT_EQ(lab[2].roster().size(), 3U);
  EXPECT_EQ(lab[2].changes[0].kind, Kind::ready);
  EXPECT_EQ(lab[2].changes[0].link, lab.link(2, 0));
}

TEST(RosterJoin, TheMembersHearOfTheJoiner) {
  Lab lab{3};
  lab.connect_all();
  lab.start(0);
  lab.start(1, {0});
  lab.pass(seconds{1});
  lab.start(2, {0});
  lab.pass(seconds{1});
  EXPECT_EQ(lab[1].told(Kind::joined), 1U);
  EXPECT_EQ(lab[1].roster().size(), 3U);
  EXPECT_TRUE(lab.all_equal());
}

TEST(RosterJoin, TwoHundredMembersJoinThroughOneContactAndEndEqual) {
  Lab lab{200};
  lab.connect_all();
  lab.start(0);
  for (std::size_t i = 1; i < 200; ++i) {
    lab.start(i, {0});
    lab.pass(milliseconds{3});
  }
  lab.pass(seconds{2});

  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab[0].roster().size(), 200U);
  EXPECT_EQ(lab[199].roster().size(), 200U);
  EXPECT_EQ(lab[0].told(Kind::joined), 199U);
  EXPECT_TRUE(lab[150].machine->ready());
}

TEST(RosterJoin, ALargeRosterIsFetchedInPagesBeforeTheJoinerIsReady) {
  Lab lab{2};
  lab.connect_all();
  std::vector<RecordRef> refs;
  std::vector<const MemberRecord*> records;
  for (std::uint64_t i = 0; i < 1500; ++i) {
    refs.push_back(lab.records.take(lab.now, Signer{90000 + i}.entry(lab.topic, 1)).record);
    records.push_back(refs.back().get());
  }
  lab.start(0);
  lab.call(0, [&](RosterMachine& m, Effects& fx) { m.set_members(lab.now, records, fx); });

  lab.start(1, {0});
  lab.pass(milliseconds{3});
  EXPECT_FALSE(lab[1].machine->ready());
  lab.pass(milliseconds{40});

  EXPECT_TRUE(lab[1].machine->ready());
  EXPECT_EQ(lab[1].roster().size(), 1502U);
  EXPECT_EQ(lab[1].told(Kind::joined), 0U);
  EXPECT_GE(lab.received(wire::Kind::roster_page), 22U);
}

TEST(RosterJoin, FetchesGoOnWithAnotherMemberWhenTheLinkBreaks) {
  Lab lab{3};
  lab.connect(0, 1);
  lab.connect(0, 2);
  lab.connect(1, 2);
  std::vector<RecordRef> refs;
  std::vector<const MemberRecord*> records;
  for (std::uint64_t i = 0; i < 1500; ++i) {
    refs.push_back(lab.records.take(lab.now, Signer{90000 + i}.entry(lab.topic, 1)).record);
    records.push_back(refs.back().get());
  }
  lab.start(0);
  lab.start(1, {0});
  lab.pass(seconds{1});
  refs.push_back(lab.records.take(lab.now, lab[0].machine->own_statement()).record);
  refs.push_back(lab.records.take(lab.now, lab[1].machine->own_statement()).record);
  records.push_back(refs[1500].get());
  records.push_back(refs[1501].get());
  for (std::size_t i : {0, 1})
    lab.call(i, [&](RosterMachine& m, Effects& fx) { m.set_members(lab.now, records, fx); });

  lab.start(2, {0, 1});
  lab.pass(milliseconds{3});
  const std::size_t welcomer = lab.queue.empty() ? 0 : lab.queue.front().from;
  lab.cut(2, welcomer == 2 ? lab.queue.front().to : welcomer);
  EXPECT_FALSE(lab[2].machine->ready());
  lab.pass(milliseconds{60});

  EXPECT_TRUE(lab[2].machine->ready());
  EXPECT_EQ(lab[2].roster().size(), 1503U);
}

TEST(RosterJoin, ASilentContactIsFollowedByTheNext) {
  Lab lab{3};
  lab.start(0);
  lab.start(1, {0});
  lab.pass(seconds{1});
  lab[0].alive = false;
  lab.connect(2, 0);  // still has a link, says nothing

  lab.start(2, {0, 1});
  lab.pass(milliseconds{2500});

  EXPECT_TRUE(lab[2].machine->ready());
  EXPECT_EQ(lab[2].told(Kind::ready), 1U);
  EXPECT_NE(lab[2].roster().find(lab[1].self.id), nullptr);
}

TEST(RosterJoin, WithoutAnyAnswerItGoesOnAloneAfterThreeSecondsAndKeepsTrying) {
  Lab lab{2};
  lab.start(0);
  lab[0].alive = false;
  lab.start(1, {0});
  lab.pass(milliseconds{2900});
  EXPECT_FALSE(lab[1].machine->ready());
  lab.pass(milliseconds{200});
  EXPECT_TRUE(lab[1].machine->ready());
  EXPECT_EQ(lab[1].told(Kind::announce_contact), 1U);
  const std::size_t dials = lab.dials;
  EXPECT_GE(dials, 2U);

  lab.pass(minutes{1});
  EXPECT_GT(lab.dials, dials);
  lab[0].alive = true;
  lab.pass(minutes{2});

  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab[1].roster().size(), 2U);
  EXPECT_EQ(lab[1].told(Kind::ready), 1U);
}

TEST(RosterJoin, TwoThatNameEachOtherAndNobodyElseFindEachOther) {
  Lab lab{2};
  lab.start(0);
  lab.start(1, {0});
  lab.pass(seconds{1});
  const auto zero = lab[0].machine->own_statement(), one = lab[1].machine->own_statement();
  const std::vector<std::byte> a(zero.begin(), zero.end()), b(one.begin(), one.end());
  for (std::size_t i : {0, 1}) {
    lab[i].self.incarnation = Incarnation{2};
    lab.renew(i);
  }
  lab.connect(0, 1);
  const Bytes to_a[] = {b}, to_b[] = {a};
  lab.call(0, [&](RosterMachine& m, Effects& fx) { m.start(lab.now, {}, to_a, fx); });
  lab.call(1, [&](RosterMachine& m, Effects& fx) { m.start(lab.now, {}, to_b, fx); });
  lab.pass(milliseconds{10});
  EXPECT_TRUE(lab[0].machine->ready());
  EXPECT_TRUE(lab[1].machine->ready());
  EXPECT_TRUE(lab.all_equal());
}

TEST(RosterJoin, WhoFindsMostContactsOutOfReachBecomesOne) {
  Lab lab{6};
  lab.start(0);
  for (std::size_t i : {1, 2, 3}) lab.start(i, {0}), lab.pass(seconds{1});
  EXPECT_EQ(lab[1].told(Kind::announce_contact), 0U);  // who let it in names it
  EXPECT_EQ(lab[0].told(Kind::joins_here), 3U);

  lab.crash(1);
  lab.start(4, {0, 1, 2});
  lab.pass(seconds{1});
  lab.crash(2);
  lab.start(5, {0, 1, 2});
  lab.pass(seconds{1});

  EXPECT_TRUE(lab[4].machine->ready() && lab[5].machine->ready());
  EXPECT_EQ(lab[4].told(Kind::announce_contact), 0U);
  EXPECT_EQ(lab[5].told(Kind::announce_contact), 1U);
}

TEST(RosterJoin, ContactsThatAreForgedForeignLeavingOrOurOwnArePassedOver) {
  Lab lab{2};
  auto forged = lab[1].signer.entry(lab.topic, 1);
  forged[forged.size() - 5] ^= std::byte{1};
  const auto foreign = lab[1].signer.entry(topic_number(8), 1);
  const auto leaving = lab[1].signer.entry(lab.topic, 1, "", wire::flag_leaving);
  const auto own = lab[0].signer.entry(lab.topic, 1);
  const std::vector<Bytes> contacts{forged, foreign, leaving, own, {}};
  lab.call(0, [&](RosterMachine& m, Effects& fx) { m.start(lab.now, {}, contacts, fx); });
  EXPECT_TRUE(lab[0].machine->ready());
  EXPECT_EQ(lab.dials, 0U);
}

TEST(RosterJoin, NobodyJoinsForAnother) {
  Lab lab{3};
  lab.connect_all();
  lab.start(0);
  const auto stolen = lab[2].signer.entry(lab.topic, 1);
  lab.hand(0, 1, wire::RosterJoin{tag_of(lab.topic)}, stolen);
  EXPECT_EQ(lab[0].roster().size(), 1U);
  ASSERT_EQ(lab[0].closes.size(), 1U);
  EXPECT_EQ(lab[0].closes[0].second, CloseReason::protocol);
}

TEST(RosterJoin, AWelcomeThatNobodyAskedForIsIgnored) {
  Lab lab{2};
  lab.connect_all();
  lab.start(0);
  const auto entry = lab[1].signer.entry(lab.topic, 1);
  lab.hand(0, 1, wire::RosterWelcome{tag_of(lab.topic), 1, 1, 0}, entry);
  EXPECT_EQ(lab[0].roster().size(), 1U);
  EXPECT_TRUE(lab[0].closes.empty());
}

TEST(RosterJoin, TheSamePeerAgainReplacesItsEntryAtOnce) {
  Lab lab{4};
  lab.connect_all();
  lab.start(0);
  for (std::size_t i : {1, 2, 3}) lab.start(i, {0}), lab.pass(seconds{1});

  lab[3].self.incarnation = Incarnation{2};
  lab.renew(3);
  lab.start(3, {0});
  lab.pass(milliseconds{100});

  EXPECT_TRUE(lab.all_equal());
  EXPECT_EQ(lab[1].roster().size(), 4U);
  EXPECT_EQ(lab[1].roster().find(lab[3].self.id)->incarnation, Incarnation{2});
  EXPECT_EQ(lab[1].told(Kind::left), 0U);
}

TEST(RosterJoin, ATopicLeftAndOpenedAgainInOneIncarnationIsJoinedAgain) {
  Lab lab{3};
  lab.connect_all();
  lab.start(0);
  for (std::size_t i : {1, 2}) lab.start(i, {0}), lab.pass(seconds{1});
  lab.call(2, [&](RosterMachine& m, Effects& fx) { static_cast<void>(m.leave(lab.now, fx)); });
  lab.pass(milliseconds{10});
  EXPECT_EQ(lab[1].roster().size(), 2U);

  lab.renew(2);
  lab.start(2, {0});
  lab.pass(milliseconds{100});

  EXPECT_EQ(lab[1].roster().size(), 3U);
  EXPECT_EQ(lab[2].roster().size(), 3U);
}

}  // namespace
}  // namespace boato
