// SPDX-License-Identifier: Apache-2.0
// The durable store at work: one thread writes, one reads. Group commit without a timer: while one commit
// syncs, the next gathers what comes, up to commit_bytes_max; an idle store commits at once. What readers
// find wrong goes to the writer by itself. Threads: submit() from one thread, the one that owns the slabs;
// read() from any. Answers come on the store's own threads, in the order of the questions.
#pragma once

#include "node/store/log_reader.hpp"
#include "node/store/log_store.hpp"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <utility>
#include <variant>
#include <vector>

namespace boato {

using StoreAnswer = std::variant<Persisted, StoreFailed>;

struct StoreConfig {
  std::size_t commit_bytes_max = std::size_t{256} << 10;
  std::size_t waiting_bytes_max = std::size_t{64} << 20;  // not yet committed; beyond it submit() refuses
  std::size_t reads_max = 256;                            // that wait
  std::chrono::milliseconds idle_after{10};               // the mark is synced, and the log of SQLite emptied
};

class Store {
 public:
  using OnAnswer = std::function<void(StoreAnswer&&)>;  // on the writer's thread
  using Read = std::function<void(LogReader&)>;         // on the reader's thread

  // Errors: those of LogStore::open.
  [[nodiscard]] static Result<std::unique_ptr<Store>> open(LogStoreOptions options, const StoreConfig& config,
                                                           OnAnswer on_answer);
  // Commits what was accepted, lets reads that wait run, and ends.
  ~Store();
  Store(const Store&) = delete;
  Store& operator=(const Store&) = delete;

  // Copies the events. Errors: would_block (waiting_bytes_max), closed (the store has failed).
  [[nodiscard]] Result<void, Errc> submit(const Persist& batch);
  // Errors: would_block (reads_max), closed.
  [[nodiscard]] Result<void, Errc> read(Read task);

  struct View {
    StoreCounts counts;
    std::uint64_t incarnation = 0;
    bool full = false, failed = false;
    std::string why;  // it has failed
    std::size_t waiting_bytes = 0;
  };
  [[nodiscard]] View view() const;

 private:
  Store(std::unique_ptr<LogStore> log, std::string folder, const char* vfs, const StoreConfig& config,
        OnAnswer on_answer);
  void write_loop();
  void read_loop();
  std::vector<Persist> gather();
  void note_slots(const Persist& batch);
  void tell_failed();

  struct Waiting {
    Persist batch;
    std::size_t bytes = 0;
  };

  const StoreConfig config_;
  const std::string folder_;
  const char* const vfs_;
  const OnAnswer on_answer_;
  std::unique_ptr<LogStore> log_;  // the writer's
  std::set<LogSlot> slots_;        // the writer's: who is told when it fails

  mutable std::mutex mutex_;
  std::condition_variable write_work_, read_work_;
  std::deque<Waiting> waiting_;  // guarded by mutex_, as all below
  std::size_t waiting_bytes_ = 0;
  std::deque<Read> reads_;
  std::vector<std::pair<RowId, Fault>> faults_;
  bool lost_ = false;      // a reader says so
  bool stopping_ = false;  // nothing new is taken
  bool ending_ = false;    // the reader has ended, and the writer is to
  View view_;
  std::thread writer_, reader_;
};

}  // namespace boato
