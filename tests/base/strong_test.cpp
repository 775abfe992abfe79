// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/strong.hpp"

#include <gtest/gtest.h>

#include <type_traits>

namespace boato {
namespace {

TEST(Strong, KindsDoNotMix) {
  EXPECT_FALSE((std::is_convertible_v<std::uint64_t, Seq>));
  EXPECT_FALSE((std::is_convertible_v<Seq, Incarnation>));
  EXPECT_FALSE((std::is_constructible_v<Seq, Incarnation>));
}

TEST(Strong, ComparesAsItsNumber) {
  EXPECT_LT(Seq{1}, Seq{2});
  EXPECT_EQ(next(Seq{1}), Seq{2});
}

TEST(PeerId, ComparesAsBytes) {
  PeerId low, high;
  low.raw = {0, 255};
  high.raw = {1, 0};
  EXPECT_LT(low, high);
}

TEST(RingPlace, IsTheFirstEightBytesBigEndian) {
  PeerId id;
  id.raw = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(ring_place(id), 0x0102030405060708ULL);
}

TEST(TopicTag, IsTheFirstEightBytesBigEndian) {
  TopicId id;
  id.raw = {1, 2, 3, 4, 5, 6, 7, 8, 9};
  EXPECT_EQ(tag_of(id), TopicTag{0x0102030405060708ULL});
}

}  // namespace
}  // namespace boato
