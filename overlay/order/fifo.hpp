// SPDX-License-Identifier: Apache-2.0
// FIFO delivery: each stream's events in the order of their numbers. What comes early waits behind the hole;
// what cannot wait (the budget is used up) is left to the event cache and fetched from there when its turn
// comes. Unreliable topics wait gap_wait for a hole, then state it as lost; what comes after that is dropped
// and counted, so the order is never violated.
// Invariants: (1) numbers go out rising, each at most once, and each number below `next` was delivered or
// stated as a gap or lies before the start; (2) held runs of a stream are disjoint, rising and at or above
// `next`; (3) the budget counts exactly what is held.
#pragma once

#include "overlay/effects/effects.hpp"
#include "overlay/order/hold_budget.hpp"
#include "overlay/stream/ring.hpp"
#include "overlay/stream/stream_key.hpp"
#include "overlay/wire/batch.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
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

// Numbers of one stream whose turn it is, or soon will be, and which the queue could not hold.
struct Refill {
  StreamIndex stream;
  SeqRange range;
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

  // False: some of it could not be held; refill() will ask for it.
  bool on_batch(Time now, const Arrival& arrival, std::span<const SeqRange> fresh, Effects& fx);
  void on_gap(StreamIndex stream, const StreamKey& key, SeqRange range, GapReason reason, Effects& fx);
  void start_at(StreamIndex stream, const StreamKey& key, Seq frontier, Effects& fx);
  void forget(StreamIndex stream);
  [[nodiscard]] std::optional<Refill> refill() const;

  void on_deadline(Time now, Effects& fx);
  [[nodiscard]] Time next_deadline() const { return deadline_; }
  [[nodiscard]] HeldBack held() const;
  [[nodiscard]] Seq next_of(StreamIndex stream) const;  // the number it waits for
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
    Seq next{1};
    Seq spilled{};  // highest number that came and was not held; 0 = none
    Ring<Held> held;
  };
  Queue& queue_of(StreamIndex stream);
  void deliver(Queue& q, const Held& item, const StreamKey& key, Effects& fx);
  void drain(Queue& q, const StreamKey& key, Effects& fx);
  bool hold(Queue& q, StreamIndex stream, Held item);
  void pop_front(Queue& q);
  void wait_for(StreamIndex stream, Time at);
  void late(std::uint64_t events, Effects& fx);

  FifoConfig config_;
  TopicTag topic_;
  bool gives_up_;
  HoldBudget* budget_;
  std::vector<Queue> queues_;         // by stream index
  std::vector<StreamIndex> waiting_;  // streams that hold something or have spilled something
  Time deadline_ = never;
};

}  // namespace boato
