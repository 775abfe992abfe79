// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/rng.hpp"
#include "tests/order/lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace boato {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Fifo, DeliversInOrderAtOnce) {
  OrderLab lab;

  lab.batch(1, 3);
  lab.batch(4, 2);

  EXPECT_THAT(lab.take(), ElementsAre("1-3", "4-5"));
}

TEST(Fifo, HoldsWhatComesBeforeItsTurn) {
  OrderLab lab;

  lab.batch(4, 2);

  EXPECT_THAT(lab.take(), IsEmpty());
  EXPECT_EQ(lab.queue.held().events, 2U);
}

TEST(Fifo, DeliversAllThatWaitedWhenTheHoleCloses) {
  OrderLab lab;
  lab.batch(6, 1);
  lab.batch(4, 2);
  lab.batch(9, 1);

  lab.batch(1, 3);

  EXPECT_THAT(lab.take(), ElementsAre("1-3", "4-5", "6-6"));
  EXPECT_EQ(lab.queue.held().events, 1U);
}

TEST(Fifo, StreamsDoNotWaitForEachOther) {
  OrderLab lab;
  lab.batch(4, 2);

  lab.batch(1, 1, StreamIndex{1});

  EXPECT_THAT(lab.take(), ElementsAre("1-1"));
}

TEST(Fifo, DeliversOnlyTheNewPartOfABatch) {
  OrderLab lab;
  lab.batch(1, 3);
  lab.take();

  lab.batch(1, 8, StreamIndex{0}, {{Seq{4}, Seq{8}}});

  EXPECT_THAT(lab.take(), ElementsAre("4-8"));
}

TEST(Fifo, StatesAGapAndGoesOnBehindIt) {
  OrderLab lab;
  lab.batch(4, 2);

  lab.gap(1, 3, GapReason::expired);

  EXPECT_THAT(lab.take(), ElementsAre("gap 1-3", "4-5"));
  EXPECT_EQ(lab.count(Counter::events_lost), 0U);  // whoever stated it counts it
}

TEST(Fifo, StatesAGapWhenItsTurnComes) {
  OrderLab lab;
  lab.gap(3, 4);
  EXPECT_THAT(lab.take(), IsEmpty());

  lab.batch(1, 2);

  EXPECT_THAT(lab.take(), ElementsAre("1-2", "gap 3-4"));
}

TEST(Fifo, StatesAGapOnlyForWhatIsNotHeld) {
  OrderLab lab;
  lab.batch(3, 2);

  lab.gap(1, 6);

  EXPECT_THAT(lab.take(), ElementsAre("gap 1-2", "3-4", "gap 5-6"));
}

TEST(Fifo, StatesNoNumberTwice) {
  OrderLab lab;
  lab.gap(1, 3);
  lab.take();

  lab.gap(1, 3);
  lab.gap(2, 4);

  EXPECT_THAT(lab.take(), ElementsAre("gap 4-4"));
}

TEST(Fifo, AnEventThatComesAfterItsGapWasStatedButBeforeItsTurnCounts) {
  OrderLab lab;
  lab.gap(3, 9);

  lab.batch(5, 2);
  lab.batch(1, 2);

  EXPECT_THAT(lab.take(), ElementsAre("1-2", "gap 3-4", "5-6", "gap 7-9"));
}

TEST(Fifo, AnEventThatReplacesAWholeGapLeavesNothingBehind) {
  OrderLab lab;
  lab.gap(3, 4);

  lab.batch(3, 2);
  lab.batch(1, 2);

  EXPECT_THAT(lab.take(), ElementsAre("1-2", "3-4"));
  EXPECT_EQ(lab.queue.held().streams, 0U);
}

TEST(Fifo, DropsAndCountsWhatComesAfterItsGapWasTold) {
  OrderLab lab;
  lab.gap(1, 3);
  lab.take();

  lab.batch(2, 4);

  EXPECT_THAT(lab.take(), ElementsAre("4-5"));
  EXPECT_EQ(lab.count(Counter::events_late), 2U);
  EXPECT_EQ(lab.drops(DropReason::late), 2U);
}

TEST(Fifo, StartsWhereItIsTold) {
  OrderLab lab;
  lab.batch(8, 1);
  lab.batch(11, 2);

  lab.queue.start_at(StreamIndex{0}, Seq{10}, lab.fx);
  lab.check();

  EXPECT_THAT(lab.take(), ElementsAre("11-12"));
  EXPECT_EQ(lab.budget.used, 0U);
}

TEST(Fifo, ForgetsAStreamWhoseIndexIsReused) {
  OrderLab lab;
  lab.batch(1, 5);
  lab.batch(9, 2);
  lab.take();

  lab.queue.forget(StreamIndex{0});
  lab.check();
  lab.batch(1, 1);

  EXPECT_THAT(lab.take(), ElementsAre("1-1"));
  EXPECT_EQ(lab.budget.used, 0U);
}

