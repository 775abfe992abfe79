// SPDX-License-Identifier: Apache-2.0
// FIFO delivery: each stream's events in the order of their numbers. What comes early waits behind the hole;
// what cannot wait (the budget is used up) is left to the event cache and fetched from there when its turn
// comes. Unreliable topics wait gap_wait for a hole, or until the budget is used up, then state it as lost;
// what comes after that is dropped and counted (events_late), so the order is never violated.
// Invariants: (1) numbers go out rising, each at most once, and each number below `next` was delivered or
// stated as a gap or lies before the start; (2) held runs of a stream are disjoint, rising and at or above
// `next`; (3) the budget counts exactly what is held.
#pragma once

#include "overlay/effects/effects.hpp"
#include "overlay/order/hold_budget.hpp"
#include "overlay/stream/ring.hpp"
#include "overlay/stream/stream_key.hpp"
#include "overlay/wire/batch.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace boato {

struct FifoConfig {
  Duration gap_wait = std::chrono::milliseconds{200};  // unreliable topics only
};

// How many wait, and for how many holes.
struct HeldBack {
  std::size_t streams = 0;
  std::size_t events = 0;
  std::size_t bytes = 0;
};

// A batch as it comes to a queue.
struct Arrival {
  StreamIndex stream;
  const wire::BatchView* batch = nullptr;
  const EventRef* bytes = nullptr;
  std::uint8_t hops = 0;
};

class FifoOrder {
 public:
  FifoOrder(const FifoConfig& config, TopicTag topic, bool gives_up, HoldBudget& budget)
      : config_{config}, topic_{topic}, gives_up_{gives_up}, budget_{&budget} {}
  FifoOrder(FifoOrder&& other) noexcept = default;
  FifoOrder& operator=(FifoOrder&&) = delete;
  ~FifoOrder();

  // False: some of it could not be held and is spilled: the cache has it.
  bool on_batch(Time now, const Arrival& arrival, std::span<const SeqRange> fresh, Effects& fx);
  void on_gap(StreamIndex stream, const StreamKey& key, SeqRange range, GapReason reason, Effects& fx);
  void start_at(StreamIndex stream, Seq frontier, Effects& fx);
  // What is not held up to here does not come, and was not for us; it is stated as that. No effect while
  // something spilled is to be fetched first.
  void advance(StreamIndex stream, const StreamKey& key, Seq upto, Effects& fx);
  void forget(StreamIndex stream);

  [[nodiscard]] bool spilled() const { return spilled_ > 0; }
  // f(StreamIndex, SeqRange) for each stream whose next numbers may have been spilled: from the one it waits
  // for up to what it holds. f must not change the queue.
  template <class F>
  void each_spilled(F&& f) const {
    for (StreamIndex stream : waiting_) {
      const Queue& q = queues_[stream.raw()];
      if (q.spilled < q.next) continue;
      f(stream,
        SeqRange{q.next, q.held.empty() ? q.spilled
                                        : std::min(q.spilled, Seq{q.held.front().range.first.raw() - 1})});
    }
  }
  // Back from the cache: begins at the number the stream waits for (checked).
  void on_refill(const Arrival& arrival, SeqRange range, Effects& fx);

  void on_deadline(Time now, Effects& fx);
  [[nodiscard]] Time next_deadline() const { return deadline_; }
  [[nodiscard]] HeldBack held() const;
  [[nodiscard]] Seq next_of(StreamIndex stream) const {  // the number it waits for
    return stream.raw() < queues_.size() ? queues_[stream.raw()].next : Seq{1};
  }
  void check_invariants() const;

 private:
  struct Held {
    SeqRange range;
    Seq batch_first;
    EventRef bytes;  // empty: a stated gap that waits for its turn
    Time at{};
    GapReason reason{};
    std::uint8_t hops = 0;
  };
  struct Queue {
    Seq next{1};    // the number it waits for
    Seq spilled{};  // highest number that came and was not held; below next: none
    StreamKey key;  // known once something is held or spilled
    Ring<Held> held;
  };
  static std::size_t cost(const Held& item) {
    return item.bytes.empty() ? 0 : item.bytes.size() + sizeof(Held);
  }
  Queue& queue_of(StreamIndex stream);
  void deliver(Queue& q, const StreamKey& key, Held item, Effects& fx);
  void drain(Queue& q, StreamIndex stream, Effects& fx);
  bool hold(Queue& q, StreamIndex stream, const Held& item, Effects& fx);
  void insert(Queue& q, StreamIndex stream, const Held& item);
  void carve(Queue& q, StreamIndex stream, SeqRange range);
  void state_lost(Queue& q, Seq first, DropReason why, Effects& fx);
  void give_up(Queue& q, StreamIndex stream, std::size_t items, DropReason why, Effects& fx);
  Held pop_front(Queue& q);
  void settle(Queue& q, StreamIndex stream);

  FifoConfig config_;
  TopicTag topic_;
  bool gives_up_;
  HoldBudget* budget_;
  std::vector<Queue> queues_;         // by stream index
  std::vector<StreamIndex> waiting_;  // those that hold or have spilled something
  std::size_t spilled_ = 0;           // of them, those that have spilled
  Time deadline_ = never;
};

}  // namespace boato
