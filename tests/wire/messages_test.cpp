// SPDX-License-Identifier: Apache-2.0
// What holds for every message, whatever its fields.
#include "tests/wire/all_messages.hpp"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace boato::wire {
namespace {

template <class M>
std::vector<std::byte> packed(const M& m) {
  std::vector<std::byte> room(64 * 1024);
  room.resize(*encode(m, room));
  return room;
}

template <class M>
std::string name() {
  return "kind " + std::to_string(static_cast<int>(M::kind));
}

TEST(Messages, HaveAKindEach) {
  std::set<Kind> kinds;
  for_each_message([&]<class M>() { EXPECT_TRUE(kinds.insert(M::kind).second) << name<M>(); });
  EXPECT_EQ(kinds.size(), std::tuple_size_v<AllMessages>);
}

TEST(Messages, AreReadAsTheyWereWritten) {
  Rng rng{1};
  for_each_message([&]<class M>() {
    for (int round = 0; round < 50; ++round) {
      M m, got;
      fill(m, rng, false);
      const auto frame = packed(m);
      Bytes body;
      ASSERT_TRUE(decode(frame, got, &body)) << name<M>();
      ASSERT_TRUE(body.empty()) << name<M>();
      ASSERT_EQ(packed(got), frame) << name<M>();
    }
  });
}

template <class M>
std::string hex(const M& m) {
  std::string out;
  for (const std::byte byte : packed(m)) {
    constexpr std::string_view digits = "0123456789abcdef";
    out += digits[std::to_integer<unsigned>(byte) >> 4];
    out += digits[std::to_integer<unsigned>(byte) & 15];
  }
  return out;
}

// As overlay/PROTOCOL.md says it.
TEST(Messages, ViewsAreTheseBytes) {
  PeerId peer;
  peer.raw.fill(0x11);
  const std::string id = "c420" + std::string(64, '1');
  EXPECT_EQ(hex(ViewAsk{5, TopicTag{0x0102030405060708}, peer, Incarnation{9}, 300}),
            "967005cf0102030405060708" + id + "09cd012c");

  ViewTell tell;
  tell.token = 5;
  tell.name = "ab";
  tell.topics = 2;
  tell.passive = 3;
  tell.links.push_back({peer, view_active | view_mesh, 1000, {}});
  tell.way = ViewWay::tree;
  tell.from = peer;
  tell.hops = 4;
  tell.streams.push_back({peer, Incarnation{9}, 300});
  const std::string links = "94" + id + "03cd03e8c400", streams = "93" + id + "09cd012c";
  EXPECT_EQ(hex(tell), "9a7105a261620203" + links + "04" + id + "04" + streams);
}

TEST(Messages, TheLongestOneIsWithinTheDecodersLimits) {
  Rng rng{2};
  for_each_message([&]<class M>() {
    M m, got;
    fill(m, rng, true);
    EXPECT_TRUE(decode(packed(m), got)) << name<M>();
  });
}

TEST(Messages, AreRefusedInEachStrictPrefix) {
  Rng rng{3};
  for_each_message([&]<class M>() {
    M m, got;
    fill(m, rng, false);
    const auto frame = packed(m);
    for (std::size_t n = 0; n < frame.size(); ++n)
      ASSERT_FALSE(decode(Bytes{frame}.first(n), got)) << name<M>() << " " << n;
  });
}

TEST(Messages, WithFlippedBitsAreRefusedOrMeanWhatTheyWriteBack) {
  Rng rng{4};
  for_each_message([&]<class M>() {
    for (int round = 0; round < 500; ++round) {
      M m, got;
      fill(m, rng, false);
      auto frame = packed(m);
      frame[rng.below(frame.size())] ^= static_cast<std::byte>(1U << rng.below(8));
      Cursor in{frame};
      Kind kind{};
      std::uint32_t fields = 0;
      Bytes body;
      if (!open_frame(in, kind, fields) || fields != width<M> || !decode(frame, got, &body)) continue;
      auto back = packed(got);
      back.insert(back.end(), body.begin(), body.end());
      ASSERT_EQ(back, frame) << name<M>();
    }
  });
}

TEST(Messages, LeaveRoomForFieldsOfLaterVersions) {
  Rng rng{5};
  for_each_message([&]<class M>() {
    M m, got;
    fill(m, rng, false);
    // The same frame with one field more: the header grows by one and the field stands at the end.
    const auto frame = packed(m);
    std::vector<std::byte> later;
    ASSERT_LT(1 + width<M>, 15U) << name<M>();
    later.push_back(static_cast<std::byte>(0x90 + 2 + width<M>));
    later.insert(later.end(), frame.begin() + 1, frame.end());
    later.push_back(std::byte{0xc0});
    EXPECT_TRUE(decode(later, got)) << name<M>();
    EXPECT_EQ(packed(got), frame) << name<M>();
  });
}

}  // namespace
}  // namespace boato::wire
