// SPDX-License-Identifier: Apache-2.0
#include "tests/host/lab.hpp"

#include <sys/stat.h>

#include <fstream>

namespace boato {
namespace {

using testing::HasSubstr;

std::string key_file(const TempFolder& folder, const std::string& name, std::uint8_t first) {
  Key32 key{};
  key[0] = first;
  EXPECT_TRUE(write_key_file(folder / name, key));
  return folder / name;
}

TEST(Closing, SaysThatEverythingGotThrough) {
  Peer a = started();
  Peer b = joined(a);
  Heard heard;
  auto sub = b.subscribe("news", {}, heard.handler());
  Topic topic = heard_by(a, "news", 1);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(topic.publish(bytes("x")));

  const auto report = a.close(patience);

  ASSERT_TRUE(report);
  EXPECT_EQ(report->unsent, 0U);
  EXPECT_TRUE(report->left_cleanly);
  EXPECT_EQ(heard.events(1000).size(), 1000U);
}

TEST(Closing, CountsWhatNobodyElseHolds) {
  Peer a = started();
  Peer b = joined(a);
  auto sub = b.subscribe("news");
  Topic topic = heard_by(a, "news", 1);
  HeldLoop held{b};
  for (int i = 0; i < 10; ++i) ASSERT_TRUE(topic.publish(bytes("x")));

  const auto report = a.close(std::chrono::milliseconds{100});
  held.release();

  ASSERT_TRUE(report);
  EXPECT_EQ(report->unsent, 10U);
}

TEST(Closing, ASecondCallGetsTheFirstReport) {
  Peer a = started();
  const auto first = a.close();
  const auto second = a.close();

  ASSERT_TRUE(second);
  EXPECT_EQ(first->left_cleanly, second->left_cleanly);
}

TEST(Closing, EveryHandleAnswersClosedAfterwards) {
  Peer a = started();
  Topic topic = opened(a, "news");
  auto sub = a.subscribe("news");
  auto pending = topic.publish(bytes("x"));
  ASSERT_TRUE(a.close());

  EXPECT_EQ(code(topic.publish(bytes("x"))), Errc::closed);
  EXPECT_EQ(code(topic.try_publish(bytes("x"))), Errc::closed);
  EXPECT_EQ(code(topic.wait_members(1, Duration{0})), Errc::closed);
  EXPECT_EQ(code(a.topic("other")), Errc::closed);
  EXPECT_EQ(code(a.subscribe("other")), Errc::closed);
  EXPECT_TRUE(topic.members().empty());
  EXPECT_EQ(topic.name(), "news");
}

TEST(Closing, IsRefusedInAnOwnHandler) {
  Peer a = started();
  std::promise<Errc> answer;
  auto sub = a.subscribe("news", {}, [&](const Item& item) {
    if (std::holds_alternative<Event>(item)) answer.set_value(code(a.close()));
  });
  ASSERT_TRUE(opened(a, "news").publish(bytes("x")));

  EXPECT_EQ(answer.get_future().get(), Errc::wrong_thread);
}

TEST(Closing, TheOthersSeeThatItLeft) {
  Peer a = started();
  Peer b = joined(a);
  Heard heard;
  auto sub = a.subscribe("news", {}, heard.handler());
  auto at_b = b.subscribe("news");
  Topic topic = heard_by(a, "news", 1);

  ASSERT_TRUE(b.close());

  EXPECT_TRUE(heard.wait_status(Status::Kind::member_left));
}

TEST(Full, TryPublishRefusesAndPublishWaitsForRoom) {
  Peer a = started();
  Topic topic = opened(a, "news");
  const std::string payload(1000, 'x');
  HeldLoop held{a};

  std::uint64_t accepted = 0;
  auto refused = topic.try_publish(bytes(payload));
  while (refused) {
    ++accepted;
    refused = topic.try_publish(bytes(payload));
  }
  const auto in_vain = topic.publish(bytes(payload), {.room_within = std::chrono::milliseconds{1}});
  held.release();
  const auto later = topic.publish(bytes(payload), {.room_within = patience});

  EXPECT_EQ(code(refused), Errc::would_block);
  EXPECT_TRUE(refused.error().detail.empty());
  EXPECT_EQ(code(in_vain), Errc::would_block);
  ASSERT_TRUE(later);
  EXPECT_EQ(later->id().seq, accepted + 1);  // what was refused has no number
}

TEST(Joining, TellsWhyNobodyCanBeReached) {
  Peer listening = started();
  const std::string address = listening.addresses().front();
  ASSERT_TRUE(listening.close());
  Peer a = started({.join = {address}});

  auto ready = a.ready(std::chrono::milliseconds{10});
  while (code(ready) == Errc::timeout) ready = a.ready(std::chrono::milliseconds{10});

  EXPECT_EQ(code(ready), Errc::unreachable);
  EXPECT_THAT(ready.error().detail, HasSubstr(address));
  EXPECT_THAT(ready.error().detail, HasSubstr("no peer listens there"));
}

TEST(Joining, FindsASeedThatStartsLater) {
  Peer first = started();
  const std::string address = first.addresses().front();
  ASSERT_TRUE(first.close());
  Peer a = started({.join = {address}});

  Peer seed = started({.listen = {address}});

  EXPECT_TRUE(a.ready(patience));
}

TEST(Joining, ResolvesNames) {
  Peer seed = started();
  const std::string address = seed.addresses().front();
  Peer a = started({.join = {"localhost" + address.substr(address.rfind(':'))}});

  EXPECT_TRUE(a.ready(patience));
}

TEST(Joining, AnIdInTheAddressMustAnswerThere) {
  Peer seed = started();
  Peer other = started();
  const std::string address = seed.addresses().front();
  Peer right = started({.join = {to_text(seed.id()) + "@" + address}});
  Peer wrong = started({.join = {to_text(other.id()) + "@" + address}});

  EXPECT_TRUE(right.ready(patience));
  auto ready = wrong.ready(std::chrono::milliseconds{10});
  while (code(ready) == Errc::timeout) ready = wrong.ready(std::chrono::milliseconds{10});
  EXPECT_THAT(ready.error().detail, HasSubstr("another peer answers there"));
}

TEST(Joining, AnotherNetworkKeyNeverLinks) {
  const TempFolder folder;
  Peer closed = started({.network_key_file = key_file(folder, "key", 1)});
  Peer same = joined(closed, {.network_key_file = folder / "key"});
  Peer other = started({.join = closed.addresses(), .network_key_file = key_file(folder, "other", 2)});
  Peer open = started({.join = closed.addresses()});

  for (Peer* stranger : {&other, &open}) {
    auto ready = stranger->ready(std::chrono::milliseconds{10});
    while (code(ready) == Errc::timeout) ready = stranger->ready(std::chrono::milliseconds{10});
    EXPECT_EQ(code(ready), Errc::unreachable);
    EXPECT_THAT(ready.error().detail, HasSubstr("network key"));
    EXPECT_TRUE(stranger->topology().links.empty());
  }
  ASSERT_EQ(closed.topology().links.size(), 1U);
  EXPECT_EQ(closed.topology().links.front().peer, same.id());
}

TEST(Joining, AnotherNetworkNameNeverLinks) {
  Peer a = started({.network = "one"});
  Peer b = started({.join = a.addresses(), .network = "two"});

  auto ready = b.ready(std::chrono::milliseconds{10});
  while (code(ready) == Errc::timeout) ready = b.ready(std::chrono::milliseconds{10});

  EXPECT_EQ(code(ready), Errc::unreachable);
  EXPECT_TRUE(a.topology().links.empty());
}

TEST(Identity, StaysOverARestartWithAHigherIncarnation) {
  const TempFolder folder;
  Peer seed = started();
  PeerId id;
  std::uint64_t incarnation = 0;
  Heard heard;
  auto sub = seed.subscribe("news", {}, heard.handler());
  for (int i = 0; i < 2; ++i) {
    Peer a = joined(seed, {.data_dir = folder / "a"});
    id = a.id();
    Topic topic = heard_by(a, "news", 1);
    const auto sent = topic.publish(bytes("x"));
    ASSERT_TRUE(sent->wait(patience));
    EXPECT_GT(sent->id().incarnation, incarnation);
    incarnation = sent->id().incarnation;
    ASSERT_TRUE(a.close());
  }

  const auto events = heard.events(2);

  EXPECT_EQ(events[0].id().publisher, id);
  EXPECT_EQ(events[1].id().publisher, id);
  EXPECT_LT(events[0].id().incarnation, events[1].id().incarnation);
}

TEST(Identity, ALockedFolderIsRefused) {
  const TempFolder folder;
  Peer a = started({.data_dir = folder / "a"});

  const auto again = Peer::start({.data_dir = folder / "a"});

  EXPECT_EQ(code(again), Errc::bad_config);
  EXPECT_THAT(again.error().detail, HasSubstr("in use by another peer"));
}

TEST(Starting, AnAddressInUseIsSaid) {
  Peer a = started();

  const auto again = Peer::start({.listen = a.addresses()});

  EXPECT_EQ(code(again), Errc::unreachable);
  EXPECT_THAT(again.error().detail, HasSubstr("choose another port"));
}

TEST(Starting, BeyondTheLoopbackItNeedsANetworkKey) {
  const TempFolder folder;

  const auto open = Peer::start({.listen = {"0.0.0.0:0"}});
  const auto said = Peer::start({.listen = {"0.0.0.0:0"}, .set = {{"network.open", "true"}}});
  const auto closed = Peer::start({.listen = {"0.0.0.0:0"}, .network_key_file = key_file(folder, "key", 1)});

  EXPECT_EQ(code(open), Errc::not_allowed);
  EXPECT_TRUE(said);
  EXPECT_TRUE(closed);
}

TEST(Starting, AnUnknownKeyNamesTheNearestOne) {
  const auto peer = Peer::start({.set = {{"limits.link_max", "5"}}});

  EXPECT_EQ(code(peer), Errc::bad_config);
  EXPECT_THAT(peer.error().detail, HasSubstr("limits.links_max"));
}

TEST(Log, NamesWhatHappens) {
  std::mutex mutex;
  std::string lines;
  Options options;
  options.log = [&](std::string_view line) {
    std::lock_guard lock{mutex};
    lines += line;
    lines += '\n';
  };
  {
    Peer a = started(options);
    Peer b = joined(a);
    ASSERT_TRUE(b.close());
    ASSERT_TRUE(a.close());
  }

  EXPECT_THAT(lines, HasSubstr("\"event\":\"node.ready\""));
  EXPECT_THAT(lines, HasSubstr("\"event\":\"link.up\""));
  EXPECT_THAT(lines, HasSubstr("\"event\":\"link.down\""));
}

}  // namespace
}  // namespace boato
