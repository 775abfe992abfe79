// SPDX-License-Identifier: Apache-2.0
#include "overlay/stream/stream.hpp"

#include "overlay/base/rng.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

namespace boato {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr SeqRange run(std::uint64_t first, std::uint64_t last) { return {Seq{first}, Seq{last}}; }

struct Lab {
  Stream stream{StreamTag{1}};
  Fresh fresh;
  std::span<const SeqRange> take(std::uint64_t first, std::uint64_t last) {
    stream.account(run(first, last), fresh);
    stream.check_invariants();
    return fresh.ranges();
  }
};

TEST(Stream, TakesABatchInOrderAsWhollyNew) {
  Lab lab;

  EXPECT_THAT(lab.take(1, 10), ElementsAre(run(1, 10)));

  EXPECT_EQ(lab.stream.frontier(), Seq{10});
}

TEST(Stream, FindsNothingNewInADuplicate) {
  Lab lab;
  lab.take(1, 10);

  EXPECT_THAT(lab.take(1, 10), IsEmpty());

  EXPECT_EQ(lab.stream.frontier(), Seq{10});
}

TEST(Stream, HoldsTheFrontierBeforeAHole) {
  Lab lab;
  lab.take(1, 3);

  EXPECT_THAT(lab.take(5, 6), ElementsAre(run(5, 6)));

  EXPECT_EQ(lab.stream.frontier(), Seq{3});
  EXPECT_FALSE(lab.stream.accounted(Seq{4}));
  EXPECT_TRUE(lab.stream.accounted(Seq{5}));
}

TEST(Stream, MovesOverWhatItHadWhenTheHoleCloses) {
  Lab lab;
  lab.take(1, 3);
  lab.take(5, 6);

  EXPECT_THAT(lab.take(4, 4), ElementsAre(run(4, 4)));

  EXPECT_EQ(lab.stream.frontier(), Seq{6});
  EXPECT_TRUE(lab.stream.complete());
}

TEST(Stream, FindsTheNewPartsOfABatchThatOverlaps) {
  Lab lab;
  lab.take(1, 3);
  lab.take(6, 7);

  EXPECT_THAT(lab.take(2, 9), ElementsAre(run(4, 5), run(8, 9)));

  EXPECT_EQ(lab.stream.frontier(), Seq{9});
}

TEST(Stream, RefusesARunTooManyAndSaysSo) {
  Lab lab;
  for (std::uint64_t i = 1; i <= RangeSet::ranges_max; ++i) lab.take(10 * i, 10 * i);

  EXPECT_THAT(lab.take(5000, 5001), IsEmpty());

  EXPECT_TRUE(lab.fresh.refused);
  EXPECT_FALSE(lab.stream.accounted(Seq{5000}));
}

TEST(Stream, LeavesWhatLiesBehindTheLastPieceUnaccounted) {
  Lab lab;
  for (std::uint64_t i = 1; i <= 20; ++i) lab.take(10 * i, 10 * i);

  const auto pieces = lab.take(10, 200);

  EXPECT_EQ(pieces.size(), Fresh::pieces_max);
  EXPECT_TRUE(lab.fresh.refused);
  EXPECT_TRUE(lab.stream.accounted(pieces.back()));
  EXPECT_FALSE(lab.stream.accounted(Seq{pieces.back().last.raw() + 2}));
}

TEST(Stream, SkipsWithoutHolding) {
  Lab lab;
  lab.take(8, 9);

  lab.stream.skip(Seq{7});

  EXPECT_EQ(lab.stream.frontier(), Seq{9});
  EXPECT_THAT(lab.take(3, 5), IsEmpty());
}

TEST(Stream, NeverGoesBack) {
  Lab lab;
  lab.take(1, 9);

  lab.stream.skip(Seq{4});

  EXPECT_EQ(lab.stream.frontier(), Seq{9});
}

TEST(Stream, CountsWhatLiesBelowTheFloorAsAccounted) {
  Lab lab;
  lab.take(1, 2);

  EXPECT_TRUE(lab.stream.raise_floor(Seq{11}));

  EXPECT_EQ(lab.stream.frontier(), Seq{10});
  EXPECT_FALSE(lab.stream.raise_floor(Seq{11}));
  EXPECT_FALSE(lab.stream.raise_floor(Seq{5}));
}

TEST(Stream, StandsTheLastNumberThereIs) {
  Lab lab;

  lab.stream.skip(Seq{~std::uint64_t{0}});

  lab.stream.check_invariants();
  EXPECT_THAT(lab.take(1, ~std::uint64_t{0}), IsEmpty());
}

TEST(Stream, TellsEachNumberNewOnceWhateverTheOrder) {
  Rng rng{5};
  for (int round = 0; round < 200; ++round) {
    Lab lab;
    std::set<std::uint64_t> oracle;
    for (int step = 0; step < 80; ++step) {
      const std::uint64_t first = 1 + rng.below(150), last = first + rng.below(12);
      std::set<std::uint64_t> told;
      for (const SeqRange& piece : lab.take(first, last))
        for (std::uint64_t i = piece.first.raw(); i <= piece.last.raw(); ++i) told.insert(i);
      for (std::uint64_t i = first; i <= last; ++i) {
        const bool is_new = !oracle.contains(i);
        ASSERT_TRUE(lab.fresh.refused || told.contains(i) == is_new) << i;
        ASSERT_FALSE(!is_new && told.contains(i)) << i;
      }
      oracle.insert(told.begin(), told.end());
      for (std::uint64_t i = 1; i < 170; ++i)
        ASSERT_EQ(lab.stream.accounted(Seq{i}), oracle.contains(i)) << i;
    }
  }
}

}  // namespace
}  // namespace boato
