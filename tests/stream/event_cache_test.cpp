// SPDX-License-Identifier: Apache-2.0
#include "overlay/stream/event_cache.hpp"

#include "overlay/base/rng.hpp"
#include "tests/wire/batches.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace boato {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

constexpr TopicSlot topic{0}, other_topic{1};
constexpr StreamIndex stream{2}, other_stream{0};

struct Lab {
  EventCacheConfig config{};
  SlabPool pool{};
  EventCache cache{config};
  Effects fx{};
  Time now{Duration{1'000'000}};
  TestPublisher who{1};

  CacheId put(std::uint64_t first, std::size_t count, Trust trust = Trust::verified, StreamIndex s = stream,
              TopicSlot t = topic) {
    const EventRef bytes = make_batch(pool, who, first, count);
    const CacheId id = cache.put(now, {t, s, trust, 0}, parse(bytes), bytes, fx);
    cache.check_invariants();
    return id;
  }
  std::vector<std::uint64_t> firsts(std::uint64_t first, std::uint64_t last) const {
    std::vector<std::uint64_t> list;
    cache.each(topic, stream, {Seq{first}, Seq{last}}, [&](const CachedBatch& b) {
      list.push_back(b.first.raw());
      return true;
    });
    return list;
  }
};

std::size_t batch_size() { return wire::batch_header_bytes + wire::event_header_bytes + 7; }

TEST(EventCache, FindsTheBatchThatHoldsANumber) {
  Lab lab;
  lab.put(1, 4);
  const CacheId second = lab.put(5, 3);

  EXPECT_EQ(lab.cache.find(topic, stream, Seq{7})->id, second);
  EXPECT_EQ(lab.cache.find(topic, stream, Seq{8}), nullptr);
  EXPECT_EQ(lab.cache.find(topic, other_stream, Seq{7}), nullptr);
  EXPECT_EQ(lab.cache.find(other_topic, stream, Seq{7}), nullptr);
}

TEST(EventCache, GivesBatchesInStreamOrderWhateverOrderTheyCameIn) {
  Lab lab;
  for (std::uint64_t first : {9, 1, 5, 13}) lab.put(first, 4);

  EXPECT_THAT(lab.firsts(1, 99), ElementsAre(1, 5, 9, 13));
  EXPECT_THAT(lab.firsts(6, 9), ElementsAre(5, 9));
  EXPECT_THAT(lab.firsts(17, 20), IsEmpty());
}

TEST(EventCache, KeepsABatchOnceAndItsBetterTrust) {
  Lab lab;
  const CacheId id = lab.put(1, 4, Trust::attested);

  EXPECT_EQ(lab.put(1, 4, Trust::verified), id);

  EXPECT_EQ(lab.cache.batches(), 1U);
  EXPECT_EQ(lab.cache.find(id)->trust, Trust::verified);
}

TEST(EventCache, VerifiedStaysVerified) {
  Lab lab;
  const CacheId id = lab.put(1, 4, Trust::verified);

  lab.put(1, 4, Trust::attested);

  EXPECT_EQ(lab.cache.find(id)->trust, Trust::verified);
}

TEST(EventCache, UpgradesAnEntryWhoseSignatureHolds) {
  Lab lab;
  const CacheId id = lab.put(1, 4, Trust::attested);

  lab.cache.upgrade(id);

  EXPECT_EQ(lab.cache.find(id)->trust, Trust::verified);
}

TEST(EventCache, NeverServesWhatWasDropped) {
  Lab lab;
  lab.put(1, 4);
  const CacheId id = lab.put(5, 4, Trust::attested);
  lab.put(9, 4);

  lab.cache.drop(id);
  lab.cache.check_invariants();

  EXPECT_EQ(lab.cache.find(id), nullptr);
  EXPECT_EQ(lab.cache.find(topic, stream, Seq{5}), nullptr);
  EXPECT_THAT(lab.firsts(1, 99), ElementsAre(1, 9));
}

TEST(EventCache, FindsBatchesOfAPublisherWhoseBatchesOverlap) {
  Lab lab;
  lab.put(1, 10);
  lab.put(3, 4);
  lab.put(3, 2);
  lab.put(8, 20);

  EXPECT_THAT(lab.firsts(9, 9), ElementsAre(1, 8));
  EXPECT_THAT(lab.firsts(4, 4), ElementsAre(1, 3, 3));
  EXPECT_EQ(lab.cache.find(topic, stream, Seq{10})->first, Seq{1});
}

