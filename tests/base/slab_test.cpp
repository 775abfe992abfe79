// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/slab.hpp"

#include "overlay/base/bytes.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace boato {
namespace {

TEST(Slab, HoldsItsBytesUntilTheLastReferenceGoes) {
  SlabPool pool;
  EventRef first = pool.copy(bytes("rumour"));
  EventRef second = first;
  first = {};
  EXPECT_EQ(text(second.bytes()), "rumour");
  EXPECT_GT(pool.live_bytes(), 0U);
  second = {};
  EXPECT_EQ(pool.live_bytes(), 0U);
}

TEST(Slab, IsReusedWithoutAskingTheHeap) {
  SlabPool pool;
  const std::byte* place = pool.take(100).data();
  ASSERT_EQ(pool.allocations(), 1U);
  EXPECT_EQ(pool.idle_bytes(), 4096U);

  const SlabRef again = pool.take(4096);

  EXPECT_EQ(again.data(), place);
  EXPECT_EQ(pool.allocations(), 1U);
  EXPECT_EQ(pool.idle_bytes(), 0U);
  EXPECT_EQ(pool.live_bytes(), 4096U);
}

TEST(Slab, HasTheSmallestClassThatFits) {
  SlabPool pool;
  for (const std::uint32_t size : SlabPool::classes) EXPECT_EQ(pool.take(size).capacity(), size);
  for (std::size_t i = 1; i < SlabPool::classes.size(); ++i)
    EXPECT_EQ(pool.take(SlabPool::classes[i - 1] + 1).capacity(), SlabPool::classes[i]);
}

TEST(Slab, AboveTheLargestClassHasItsOwnSizeAndIsNotKept) {
  SlabPool pool;
  const std::size_t size = SlabPool::classes.back() + 1;
  { EXPECT_EQ(pool.take(size).capacity(), size); }
  EXPECT_EQ(pool.idle_bytes(), 0U);
  EXPECT_EQ(pool.live_bytes(), 0U);
}

TEST(Slab, IsFreedInsteadOfKeptAboveTheIdleBound) {
  SlabPool pool{2 * 4096};
  {
    const SlabRef a = pool.take(1), b = pool.take(1), c = pool.take(1);
    EXPECT_EQ(pool.live_bytes(), 3U * 4096U);
  }
  EXPECT_EQ(pool.idle_bytes(), 2U * 4096U);
  EXPECT_EQ(pool.live_bytes(), 0U);
}

TEST(Slab, OutlivesItsWriterWhileAnEventLooksAtIt) {
  SlabPool pool;
  EventRef event;
  {
    const SlabRef slab = pool.take(8);
    EXPECT_FALSE(slab.shared());
    std::ranges::copy(bytes("abcdefgh"), slab.data());
    event = slab.slice(2, 3);
    EXPECT_TRUE(slab.shared());
  }
  EXPECT_EQ(text(event.bytes()), "cde");
}

TEST(Slab, OfAnotherThreadIsCountedFromItsAdoptionOn) {
  SlabPool pool;
  Slab* slab = SlabPool::make(10);
  EXPECT_EQ(pool.live_bytes(), 0U);
  pool.adopt(slab);
  EXPECT_EQ(pool.live_bytes(), 4096U);
  { const SlabRef owner{slab}; }
  EXPECT_EQ(pool.live_bytes(), 0U);
  EXPECT_EQ(pool.idle_bytes(), 4096U);
}

TEST(Slab, WithoutAPoolIsFreedByItsLastReference) {
  const SlabRef owner{SlabPool::make(10)};  // the leak checker of the sanitizer build is the judge
  EXPECT_EQ(owner.capacity(), 4096U);
}

TEST(EventRef, CountsCopiesNotMoves) {
  SlabPool pool;
  EventRef a = pool.copy(bytes("x"));
  EventRef b = std::move(a);
  EXPECT_FALSE(a);  // NOLINT(bugprone-use-after-move): that it is empty is the rule
  EXPECT_EQ(a.size(), 0U);
  EventRef c = b;
  b = c;  // the same bytes over themselves
  c = {};
  EXPECT_EQ(text(b.bytes()), "x");
  b = std::move(b);  // NOLINT: to itself
  EXPECT_EQ(text(b.bytes()), "x");
}

TEST(EventRef, OfNothingIsEmpty) {
  const EventRef none;
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(none);
  EXPECT_TRUE(none.bytes().empty());
}

TEST(EventRef, OfNoBytesIsNotNothing) {
  SlabPool pool;
  const EventRef event = pool.copy({});
  EXPECT_TRUE(event);
  EXPECT_EQ(event.size(), 0U);
}

TEST(EventRef, PartHoldsTheWholeSlab) {
  SlabPool pool;
  std::optional<EventRef> whole = pool.copy(bytes("one two"));
  const EventRef part = whole->part(4, 3);
  whole.reset();
  EXPECT_EQ(text(part.bytes()), "two");
  EXPECT_EQ(text(part.part(1, 1).bytes()), "w");
}

TEST(EventRefDeathTest, StopsTheProgramWhenAPartIsOutside) {
  SlabPool pool;
  const EventRef event = pool.copy(bytes("abc"));
  EXPECT_DEATH((void)event.part(2, 2), "claim does not hold");
  EXPECT_DEATH((void)event.part(0xffffffff, 2), "claim does not hold");
}

TEST(SlabPoolDeathTest, StopsTheProgramWhenItGoesBeforeItsSlabs) {
  EXPECT_DEATH(
      {
        EventRef left;
        const SlabPool pool;
        left = const_cast<SlabPool&>(pool).copy(bytes("abc"));
      },
      "live_bytes_ == 0");
}

}  // namespace
}  // namespace boato
