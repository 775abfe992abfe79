// SPDX-License-Identifier: Apache-2.0
#include "node/host/subscription_state.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

namespace boato {
namespace {

Gap gap_of(const SharedBatch& batch, std::uint32_t index, std::uint32_t count, Gap::Reason reason) {
  Gap gap;
  gap.topic = *batch.topic;
  gap.first = batch.first + index;
  gap.last = gap.first + count - 1;
  gap.stream = EventId{batch.publisher, batch.incarnation, gap.first};
  gap.reason = reason;
  return gap;
}

}  // namespace

SubscriptionState::SubscriptionState(std::string pattern, SubscribeOptions options, Handler handler)
    : pattern_{std::move(pattern)}, options_{std::move(options)}, handler_{std::move(handler)} {
  if (!handler_) event_fd_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
}

SubscriptionState::~SubscriptionState() {
  while (!queue_.empty()) {
    const Entry entry = queue_.pop();
    if (entry.batch) BatchHome::drop(entry.batch);
  }
  if (current_.batch) BatchHome::drop(current_.batch);
  if (event_fd_ >= 0) ::close(event_fd_);
}

void SubscriptionState::set_owner(Owner owner) { owner_ = std::move(owner); }

bool SubscriptionState::offer(SharedBatch* batch, std::uint32_t index, std::uint32_t count,
                              DropTable& drops) {
  const std::size_t bytes = batch->cost(index, count);
  std::vector<Entry> dropped;
  {
    std::lock_guard lock{mutex_};
    if (cancelled_ || closed_) return true;
    if (!make_room(bytes, dropped)) return false;
    BatchHome::add(*batch);
    queue_.push({batch, index, count, bytes, nullptr});
    bytes_ += bytes;
  }
  account(dropped, drops);
  return true;
}

bool SubscriptionState::pass_over(const SharedBatch& batch, std::uint32_t index, std::uint32_t count,
                                  DropTable& drops) {
  if (!options_.show_filtered) return true;
  std::vector<Entry> dropped;
  {
    std::lock_guard lock{mutex_};
    if (cancelled_ || closed_) return true;
    if (!make_room(item_bytes, dropped)) return false;
    Gap gap = gap_of(batch, index, count, Gap::Reason::not_for_you);
    queue_.push({nullptr, 0, 1, item_bytes, std::make_unique<Item>(std::move(gap))});
    bytes_ += item_bytes;
  }
  account(dropped, drops);
  return true;
}

bool SubscriptionState::tell_filtered(const Gap& gap) {
  if (options_.show_filtered) tell(gap);
  return options_.show_filtered;
}

void SubscriptionState::account(const std::vector<Entry>& dropped, DropTable& drops) {
  for (const Entry& old : dropped) {
    drops.add(DropReason::subscription_full, *old.batch->topic, old.batch->publisher, old.count);
    BatchHome::drop(old.batch);
  }
}

// False: there is none, and nothing may be dropped for it. Under the lock.
bool SubscriptionState::make_room(std::size_t bytes, std::vector<Entry>& dropped) {
  if (bytes_ + bytes <= options_.queue_bytes_max || !has_items()) return true;
  if (options_.when_full == WhenFull::lag) return false;
  drop_oldest(bytes, dropped);
  return true;
}

void SubscriptionState::drop_oldest(std::size_t bytes, std::vector<Entry>& dropped) {
  while (!queue_.empty() && bytes_ + bytes > options_.queue_bytes_max) {
    Entry entry = queue_.pop();
    bytes_ -= entry.bytes;
    if (!entry.batch) {
      auto* gap = std::get_if<Gap>(entry.item.get());
      if (gap && gap->reason == Gap::Reason::not_for_you)
        state_overflow(std::move(*gap));
      else if (gap)
        gaps_.push_back(std::move(*gap));
      continue;
    }
    state_overflow(gap_of(*entry.batch, entry.index, entry.count, Gap::Reason::overflow));
    dropped.push_back(std::move(entry));
  }
}

// Joined to the gap before it: what is dropped takes no room, whatever was filtered in between.
void SubscriptionState::state_overflow(Gap gap) {
  gap.reason = Gap::Reason::overflow;
  const auto same = std::ranges::find_if(gaps_, [&](const Gap& g) {
    return g.stream && g.stream->publisher == gap.stream->publisher &&
           g.stream->incarnation == gap.stream->incarnation && g.topic == gap.topic &&
           g.reason == Gap::Reason::overflow && g.last + 1 == gap.first;
  });
  if (same != gaps_.end())
    same->last = gap.last;
  else
    gaps_.push_back(std::move(gap));
}

void SubscriptionState::tell(Item item) {
  std::lock_guard lock{mutex_};
  if (cancelled_ || closed_) return;
  queue_.push({nullptr, 0, 1, item_bytes, std::make_unique<Item>(std::move(item))});
  bytes_ += item_bytes;
}

bool SubscriptionState::begin_refill() {
  std::lock_guard lock{mutex_};
  told_drained_ = false;
  return bytes_ < options_.queue_bytes_max / 2 || !has_items();
}

// Once per refill. Under the lock.
bool SubscriptionState::has_drained() {
  if (!lagging_ || told_drained_ || (bytes_ >= options_.queue_bytes_max / 2 && has_items())) return false;
  return told_drained_ = true;
}

bool SubscriptionState::wake() {
  std::lock_guard lock{mutex_};
  if (!handler_) {
    show();
    changed_.notify_all();
    return false;
  }
  if (scheduled_ || paused_ || !has_items()) return false;
  return scheduled_ = true;
}

void SubscriptionState::close() {
  std::lock_guard lock{mutex_};
  closed_ = true;
  show();
  changed_.notify_all();
}

void SubscriptionState::show() {
  if (event_fd_ < 0) return;
  const bool readable = cancelled_ || (has_items() && !paused_) || closed_;
  if (readable == shown_) return;
  shown_ = readable;
  std::uint64_t value = 1;
  [[maybe_unused]] const auto done =
      readable ? ::write(event_fd_, &value, sizeof value) : ::read(event_fd_, &value, sizeof value);
}

// The next thing to hand out, out of the queue. Under the lock.
bool SubscriptionState::take(Entry& entry) {
  if (cancelled_ || paused_) return false;
  if (current_.count > 0) {
    entry = std::exchange(current_, Entry{});
  } else if (!gaps_.empty()) {
    entry = {nullptr, 0, 1, 0, std::make_unique<Item>(std::move(gaps_.front()))};
    gaps_.erase(gaps_.begin());
  } else if (!queue_.empty()) {
    entry = queue_.pop();
  } else {
    return false;
  }
  return true;
}

Gap SubscriptionState::refused(const SharedBatch& batch, std::uint32_t index) {
  return gap_of(batch, index, 1, Gap::Reason::refused);
}

// Runs the handler for an entry, or for its front part if it is paused or cancelled meanwhile.
void SubscriptionState::hand_out(Entry& entry) {
  if (!entry.batch) {
    handler_(*entry.item);
    entry.count = 0;
    return;
  }
  BatchHome::add(*entry.batch);
  Item item{EventAccess::make(entry.batch, entry.index)};
  Event& event = *std::get_if<Event>(&item);
  while (entry.count > 0 && !cancelled_.load(std::memory_order_relaxed) &&
         !paused_.load(std::memory_order_relaxed)) {
    if (entry.batch->look_through(entry.index)) [[likely]] {
      EventAccess::move_to(event, entry.index);
      handler_(item);
    } else {
      handler_(refused(*entry.batch, entry.index));
    }
    ++entry.index;
    --entry.count;
  }
}

bool SubscriptionState::run() {
  constexpr int entries_max = 32;  // then others have their turn
  std::unique_lock lock{mutex_};
  for (int i = 0; i < entries_max; ++i) {
    Entry entry;
    if (!take(entry)) {
      scheduled_ = false;
      return false;
    }
    running_ = std::this_thread::get_id();
    lock.unlock();
    hand_out(entry);
    SharedBatch* done = entry.count == 0 || cancelled_ ? std::exchange(entry.batch, nullptr) : nullptr;
    if (done) BatchHome::drop(done);
    lock.lock();
    running_ = {};
    bool drained = false;
    if (entry.batch) {
      current_ = std::move(entry);
    } else {
      bytes_ -= std::min(bytes_, entry.bytes);  // cancel() may have set it to 0 meanwhile
      drained = has_drained();
    }
    changed_.notify_all();
    if (drained) {
      lock.unlock();
      owner_.drained();
      lock.lock();
    }
  }
  if (cancelled_ || paused_ || !has_items()) {
    scheduled_ = false;
    return false;
  }
  return true;
}

Result<std::vector<Item>> SubscriptionState::poll(Duration within, std::size_t items_max) {
  if (handler_)
    return Error{Errc::not_allowed, "this subscription has a handler: leave the handler out to use poll()"};
  const auto deadline = std::chrono::steady_clock::now() + within;
  std::vector<Item> items;
  bool drained = false;
  {
    std::unique_lock lock{mutex_};
    changed_.wait_until(lock, deadline, [&] { return cancelled_ || closed_ || (has_items() && !paused_); });
    if (cancelled_) return Error{Errc::closed, "the subscription is cancelled"};
    Entry entry;
    while (items.size() < items_max && take(entry)) {
      if (!entry.batch) {
        items.push_back(std::move(*entry.item));
        entry.count = 0;
      }
      for (; entry.count > 0 && items.size() < items_max; ++entry.index, --entry.count) {
        if (!entry.batch->look_through(entry.index)) {
          items.emplace_back(refused(*entry.batch, entry.index));
          continue;
        }
        BatchHome::add(*entry.batch);
        items.emplace_back(EventAccess::make(entry.batch, entry.index));
      }
      if (entry.count > 0) {
        current_ = std::move(entry);
        break;
      }
      bytes_ -= entry.bytes;
      if (entry.batch) BatchHome::drop(entry.batch);
    }
    if (items.empty() && closed_ && !has_items()) return Error{Errc::closed, "the peer is closed"};
    drained = has_drained();
    show();
  }
  if (drained) owner_.drained();
  return items;
}

void SubscriptionState::pause() {
  std::lock_guard lock{mutex_};
  paused_ = true;
  show();
}

void SubscriptionState::resume() {
  {
    std::lock_guard lock{mutex_};
    paused_ = false;
    show();
    changed_.notify_all();
  }
  if (handler_) owner_.resumed();
}

void SubscriptionState::cancel() {
  std::vector<Entry> rest;
  {
    std::unique_lock lock{mutex_};
    if (!cancelled_.exchange(true)) {
      while (!queue_.empty()) rest.push_back(queue_.pop());
      rest.push_back(std::exchange(current_, Entry{}));
      gaps_.clear();
      bytes_ = 0;
    }
    show();
    changed_.notify_all();
    changed_.wait(lock,
                  [this] { return running_ == std::thread::id{} || running_ == std::this_thread::get_id(); });
  }
  for (Entry& entry : rest)
    if (entry.batch) BatchHome::drop(entry.batch);
  if (!rest.empty()) owner_.cancelled();
}

}  // namespace boato
