// SPDX-License-Identifier: Apache-2.0
#include "tests/host/lab.hpp"

namespace boato {
namespace {

using testing::Contains;
using testing::HasSubstr;

TEST(TopicOpening, ConflictsWithAnotherContract) {
  Peer a = started();
  Topic topic = opened(a, "orders", Contract{.order = Order::none});

  const auto again = a.topic("orders", Contract{.order = Order::fifo});

  EXPECT_EQ(code(again), Errc::conflict);
  EXPECT_EQ(a.topic("orders")->contract().order, Order::none);
}

TEST(TopicOpening, ConflictsWithTheContractThatAnotherPeerDeclared) {
  Peer a = started();
  Topic topic = opened(a, "orders", Contract{.order = Order::none});
  Peer b = joined(a);

  const auto other = b.topic("orders", Contract{.order = Order::fifo}, patience);
  const auto same = b.topic("orders", std::nullopt, patience);

  EXPECT_EQ(code(other), Errc::conflict);
  ASSERT_TRUE(same);
  EXPECT_EQ(same->contract().order, Order::none);
}

TEST(TopicOpening, RefusesContractsThatThisVersionDoesNotKeep) {
  Peer a = started();

  const auto total = a.topic("t", Contract{.order = Order::total});
  const auto disk = a.topic("d", Contract{.durability = Durability::disk}, std::chrono::milliseconds{100});
  const auto uniform = a.topic("u", Contract{.reliability = Reliability::uniform});

  EXPECT_EQ(code(total), Errc::not_allowed);
  EXPECT_THAT(total.error().detail, HasSubstr("not offered"));
  EXPECT_EQ(code(disk), Errc::no_quorum);  // nobody is known who could keep it
  EXPECT_THAT(disk.error().detail, HasSubstr("data folder"));
  EXPECT_EQ(code(uniform), Errc::not_allowed);
}

TEST(TopicOpening, RefusesWhatIsNoName) {
  Peer a = started();

  EXPECT_EQ(code(a.topic("")), Errc::bad_name);
  EXPECT_EQ(code(a.topic("a//b")), Errc::bad_name);
  EXPECT_EQ(code(a.topic("a/+")), Errc::bad_name);
  EXPECT_EQ(code(a.subscribe("a/#/b")), Errc::bad_name);
  EXPECT_EQ(code(a.subscribe("a", {.where = "x >"})), Errc::bad_predicate);
  EXPECT_EQ(code(a.subscribe("a", {.order = Order::total})), Errc::not_allowed);
}

TEST(TopicOpening, ListsMembersWithWhatTheyWant) {
  Peer a = started();
  Peer b = joined(a);
  auto sub = b.subscribe("shared");
  Topic topic = heard_by(a, "shared", 1);

  const auto members = topic.members();

  ASSERT_EQ(members.size(), 2U);
  for (const Member& member : members) EXPECT_EQ(member.receives, member.id == b.id());
}

TEST(TopicOpening, WaitsInVainForMembersThatDoNotCome) {
  Peer a = started();
  Topic topic = opened(a, "lonely");

  const auto waited = topic.wait_members(1, std::chrono::milliseconds{1});

  EXPECT_EQ(code(waited), Errc::timeout);
  EXPECT_THAT(waited.error().detail, HasSubstr("0 other members"));
}

TEST(TopicOpening, IsSeenByOthersThatDoNotTakePart) {
  Peer a = started();
  Topic topic = opened(a, "somewhere");
  Peer b = joined(a);
  Topic mine = opened(b, "here");  // by then b knows what a knows

  std::vector<std::string> names;
  for (const TopicInfo& info : b.topics()) names.push_back(info.name);

  EXPECT_THAT(names, Contains("somewhere"));
  EXPECT_THAT(names, Contains("here"));
}

TEST(TopicRemoval, IsTheFoundersAlone) {
  Peer a = started();
  Topic topic = opened(a, "old");
  Peer b = joined(a);
  Topic at_b = opened(b, "old");

  EXPECT_EQ(code(b.remove_topic("old")), Errc::not_allowed);
  EXPECT_EQ(code(b.remove_topic("never")), Errc::no_such);
  EXPECT_TRUE(a.remove_topic("old"));
  EXPECT_EQ(code(topic.publish(bytes("x"))), Errc::closed);
}

TEST(Survey, FindsEveryPeer) {
  Peer a = started({.name = "a"});
  Peer b = joined(a, {.name = "b"});
  Peer c = joined(b, {.name = "c"});

  std::vector<std::string> names;
  for (const Topology& peer : c.survey(patience)) names.push_back(peer.name);

  EXPECT_THAT(names, testing::UnorderedElementsAre("a", "b", "c"));
}

TEST(Metrics, CountWhatWasPublished) {
  Peer a = started();
  Topic topic = opened(a, "counted");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(topic.publish(bytes("x")));
  ASSERT_TRUE(topic.publish(bytes("x"))->wait(patience));

  double published = 0;
  for (const Metric& metric : a.metrics())
    if (metric.name == "boato_events_published_total") published += metric.value;

  EXPECT_EQ(published, 4);
}

}  // namespace
}  // namespace boato
