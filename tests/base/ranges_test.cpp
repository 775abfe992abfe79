// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/ranges_answer.hpp"
#include "overlay/base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <set>
#include <vector>

namespace boato {
namespace {

using Map = std::vector<RangeEntry>;
constexpr std::uint32_t key = 0x01020304;

Map random_map(std::size_t size, Rng& rng) {
  Map map;
  for (std::size_t i = 0; i < size; ++i) map.push_back({rng.next(), rng.next()});
  std::ranges::sort(map);
  return map;
}

const ListedRanges silent{[](const RangeEntry&) {}, [](const RangeEntry&) {}};

struct Session {
  std::set<RangeEntry> first_lacks, second_lacks;
  std::size_t bytes = 0, messages = 0;
  bool well_formed = true;
};

// Runs one session to its end; what each side is told of the other's entries.
Session run(const Map& first, const Map& second) {
  Session s;
  std::array<std::byte, ranges_bytes_max> room_a{}, room_b{};
  ByteWriter begin{room_a};
  begin_ranges(first, key, begin);
  std::vector<std::byte> message(begin.written().begin(), begin.written().end());
  for (bool at_second = true; !message.empty() && s.messages < 64; at_second = !at_second) {
    s.bytes += message.size();
    ++s.messages;
    ByteWriter out{room_b};
    auto& lacks_here = at_second ? s.second_lacks : s.first_lacks;
    auto& lacks_there = at_second ? s.first_lacks : s.second_lacks;
    s.well_formed &= answer_ranges(at_second ? second : first, message, out,
                                   ListedRanges{[&](const RangeEntry& e) { lacks_here.insert(e); },
                                                [&](const RangeEntry& e) { lacks_there.insert(e); }});
    message.assign(out.written().begin(), out.written().end());
  }
  return s;
}

std::set<RangeEntry> minus(const Map& a, const Map& b) {
  std::set<RangeEntry> result;
  std::ranges::set_difference(a, b, std::inserter(result, result.end()));
  return result;
}

TEST(Ranges, EqualMapsEndAfterOneClaim) {
  Rng rng{1};
  const Map map = random_map(1000, rng);

  const Session s = run(map, map);

  EXPECT_EQ(s.messages, 1u);
  EXPECT_EQ(s.bytes, 10u);
}

class RangesOfAnySize : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(RangesOfAnySize, TellExactlyTheDifferenceOfTwoMaps) {
  const auto [size, changes] = GetParam();
  Rng rng{static_cast<std::uint64_t>(size * 1000 + changes)};
  Map a = random_map(static_cast<std::size_t>(size), rng);
  Map b = a;
  for (int i = 0; i < changes; ++i) {
    b[rng.below(b.size())].hash = rng.next();
    a.push_back({rng.next(), rng.next()});
    b.push_back({rng.next(), rng.next()});
  }
  std::ranges::sort(a);
  std::ranges::sort(b);

  const Session s = run(a, b);

