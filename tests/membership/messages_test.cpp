// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/codec.hpp"
#include "overlay/wire/directory_messages.hpp"
#include "overlay/wire/membership_messages.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace boato {
namespace {

using namespace wire;

PeerSample sample(std::uint8_t n) {
  PeerSample s;
  s.id.raw[0] = n;
  s.incarnation = Incarnation{1000u + n};
  s.age_s = n;
  Address a;
  a.ip[15] = n;
  a.port = 7470;
  s.addresses.push_back(a);
  return s;
}

template <class L>
L some(std::size_t n) {
  L list;
  for (std::size_t i = 0; i < n; ++i) list.push_back(sample(static_cast<std::uint8_t>(i + 1)));
  return list;
}

// What decodes encodes back to the same bytes, and no strict prefix decodes.
template <Message M>
void round_trips(const M& m) {
  std::vector<std::byte> room(16384), again(16384);
  const auto size = encode(m, room);
  ASSERT_TRUE(size.has_value());
  const Bytes frame = Bytes{room}.first(*size);
  M read;
  Bytes body;
  ASSERT_TRUE(decode(frame, read, &body));
  EXPECT_TRUE(body.empty());
  const auto size_again = encode(read, again);
  ASSERT_TRUE(size_again.has_value());
  EXPECT_TRUE(std::ranges::equal(frame, Bytes{again}.first(*size_again)));
  for (std::size_t n = 0; n < frame.size(); ++n) {
    M prefix;
    EXPECT_FALSE(decode(frame.first(n), prefix)) << n;
  }
}

TEST(MembershipMessages, RoundTripAndRefuseEveryStrictPrefix) {
  round_trips(Neighbor{Want::urgent, 3});
  round_trips(Accept{4});
  Refuse refuse;
  refuse.samples = some<decltype(refuse.samples)>(goodbye_samples_max);
  round_trips(refuse);
  Disconnect disconnect;
  disconnect.reason = 2;
  disconnect.samples = some<decltype(disconnect.samples)>(2);
  round_trips(disconnect);
  Shuffle shuffle;
  shuffle.samples = some<decltype(shuffle.samples)>(shuffle_samples_max);
  round_trips(shuffle);
  ShuffleReply reply;
  reply.samples = some<decltype(reply.samples)>(1);
  round_trips(reply);
  Join join;
  join.self = some<OneSample>(1);
  round_trips(join);
  Samples samples;
  samples.samples = some<decltype(samples.samples)>(join_samples_max);
  round_trips(samples);
  Walk walk;
  walk.origin = some<OneSample>(1);
  walk.steps = 8;
  round_trips(walk);
  Splice splice;
  splice.token = 99;
  splice.peer = some<OneSample>(1);
  round_trips(splice);
  round_trips(SpliceAnswer{99, SpliceState::linked});
  round_trips(Ping{70000, 8, role_active});
  round_trips(Pong{1, 8, 0});
  Probe probe;
  probe.token = 7;
  probe.target = some<OneSample>(1);
  round_trips(probe);
  round_trips(ProbeResult{7, true});
}

TEST(DirectoryMessages, RoundTripAndRefuseEveryStrictPrefix) {
  const std::array<std::byte, 40> bytes{};
  round_trips(TopicPush{TopicTag{~0ull}, 5, bytes});
  TopicNames names;
  TopicFetch fetch;
  for (std::uint64_t i = 0; i < topic_names_max; ++i) {
    names.topics.push_back({TopicTag{i << 40}, i});
    fetch.topics.push_back(TopicTag{i << 40});
  }
  round_trips(names);
  round_trips(fetch);
  round_trips(DirectoryRanges{bytes});
  round_trips(DirectoryRanges{});
}

TEST(MembershipMessages, AListAboveItsLimitIsMalformed) {
  Samples samples;
  samples.samples = some<decltype(samples.samples)>(shuffle_samples_max + 1);
  std::vector<std::byte> room(16384);
  const auto size = encode(samples, room);
  ASSERT_TRUE(size.has_value());
  room[1] = std::byte{static_cast<std::uint8_t>(Kind::shuffle)};

  Shuffle shuffle;
  EXPECT_FALSE(decode(Bytes{room}.first(*size), shuffle));
}

}  // namespace
}  // namespace boato
