// SPDX-License-Identifier: Apache-2.0
#include "overlay/stream/have_codec.hpp"

#include "overlay/base/rng.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace boato {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;

constexpr SeqRange run(std::uint64_t first, std::uint64_t last) { return {Seq{first}, Seq{last}}; }

struct Lab {
  std::vector<std::byte> room = std::vector<std::byte>(64 * 1024);
  HaveWriter writer{room};
};

TEST(HaveCodec, ReadsWhatItWrote) {
  Lab lab;
  const std::array above{run(12, 12), run(20, 300)};
  lab.writer.add(StreamTag{77}, Seq{10}, above);
  lab.writer.add(StreamTag{5}, Seq{0}, {});

  HaveReader reader{lab.writer.written()};
  HaveEntry a, b, end;
  ASSERT_TRUE(reader.next(a) && reader.next(b));

  EXPECT_FALSE(reader.next(end));
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(a.tag, StreamTag{77});
  EXPECT_EQ(a.upto, Seq{10});
  EXPECT_THAT(a.runs, ElementsAreArray(above));
  EXPECT_EQ(b.tag, StreamTag{5});
  EXPECT_TRUE(b.runs.empty());
}

TEST(HaveCodec, TakesTenBytesForAYoungStreamWithoutHoles) {
  Lab lab;

  lab.writer.add(StreamTag{77}, Seq{10}, {});

  EXPECT_EQ(lab.writer.written().size(), 10U);
}

TEST(HaveCodec, AsksForTheNumberRightBehindTheFrontier) {
  Lab lab;
  lab.writer.add(StreamTag{1}, Seq{0}, std::array{run(1, 9)});

  HaveReader reader{lab.writer.written()};
  HaveEntry entry;

  ASSERT_TRUE(reader.next(entry));
  EXPECT_THAT(entry.runs, ElementsAre(run(1, 9)));
}

TEST(HaveCodec, WritesNothingOfAnEntryThatDoesNotFit) {
  std::array<std::byte, 11> room;
  HaveWriter writer{room};
  writer.add(StreamTag{1}, Seq{1}, {});
  const std::size_t before = writer.written().size();

  EXPECT_FALSE(writer.add(StreamTag{2}, Seq{1}, {}));

  EXPECT_EQ(writer.written().size(), before);
  EXPECT_TRUE(well_formed_have(writer.written()));
}

TEST(HaveCodec, TheLargestEntryFitsTheRoomItNames) {
  std::array<std::byte, have_entry_bytes_max> room;
  HaveWriter writer{room};
  std::vector<SeqRange> runs;
  constexpr std::uint64_t step = std::uint64_t{1} << 55;
  for (std::uint64_t i = 1; i <= RangeSet::ranges_max; ++i)
    runs.push_back(run(i * step, i * step + step / 2));

  EXPECT_TRUE(writer.add(StreamTag{~std::uint64_t{0}}, Seq{1}, runs));
  EXPECT_TRUE(well_formed_have(writer.written()));
}

TEST(HaveCodec, WritesUpToItsLimitOfEntries) {
  Lab lab;
  for (std::size_t i = 0; i < have_entries_max; ++i) ASSERT_TRUE(lab.writer.add(StreamTag{i}, Seq{1}, {}));

  EXPECT_FALSE(lab.writer.add(StreamTag{1}, Seq{1}, {}));
  EXPECT_TRUE(well_formed_have(lab.writer.written()));
}

TEST(HaveCodec, RefusesMoreThanItsLimitOfEntries) {
  Lab lab;
  for (std::size_t i = 0; i < have_entries_max; ++i) lab.writer.add(StreamTag{i}, Seq{1}, {});
  std::vector<std::byte> longer(lab.writer.written().begin(), lab.writer.written().end());
  longer.insert(longer.end(), lab.writer.written().begin(), lab.writer.written().begin() + 10);

  EXPECT_FALSE(well_formed_have(longer));
}

// An entry written by hand: tag 1, then these varints.
bool sound(std::initializer_list<std::uint64_t> numbers) {
  std::vector<std::byte> room(2048);
  ByteWriter out{room};
  out.be(std::uint64_t{1});
  for (std::uint64_t n : numbers) out.varint(n);
  return well_formed_have(out.written());
}

TEST(HaveCodec, RefusesRunsThatTouch) {
  EXPECT_TRUE(sound({10, 2, 0, 0, 1, 0}));
  EXPECT_FALSE(sound({10, 2, 0, 0, 0, 0}));
}

TEST(HaveCodec, RefusesMoreThanItsLimitOfRuns) {
  std::vector<std::byte> room(2048);
  for (std::uint64_t n : {64, 65}) {
    ByteWriter out{room};
    out.be(std::uint64_t{1});
    out.varint(std::uint64_t{0});
    out.varint(n);
    for (std::uint64_t i = 0; i < 2 * n; ++i) out.varint(std::uint64_t{1});
    EXPECT_EQ(well_formed_have(out.written()), n == 64) << n;
  }
}

TEST(HaveCodec, NumbersNeverWrap) {
  constexpr std::uint64_t top = ~std::uint64_t{0}, half = std::uint64_t{1} << 62;
  EXPECT_TRUE(sound({half, 0}));
  EXPECT_FALSE(sound({half + 1, 0}));
  EXPECT_FALSE(sound({top, 0}));
  EXPECT_FALSE(sound({1, 1, top, 0}));
  EXPECT_FALSE(sound({1, 1, 0, top}));
  EXPECT_FALSE(sound({1, 1, half, half}));
  EXPECT_FALSE(sound({half, 1, 0, 0}));
}

TEST(HaveCodec, RefusesEachStrictPrefixOfAnEntry) {
  Lab lab;
  lab.writer.add(StreamTag{9}, Seq{500}, std::array{run(502, 900), run(1000, 1000)});
  const Bytes whole = lab.writer.written();

  for (std::size_t n = 1; n < whole.size(); ++n) EXPECT_FALSE(well_formed_have(whole.first(n))) << n;
}

TEST(HaveCodec, WhatItReadsItWritesBackToTheSameBytes) {
  Rng rng{4};
  std::vector<std::byte> bytes(60);
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    for (auto& b : bytes) b = static_cast<std::byte>(rng.below(4) ? rng.below(4) : rng.below(256));
    HaveReader reader{bytes};
    HaveEntry entry;
    if (!reader.next(entry)) continue;
    ++read;
    Lab lab;
    ASSERT_TRUE(lab.writer.add(entry.tag, entry.upto, entry.runs.span()));
    const Bytes back = lab.writer.written();
    ASSERT_TRUE(std::ranges::equal(back, Bytes{bytes}.first(back.size())));
  }
  EXPECT_GT(read, 1000);
}

}  // namespace
}  // namespace boato