  EXPECT_TRUE(s.well_formed);
  EXPECT_EQ(s.first_lacks, minus(b, a));
  EXPECT_EQ(s.second_lacks, minus(a, b));
}

INSTANTIATE_TEST_SUITE_P(Maps, RangesOfAnySize,
                         testing::Values(std::pair{1, 1}, std::pair{15, 2}, std::pair{16, 1},
                                         std::pair{17, 1}, std::pair{40, 30}, std::pair{300, 5},
                                         std::pair{10000, 3}));

TEST(Ranges, BytesFollowTheDifferenceAndNotTheSize) {
  Rng rng{2};
  const Map a = random_map(10000, rng);
  Map b = a;
  b[5000].hash ^= 1;

  const Session s = run(a, b);

  EXPECT_EQ(s.first_lacks.size(), 1u);
  EXPECT_LT(s.bytes, 900u);
}

TEST(Ranges, AnEmptyMapLearnsOfAllFromItsOwnList) {
  Rng rng{3};
  const Map full = random_map(500, rng);

  const Session s = run(full, {});

  EXPECT_EQ(s.second_lacks.size(), 500u);
  EXPECT_EQ(s.messages, 2u);
}

TEST(Ranges, EntriesAtOnePlaceAreNeverSplit) {
  Map a, b;
  for (std::uint64_t i = 0; i < 40; ++i) a.push_back({7, i});
  for (std::uint64_t i = 1; i < 41; ++i) b.push_back({7, i});

  const Session s = run(a, b);

  EXPECT_EQ(s.first_lacks, (std::set<RangeEntry>{{7, 40}}));
  EXPECT_EQ(s.second_lacks, (std::set<RangeEntry>{{7, 0}}));
}

TEST(Ranges, AnAnswerNeverOutgrowsItsRoom) {
  Rng rng{4};
  const Map a = random_map(4000, rng), b = random_map(4000, rng);
  std::array<std::byte, 500> room{};
  ByteWriter begin{room};
  begin_ranges(a, key, begin);
  const std::vector<std::byte> claim(begin.written().begin(), begin.written().end());
  std::array<std::byte, 399> tight{};
  ByteWriter out{tight};

  const bool well_formed = answer_ranges(b, claim, out, silent);

  EXPECT_TRUE(well_formed);
  EXPECT_TRUE(out.ok());
  EXPECT_EQ(out.used(), 0u);
}

bool takes(Bytes message) {
  std::array<std::byte, ranges_bytes_max> room{};
  ByteWriter out{room};
  return answer_ranges({}, message, out, silent);
}

TEST(Ranges, RefuseEveryStrictPrefixOfAnItem) {
  Rng rng{5};
  std::array<std::byte, 1024> room{};
  ByteWriter out{room};
  begin_ranges(random_map(5, rng), key, out);
  ASSERT_TRUE(takes(out.written()));

  for (std::size_t n = 5; n < out.used(); ++n) EXPECT_FALSE(takes(out.written().first(n))) << n;
}

TEST(Ranges, RefuseItemsThatOverlapOrFall) {
  std::array<std::byte, 64> room{};
  ByteWriter out{room};
  out.be(key);
  for (int i = 0; i < 2; ++i) {
    out.be(std::uint8_t{0xff});
    out.be(std::uint8_t{0x11});
    out.be(std::uint8_t{10});
    out.be(std::uint8_t{20});
    out.be(std::uint32_t{0});
  }

  EXPECT_FALSE(takes(out.written()));
  EXPECT_TRUE(takes(out.written().first(12)));
}

TEST(Ranges, RefuseBoundsOfMoreThanEightBytesAndWhatFollowsTheEndOfTheRing) {
  const auto claim_of = [](std::uint8_t widths, std::size_t bound_bytes, int claims) {
    std::array<std::byte, 64> room{};
    ByteWriter out{room};
    out.be(key);
    for (; claims > 0; --claims) {
      out.be(std::uint8_t{0xff});
      out.be(widths);
      for (std::size_t i = 0; i < bound_bytes; ++i) out.be(static_cast<std::uint8_t>(i + 1));
      out.be(std::uint32_t{0});
    }
    return takes(out.written());
  };

  EXPECT_TRUE(claim_of(0x80, 8, 1));
  EXPECT_FALSE(claim_of(0x90, 9, 1));
  EXPECT_FALSE(claim_of(0x09, 9, 1));
  EXPECT_TRUE(claim_of(0xf0, 0, 1));
  EXPECT_FALSE(claim_of(0xf0, 0, 2));
}

TEST(Ranges, RefuseAListThatLeavesItsRangeOrIsNotSorted) {
  const auto list = [](std::uint64_t first, std::uint64_t second) {
    std::array<std::byte, 54> room{};
    ByteWriter out{room};
    out.be(key);
    out.be(std::uint8_t{2});
    out.be(std::uint8_t{0x88});
    for (std::uint64_t v :
         {std::uint64_t{10}, std::uint64_t{20}, first, std::uint64_t{0}, second, std::uint64_t{0}})
      out.be(v);
    return out.ok() && takes(out.written());
  };

  EXPECT_TRUE(list(10, 19));
  EXPECT_FALSE(list(10, 20));
  EXPECT_FALSE(list(9, 12));
  EXPECT_FALSE(list(12, 12));
  EXPECT_FALSE(list(13, 12));
}

// A side that tells short ranges beside the message, as streams do.
struct Beside {
  std::vector<RangeEntry> told_by_us, ours_where_they_told;
  bool tell(std::span<const RangeEntry> own) {
    told_by_us.insert(told_by_us.end(), own.begin(), own.end());
    return true;
  }
  void told(std::span<const RangeEntry> own) {
    ours_where_they_told.insert(ours_where_they_told.end(), own.begin(), own.end());
  }
  static void theirs(const RangeEntry&) {}
  static void ours(const RangeEntry&) {}
};

TEST(Ranges, AShortRangeMayBeToldBesideTheMessage) {
  Rng rng{6};
  const Map a = random_map(100, rng);
  Map b = a;
  b[40].hash ^= 1;
  std::array<std::byte, ranges_bytes_max> room_a{}, room_b{};
  ByteWriter claim{room_a};
  begin_ranges(a, key, claim);
  Beside first, second;
  ByteWriter split{room_b};
  ASSERT_TRUE(answer_ranges(b, claim.written(), split, second));
  ByteWriter told{room_a};
  ASSERT_TRUE(answer_ranges(a, Bytes{split.written()}, told, first));
  ByteWriter end{room_b};
  ASSERT_TRUE(answer_ranges(b, Bytes{told.written()}, end, second));

  EXPECT_EQ(end.used(), 0u);
  EXPECT_EQ(first.told_by_us.size(), second.ours_where_they_told.size());
  EXPECT_TRUE(std::ranges::find(first.told_by_us, a[40]) != first.told_by_us.end());
  EXPECT_TRUE(std::ranges::find(second.ours_where_they_told, b[40]) != second.ours_where_they_told.end());
}

}  // namespace
}  // namespace boato
