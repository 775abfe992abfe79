// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/records.hpp"
#include "overlay/wire/roster_messages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace boato::wire {
namespace {

constexpr TopicTag tag{0x1122334455667788};

// Encodes, decodes, and encodes what was decoded: equal bytes; and refuses each strict prefix.
template <Message M>
void round_trip(const M& message) {
  std::array<std::byte, 4096> room{}, again{};
  const auto size = encode(message, room);
  ASSERT_TRUE(size.has_value());
  M read{};
  Bytes body;
  ASSERT_TRUE(decode(Bytes{room}.first(*size + 3), read, &body));
  EXPECT_EQ(body.size(), 3U);
  const auto size_again = encode(read, again);
  ASSERT_TRUE(size_again.has_value());
  EXPECT_EQ(std::vector<std::byte>(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*size)),
            std::vector<std::byte>(again.begin(), again.begin() + static_cast<std::ptrdiff_t>(*size_again)));
  for (std::size_t n = 0; n < *size; ++n) EXPECT_FALSE(decode(Bytes{room}.first(n), read)) << n;
}

TEST(RosterMessages, RoundTripAndNoPrefixIsAMessage) {
  const auto ranges = bytes("claims and lists");
  RosterWant want{tag, {}};
  RosterSpread spread{tag, 5, 0, {}, 3};
  for (std::uint64_t i = 0; i < want.places.capacity; ++i) want.places.push_back(i << 57 | i);
  for (std::uint64_t i = 0; i < spread.except.capacity; ++i) spread.except.push_back(~i);

  round_trip(RosterJoin{tag});
  round_trip(RosterWelcome{tag, 10000, ~0ULL, 77});
  round_trip(RosterFetch{tag, 1, 2, 8});
  round_trip(RosterPage{tag, 3, 0});
  round_trip(RosterRanges{tag, 12, 13, ranges});
  round_trip(RosterRanges{tag, 0, 0, {}});
  round_trip(want);
  round_trip(spread);
}

TEST(RosterMessages, MorePlacesThanAllowedAreMalformed) {
  RosterSpread spread{tag, 0, 0, {}, 0};
  for (std::uint64_t i = 0; i < spread.except.capacity; ++i) spread.except.push_back(1);
  std::array<std::byte, 256> room{};
  const auto size = encode(spread, room);
  ASSERT_TRUE(size.has_value());
  ASSERT_TRUE(decode(Bytes{room}.first(*size), spread));

  // The list is the last but one field; one more element needs one more byte and one more in its header.
  std::vector<std::byte> frame(room.begin(), room.begin() + static_cast<std::ptrdiff_t>(*size));
  const std::size_t header = frame.size() - 1 - 8 - 1;
  ASSERT_EQ(frame[header], std::byte{0x98});
  frame[header] = std::byte{0x99};
  frame.insert(frame.begin() + static_cast<std::ptrdiff_t>(header) + 1, std::byte{1});

  EXPECT_FALSE(decode(frame, spread));
}

TEST(RosterMessages, SuspicionRoundTripsAndNoPrefixIsOne) {
  Suspicion suspicion;
  suspicion.topic.raw.fill(1);
  suspicion.accused.raw.fill(2);
  suspicion.incarnation = Incarnation{3};
  suspicion.version = 4;
  std::array<std::byte, 256> room{};
  const auto size = encode_record(suspicion, room);
  ASSERT_TRUE(size.has_value());

  Suspicion read;
  ASSERT_TRUE(decode_record(Bytes{room}.first(*size), read));
  EXPECT_EQ(read.topic, suspicion.topic);
  EXPECT_EQ(read.accused, suspicion.accused);
  EXPECT_EQ(read.incarnation, suspicion.incarnation);
  EXPECT_EQ(read.version, suspicion.version);
  for (std::size_t n = 0; n < *size; ++n) EXPECT_FALSE(decode_record(Bytes{room}.first(n), read)) << n;
}

}  // namespace
}  // namespace boato::wire
