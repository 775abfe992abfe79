// SPDX-License-Identifier: Apache-2.0
#include "tests/host/lab.hpp"

namespace boato {
namespace {

using namespace std::literals;
using testing::ElementsAre;
using testing::HasSubstr;

double metric(const Peer& peer, std::string_view name) {
  for (const Metric& m : peer.metrics())
    if (m.name == name) return m.value;
  return -1;
}

void publish(Topic& topic, std::string_view text, std::vector<Attribute> attributes) {
  PublishOptions options;
  options.attributes = std::move(attributes);
  ASSERT_TRUE(topic.publish(bytes(text), options));
}

TEST(Where, HandsOutWhatThePredicateTakesInItsOrder) {
  Peer a = started();
  Heard heard;
  auto sub = a.subscribe("ticks", {.where = "price > 100 AND sym LIKE 'AC%'"}, heard.handler());
  ASSERT_TRUE(sub && heard.wait_status(Status::Kind::ready));
  Topic topic = opened(a, "ticks");

  publish(topic, "one", {{"price", std::int64_t{120}}, {"sym", "ACME"sv}});
  publish(topic, "two", {{"price", std::int64_t{90}}, {"sym", "ACME"sv}});
  publish(topic, "three", {{"price", 100.5}, {"sym", "ACID"sv}});
  publish(topic, "four", {{"price", 1000.0}, {"sym", "BASE"sv}});
  publish(topic, "five", {});
  publish(topic, "six", {{"price", 101.0}, {"sym", "AC"sv}});

  EXPECT_THAT(texts(heard.events(3)), ElementsAre("one", "three", "six"));
  EXPECT_THAT(heard.gaps(), testing::IsEmpty());
  EXPECT_EQ(metric(a, "boato_events_filtered_total"), 3);
}

TEST(Where, KnowsWhatStandsInTheHeader) {
  Peer a = started();
  Heard heard;
  auto sub = a.subscribe(
      "rooms/#",
      {.where = "$level2 = '7' AND $size < 4 AND $key = 'k' AND $publisher = '" + to_text(a.id()) + "'"},
      heard.handler());
  ASSERT_TRUE(sub);
  for (const char* name : {"rooms/7/temp", "rooms/8/temp"}) {
    Topic topic = opened(a, name);
    for (const char* text : {"yes", "too long"}) {
      PublishOptions options;
      options.key = "k";
      ASSERT_TRUE(topic.publish(bytes(text), options));
    }
    ASSERT_TRUE(topic.publish(bytes("no")));
  }
  Topic last = opened(a, "rooms/7/last");
  PublishOptions options;
  options.key = "k";
  ASSERT_TRUE(last.publish(bytes("end"), options));

  EXPECT_THAT(texts(heard.events(2)), testing::UnorderedElementsAre("yes", "end"));
}

TEST(Where, DoesNotWakeWhoPollsForWhatItDoesNotTake) {
  Peer a = started();
  auto sub = a.subscribe("ticks", {.where = "price > 100"});
  auto all = a.subscribe("ticks");
  ASSERT_TRUE(sub && all);
  Topic topic = opened(a, "ticks");
  publish(topic, "no", {{"price", 1.0}});
  reached(*all, 1);

  const auto items = sub->poll(Duration{0});

  ASSERT_TRUE(items);
  EXPECT_FALSE(std::ranges::any_of(*items, [](const Item& i) { return !std::holds_alternative<Status>(i); }));
}

TEST(Where, TellsWhatItDoesNotTakeWhenAsked) {
  Peer a = started();
  Heard heard;
  auto sub = a.subscribe("ticks", {.where = "price > 100", .show_filtered = true}, heard.handler());
  ASSERT_TRUE(sub && heard.wait_status(Status::Kind::ready));
  Topic topic = opened(a, "ticks");

  for (const double price : {1.0, 2.0, 200.0, 3.0, 300.0}) publish(topic, "x", {{"price", price}});

  EXPECT_EQ(heard.events(2).size(), 2U);
  ASSERT_TRUE(heard.accounts_for(5));
  for (const Gap& gap : heard.gaps()) EXPECT_EQ(gap.reason, Gap::Reason::not_for_you);
  EXPECT_EQ(missing(heard.gaps()), 3U);
}

TEST(Where, StillHoldsForWhatALaggingSubscriptionCatchesUpWith) {
  Peer a = started();
  auto sub = a.subscribe("ticks", {.where = "n >= 500", .queue_bytes_max = 2000});
  auto all = a.subscribe("ticks");
  ASSERT_TRUE(sub && all);
  Topic topic = opened(a, "ticks");
  for (std::int64_t n = 0; n < 1000; ++n) publish(topic, std::to_string(n), {{"n", n}});
  reached(*all, 1000);

  std::vector<std::string> got;
  while (got.size() < 500) {
    const auto items = sub->poll(patience);
    ASSERT_TRUE(items && !items->empty());
    for (const Item& item : *items) {
      EXPECT_FALSE(std::holds_alternative<Gap>(item));
      if (const auto* event = std::get_if<Event>(&item)) got.emplace_back(event->text());
    }
  }

  for (std::size_t i = 0; i < got.size(); ++i) ASSERT_EQ(got[i], std::to_string(500 + i));
  EXPECT_EQ(metric(a, "boato_events_filtered_total"), 500);
}

TEST(Where, StatesOneGapForWhatAFullQueueDrops) {
  Peer a = started();
  auto sub = a.subscribe(
      "ticks",
      {.where = "odd", .when_full = WhenFull::drop_oldest, .queue_bytes_max = 2000, .show_filtered = true});
  auto all = a.subscribe("ticks");
  ASSERT_TRUE(sub && all);
  Topic topic = opened(a, "ticks");
  for (int n = 0; n < 500; ++n) publish(topic, "x", {{"odd", n % 2 == 1}});
  reached(*all, 500);

  std::vector<Gap> gaps;
  std::uint64_t events = 0;
  while (events + missing(gaps) < 500) {
    const auto items = sub->poll(patience);
    ASSERT_TRUE(items && !items->empty());
    for (const Item& item : *items) {
      if (const auto* gap = std::get_if<Gap>(&item)) gaps.push_back(*gap);
      events += std::holds_alternative<Event>(item) ? 1 : 0;
    }
  }

  EXPECT_EQ(std::ranges::count(gaps, Gap::Reason::overflow, &Gap::reason), 1);
}

TEST(Where, IsRefusedWithTheColumn) {
  Peer a = started();

  const auto sub = a.subscribe("ticks", {.where = "price >"});

  EXPECT_EQ(code(sub), Errc::bad_predicate);
  EXPECT_THAT(sub.error().detail, HasSubstr("column 8"));
}

}  // namespace
}  // namespace boato
