// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/rng.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <vector>

namespace boato {
namespace {

// The first outputs for seed 0, which the generator's reference code gives as well: a seed replays for ever.
TEST(Rng, IsFrozen) {
  Rng rng{0};
  EXPECT_EQ(rng.next(), 0x99ec5f36cb75f2b4ULL);
  EXPECT_EQ(rng.next(), 0xbf6e1f784956452aULL);
  EXPECT_EQ(rng.next(), 0x1a5f849d4933e6e0ULL);
}

TEST(Rng, GivesTheSameForTheSameSeedOnly) {
  Rng a{7}, b{7}, c{8};
  const std::uint64_t first = a.next();
  EXPECT_EQ(b.next(), first);
  EXPECT_NE(c.next(), first);
}

TEST(Rng, BelowStaysBelow) {
  Rng rng{1};
  for (std::uint64_t n : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}, std::uint64_t{0xffffffff},
                          std::uint64_t{0x100000000}, std::uint64_t{1} << 63, ~std::uint64_t{0}})
    for (int i = 0; i < 1000; ++i) ASSERT_LT(rng.below(n), n);
}

TEST(Rng, BelowZeroIsZero) { EXPECT_EQ(Rng{1}.below(0), 0U); }

TEST(Rng, BelowIsEven) {
  Rng rng{2};
  std::array<int, 7> hits{};
  for (int i = 0; i < 70000; ++i) ++hits[rng.below(7)];
  EXPECT_THAT(hits, testing::Each(testing::AllOf(testing::Gt(9500), testing::Lt(10500))));
}

TEST(Rng, ChanceOfNothingNeverAndOfOneAlways) {
  Rng rng{3};
  for (int i = 0; i < 1000; ++i) {
    ASSERT_FALSE(rng.chance(0));
    ASSERT_TRUE(rng.chance(1));
  }
}

TEST(Rng, JitterStaysWithinAFifth) {
  Rng rng{4};
  Duration least = Duration::max(), most = Duration::min();
  for (int i = 0; i < 10000; ++i) {
    const Duration d = rng.jitter(Duration{1000});
    least = std::min(least, d);
    most = std::max(most, d);
  }
  EXPECT_EQ(least, Duration{800});
  EXPECT_EQ(most, Duration{1200});
  EXPECT_EQ(rng.jitter(Duration{0}), Duration{0});
}

TEST(Rng, ShuffleKeepsEveryItem) {
  Rng rng{5};
  std::vector<int> items(100);
  std::iota(items.begin(), items.end(), 0);
  std::vector<int> shuffled = items;

  rng.shuffle(std::span{shuffled});

  EXPECT_NE(shuffled, items);
  EXPECT_THAT(shuffled, testing::UnorderedElementsAreArray(items));
}

TEST(Rng, ForkOfAnotherNameIsAnotherGenerator) {
  Rng a{6}, b{6}, c{6};
  Rng network = a.fork("network"), again = b.fork("network"), disk = c.fork("disk");
  const std::uint64_t first = network.next();
  EXPECT_EQ(again.next(), first);
  EXPECT_NE(disk.next(), first);
}

}  // namespace
}  // namespace boato
