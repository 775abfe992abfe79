// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/rng.hpp"
#include "tools/sim/event_heap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace boato::sim {
namespace {

Time at(std::int64_t us) { return Time{} + Duration{us}; }

TEST(EventHeap, GivesWhatComesFirst) {
  EventHeap heap;
  Rng rng{7};
  std::vector<std::int64_t> times;
  for (int i = 0; i < 1000; ++i) times.push_back(static_cast<std::int64_t>(rng.below(500)));

  for (const std::int64_t t : times) heap.plan(at(t), Happening::timer, 0);

  std::ranges::sort(times);
  for (const std::int64_t t : times) EXPECT_EQ(heap.take().at, at(t));
  EXPECT_TRUE(heap.empty());
}

TEST(EventHeap, KeepsTheOrderOfPlanningWithinOneMoment) {
  EventHeap heap;

  for (std::uint32_t i = 0; i < 100; ++i) heap.plan(at(5), Happening::arrival, i);

  for (std::uint32_t i = 0; i < 100; ++i) EXPECT_EQ(heap.take().subject, i);
}

TEST(EventHeap, SaysWhenTheNextThingHappens) {
  EventHeap heap;
  EXPECT_EQ(heap.next_at(), never);

  heap.plan(at(9), Happening::timer, 0);
  heap.plan(at(3), Happening::timer, 0);

  EXPECT_EQ(heap.next_at(), at(3));
}

}  // namespace
}  // namespace boato::sim
