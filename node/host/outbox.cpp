// SPDX-License-Identifier: Apache-2.0
#include "node/host/outbox.hpp"

#include "overlay/base/check.hpp"

#include <algorithm>
#include <thread>

namespace boato {

OutboxHub::OutboxHub(Inbox& inbox, std::size_t bytes_max)
    : inbox_{inbox},
      bytes_max_{bytes_max},
      spares_{Spares{Outbox::small_slab_bytes, 2, 64}, Spares{Outbox::slab_bytes, 0, 64}} {}

bool OutboxHub::reserve(std::size_t bytes) {
  const std::size_t before = bytes_.fetch_add(bytes);
  if (before == 0 || before + bytes <= bytes_max_) return true;
  release(bytes);
  return false;
}

bool OutboxHub::reserve_until(std::size_t bytes, std::chrono::steady_clock::time_point deadline) {
  if (reserve(bytes)) return true;
  std::unique_lock lock{mutex_};
  // Told apart from reserve() in release(): there the count of waiters is read after the bytes have gone.
  waiters_.fetch_add(1);
  bool held = false;
  const auto got = [&] {
    const std::size_t before = bytes_.fetch_add(bytes);
    held = before == 0 || before + bytes <= bytes_max_;
    if (!held) bytes_.fetch_sub(bytes);
    return held || closed();
  };
  room_.wait_until(lock, deadline, got);
  waiters_.fetch_sub(1);
  return held;
}

void OutboxHub::release(std::size_t bytes) {
  bytes_.fetch_sub(bytes);
  if (waiters_.load() == 0) return;
  std::lock_guard lock{mutex_};
  room_.notify_all();
}

void OutboxHub::close() {
  closed_.store(true, std::memory_order_release);
  std::lock_guard lock{mutex_};
  room_.notify_all();
}

SlabRef OutboxHub::take_spare(std::size_t bytes, Slab*& fresh) {
  fresh = nullptr;
  {
    std::lock_guard lock{mutex_};
    Spares& spares = *std::ranges::find(spares_, bytes, &Spares::bytes);
    if (!spares.slabs.empty()) {
      SlabRef slab = std::move(spares.slabs.back());
      spares.slabs.pop_back();
      return slab;
    }
    spares.wanted = std::min(std::max<std::size_t>(spares.wanted * 2, 2), spares.wanted_max);
  }
  fresh = SlabPool::make(bytes);
  return SlabRef{fresh};
}

void OutboxHub::mark(std::shared_ptr<Outbox> outbox) {
  {
    std::lock_guard lock{mutex_};
    marked_.push_back(std::move(outbox));
  }
  inbox_.wake();
}

void OutboxHub::refill(SlabPool& slabs) {
  std::lock_guard lock{mutex_};
  for (Spares& spares : spares_)
    while (spares.slabs.size() < spares.wanted) spares.slabs.push_back(slabs.take(spares.bytes));
}

void OutboxHub::drop_spares() {
  std::vector<std::shared_ptr<Outbox>> marked;  // an outbox and its hub hold each other while it is marked
  std::lock_guard lock{mutex_};
  for (Spares& spares : spares_) {
    spares.slabs.clear();
    spares.wanted = spares.wanted_max = 0;
  }
  marked.swap(marked_);
}

void OutboxHub::take_marked(std::vector<std::shared_ptr<Outbox>>& out) {
  std::lock_guard lock{mutex_};
  for (auto& outbox : marked_) out.push_back(std::move(outbox));
  marked_.clear();
}

Result<Seq, Errc> Outbox::add(const wire::EventView& event) {
  const std::size_t bytes = wire::BatchBuilder::event_bytes(event);
  bool mark = false, after_pause = false;
  Seq seq;
  {
    std::unique_lock lock{mutex_};
    if (closed_) return Errc::closed;
    Batch& open = open_.batch;
    const bool roomy =
        open.builder && (open.count == 0 || open.builder.size() + bytes <= wire::batch_bytes_soft);
    if (!roomy || !open.builder.add(event)) {
      // Even one that has taken nothing, only a rest of a slab: that may be freed by the loop thread alone.
      if (open.builder) full_.push(std::exchange(open_, Entry{}));
      const std::size_t alone = wire::batch_header_bytes + bytes;
      if (alone > slab_bytes) {
        open_.fresh = SlabPool::make(alone);
        open.builder = wire::BatchBuilder{SlabRef{open_.fresh}};
      } else {
        const bool small = wire::batch_header_bytes + wire::batch_events_max * bytes <= small_slab_bytes;
        open.builder =
            wire::BatchBuilder{hub_->take_spare(small ? small_slab_bytes : slab_bytes, open_.fresh)};
      }
      const bool added = open.builder.add(event);
      BOATO_CHECK(added);
    }
    if (open.count == 0) open.first = Seq{last_ + 1};
    ++open.count;
    open.reserved += bytes;
    ++waiting_;
    seq = Seq{++last_};
    mark = !std::exchange(marked_, true);
    after_pause = mark && lone();
    if (signer_.self && !signing_ && full_.size() >= signed_at_once && hub_->much_waits()) sign_some(lock);
  }
  if (mark) hub_->mark(shared_from_this());
  if (after_pause) sign_ahead();
  return seq;
}

bool Outbox::lone() {
  if (!signer_.self) return false;
  const auto now = std::chrono::steady_clock::now();
  const bool pause = last_ - marked_by_ <= 2 && now - marked_at_ >= lone_after;
  pauses_ = pause ? pauses_ + 1 : 0;
  marked_by_ = last_;
  marked_at_ = now;
  return pauses_ > 2;
}

// Waking the loop takes about as long as a signature, so at low rates the event leaves sooner. A publisher
// that goes on at once must not wait for signatures of single events: see lone().
void Outbox::sign_ahead() {
  std::unique_lock lock{mutex_};
  if (signing_ || !signed_.empty() || !full_.empty() || open_.batch.count == 0)
    return;  // the loop was quicker
  Entry entry = std::exchange(open_, Entry{});
  entry.ahead = true;
  ahead_ = true;
  sign(lock, std::span{&entry, 1});
  ahead_ = false;
}

// The oldest full batches, with the lock released meanwhile.
void Outbox::sign_some(std::unique_lock<std::mutex>& lock) {
  std::array<Entry, signed_at_once> some;
  for (Entry& entry : some) entry = full_.pop();
  sign(lock, some);
}

void Outbox::sign(std::unique_lock<std::mutex>& lock, std::span<Entry> entries) {
  signing_ = true;
  lock.unlock();
  std::array<wire::BatchBuilder*, signed_at_once> builders;
  std::size_t count = 0;
  for (Entry& entry : entries)
    if (entry.batch.count > 0) builders[count++] = &entry.batch.builder;
  const Self& self = *signer_.self;
  wire::BatchBuilder::hash(*self.crypto, std::span{builders}.first(count));
  for (Entry& entry : entries)
    if (entry.batch.count > 0)
      entry.batch.builder.sign({self.crypto, self.secret, &self.network, &signer_.topic, self.id,
                                self.incarnation, entry.batch.first});
  lock.lock();
  for (Entry& entry : entries) signed_.push(std::move(entry));
  signing_ = false;
  signed_some_.notify_all();
  if (std::exchange(awaited_, false)) hub_->mark(shared_from_this());
}

void Outbox::adopt(Entry& entry, SlabPool& slabs) {
  if (entry.fresh) slabs.adopt(std::exchange(entry.fresh, nullptr));
}

bool Outbox::take(Batch& batch, SlabPool& slabs) {
  batch = Batch{};
  std::unique_lock lock{mutex_};
  // What is signed ahead is there in a moment: going to sleep would take longer.
  for (int i = 0; i < 64 && ahead_; ++i) {
    lock.unlock();
    std::this_thread::yield();
    lock.lock();
  }
  while (!signed_.empty() || (!signing_ && !full_.empty())) {
    Entry entry = signed_.empty() ? full_.pop() : signed_.pop();
    adopt(entry, slabs);
    if (entry.batch.count == 0) continue;
    if (entry.ahead && !open_.batch.builder) use_rest(entry.batch.builder);
    batch = std::move(entry.batch);
    waiting_ -= batch.count;
    return true;
  }
  if (signing_) {  // what is open comes later; the thread that signs marks the outbox
    awaited_ = true;
    return false;
  }
  if (open_.batch.count > 0) {
    Entry entry = std::exchange(open_, Entry{});
    adopt(entry, slabs);
    use_rest(entry.batch.builder);
    batch = std::move(entry.batch);
    waiting_ -= batch.count;
    return true;
  }
  marked_ = false;
  return false;
}

// The rest of the slab takes the next batch, unless little is left of it.
void Outbox::use_rest(const wire::BatchBuilder& taken) {
  const std::uint32_t end = (taken.end() + 7U) & ~7U;
  const std::uint32_t whole = taken.slab().capacity();
  if (!closed_ && whole <= slab_bytes && whole - taken.end() > whole / 16)
    open_.batch.builder = wire::BatchBuilder{taken.slab().share(), end};
}

void Outbox::close() {
  std::lock_guard lock{mutex_};
  closed_ = true;
}

std::uint64_t Outbox::drop(SlabPool& slabs) {
  {
    std::unique_lock lock{mutex_};
    signed_some_.wait(lock, [this] { return !signing_; });
  }
  std::uint64_t events = 0;
  Batch batch;
  while (take(batch, slabs)) {
    events += batch.count;
    hub_->release(batch.reserved);
  }
  std::lock_guard lock{mutex_};
  adopt(open_, slabs);
  open_ = Entry{};
  return events;
}

std::uint64_t Outbox::waiting() {
  std::lock_guard lock{mutex_};
  return waiting_;
}

}  // namespace boato
