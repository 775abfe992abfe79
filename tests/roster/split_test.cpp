// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster/split.hpp"

#include "overlay/base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <set>
#include <vector>

namespace boato {
namespace {

std::vector<RingMember> ring_of(std::size_t size, Rng& rng) {
  std::vector<RingMember> ring(size);
  for (RingMember& m : ring) m.place = rng.next();
  std::ranges::sort(ring, {}, &RingMember::place);
  return ring;
}

struct Cover {
  std::size_t parts = 0;
  bool tiles = true, members_fit = true;
  std::size_t served_parts = 0;  // parts with somebody to serve
};

template <class Served>
Cover cover(std::span<const RingMember> ring, Interval interval, std::size_t k, Served&& served) {
  Cover c;
  std::uint64_t at = interval.lo;
  std::uint64_t end = interval.lo;
  split(ring, interval, k, served, [&](const Part& part) {
    c.tiles &= part.interval.lo == at && !part.interval.empty();
    const auto inside = members_in(ring, part.interval);
    c.members_fit &= inside.data() == part.members.data() && inside.size() == part.members.size();
    c.served_parts += std::ranges::all_of(part.members, served) ? 0 : 1;
    at = end = part.interval.hi;
    ++c.parts;
  });
  c.tiles &= c.parts == 0 || end == interval.hi;
  return c;
}

TEST(Split, PartsTileTheIntervalWhateverIsServed) {
  Rng rng{1};
  for (int round = 0; round < 300; ++round) {
    auto ring = ring_of(rng.below(120), rng);
    if (ring.size() > 4 && rng.chance(0.3)) ring[2].place = ring[3].place = ring[1].place;
    std::uint64_t a = rng.next(), b = rng.chance(0.2) ? 0 : rng.next();
    if (b != 0 && a > b) std::swap(a, b);
    const std::uint64_t salt = rng.next();
    const auto served = [&](const RingMember& m) {
      return ((m.place ^ salt) * 0x9e3779b97f4a7c15ULL) >> 62 == 0;
    };

    const Cover c = cover(ring, {a, b}, 2 + rng.below(8), served);

    EXPECT_TRUE(c.tiles);
    EXPECT_TRUE(c.members_fit);
    EXPECT_LE(c.parts, parts_max);
  }
}

TEST(Split, NobodyToServeGivesNoPart) {
  Rng rng{2};
  const auto ring = ring_of(50, rng);
  EXPECT_EQ(cover(ring, {}, 8, [](const RingMember&) { return true; }).parts, 0U);
  EXPECT_EQ(cover({}, {}, 8, [](const RingMember&) { return false; }).parts, 0U);
}

TEST(Split, UpToSixteenAreServedOneByOneAndMoreInKParts) {
  Rng rng{3};
  const auto nobody = [](const RingMember&) { return false; };
  EXPECT_EQ(cover(ring_of(16, rng), {}, 8, nobody).parts, 16U);
  EXPECT_EQ(cover(ring_of(17, rng), {}, 8, nobody).parts, 8U);
  EXPECT_EQ(cover(ring_of(10000, rng), {}, 8, nobody).parts, 8U);
}

TEST(Split, MembersAtOnePlaceStayInOnePart) {
  std::vector<RingMember> ring(40);
  for (std::size_t i = 0; i < ring.size(); ++i) ring[i].place = 100 + i / 7;
  const auto c = cover(ring, {}, 8, [](const RingMember&) { return false; });
  EXPECT_TRUE(c.tiles);
  EXPECT_TRUE(c.members_fit);
  EXPECT_LE(c.parts, 6U);
  EXPECT_GE(c.parts, 3U);
}

// The whole recursion with equal rosters: how often each place is served, and after how many hops at most.
struct Tree {
  std::vector<int> copies;
  int last_hop = 0;
};

Tree spread(const std::vector<RingMember>& ring, std::size_t source, std::size_t k,
            const std::set<std::size_t>& excluded, Rng& rng) {
  struct Job {
    std::size_t at;
    Interval interval;
    std::set<std::uint64_t> except;
    int hops;
  };
  Tree tree{std::vector<int>(ring.size()), 0};
  std::deque<Job> jobs{{source, {}, {ring[source].place}, 0}};
  while (!jobs.empty()) {
    const Job job = jobs.front();
    jobs.pop_front();
    const auto served = [&](const RingMember& m) {
      const auto rank = static_cast<std::size_t>(&m - ring.data());
      return job.except.count(m.place) > 0 || excluded.count(rank) > 0;
    };
    split(ring, job.interval, k, served, [&](const Part& part) {
      std::vector<std::size_t> todo;
      for (const RingMember& m : part.members)
        if (!served(m)) todo.push_back(static_cast<std::size_t>(&m - ring.data()));
      if (todo.empty()) return;
      const std::size_t child = todo[rng.below(todo.size())];
      ++tree.copies[child];
      tree.last_hop = std::max(tree.last_hop, job.hops + 1);
      auto except = job.except;
      except.insert(ring[child].place);
      jobs.push_back({child, part.interval, except, job.hops + 1});
    });
  }
  return tree;
}

class SplitTree : public testing::TestWithParam<std::size_t> {};

TEST_P(SplitTree, EqualRostersServeEveryMemberExactlyOnce) {
  Rng rng{GetParam()};
  const auto ring = ring_of(GetParam(), rng);
  for (int round = 0; round < 3; ++round) {
    const std::size_t source = rng.below(ring.size());
    const Tree tree = spread(ring, source, 8, {}, rng);
    for (std::size_t i = 0; i < ring.size(); ++i) EXPECT_EQ(tree.copies[i], i == source ? 0 : 1) << i;
    EXPECT_LE(tree.last_hop, 5);
  }
}

TEST_P(SplitTree, ThoseWhoNeedNoCopyGetNoneAndTheOthersStillOne) {
  Rng rng{GetParam() + 1};
  const auto ring = ring_of(GetParam(), rng);
  const std::size_t source = rng.below(ring.size());
  std::set<std::size_t> excluded;
  for (std::size_t i = 0; i < ring.size(); ++i)
    if (i != source && rng.chance(0.4)) excluded.insert(i);

  const Tree tree = spread(ring, source, 8, excluded, rng);

  for (std::size_t i = 0; i < ring.size(); ++i)
    EXPECT_EQ(tree.copies[i], i == source || excluded.count(i) > 0 ? 0 : 1) << i;
}

INSTANTIATE_TEST_SUITE_P(Sizes, SplitTree, testing::Values(1, 2, 3, 16, 17, 100, 1000, 10000));

}  // namespace
}  // namespace boato
