// SPDX-License-Identifier: Apache-2.0
// The delivery queue of one topic: between "this peer has it" and "the application may see it". One policy
// per contract order; causal and total order are policies of their own. Everything fresh goes in exactly once
// and comes out as Delivery or GapNotice, in the order the contract promises. Knows no links, repair or
// signatures. What it cannot hold stays in the event cache: see refill.
#pragma once

#include "overlay/order/fifo.hpp"
#include "overlay/stream/event_cache.hpp"
#include "overlay/stream/stream_set.hpp"

#include <variant>

namespace boato {

// Order none: everything goes straight out.
struct NoOrder {};

class DeliveryQueue {
 public:
  // `budget` outlives this. The order is one that offers() (checked).
  DeliveryQueue(const FifoConfig& config, TopicTag topic, const Contract& contract, HoldBudget& budget);

  [[nodiscard]] static bool offers(Order order) { return order == Order::none || order == Order::fifo; }

  // The runs of a batch that were new (Fresh::ranges). Whoever accounted them calls this once, in the same
  // turn. False: some had to be left to the event cache (counted as held_overflow here); nothing is lost by
  // it, and no number is un-accounted. Call refill after each on_batch and on_gap of a queue that has
  // spilled().
  bool on_batch(Time now, const Arrival& arrival, std::span<const SeqRange> fresh, Effects& fx);

  // These numbers will not come. The application is told when their turn comes. Numbers that were delivered
  // or stated already are skipped. Whoever states a gap counts it; the queue counts only what it gives up
  // itself.
  void on_gap(StreamIndex stream, const StreamKey& key, SeqRange range, GapReason reason, Effects& fx);

  // A joiner's start: nothing up to `frontier` is delivered or stated.
  void start_at(StreamIndex stream, Seq frontier, Effects& fx);

  // A stream that is handed out selectively: all of it up to here is accounted for, and what did not come was
  // not for us.
  void advance(StreamIndex stream, const StreamKey& key, Seq frontier, Effects& fx);

  // The stream was closed, its index will be reused.
  void forget(StreamIndex stream);

  [[nodiscard]] bool spilled() const;
  // Takes what was left behind back from the cache, as far as its turn has come and the budget allows. What
  // the cache has lost meanwhile becomes GAP(overflow). `streams` tells which numbers this peer has.
  void refill(TopicSlot topic, const StreamSet& streams, const EventCache& cache, Effects& fx);

  void on_deadline(Time now, Effects& fx);
  [[nodiscard]] Time next_deadline() const;

  [[nodiscard]] HeldBack held() const;
  void check_invariants() const;

 private:
  TopicTag topic_;
  std::variant<NoOrder, FifoOrder> policy_;
};

}  // namespace boato
