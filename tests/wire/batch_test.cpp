// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/batch.hpp"

#include "overlay/base/rng.hpp"
#include "overlay/link/sodium.hpp"
#include "overlay/wire/attributes.hpp"
#include "tests/wire/batches.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace boato::wire {
namespace {

std::vector<std::byte> copy(const EventRef& ref) { return {ref.bytes().begin(), ref.bytes().end()}; }

struct Lab {
  SlabPool pool{};
  TestPublisher who{1, sodium_crypto()};
  EventRef batch(std::uint64_t first, std::size_t count) { return make_batch(pool, who, first, count); }
};

TEST(Batch, ReadsWhatWasBuilt) {
  Lab lab;
  BatchBuilder builder{lab.pool.take(4096)};
  EventView a, b;
  a.time_us = 5;
  a.expiry_us = 6;
  a.flags = 7;
  a.ext = bytes("ext");
  a.attributes = bytes("attributes");
  a.payload = bytes("payload");
  b.time_us = 8;
  ASSERT_TRUE(builder.add(a) && builder.add(b));
  const NetworkId network = test_network();
  const TopicId topic = test_topic();
  const EventRef ref = builder.finish(
      {lab.who.crypto, &lab.who.secret, &network, &topic, lab.who.id, lab.who.incarnation, Seq{40}});

  const auto batch = parse_batch(ref.bytes());
  ASSERT_TRUE(batch.has_value());
  EXPECT_EQ(batch->count, 2);
  EXPECT_EQ(batch->first, Seq{40});
  EXPECT_EQ(batch->last(), Seq{41});
  EXPECT_EQ(batch->publisher, lab.who.id);
  EXPECT_EQ(batch->incarnation, lab.who.incarnation);
  EventCursor events{batch->events};
  EventView got;
  ASSERT_TRUE(events.next(got));
  EXPECT_EQ(got.time_us, 5U);
  EXPECT_EQ(got.expiry_us, 6U);
  EXPECT_EQ(got.flags, 7U);
  EXPECT_EQ(text(got.ext), "ext");
  EXPECT_EQ(text(got.attributes), "attributes");
  EXPECT_EQ(text(got.payload), "payload");
  ASSERT_TRUE(events.next(got));
  EXPECT_EQ(got.time_us, 8U);
  EXPECT_TRUE(got.payload.empty());
  EXPECT_FALSE(events.next(got));
  EXPECT_FALSE(builder);
}

TEST(Batch, TheSignatureHoldsForItsTopicAndNetworkOnly) {
  Lab lab;
  const EventRef ref = lab.batch(1, 3);
  const BatchView batch = parse(ref);

  EXPECT_TRUE(signature_holds(sodium_crypto(), test_network(), test_topic(), batch));
  EXPECT_FALSE(signature_holds(sodium_crypto(), NetworkId{}, test_topic(), batch));
  EXPECT_FALSE(signature_holds(sodium_crypto(), test_network(), TopicId{}, batch));
}

TEST(Batch, ASignatureHoldsHoweverTheEventsWereHashed) {
  Lab lab;
  const NetworkId network = test_network();
  const TopicId topic = test_topic();
  std::vector<BatchBuilder> builders;
  std::vector<BatchBuilder*> hashed;
  for (std::size_t i = 0; i < 20; ++i) {
    builders.emplace_back(lab.pool.take(4096));
    EventView event;
    event.time_us = i;
    ASSERT_TRUE(builders.back().add(event));
  }
  for (BatchBuilder& builder : builders) hashed.push_back(&builder);
  BatchBuilder::hash(sodium_crypto(), hashed);
  ASSERT_TRUE(builders[3].add(EventView{}));  // one that has grown since is hashed again

  for (BatchBuilder& builder : builders) {
    const EventRef ref = builder.finish(
        {lab.who.crypto, &lab.who.secret, &network, &topic, lab.who.id, lab.who.incarnation, Seq{1}});
    EXPECT_TRUE(signature_holds(sodium_crypto(), network, topic, parse(ref)));
  }
}

TEST(Batch, NoFlippedBitPasses) {
  Lab lab;
  const auto original = copy(lab.batch(7, 3));

  for (std::size_t bit = 0; bit < 8 * original.size(); ++bit) {
    auto bytes = original;
    bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    const auto batch = parse_batch(bytes);
    EXPECT_FALSE(batch && signature_holds(sodium_crypto(), test_network(), test_topic(), *batch)) << bit;
  }
}

TEST(Batch, RefusesEachStrictPrefixAndAByteMore) {
  Lab lab;
  auto bytes = copy(lab.batch(1, 3));

  for (std::size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(parse_batch(Bytes{bytes}.first(n))) << n;
  bytes.push_back(std::byte{0});
  EXPECT_FALSE(parse_batch(bytes));
}

TEST(Batch, HoldsUpToItsLimitOfEvents) {
  Lab lab;
  EXPECT_TRUE(parse_batch(lab.batch(1, batch_events_max).bytes()));

  BatchBuilder builder{lab.pool.take(64 * 1024)};
  for (std::size_t i = 0; i < batch_events_max; ++i) ASSERT_TRUE(builder.add(EventView{}));
  EXPECT_FALSE(builder.add(EventView{}));

  auto more = copy(lab.batch(1, batch_events_max));
  more.insert(more.end(), event_header_bytes, std::byte{0});
  put_be(more.data() + 2, static_cast<std::uint16_t>(batch_events_max + 1));
  EXPECT_EQ(parse_batch(more).error(), Errc::bad_name);
}

TEST(Batch, RefusesABatchWithoutEvents) {
  Lab lab;
  auto bytes = copy(lab.batch(1, 1));
  bytes.resize(batch_header_bytes);
  put_be(bytes.data() + 2, std::uint16_t{0});

  EXPECT_FALSE(parse_batch(bytes));
}

TEST(Batch, NumbersBeginAtOneAndNeverWrap) {
  Lab lab;
  auto bytes = copy(lab.batch(1, 2));
  const auto with_first = [&](std::uint64_t first) {
    put_be(bytes.data() + 44, first);
    return parse_batch(bytes).has_value();
  };

  EXPECT_FALSE(with_first(0));
  EXPECT_TRUE(with_first(~std::uint64_t{0} - 2));
  EXPECT_FALSE(with_first(~std::uint64_t{0} - 1));
  EXPECT_FALSE(with_first(~std::uint64_t{0}));
}

// A batch of one event with parts of these lengths.
bool takes(std::size_t ext, std::size_t attributes, std::size_t payload, std::size_t payload_max) {
  std::vector<std::byte> bytes(batch_header_bytes + event_header_bytes + ext + attributes + payload);
  bytes[0] = std::byte{batch_format};
  bytes[1] = std::byte{1};
  put_be(bytes.data() + 2, std::uint16_t{1});
  put_be(bytes.data() + 44, std::uint64_t{1});
  std::byte* event = bytes.data() + batch_header_bytes;
  put_be(event + 20, static_cast<std::uint32_t>(ext));
  put_be(event + 24, static_cast<std::uint32_t>(attributes));
  put_be(event + 28, static_cast<std::uint32_t>(payload));
  const auto batch = parse_batch(bytes, payload_max);
  EXPECT_TRUE(batch || batch.error() == Errc::too_large);
  return batch.has_value();
}

TEST(Batch, TakesPartsUpToTheirLimits) {
  EXPECT_TRUE(takes(0, 0, 99, 100));
  EXPECT_TRUE(takes(0, 0, 100, 100));
  EXPECT_FALSE(takes(0, 0, 101, 100));
  EXPECT_TRUE(takes(0, 0, payload_bytes_max, payload_bytes_max));
  EXPECT_FALSE(takes(0, 0, payload_bytes_max + 1, payload_bytes_max));
  EXPECT_TRUE(takes(ext_bytes_max, attribute_bytes_max, 0, 0));
  EXPECT_FALSE(takes(ext_bytes_max + 1, 0, 0, 0));
  EXPECT_FALSE(takes(0, attribute_bytes_max + 1, 0, 0));
}

TEST(Batch, LengthsOfAnEventNeverWrap) {
  Lab lab;
  const auto original = copy(lab.batch(1, 1));
  for (const std::size_t at : {20U, 24U, 28U}) {
    auto bytes = original;
    put_be(bytes.data() + batch_header_bytes + at, ~std::uint32_t{0});
    EXPECT_FALSE(parse_batch(bytes, ~std::size_t{0}));
  }
}

TEST(Batch, RefusesFormatsAndKindsThatAreNotKnown) {
  Lab lab;
  const auto original = copy(lab.batch(1, 1));
  for (int value = 0; value < 256; ++value)
    for (const std::size_t at : {0U, 1U}) {
      auto bytes = original;
      bytes[at] = static_cast<std::byte>(value);
      EXPECT_EQ(parse_batch(bytes).has_value(), bytes == original);
    }
}

TEST(Batch, EventsTileABatchThatParses) {
  Lab lab;
  Rng rng{6};
  const auto original = copy(lab.batch(1, 4));
  int parsed = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = original;
    for (std::uint64_t i = 0, flips = 1 + rng.below(3); i < flips; ++i)
      bytes[rng.below(bytes.size())] ^= static_cast<std::byte>(1U << rng.below(8));
    const auto batch = parse_batch(bytes);
    if (!batch) continue;
    ++parsed;
    EventCursor events{batch->events};
    EventView event;
    std::size_t count = 0, size = 0;
    while (events.next(event)) {
      ++count;
      size += BatchBuilder::event_bytes(event);
    }
    ASSERT_EQ(count, batch->count);
    ASSERT_EQ(size, batch->events.size());
  }
  EXPECT_GT(parsed, 1000);
}

TEST(BatchBuilder, RefusesWhatDoesNotFitItsSlab) {
  Lab lab;
  BatchBuilder builder{lab.pool.take(4096)};
  const std::string large(4096 - batch_header_bytes - event_header_bytes, 'x');
  EventView event;
  event.payload = bytes(large);
  EXPECT_TRUE(builder.add(event));
  EXPECT_FALSE(builder.add(EventView{}));
  EXPECT_EQ(builder.size(), 4096U);
}

TEST(StreamTag, DiffersByTopicPublisherAndIncarnation) {
  const TopicId topic = test_topic();
  const StreamTag tag = stream_tag(sodium_crypto(), topic, PeerId{{1}}, Incarnation{1});

  EXPECT_EQ(tag, stream_tag(sodium_crypto(), topic, PeerId{{1}}, Incarnation{1}));
  EXPECT_NE(tag, stream_tag(sodium_crypto(), TopicId{}, PeerId{{1}}, Incarnation{1}));
  EXPECT_NE(tag, stream_tag(sodium_crypto(), topic, PeerId{{2}}, Incarnation{1}));
  EXPECT_NE(tag, stream_tag(sodium_crypto(), topic, PeerId{{1}}, Incarnation{2}));
}

}  // namespace
}  // namespace boato::wire
