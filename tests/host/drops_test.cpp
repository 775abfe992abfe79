// SPDX-License-Identifier: Apache-2.0
#include "node/host/drop_table.hpp"
#include "tests/host/lab.hpp"

#include <algorithm>

namespace boato {
namespace {

PeerId peer_of(std::uint8_t number, std::uint8_t more = 0) {
  PeerId peer;
  peer.raw[0] = number;
  peer.raw[1] = more;
  return peer;
}

std::uint64_t counted(const std::vector<Dropped>& rows, std::string_view reason, std::string_view topic,
                      std::optional<PeerId> peer) {
  std::uint64_t sum = 0;
  for (const Dropped& row : rows)
    if (row.reason == reason && row.topic == topic && row.peer == peer) sum += row.count;
  return sum;
}

TEST(DropTable, AddsUpByReasonTopicAndPeer) {
  DropTable table;
  table.add(DropReason::late, "news", peer_of(1), 2);
  table.add(DropReason::late, "news", peer_of(1), 3);
  table.add(DropReason::late, "other", peer_of(1), 1);
  table.add(DropReason::late, "news", peer_of(2), 9);
  table.add(DropReason::lost, "news", {}, 4);

  const auto rows = table.rows();

  ASSERT_EQ(rows.size(), 4U);
  EXPECT_EQ(rows.front().count, 9U);  // most first
  EXPECT_EQ(counted(rows, "late", "news", peer_of(1)), 5U);
  EXPECT_EQ(counted(rows, "late", "other", peer_of(1)), 1U);
  EXPECT_EQ(counted(rows, "lost", "news", std::nullopt), 4U);
}

TEST(DropTable, BeyondItsRowsCountsTheRestPerReason) {
  DropTable table;
  for (std::size_t i = 0; i < DropTable::rows_max; ++i)
    table.add(DropReason::malformed, "", peer_of(1, static_cast<std::uint8_t>(i)), 1);
  table.add(DropReason::malformed, "", peer_of(2), 5);
  table.add(DropReason::malformed, "", peer_of(3), 6);
  table.add(DropReason::hops, "", peer_of(4), 7);
  table.add(DropReason::malformed, "", peer_of(1, 8), 2);  // has its row

  const auto rows = table.rows();

  EXPECT_EQ(rows.size(), DropTable::rows_max + 2);
  std::map<std::string, std::uint64_t> other;
  for (const Dropped& row : rows)
    if (row.other) other[row.reason] = row.count;
  EXPECT_EQ(other, (std::map<std::string, std::uint64_t>{{"malformed", 11}, {"hops", 7}}));
  EXPECT_EQ(counted(rows, "malformed", "", peer_of(1, 8)), 3U);
}

TEST(Drops, APeerThatDroppedNothingSaysSo) {
  Peer a = started();
  Peer b = joined(a);
  Heard heard;
  auto sub = b.subscribe("news", {}, heard.handler());
  Topic topic = heard_by(a, "news", 1);
  ASSERT_TRUE(topic.publish(bytes("x")));
  ASSERT_EQ(heard.events(1).size(), 1U);

  EXPECT_TRUE(a.drops().empty());
  EXPECT_TRUE(b.drops().empty());
}

TEST(Drops, NameTheTopicAndThePublisherOfAStreamWithoutRoom) {
  Peer a = started();
  Peer c = joined(a);
  Options small;
  small.set = {{"limits.streams_max", "1"}};
  Peer b = joined(a, small);
  Heard heard;
  auto sub = b.subscribe("news", {}, heard.handler());
  ASSERT_TRUE(heard.wait_status(Status::Kind::ready));
  ASSERT_TRUE(heard_by(a, "news", 1).publish(bytes("first")));
  ASSERT_EQ(heard.events(1).size(), 1U);

  Topic second = heard_by(c, "news", 1);
  ASSERT_TRUE(second.publish(bytes("second")));

  const auto until = std::chrono::steady_clock::now() + patience;
  while (counted(b.drops(), "streams_full", "news", c.id()) == 0 && std::chrono::steady_clock::now() < until)
    std::this_thread::yield();
  EXPECT_GE(counted(b.drops(), "streams_full", "news", c.id()), 1U);
  EXPECT_EQ(counted(b.drops(), "streams_full", "news", a.id()), 0U);
  const auto metrics = b.metrics();
  EXPECT_TRUE(std::ranges::any_of(metrics, [&](const Metric& m) {
    return m.name == "boato_drops_total" && m.value >= 1 &&
           m.labels == std::vector<std::pair<std::string, std::string>>{
                           {"reason", "streams_full"}, {"topic", "news"}, {"peer", to_text(c.id())}};
  }));
}

TEST(Drops, AFullSubscriptionCountsExactlyWhatItStatesAsGaps) {
  Peer a = started();
  Heard heard;
  std::promise<void> go;
  auto gate = go.get_future().share();
  auto sub = a.subscribe("fast", {.when_full = WhenFull::drop_oldest, .queue_bytes_max = 64 << 10},
                         [&](const Item& item) {
                           if (std::holds_alternative<Event>(item)) gate.wait();
                           heard.add(item);
                         });
  ASSERT_TRUE(heard.wait_status(Status::Kind::ready));
  Topic topic = opened(a, "fast");
  const std::string payload(500, 'x');
  for (std::size_t i = 1; i < 2000; ++i) ASSERT_TRUE(topic.publish(bytes(payload)));
  ASSERT_TRUE(topic.publish(bytes("last"))->wait(patience));

  const auto drops = a.drops();
  go.set_value();
  ASSERT_TRUE(heard.wait_gap());
  ASSERT_TRUE(a.close());

  EXPECT_GT(missing(heard.gaps()), 0U);
  EXPECT_EQ(counted(drops, "subscription_full", "fast", a.id()), missing(heard.gaps()));
}

}  // namespace
}  // namespace boato
