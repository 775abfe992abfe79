// SPDX-License-Identifier: Apache-2.0
// The hand-over of event memory from the loop thread to the application. Inside the core the count of a slab
// is a plain integer that never leaves the loop thread; here one batch is lent with an atomic count, and when
// the last Event lets go of it, it goes back to the loop thread through BatchHome's return list.
// A batch is lent once, however many subscriptions take it; nothing is allocated per event, and nothing per
// batch once warm.
#pragma once

#include <boato/event.hpp>

#include "overlay/base/slab.hpp"
#include "overlay/wire/batch.hpp"

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace boato {

class BatchHome;

struct SharedBatch {
  std::atomic<std::uint32_t> refs{0};
  std::shared_ptr<BatchHome> home;     // while lent
  EventRef bytes;                      // counted by the loop thread, or under home's lock once that has ended
  const std::string* topic = nullptr;  // home keeps it
  PeerId publisher;
  std::uint64_t incarnation = 0;
  std::uint64_t first = 0;  // seq of event 0
  std::uint8_t hops = 0;
  bool plain = true;                     // no event has attributes or extras: nothing to look through
  std::vector<const std::byte*> events;  // where each begins

  // Attributes and extras, read at most once a batch, on the application's side (delivery thread or poll).
  std::mutex reading;
  std::atomic<bool> read{false};
  std::vector<Attribute> attributes;  // of all events, one after another
  std::vector<std::uint32_t> ends;    // in `attributes`, per event
  std::vector<bool> refused;          // attributes or extras are malformed

  // False: this event must not be handed out. Call before making an Event of it.
  [[nodiscard]] bool look_through(std::uint32_t index);
  [[nodiscard]] wire::EventView view(std::uint32_t index) const;
  // What the event takes of a subscription's queue.
  [[nodiscard]] std::size_t cost(std::uint32_t index, std::uint32_t count) const;
};

// Owns the memory of one peer's events, for as long as the peer or any Event lives.
class BatchHome : public std::enable_shared_from_this<BatchHome> {
 public:
  BatchHome() = default;
  ~BatchHome();
  BatchHome(const BatchHome&) = delete;
  BatchHome& operator=(const BatchHome&) = delete;

  // --- loop thread
  [[nodiscard]] SlabPool& slabs() { return slabs_; }
  [[nodiscard]] const std::string* intern(const std::string& topic) { return &*topics_.insert(topic).first; }
  // A batch that parses, lent with one reference.
  SharedBatch* lend(const EventRef& bytes, const std::string* topic, std::uint8_t hops);
  // Takes back what the application has let go of.
  void collect();
  // Called (from any thread) when so much waits to be taken back that the loop should not sleep on it.
  void on_pressure(std::function<void()> wake);
  // The loop thread ends: whoever lets go of a batch from here on frees it.
  void close();

  // --- any thread
  static void add(SharedBatch& batch, std::uint32_t n = 1) {
    batch.refs.fetch_add(n, std::memory_order_relaxed);
  }
  static void drop(SharedBatch* batch) {
    if (batch->refs.fetch_sub(1, std::memory_order_acq_rel) == 1) give_back(batch);
  }
  void count_refused(std::uint64_t events) { refused_.fetch_add(events, std::memory_order_relaxed); }
  // Events that are never handed out, because their attributes or extras are malformed.
  [[nodiscard]] std::uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  void count_filtered(std::uint64_t events) { filtered_.fetch_add(events, std::memory_order_relaxed); }
  // Events that a subscription's predicate did not take, for each such subscription.
  [[nodiscard]] std::uint64_t filtered() const { return filtered_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::size_t lent_bytes() const { return lent_bytes_.load(std::memory_order_relaxed); }

 private:
  static constexpr std::size_t pressure_bytes = std::size_t{1} << 20;
  static constexpr std::size_t idle_max = 1024;
  static void give_back(SharedBatch* batch);
  void clean(SharedBatch* batch);

  SlabPool slabs_;
  std::set<std::string> topics_;
  std::vector<SharedBatch*> idle_;
  std::vector<SharedBatch*> taken_back_;
  std::atomic<std::size_t> lent_bytes_{0};
  std::atomic<std::uint64_t> refused_{0}, filtered_{0};
  std::atomic<bool> any_returned_{false};
  std::mutex mutex_;
  std::vector<SharedBatch*> returned_;  // guarded by mutex_
  std::size_t returned_bytes_ = 0;      // guarded by mutex_
  std::function<void()> wake_;          // guarded by mutex_
  bool open_ = true;                    // guarded by mutex_
};

struct EventAccess {
  // Takes one reference over.
  static Event make(SharedBatch* batch, std::uint32_t index) {
    Event event;
    event.shared_ = batch;
    event.index_ = index;
    return event;
  }
  // The same batch, another event: handing out a run of events costs one reference.
  static void move_to(Event& event, std::uint32_t index) { event.index_ = index; }
  [[nodiscard]] static const SharedBatch* batch(const Event& event) { return event.shared_; }
};

}  // namespace boato
