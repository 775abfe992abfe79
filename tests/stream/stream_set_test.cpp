// SPDX-License-Identifier: Apache-2.0
#include "overlay/stream/stream_set.hpp"

#include "overlay/base/rng.hpp"
#include "overlay/link/toy_crypto.hpp"
#include "overlay/wire/batch.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace boato {
namespace {

using Found = StreamSet::Found;
using testing::ElementsAre;

const TopicId topic{{9}};

StreamKey key(std::uint8_t publisher, std::uint64_t incarnation = 1) {
  return {PeerId{{publisher}}, Incarnation{incarnation}};
}
StreamTag tag(const StreamKey& k) {
  return wire::stream_tag(toy_crypto(), topic, k.publisher, k.incarnation);
}

struct Lab {
  StreamSetConfig config;
  StreamSet set{config, topic, toy_crypto()};
  Time now{};
  Fresh fresh{};

  StreamSet::Place open(const StreamKey& k) {
    now += Duration{1};
    const auto place = set.find_or_add(now, k);
    set.check_invariants();
    return place;
  }
  void take(StreamIndex stream, std::uint64_t first, std::uint64_t last) {
    now += Duration{1};
    set.account(now, stream, {Seq{first}, Seq{last}}, fresh);
    set.check_invariants();
  }
  std::vector<StreamIndex> changed(std::uint64_t version) const {
    std::vector<StreamIndex> list;
    set.each_changed(version, [&](StreamIndex i, const Stream&) {
      list.push_back(i);
      return true;
    });
    return list;
  }
};

TEST(StreamSet, FindsAStreamByItsKeyAndByItsTag) {
  Lab lab;

  const auto added = lab.open(key(1));
  lab.open(key(2));

  EXPECT_EQ(added.found, Found::added);
  EXPECT_EQ(lab.open(key(1)).found, Found::known);
  EXPECT_EQ(lab.open(key(1)).index, added.index);
  EXPECT_EQ(lab.set.find(tag(key(1))), added.index);
  EXPECT_EQ(lab.set[added.index].key(), key(1));
  EXPECT_EQ(lab.set.find(tag(key(3))), std::nullopt);
}

TEST(StreamSet, ClosesTheOldestOfFiveIncarnations) {
  Lab lab;
  const auto first = lab.open(key(1, 1));
  for (std::uint64_t i = 2; i <= StreamSetConfig{}.open_max; ++i) lab.open(key(1, i));

  const auto fifth = lab.open(key(1, 5));

  EXPECT_EQ(fifth.closed, first.index);
  EXPECT_NE(fifth.index, first.index);
  EXPECT_EQ(lab.set.size(), StreamSetConfig{}.open_max);
}

TEST(StreamSet, NeverOpensAClosedIncarnationAgain) {
  Lab lab;
  for (std::uint64_t i = 1; i <= StreamSetConfig{}.open_max + 1; ++i) lab.open(key(1, 10 * i));

  EXPECT_EQ(lab.open(key(1, 10)).found, Found::stale);
  EXPECT_EQ(lab.open(key(1, 7)).found, Found::stale);
}

TEST(StreamSet, NeverOpensAnIncarnationOlderThanAllOpenOnesWhenFull) {
  Lab lab;
  for (std::uint64_t i = 1; i <= StreamSetConfig{}.open_max; ++i) lab.open(key(1, 10 * i));

  EXPECT_EQ(lab.open(key(1, 9)).found, Found::stale);
  EXPECT_EQ(lab.open(key(1, 10)).found, Found::known);
}

TEST(StreamSet, ReusesTheIndexOfAClosedStream) {
  Lab lab;
  for (std::uint64_t i = 1; i <= StreamSetConfig{}.open_max; ++i) lab.open(key(1, i));
  const auto closed = lab.open(key(1, 5)).closed;

  const auto other = lab.open(key(2));

  EXPECT_EQ(other.index, closed);
  EXPECT_EQ(lab.set[other.index].frontier(), Seq{0});
  EXPECT_EQ(lab.set[other.index].key(), key(2));
}

TEST(StreamSet, RefusesAStreamAboveItsBound) {
  Lab lab{.config = {.streams_max = 3}};
  for (std::uint8_t i = 1; i <= 3; ++i) ASSERT_EQ(lab.open(key(i)).found, Found::added);

  EXPECT_EQ(lab.open(key(4)).found, Found::full);
  EXPECT_EQ(lab.open(key(3)).found, Found::known);
}

TEST(StreamSet, HasRoomForOurOwnStreamWhenOthersFilledIt) {
  Lab lab{.config = {.streams_max = 2}};
  lab.open(key(1));
  lab.open(key(2));

  EXPECT_EQ(lab.set.find_or_add(lab.now, key(3), StreamSet::Room::reserved).found, Found::added);
  lab.set.check_invariants();

  EXPECT_EQ(lab.open(key(4)).found, Found::full);
}

TEST(StreamSet, RestartsOfAPublisherNeedNoMoreRoomThanItHas) {
  Lab lab{.config = {.streams_max = StreamSetConfig{}.open_max}};
  for (std::uint64_t i = 1; i <= StreamSetConfig{}.open_max; ++i) lab.open(key(1, i));

  EXPECT_EQ(lab.open(key(1, 5)).found, Found::added);
}

TEST(StreamSet, KeepsTheStartOfAStreamUntilABatchNamesIt) {
  Lab lab;
  const auto started = lab.set.start_at(lab.now, tag(key(1)), Seq{50});
  lab.set.check_invariants();

  const auto named = lab.open(key(1));

  EXPECT_EQ(named.found, Found::added);
  EXPECT_EQ(named.index, started);
  EXPECT_EQ(lab.set[named.index].frontier(), Seq{50});
  EXPECT_TRUE(lab.set[named.index].named());
}

TEST(StreamSet, TakesOnlySoManyStartsOnTrust) {
  Lab lab{.config = {.unnamed_max = 2}};
  lab.set.start_at(lab.now, StreamTag{1}, Seq{1});
  lab.set.start_at(lab.now, StreamTag{2}, Seq{1});

  EXPECT_EQ(lab.set.start_at(lab.now, StreamTag{3}, Seq{1}), std::nullopt);

  EXPECT_EQ(lab.open(key(1)).found, Found::added);
}

TEST(StreamSet, RemembersWhatItHeardOfAStreamUntilItIsNamed) {
  Lab lab;
  lab.set.hear(tag(key(1)), Seq{7});
  lab.set.hear(tag(key(1)), Seq{5});

  EXPECT_EQ(lab.open(key(1)).heard, Seq{7});

  EXPECT_TRUE(lab.set.heard().empty());
}

TEST(StreamSet, HearsOfSoManyStreamsAndNoMore) {
  Lab lab{.config = {.heard_max = 2}};
  EXPECT_TRUE(lab.set.hear(StreamTag{1}, Seq{1}));
  EXPECT_TRUE(lab.set.hear(StreamTag{2}, Seq{1}));

  EXPECT_FALSE(lab.set.hear(StreamTag{3}, Seq{1}));
  EXPECT_TRUE(lab.set.hear(StreamTag{2}, Seq{9}));
}

TEST(StreamSet, HearsayAccountsForNothing) {
  Lab lab;
  const std::uint64_t before = lab.set.digest();

  lab.set.hear(StreamTag{1}, Seq{100});

  EXPECT_EQ(lab.set.digest(), before);
  EXPECT_EQ(lab.set.find(StreamTag{1}), std::nullopt);
}

TEST(StreamSet, TellsWhichStreamsChangedNewestFirst) {
  Lab lab;
  const auto a = lab.open(key(1)).index, b = lab.open(key(2)).index, c = lab.open(key(3)).index;
  const std::uint64_t version = lab.set.version();

  lab.take(c, 1, 1);
  lab.take(a, 1, 4);
  lab.take(c, 2, 2);
  lab.take(b, 0 + 1, 1);
  const std::uint64_t later = lab.set.version();
  lab.take(a, 2, 3);  // nothing new

  EXPECT_THAT(lab.changed(version), ElementsAre(b, c, a));
  EXPECT_EQ(lab.set.version(), later);
  EXPECT_TRUE(lab.changed(later).empty());
}

TEST(StreamSet, DigestsAreEqualForEqualFrontiersWhateverTheWay) {
  Lab one, other;
  const auto a = one.open(key(1)).index, b = one.open(key(2)).index;
  const auto b2 = other.open(key(2)).index, a2 = other.open(key(1)).index;

  one.take(a, 1, 10);
  one.take(b, 3, 4);
  other.take(b2, 3, 4);
  EXPECT_NE(one.set.digest(), other.set.digest());
  other.take(a2, 4, 10);
  other.take(a2, 1, 3);

  EXPECT_EQ(one.set.digest(), other.set.digest());
}

TEST(StreamSet, DigestsSeeARunAboveTheFrontier) {
  Lab one, other;
  const auto a = one.open(key(1)).index, a2 = other.open(key(1)).index;
  one.take(a, 1, 2);
  other.take(a2, 1, 2);

  one.take(a, 9, 9);

  EXPECT_NE(one.set.digest(), other.set.digest());
}

TEST(StreamSet, AStreamThatExpiredWhollyCountsLikeOneNeverMet) {
  Lab lab;
  const auto a = lab.open(key(1)).index;
  lab.take(a, 1, 5);

  lab.set.raise_floor(lab.now, a, Seq{6});

  lab.set.check_invariants();
  EXPECT_EQ(lab.set.digest(), 0U);
}

TEST(StreamSet, StaysConsistentUnderAnyUse) {
  Rng rng{21};
  Lab lab{.config = {.streams_max = 24, .unnamed_max = 6, .heard_max = 4}};
  for (int step = 0; step < 4000; ++step) {
    const StreamKey k = key(static_cast<std::uint8_t>(1 + rng.below(8)), 1 + rng.below(12));
    switch (rng.below(4)) {
      case 0: lab.set.start_at(lab.now, tag(k), Seq{rng.below(40)}); break;
      case 1: lab.set.hear(tag(k), Seq{rng.below(40)}); break;
      default:
        const auto place = lab.open(k);
        if (place.found != Found::known && place.found != Found::added) break;
        const std::uint64_t first = 1 + rng.below(60);
        lab.take(place.index, first, first + rng.below(9));
    }
    lab.set.check_invariants();
  }
}

}  // namespace
}  // namespace boato
