// SPDX-License-Identifier: Apache-2.0
#include "tests/host/lab.hpp"

#include <thread>

namespace boato {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;

TEST(Publish, ReachesAnExactSubscription) {
  Peer a = started();
  Peer b = joined(a);
  Heard heard;
  auto sub = b.subscribe("greetings", {}, heard.handler());
  Topic topic = heard_by(a, "greetings", 1);

  EXPECT_TRUE(topic.publish(bytes("one")));
  EXPECT_TRUE(topic.publish(bytes("two")));

  const auto events = heard.events(2);
  EXPECT_THAT(texts(events), ElementsAre("one", "two"));
  EXPECT_EQ(events[0].topic(), "greetings");
  EXPECT_EQ(events[0].id().publisher, a.id());
  EXPECT_EQ(events[0].id().seq, 1U);
  EXPECT_EQ(events[0].hops(), 1U);
}

TEST(Publish, ReachesItsOwnSubscriptions) {
  Peer a = started();
  Heard heard;
  auto sub = a.subscribe("own/#", {}, heard.handler());
  Topic topic = opened(a, "own/words");

  EXPECT_TRUE(topic.publish(bytes("mine")));

  const auto events = heard.events(1);
  EXPECT_THAT(texts(events), ElementsAre("mine"));
  EXPECT_EQ(events[0].hops(), 0U);
}

TEST(Publish, AWildcardCatchesATopicThatIsMadeLater) {
  Peer a = started();
  Peer b = joined(a);
  Heard heard;
  auto sub = b.subscribe("sensors/+/temp", {}, heard.handler());

  Topic wanted = heard_by(a, "sensors/3/temp", 1);
  Topic other = opened(a, "sensors/3/humidity");
  EXPECT_TRUE(other.publish(bytes("no")));
  EXPECT_TRUE(wanted.publish(bytes("yes")));

  const auto events = heard.events(1);
  EXPECT_THAT(texts(events), ElementsAre("yes"));
  EXPECT_EQ(events[0].topic(), "sensors/3/temp");
}

TEST(Publish, ReachesEveryOneOfFivePeers) {
  Peer seed = started();
  std::vector<Peer> others;
  std::vector<Heard> heard(5);
  std::vector<Subscription> subs;
  for (int i = 0; i < 4; ++i) others.push_back(joined(seed));
  subs.push_back(std::move(*seed.subscribe("all", {}, heard[0].handler())));
  for (std::size_t i = 0; i < 4; ++i)
    subs.push_back(std::move(*others[i].subscribe("all", {}, heard[i + 1].handler())));
  std::vector<Topic> topics;
  topics.push_back(heard_by(seed, "all", 4));
  for (Peer& peer : others) topics.push_back(heard_by(peer, "all", 4));

  for (int round = 0; round < 20; ++round)
    for (Topic& topic : topics) EXPECT_TRUE(topic.publish(bytes("x")));

  for (Heard& each : heard) {
    const auto events = each.events(100);
    EXPECT_EQ(events.size(), 100U);
    std::map<PeerId, std::uint64_t> last;
    for (const Event& event : events) EXPECT_EQ(event.id().seq, ++last[event.id().publisher]);
    EXPECT_EQ(last.size(), 5U);
    EXPECT_THAT(each.gaps(), IsEmpty());
  }
}

TEST(Publish, KeepsOrderWithoutDuplicatesOverAHundredThousandEventsOfTwoThreads) {
  constexpr std::uint64_t per_thread = 50000;
  Peer a = started();
  Peer b = joined(a);
  Topic topic = opened(a, "many");
  std::mutex mutex;
  std::condition_variable done;
  std::uint64_t last = 0, out_of_order = 0, others = 0;
  std::array<std::uint64_t, 2> next{};
  auto sub = b.subscribe("many", {}, [&](const Item& item) {
    std::lock_guard lock{mutex};
    const auto* event = std::get_if<Event>(&item);
    if (!event) {
      others += std::holds_alternative<Gap>(item) ? 1 : 0;
      return;
    }
    if (event->id().seq != ++last) ++out_of_order;
    // Each thread's own events keep the order in which it published them.
    const std::string_view text = event->text();
    auto& expected = next[static_cast<std::size_t>(text[0] - '0')];
    if (text.substr(2) != std::to_string(expected++)) ++out_of_order;
    if (last == 2 * per_thread) done.notify_all();
  });
  ASSERT_TRUE(topic.wait_members(1, patience));

  const auto publish = [&](char name) {
    for (std::uint64_t i = 0; i < per_thread; ++i) {
      const std::string text = std::string{name} + ":" + std::to_string(i);
      ASSERT_TRUE(topic.publish(bytes(text), {.room_within = patience}));
    }
  };
  std::thread first{publish, '0'}, second{publish, '1'};
  first.join();
  second.join();

  std::unique_lock lock{mutex};
  EXPECT_TRUE(done.wait_for(lock, patience, [&] { return last == 2 * per_thread; })) << last;
  EXPECT_EQ(out_of_order, 0U);
  EXPECT_EQ(others, 0U);
}

TEST(Publish, CarriesAMebibyteByteForByte) {
  Peer a = started();
  Peer b = joined(a);
  Heard heard;
  auto sub = b.subscribe("large", {}, heard.handler());
  Topic topic = heard_by(a, "large", 1);
  std::string payload(std::size_t{1} << 20, '\0');
  std::uint64_t x = 1;
  for (char& c : payload)
    c = static_cast<char>((x = x * 6364136223846793005ULL + 1442695040888963407ULL) >> 56);

  ASSERT_TRUE(topic.publish(bytes(payload)));
  ASSERT_TRUE(topic.publish(bytes("small")));

  const auto events = heard.events(2);
  EXPECT_TRUE(events[0].text() == payload);
  EXPECT_EQ(events[1].text(), "small");
}

TEST(Publish, RefusesAByteMoreThanTheLimit) {
  Peer a = started();
  Topic topic = opened(a, "large");
  const std::string payload((std::size_t{1} << 20) + 1, 'x');

  EXPECT_EQ(code(topic.publish(bytes(payload))), Errc::too_large);
  EXPECT_TRUE(topic.publish(bytes(payload).first(payload.size() - 1)));
}

TEST(Publish, CarriesAttributesOfEveryType) {
  Peer a = started();
  Peer b = joined(a);
  Heard heard;
  auto sub = b.subscribe("typed", {}, heard.handler());
  Topic topic = heard_by(a, "typed", 1);
  PublishOptions options;
  options.attributes = {{"z_nil", std::monostate{}},
                        {"flag", true},
                        {"count", std::int64_t{-7}},
                        {"temp", 31.5},
                        {"room", "lab"},
                        {"raw", bytes("\x01\x02")}};
  options.key = "k1";
  options.content_type = "text/plain";

  ASSERT_TRUE(topic.publish(bytes("payload"), options));
  ASSERT_TRUE(topic.publish(bytes("plain")));

  const auto events = heard.events(2);
  const Event& event = events[0];
  EXPECT_EQ(event.attributes().size(), 6U);
  EXPECT_EQ(event.attributes()[0].name, "count");
  EXPECT_EQ(std::get<bool>(*event.find("flag")), true);
  EXPECT_EQ(std::get<std::int64_t>(*event.find("count")), -7);
  EXPECT_EQ(std::get<double>(*event.find("temp")), 31.5);
  EXPECT_EQ(std::get<std::string_view>(*event.find("room")), "lab");
  EXPECT_EQ(std::get<Bytes>(*event.find("raw")).size(), 2U);
  EXPECT_TRUE(std::holds_alternative<std::monostate>(*event.find("z_nil")));
  EXPECT_EQ(event.find("absent"), nullptr);
  EXPECT_EQ(event.key(), "k1");
  EXPECT_EQ(event.content_type(), "text/plain");
  EXPECT_EQ(event.text(), "payload");
  EXPECT_THAT(events[1].attributes(), IsEmpty());
}

TEST(Publish, RefusesAttributesThatStandTwiceOrAreTooMany) {
  Peer a = started();
  Topic topic = opened(a, "typed");
  PublishOptions twice, many;
  twice.attributes = {{"a", true}, {"a", false}};
  std::vector<std::string> names;
  for (int i = 0; i < 33; ++i) names.push_back("n" + std::to_string(i));
  for (const std::string& name : names) many.attributes.push_back({name, true});

  EXPECT_EQ(code(topic.publish(bytes("x"), twice)), Errc::bad_name);
  EXPECT_EQ(code(topic.publish(bytes("x"), many)), Errc::too_large);
}

TEST(Publish, GivesAReceiptThatNamesTheHolders) {
  Peer a = started();
  Peer b = joined(a);
  Peer c = joined(a);
  auto at_b = b.subscribe("kept");
  auto at_c = c.subscribe("kept");
  Topic topic = heard_by(a, "kept", 2);

  auto sent = topic.publish(bytes("x"), {.copies = 2});
  ASSERT_TRUE(sent);
  const auto receipt = sent->wait(patience);

  ASSERT_TRUE(receipt) << receipt.error().detail;
  EXPECT_EQ(receipt->reached, ReceiptLevel::stored);
  EXPECT_GE(receipt->stored_by, 2U);
  EXPECT_EQ(receipt->id, sent->id());
}

TEST(Publish, WithoutAnyOtherMemberTheReceiptSaysSo) {
  Peer a = started();
  Topic topic = opened(a, "alone");

  auto sent = topic.publish(bytes("x"));
  ASSERT_TRUE(sent);
  const auto receipt = sent->wait(patience);

  ASSERT_TRUE(receipt) << receipt.error().detail;
  EXPECT_EQ(receipt->reached, ReceiptLevel::accepted);
  EXPECT_EQ(receipt->stored_by, 0U);
}

TEST(Publish, CallsBackOnceWithTheReceipt) {
  Peer a = started();
  Peer b = joined(a);
  auto at_b = b.subscribe("kept");
  Topic topic = heard_by(a, "kept", 1);
  std::promise<Receipt> called;
  PublishOptions options;
  options.on_receipt = [&](const Result<Receipt>& receipt) { called.set_value(*receipt); };

  auto sent = topic.publish(bytes("x"), options);

  EXPECT_EQ(called.get_future().get().id, sent->id());
}

TEST(Publish, RefusesReceiptsThatTheContractDoesNotOffer) {
  Peer a = started();
  Topic reliable = opened(a, "reliable");
  Topic unreliable = opened(a, "unreliable", Contract{.reliability = Reliability::unreliable});

  EXPECT_EQ(code(reliable.publish(bytes("x"), {.expect = 0})), Errc::not_allowed);
  EXPECT_EQ(code(reliable.publish(bytes("x"), {.receipt = ReceiptLevel::ordered})), Errc::not_allowed);
  EXPECT_EQ(code(unreliable.publish(bytes("x"), {.receipt = ReceiptLevel::stored})), Errc::not_allowed);
  EXPECT_EQ(unreliable.publish(bytes("x"))->wait(patience)->reached, ReceiptLevel::accepted);
}

}  // namespace
}  // namespace boato