TEST(Fifo, GivesItsBudgetBackWhenItEnds) {
  HoldBudget budget;
  {
    OrderLab lab;
    DeliveryQueue queue{FifoConfig{}, TopicTag{1}, Contract{}, budget};
    const EventRef bytes = make_batch(lab.pool, lab.who, 5, 1);
    const wire::BatchView view = parse(bytes);
    queue.on_batch(lab.now, {StreamIndex{0}, &view, &bytes, 1}, std::array{SeqRange{Seq{5}, Seq{5}}}, lab.fx);
    EXPECT_GT(budget.used, 0U);
  }
  EXPECT_EQ(budget.used, 0U);
}

TEST(FifoUnreliable, WaitsForAHoleNoLongerThanItsLimit) {
  OrderLab lab{Reliability::unreliable};
  lab.batch(3, 2);
  lab.now += FifoConfig{}.gap_wait;
  EXPECT_EQ(lab.queue.next_deadline(), lab.now);

  lab.queue.on_deadline(lab.now - Duration{1}, lab.fx);
  EXPECT_THAT(lab.take(), IsEmpty());
  lab.queue.on_deadline(lab.now, lab.fx);
  lab.check();

  EXPECT_THAT(lab.take(), ElementsAre("gap 1-2", "3-4"));
  EXPECT_EQ(lab.count(Counter::events_lost), 2U);
  EXPECT_EQ(lab.drops(DropReason::lost), 2U);
  EXPECT_EQ(lab.queue.next_deadline(), never);
}

TEST(FifoUnreliable, WhatCameLaterWaitsItsOwnTime) {
  OrderLab lab{Reliability::unreliable};
  lab.batch(3, 1);
  lab.now += Duration{1000};
  lab.batch(7, 1);
  lab.now += FifoConfig{}.gap_wait - Duration{1000};

  lab.queue.on_deadline(lab.now, lab.fx);
  lab.check();

  EXPECT_THAT(lab.take(), ElementsAre("gap 1-2", "3-3"));
  EXPECT_EQ(lab.queue.next_deadline(), lab.now + Duration{1000});
}

TEST(FifoUnreliable, NeverDeliversALateEvent) {
  OrderLab lab{Reliability::unreliable};
  lab.batch(3, 1);
  lab.now += FifoConfig{}.gap_wait;
  lab.queue.on_deadline(lab.now, lab.fx);
  lab.take();

  lab.batch(1, 2);

  EXPECT_THAT(lab.take(), IsEmpty());
  EXPECT_EQ(lab.count(Counter::events_late), 2U);
}

TEST(FifoUnreliable, GivesAHoleUpEarlyWhenItCannotHoldMore) {
  OrderLab lab{Reliability::unreliable};
  lab.batch(3, 1);
  lab.budget.bytes_max = lab.budget.used;

  lab.batch(6, 1);

  EXPECT_THAT(lab.take(), ElementsAre("gap 1-2", "3-3", "gap 4-5", "6-6"));
}

TEST(FifoReliable, WaitsAsLongAsItTakes) {
  OrderLab lab;
  lab.batch(3, 2);

  EXPECT_EQ(lab.queue.next_deadline(), never);
}

TEST(Fifo, DeliversEachNumberOnceAndRisingWhateverTheOrder) {
  Rng rng{31};
  for (int round = 0; round < 200; ++round) {
    OrderLab lab{rng.below(2) ? Reliability::reliable : Reliability::unreliable};
    if (rng.below(2)) lab.budget.bytes_max = 600;
    std::vector<std::uint64_t> firsts;
    for (std::uint64_t i = 0; i < 30; ++i) firsts.push_back(1 + 3 * i);
    rng.shuffle(std::span{firsts});
    for (std::uint64_t first : firsts) {
      lab.arrive(first, 3);
      if (rng.below(8) == 0) {
        const std::uint64_t lost = 1 + 3 * rng.below(30);
        if (!lab.streams[StreamIndex{0}].accounted(Seq{lost})) {
          Fresh fresh;
          lab.streams.account(lab.now, StreamIndex{0}, {Seq{lost}, Seq{lost + 2}}, fresh);
          lab.gap(lost, lost + 2);
        }
      }
      lab.refill();
      lab.now += Duration{static_cast<std::int64_t>(rng.below(60'000))};
      lab.queue.on_deadline(lab.now, lab.fx);
      lab.check();
    }
    lab.now += FifoConfig{}.gap_wait;
    lab.queue.on_deadline(lab.now, lab.fx);
    lab.check();
    std::uint64_t expected = 1;
    for (const SeqRange& r : lab.take_ranges()) {
      ASSERT_EQ(r.first.raw(), expected);
      expected = r.last.raw() + 1;
    }
    ASSERT_EQ(expected, 91U);
    ASSERT_EQ(lab.budget.used, 0U);
  }
}

}  // namespace
}  // namespace boato
