// SPDX-License-Identifier: Apache-2.0
#include "node/store/store.hpp"

#include <cstring>

namespace boato {
namespace {

constexpr std::size_t op_bytes = 128;  // what an op costs beside its events

std::size_t event_bytes(const Persist& batch) {
  std::size_t bytes = 0;
  for (const PersistOp& op : batch.ops)
    if (const auto* append = std::get_if<AppendBatch>(&op)) bytes += append->bytes.size();
  return bytes;
}

// The count of a slab is a plain integer of its own thread, so the events go over in a slab of the writer's.
Persist copied(const Persist& batch, std::size_t bytes) {
  Persist copy{batch.batch, batch.now, {}};
  copy.ops.reserve(batch.ops.size());
  const SlabRef slab{SlabPool::make(bytes)};
  std::uint32_t at = 0;
  for (const PersistOp& op : batch.ops) {
    const auto* append = std::get_if<AppendBatch>(&op);
    if (append == nullptr) {
      copy.ops.push_back(op);
      continue;
    }
    const Bytes from = append->bytes.bytes();
    if (!from.empty()) std::memcpy(slab.data() + at, from.data(), from.size());
    const auto size = static_cast<std::uint32_t>(from.size());
    copy.ops.push_back(AppendBatch{append->log, append->topic, append->publisher, append->incarnation,
                                   append->first, append->count, append->time_us, append->ttl, append->keys,
                                   slab.slice(at, size)});
    at += size;
  }
  return copy;
}

}  // namespace

Result<std::unique_ptr<Store>> Store::open(LogStoreOptions options, const StoreConfig& config,
                                           OnAnswer on_answer) {
  const std::string folder = options.folder;
  const char* vfs = options.vfs;
  auto log = LogStore::open(std::move(options));
  if (!log) return log.error();
  std::unique_ptr<Store> store{new Store{std::move(*log), folder, vfs, config, std::move(on_answer)}};
  return store;
}

Store::Store(std::unique_ptr<LogStore> log, std::string folder, const char* vfs, const StoreConfig& config,
             OnAnswer on_answer)
    : config_{config},
      folder_{std::move(folder)},
      vfs_{vfs},
      on_answer_{std::move(on_answer)},
      log_{std::move(log)} {
  view_.incarnation = log_->incarnation();
  view_.full = log_->full();
  writer_ = std::thread{[this] { write_loop(); }};
  reader_ = std::thread{[this] { read_loop(); }};
}

Store::~Store() {
  {
    const std::lock_guard lock{mutex_};
    stopping_ = true;
  }
  read_work_.notify_all();
  reader_.join();
  {
    const std::lock_guard lock{mutex_};
    ending_ = true;  // after the reader, so that what it found is kept
  }
  write_work_.notify_all();
  writer_.join();
}

Result<void, Errc> Store::submit(const Persist& batch) {
  const std::size_t bytes = event_bytes(batch);
  const std::size_t cost = bytes + op_bytes * batch.ops.size();
  {
    const std::lock_guard lock{mutex_};
    if (view_.failed || stopping_) return Errc::closed;
    if (waiting_bytes_ > 0 && waiting_bytes_ + cost > config_.waiting_bytes_max) return Errc::would_block;
    waiting_bytes_ += cost;
  }
  Persist copy = copied(batch, bytes);
  {
    const std::lock_guard lock{mutex_};
    if (view_.failed) return Errc::closed;
    waiting_.push_back({std::move(copy), cost});
  }
  write_work_.notify_one();
  return {};
}

Result<void, Errc> Store::read(Read task) {
  {
    const std::lock_guard lock{mutex_};
    if (view_.failed || stopping_) return Errc::closed;
    if (reads_.size() >= config_.reads_max) return Errc::would_block;
    reads_.push_back(std::move(task));
  }
  read_work_.notify_one();
  return {};
}

Store::View Store::view() const {
  const std::lock_guard lock{mutex_};
  View view = view_;
  view.waiting_bytes = waiting_bytes_;
  return view;
}

// What the next commit takes: all that waits, as far as it fits, and one persist in any case.
std::vector<Persist> Store::gather() {
  std::vector<Persist> group;
  for (std::size_t bytes = 0; !waiting_.empty();) {
    bytes += waiting_.front().bytes;
    if (!group.empty() && bytes > config_.commit_bytes_max) break;
    waiting_bytes_ -= waiting_.front().bytes;
    group.push_back(std::move(waiting_.front().batch));
    waiting_.pop_front();
  }
  return group;
}

void Store::write_loop() {
  std::vector<Persisted> answers;
  bool idle = false;  // nothing to be put in order since the last work
  std::unique_lock lock{mutex_};
  for (;;) {
    const auto work = [this] { return !waiting_.empty() || !faults_.empty() || lost_ || ending_; };
    if (idle) {
      write_work_.wait(lock, work);
    } else {
      idle = !write_work_.wait_for(lock, config_.idle_after, work);
    }
    const std::vector<Persist> group = gather();
    const auto faults = std::exchange(faults_, {});
    const bool lost = std::exchange(lost_, false), stop = ending_ && group.empty();
    lock.unlock();

    if (lost) log_->fence("what was read from it is not what it should hold");
    for (const auto& [stream, fault] : faults) log_->quarantine(stream, fault);
    for (const Persist& batch : group) note_slots(batch);
    if (!group.empty()) {
      idle = false;
      if (log_->commit(group, answers))
        for (Persisted& answer : answers) on_answer_(std::move(answer));
      log_->settle();
    }
    if (idle || stop) {
      if (log_->idle()) idle = !log_->retaining();
    }
    if (log_->wants_checkpoint() || (idle && log_->log_pages() > 0)) log_->checkpoint();

    lock.lock();
    view_.counts = log_->counts();
    view_.full = log_->full();
    if (log_->fenced() && !view_.failed) {
      view_.failed = true;
      view_.why = log_->why();
      for (const Waiting& waiting : waiting_) note_slots(waiting.batch);
      lock.unlock();
      tell_failed();
      lock.lock();
    }
    if (view_.failed) {  // what waits is not answered
      waiting_.clear();
      waiting_bytes_ = 0;
      idle = true;
    }
    if (ending_ && waiting_.empty() && faults_.empty()) return;
  }
}

void Store::note_slots(const Persist& batch) {
  for (const PersistOp& op : batch.ops)
    if (const auto* open = std::get_if<OpenLog>(&op)) slots_.insert(open->log);
}

void Store::tell_failed() {
  for (const LogSlot slot : slots_) on_answer_(StoreFailed{slot});
}

void Store::read_loop() {
  LogReader reader{folder_, vfs_};
  std::unique_lock lock{mutex_};
  for (;;) {
    read_work_.wait(lock, [this] { return !reads_.empty() || stopping_; });
    if (reads_.empty()) return;
    const Read task = std::move(reads_.front());
    reads_.pop_front();
    lock.unlock();
    task(reader);
    auto faults = reader.take_faults();
    lock.lock();
    if (reader.has_lost()) lost_ = true;
    faults_.insert(faults_.end(), faults.begin(), faults.end());
    if (lost_ || !faults_.empty()) write_work_.notify_one();
  }
}

}  // namespace boato
