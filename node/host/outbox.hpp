// SPDX-License-Identifier: Apache-2.0
// Events on their way from application threads to the loop thread. The publishing thread writes an event
// straight into the batch that will travel, numbers it under the same lock, and wakes the loop at most once;
// the loop takes whatever batch is there, full or not, so batches grow with the load and an idle publisher
// never waits. What waits is bounded for the peer as a whole: beyond it publishing is refused. When much
// waits, the thread that publishes hashes and signs some of its batches itself: the loop is behind then. It
// also signs a lone event after a pause, while the loop that it has woken is still on its way.
#pragma once

#include <boato/result.hpp>

#include "node/host/fifo.hpp"
#include "node/host/inbox.hpp"
#include "overlay/base/slab.hpp"
#include "overlay/effects/self.hpp"
#include "overlay/wire/batch.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace boato {

class Outbox;

// What all outboxes of one peer share: the bound, spare slabs, and the list of those that have something.
class OutboxHub {
 public:
  OutboxHub(Inbox& inbox, std::size_t bytes_max);

  // --- any thread
  // One event larger than the bound is let in when nothing else waits.
  [[nodiscard]] bool reserve(std::size_t bytes);
  // Waits for room until `deadline`. False: none came, or the peer was closed.
  bool reserve_until(std::size_t bytes, std::chrono::steady_clock::time_point deadline);
  void release(std::size_t bytes);
  [[nodiscard]] bool closed() const { return closed_.load(std::memory_order_acquire); }
  void close();
  [[nodiscard]] std::size_t bytes() const { return bytes_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool much_waits() const { return bytes() > bytes_max_ / 4; }

  // A slab of one of Outbox's two sizes. `fresh` is set when it came from the heap and must be adopted by the
  // loop thread.
  SlabRef take_spare(std::size_t bytes, Slab*& fresh);
  void mark(std::shared_ptr<Outbox> outbox);  // it has gone from empty to not empty

  // --- loop thread
  void refill(SlabPool& slabs);
  void drop_spares();
  void take_marked(std::vector<std::shared_ptr<Outbox>>& out);

 private:
  struct Spares {
    std::size_t bytes;   // of each
    std::size_t wanted;  // grows when they run out
    std::size_t wanted_max;
    std::vector<SlabRef> slabs{};
  };
  Inbox& inbox_;
  const std::size_t bytes_max_;
  std::atomic<std::size_t> bytes_{0};
  std::atomic<std::uint32_t> waiters_{0};
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable room_;
  std::array<Spares, 2> spares_;                 // guarded by mutex_
  std::vector<std::shared_ptr<Outbox>> marked_;  // guarded by mutex_
};

class Outbox : public std::enable_shared_from_this<Outbox> {
 public:
  // A batch of 256 events that fits into the small slab would leave most of the large one empty.
  static constexpr std::size_t small_slab_bytes = 65536, slab_bytes = 131072;

  // What a publishing thread signs with. `self` lives until the outbox is closed and dropped; without it only
  // the loop thread signs.
  struct Signer {
    const Self* self = nullptr;
    TopicId topic{};
  };
  Outbox(std::shared_ptr<OutboxHub> hub, TopicTag topic, const Signer& signer)
      : hub_{std::move(hub)}, topic_{topic}, signer_{signer} {}
  Outbox(std::shared_ptr<OutboxHub> hub, TopicTag topic) : Outbox{std::move(hub), topic, Signer{}} {}

  // Any thread. The event's number; the room for it has been reserved in the hub, and goes back when the loop
  // takes it. Errors: closed.
  Result<Seq, Errc> add(const wire::EventView& event);

  struct Batch {
    wire::BatchBuilder builder;
    Seq first;
    std::size_t reserved = 0;
    std::uint16_t count = 0;
  };
  // --- loop thread
  [[nodiscard]] TopicTag topic() const { return topic_; }
  // The oldest batch; false: empty, and the next event marks the outbox again.
  bool take(Batch& batch, SlabPool& slabs);
  // Nothing is accepted any more.
  void close();
  // Drops what waits; how many events that were. Waits for a thread that is signing.
  std::uint64_t drop(SlabPool& slabs);
  [[nodiscard]] std::uint64_t waiting();  // events

 private:
  struct Entry {
    Batch batch;
    Slab* fresh = nullptr;
    bool ahead = false;  // was taken from open_: the rest of its slab is to be used
  };
  static constexpr std::size_t signed_at_once = 8;  // as many as are hashed at once
  static void adopt(Entry& entry, SlabPool& slabs);
  static constexpr auto lone_after = std::chrono::microseconds{50};
  void sign(std::unique_lock<std::mutex>& lock, std::span<Entry> entries);
  void sign_some(std::unique_lock<std::mutex>& lock);
  // Whether the event that has just marked the outbox, and two before it, came alone.
  [[nodiscard]] bool lone();
  void sign_ahead();
  void use_rest(const wire::BatchBuilder& taken);

  std::shared_ptr<OutboxHub> hub_;
  const TopicTag topic_;
  const Signer signer_;
  std::mutex mutex_;
  std::condition_variable signed_some_;
  Fifo<Entry> signed_;      // guarded by mutex_, as all below; come before
  Fifo<Entry> full_;        // those, which come before
  Entry open_;              // this one: it takes events
  bool signing_ = false;    // some thread has batches that belong between signed_ and full_
  bool ahead_ = false;      // it is a lone event, there in a moment
  bool awaited_ = false;    // by the loop
  std::uint64_t last_ = 0;  // number of the newest event
  std::uint64_t waiting_ = 0;
  bool marked_ = false;
  bool closed_ = false;
  std::uint64_t marked_by_ = 0;  // the event that marked the outbox last, and when
  std::chrono::steady_clock::time_point marked_at_{};
  std::uint32_t pauses_ = 0;  // in a row
};

}  // namespace boato