TEST(EventCache, EvictsTheOldestByArrivalAtItsByteLimit) {
  Lab lab{.config = {.bytes_max = 3 * batch_size()}};
  lab.put(9, 1);
  lab.put(1, 1);
  lab.put(5, 1);
  EXPECT_EQ(lab.cache.evicted(), 0U);

  lab.put(7, 1);

  EXPECT_THAT(lab.firsts(1, 99), ElementsAre(1, 5, 7));
  EXPECT_EQ(lab.cache.evicted(), 1U);
  EXPECT_EQ(lab.fx.notes().size(), 1U);
  EXPECT_EQ(lab.fx.notes()[0].counter, Counter::cache_evicted);
}

TEST(EventCache, HoldsNoBatchLargerThanItself) {
  Lab lab{.config = {.bytes_max = batch_size() - 1}};

  const CacheId id = lab.put(1, 1);

  EXPECT_EQ(lab.cache.find(id), nullptr);
  EXPECT_EQ(lab.cache.bytes(), 0U);
}

TEST(EventCache, EvictsTheOldestAtItsLimitOfBatches) {
  Lab lab{.config = {.batches_max = 3}};
  for (std::uint64_t i = 1; i <= 4; ++i) lab.put(i, 1);

  EXPECT_THAT(lab.firsts(1, 99), ElementsAre(2, 3, 4));
}

TEST(EventCache, EvictsWhatIsTooOldAtItsDeadline) {
  Lab lab;
  lab.put(1, 1);
  lab.now += Duration{10};
  lab.put(2, 1);
  const Time deadline = lab.cache.next_deadline();

  lab.cache.on_deadline(deadline, lab.fx);
  lab.cache.check_invariants();

  EXPECT_EQ(deadline, lab.now - Duration{10} + lab.config.age_max);
  EXPECT_THAT(lab.firsts(1, 99), ElementsAre(2));
  EXPECT_EQ(lab.cache.next_deadline(), lab.now + lab.config.age_max);
}

TEST(EventCache, ForgetsOneStreamOrOneTopicAndNothingElse) {
  Lab lab;
  lab.put(1, 1);
  lab.put(2, 1, Trust::verified, other_stream);
  lab.put(3, 1, Trust::verified, stream, other_topic);

  lab.cache.forget(topic, stream);
  lab.cache.check_invariants();
  EXPECT_EQ(lab.cache.batches(), 2U);

  lab.cache.forget(other_topic);
  lab.cache.check_invariants();
  EXPECT_EQ(lab.cache.batches(), 1U);
  EXPECT_NE(lab.cache.find(topic, other_stream, Seq{2}), nullptr);
}

TEST(EventCache, GivesEveryByteBack) {
  Lab lab;
  for (std::uint64_t i = 1; i <= 20; ++i) lab.put(i, 1);

  lab.cache.on_deadline(lab.now + lab.config.age_max, lab.fx);

  EXPECT_EQ(lab.pool.live_bytes(), 0U);
  EXPECT_EQ(lab.cache.next_deadline(), never);
}

TEST(EventCache, AgreesWithAListUnderAnyUse) {
  struct Row {
    CacheId id;
    std::uint64_t first, last;
    std::uint32_t stream;
  };
  Rng rng{17};
  Lab lab{.config = {.batches_max = 40}};
  std::vector<Row> rows;  // by arrival
  for (int step = 0; step < 3000; ++step) {
    const auto s = static_cast<std::uint32_t>(rng.below(3));
    const std::uint64_t first = 1 + rng.below(120), count = 1 + rng.below(6), last = first + count - 1;
    if (rng.below(5) > 0) {
      const CacheId id = lab.put(first, count, Trust::verified, StreamIndex{s});
      if (std::ranges::none_of(rows, [&](const Row& r) { return r.id == id; }))
        rows.push_back({id, first, last, s});
    } else if (!rows.empty()) {
      const auto place = static_cast<std::ptrdiff_t>(rng.below(rows.size()));
      lab.cache.drop(rows[static_cast<std::size_t>(place)].id);
      rows.erase(rows.begin() + place);
    }
    std::erase_if(rows, [&](const Row& r) { return lab.cache.find(r.id) == nullptr; });
    lab.cache.check_invariants();
    ASSERT_EQ(rows.size(), lab.cache.batches());
    std::vector<std::uint64_t> expected, found;
    for (const Row& r : rows)
      if (r.stream == s && r.first <= last && r.last >= first) expected.push_back(r.id.raw());
    lab.cache.each(topic, StreamIndex{s}, {Seq{first}, Seq{last}}, [&](const CachedBatch& b) {
      found.push_back(b.id.raw());
      return true;
    });
    std::ranges::sort(found);
    ASSERT_EQ(found, expected);
  }
}

}  // namespace
}  // namespace boato
