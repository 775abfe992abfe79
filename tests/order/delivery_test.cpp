// SPDX-License-Identifier: Apache-2.0
#include "overlay/order/delivery.hpp"

#include "tests/order/lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace boato {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(Delivery, WithoutOrderEverythingGoesStraightOut) {
  OrderLab lab{Reliability::reliable, Order::none};

  lab.batch(4, 2);
  lab.batch(1, 1);
  lab.gap(2, 3);

  EXPECT_THAT(lab.take(), ElementsAre("4-5", "1-1", "gap 2-3"));
  EXPECT_EQ(lab.queue.next_deadline(), never);
}

TEST(Delivery, OffersWhatIsBuilt) {
  EXPECT_TRUE(DeliveryQueue::offers(Order::none));
  EXPECT_TRUE(DeliveryQueue::offers(Order::fifo));
  EXPECT_FALSE(DeliveryQueue::offers(Order::causal));
  EXPECT_FALSE(DeliveryQueue::offers(Order::total));
  EXPECT_FALSE(DeliveryQueue::offers(Order::total_causal));
}

TEST(Delivery, TellsWhoseEventsAGapMisses) {
  OrderLab lab;

  lab.gap(1, 2, GapReason::expired);
  lab.take();

  EXPECT_EQ(lab.last_gap.publisher, lab.who.id);
  EXPECT_EQ(lab.last_gap.incarnation, lab.who.incarnation);
  EXPECT_EQ(lab.last_gap.reason, GapReason::expired);
  EXPECT_EQ(lab.last_gap.topic, TopicTag{1});
}

TEST(Delivery, HoldsExactlyItsBudget) {
  OrderLab lab;
  ASSERT_TRUE(lab.arrive(3, 1));
  const std::size_t one = lab.budget.used;

  lab.budget.bytes_max = 2 * one;
  EXPECT_TRUE(lab.arrive(5, 1));
  EXPECT_EQ(lab.budget.used, 2 * one);
  EXPECT_FALSE(lab.arrive(7, 1));
  EXPECT_EQ(lab.count(Counter::held_overflow), 1U);
}

TEST(Delivery, TakesBackFromTheCacheWhatItCouldNotHold) {
  OrderLab lab;
  lab.budget.bytes_max = 0;
  EXPECT_FALSE(lab.arrive(3, 2));
  EXPECT_FALSE(lab.arrive(5, 4));
  lab.refill();
  EXPECT_THAT(lab.take(), IsEmpty());

  lab.arrive(1, 2);
  lab.refill();

  EXPECT_THAT(lab.take(), ElementsAre("1-2", "3-4", "5-8"));
  EXPECT_EQ(lab.hops, 3);
  EXPECT_FALSE(lab.queue.spilled());
}

TEST(Delivery, WaitsForAHoleAmongWhatItCouldNotHold) {
  OrderLab lab;
  lab.budget.bytes_max = 0;
  lab.arrive(3, 1);
  lab.arrive(6, 1);
  lab.arrive(1, 2);
  lab.refill();
  EXPECT_THAT(lab.take(), ElementsAre("1-2", "3-3"));
  EXPECT_TRUE(lab.queue.spilled());

  lab.arrive(4, 2);
  lab.refill();

  EXPECT_THAT(lab.take(), ElementsAre("4-5", "6-6"));
}

TEST(Delivery, GoesOnWithWhatItHoldsBehindWhatItTookBack) {
  OrderLab lab;
  ASSERT_TRUE(lab.arrive(5, 1));
  lab.budget.bytes_max = lab.budget.used;
  ASSERT_FALSE(lab.arrive(2, 2));
  ASSERT_FALSE(lab.arrive(6, 2));

  lab.arrive(1, 1);
  lab.refill();
  lab.arrive(4, 1);
  lab.refill();

  EXPECT_THAT(lab.take(), ElementsAre("1-1", "2-3", "4-4", "5-5", "6-7"));
}

TEST(Delivery, StatesAsOverflowWhatTheCacheHasLost) {
  OrderLab lab;
  lab.budget.bytes_max = 0;
  lab.arrive(3, 2);
  lab.cache.forget(TopicSlot{0});
  lab.arrive(5, 1);

  lab.arrive(1, 2);
  lab.refill();

  EXPECT_THAT(lab.take(), ElementsAre("1-2", "gap 3-4", "5-5"));
  EXPECT_EQ(lab.last_gap.reason, GapReason::overflow);
}

}  // namespace
}  // namespace boato
