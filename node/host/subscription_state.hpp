// SPDX-License-Identifier: Apache-2.0
// One subscription between the loop thread, which fills its queue, and whoever takes items out of it: the
// delivery thread for handlers, any thread for poll. Knows nothing of topics and links. When the queue is
// full it refuses (WhenFull::lag; node/host/feed.hpp then catches up) or drops its oldest events as a stated
// gap. Invariants: (1) the handler never runs twice at a time; (2) items of one stream keep their order.
#pragma once

#include <boato/event.hpp>
#include <boato/result.hpp>
#include <boato/subscription.hpp>

#include "node/host/drop_table.hpp"
#include "node/host/fifo.hpp"
#include "node/host/shared_batch.hpp"

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace boato {

class SubscriptionState {
 public:
  using Handler = std::function<void(const Item&)>;

  SubscriptionState(std::string pattern, SubscribeOptions options, Handler handler);
  ~SubscriptionState();
  SubscriptionState(const SubscriptionState&) = delete;
  SubscriptionState& operator=(const SubscriptionState&) = delete;

  [[nodiscard]] const std::string& pattern() const { return pattern_; }
  [[nodiscard]] bool polled() const { return !handler_; }

  // What the owner does for it; set once, before anyone else knows the subscription.
  struct Owner {
    std::function<void()> drained;    // it lags, and its queue is less than half full now
    std::function<void()> resumed;    // items wait, and it may be scheduled again
    std::function<void()> cancelled;  // the loop forgets it
  };
  void set_owner(Owner owner);

  // --- loop thread
  // False: no room; nothing was taken. What had to make room is added to `drops`.
  [[nodiscard]] bool offer(SharedBatch* batch, std::uint32_t index, std::uint32_t count, DropTable& drops);
  // Events that the predicate does not take: a gap is told if they were asked for. False: no room for it.
  [[nodiscard]] bool pass_over(const SharedBatch& batch, std::uint32_t index, std::uint32_t count,
                               DropTable& drops);
  bool tell_filtered(const Gap& gap);
  void tell(Item item);  // a gap or a status: always taken
  void set_lagging(bool lagging) { lagging_.store(lagging); }
  [[nodiscard]] bool lagging() const { return lagging_.load(); }
  [[nodiscard]] bool begin_refill();  // true if there is room to catch up
  // After a turn that put something in: true if it has to be scheduled on the delivery thread.
  [[nodiscard]] bool wake();
  void close();  // the peer ends; what is queued can still be taken

  // --- delivery thread
  // Hands out some of what waits; true if there is more.
  bool run();

  // --- any thread
  Result<std::vector<Item>> poll(Duration within, std::size_t items_max);
  [[nodiscard]] int poll_fd() const { return event_fd_; }
  void pause();
  void resume();
  void cancel();
  [[nodiscard]] bool is_cancelled() const { return cancelled_.load(); }

 private:
  static constexpr std::size_t item_bytes = 256;  // what a gap or status counts in the queue
  struct Entry {
    SharedBatch* batch = nullptr;  // one reference
    std::uint32_t index = 0, count = 0;
    std::size_t bytes = 0;
    std::unique_ptr<Item> item;  // if there is no batch
  };
  bool make_room(std::size_t bytes, std::vector<Entry>& dropped);
  void drop_oldest(std::size_t bytes, std::vector<Entry>& dropped);
  void state_overflow(Gap gap);
  static void account(const std::vector<Entry>& dropped, DropTable& drops);
  bool take(Entry& entry);
  [[nodiscard]] bool has_drained();
  void show();  // makes poll_fd() readable or not
  [[nodiscard]] bool has_items() const { return !gaps_.empty() || current_.count > 0 || !queue_.empty(); }
  void hand_out(Entry& entry);
  static Gap refused(const SharedBatch& batch, std::uint32_t index);

  const std::string pattern_;
  const SubscribeOptions options_;
  const Handler handler_;
  Owner owner_;
  int event_fd_ = -1;

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  Fifo<Entry> queue_;      // guarded by mutex_, as all below
  Entry current_;          // begun, and put down again when it was paused
  std::vector<Gap> gaps_;  // of dropped events, due before the queue
  std::size_t bytes_ = 0;
  std::thread::id running_{};  // inside the handler
  bool scheduled_ = false, closed_ = false, shown_ = false, told_drained_ = false;
  std::atomic<bool> cancelled_{false}, paused_{false}, lagging_{false};
};

}  // namespace boato
