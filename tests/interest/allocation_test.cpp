// SPDX-License-Identifier: Apache-2.0
// Asking a predicate, and an index that is warm, takes nothing from the heap.
#include "overlay/interest/interest_index.hpp"
#include "tests/interest/lab.hpp"

#include <cstdlib>
#include <new>

namespace {

std::size_t allocations = 0;

void* take(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}

}  // namespace

void* operator new(std::size_t size) { return take(size); }
void* operator new[](std::size_t size) { return take(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace boato {
namespace {

TEST(Evaluate, TakesNothingFromTheHeap) {
  std::vector<Predicate> predicates;
  std::vector<Given> events;
  InterestIndex index{1};
  for (std::uint64_t seed = 1; seed <= 300; ++seed) {
    Dice dice{seed};
    const std::string text = dice.predicate();
    if (!Predicate::parse(text)) continue;
    predicates.push_back(parsed(text));
    static_cast<void>(index.add(parsed(text)));
    events.push_back(dice.event());
  }
  std::vector<InterestId> out;
  out.reserve(predicates.size());
  for (const Given& event : events) index.match(event.subject(), out);

  const std::size_t before = allocations;
  std::size_t asked = 0, indexed = 0;
  for (const Given& event : events) {
    for (const Predicate& predicate : predicates) asked += predicate.matches(event.subject()) ? 1 : 0;
    index.match(event.subject(), out);
    indexed += out.size();
  }
  const std::size_t after = allocations;

  EXPECT_EQ(after, before);
  EXPECT_EQ(asked, indexed);
  EXPECT_GT(indexed, 1000U);
}

}  // namespace
}  // namespace boato
