// SPDX-License-Identifier: Apache-2.0
#include "overlay/stream/range_set.hpp"

#include "overlay/base/rng.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace boato {
namespace {

using testing::ElementsAre;

constexpr SeqRange run(std::uint64_t first, std::uint64_t last) { return {Seq{first}, Seq{last}}; }

TEST(RangeSet, JoinsRunsThatTouch) {
  RangeSet set;
  set.add(run(5, 6));
  set.add(run(9, 10));

  EXPECT_TRUE(set.add(run(7, 8)));

  EXPECT_THAT(set.ranges(), ElementsAre(run(5, 10)));
}

TEST(RangeSet, KeepsRunsApartThatMissOneNumber) {
  RangeSet set;
  set.add(run(5, 6));

  set.add(run(8, 9));

  EXPECT_THAT(set.ranges(), ElementsAre(run(5, 6), run(8, 9)));
}

TEST(RangeSet, SwallowsRunsInside) {
  RangeSet set;
  set.add(run(5, 6));
  set.add(run(10, 12));

  set.add(run(2, 20));

  EXPECT_THAT(set.ranges(), ElementsAre(run(2, 20)));
}

TEST(RangeSet, RefusesTheRunAboveItsBound) {
  RangeSet set;
  for (std::uint64_t i = 1; i <= RangeSet::ranges_max; ++i) ASSERT_TRUE(set.add(run(10 * i, 10 * i)));

  EXPECT_FALSE(set.add(run(10'000, 10'000)));

  EXPECT_EQ(set.size(), RangeSet::ranges_max);
  EXPECT_FALSE(set.holds(Seq{10'000}));
}

TEST(RangeSet, StillTakesWhatJoinsARunWhenFull) {
  RangeSet set;
  for (std::uint64_t i = 1; i <= RangeSet::ranges_max; ++i) set.add(run(10 * i, 10 * i));

  EXPECT_TRUE(set.add(run(11, 19)));

  EXPECT_EQ(set.size(), RangeSet::ranges_max - 1);
}

TEST(RangeSet, CutsTheRunThatADropGoesThrough) {
  RangeSet set;
  set.add(run(2, 3));
  set.add(run(5, 9));

  set.drop_upto(Seq{6});

  EXPECT_THAT(set.ranges(), ElementsAre(run(7, 9)));
}

TEST(RangeSet, HoldsTheLastNumberThereIs) {
  constexpr std::uint64_t top = ~std::uint64_t{0};
  RangeSet set;
  set.add(run(top - 1, top));

  EXPECT_TRUE(set.holds(Seq{top}));
  set.drop_upto(Seq{top});
  EXPECT_TRUE(set.empty());
}

TEST(RangeSet, AgreesWithASetOfNumbers) {
  Rng rng{11};
  for (int round = 0; round < 300; ++round) {
    RangeSet set;
    std::set<std::uint64_t> oracle;
    for (int step = 0; step < 60; ++step) {
      const std::uint64_t first = 1 + rng.below(200), last = first + rng.below(6);
      if (rng.below(10) == 0) {
        set.drop_upto(Seq{first});
        oracle.erase(oracle.begin(), oracle.upper_bound(first));
      } else if (set.add(run(first, last))) {
        for (std::uint64_t i = first; i <= last; ++i) oracle.insert(i);
      }
      set.check_invariants();
    }
    for (std::uint64_t i = 0; i < 210; ++i) ASSERT_EQ(set.holds(Seq{i}), oracle.contains(i)) << i;
  }
}

}  // namespace
}  // namespace boato
