// SPDX-License-Identifier: Apache-2.0
// The writing half of the durable store, on one thread: takes what the core wants kept, one transaction at a
// time. The store is one SQLite file for all logs of a peer, with its mark beside it.
// Rules: (1) what is answered is on disk, synced; (2) what was refused leaves no trace; (3) after an error of
// reading, writing or syncing nothing is tried again: the store is fenced until it has been opened anew;
// (4) a database behind its mark, or one whose sums do not hold, is never taken for a shorter one.
// Knows rows and numbers; does not know signatures, the wire, links or threads.
#pragma once

#include <boato/result.hpp>

#include "node/store/book.hpp"
#include "node/store/mark.hpp"
#include "node/store/reserve.hpp"
#include "node/store/schema.hpp"
#include "node/store/space.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace boato {

struct LogStoreOptions {
  std::string folder;                   // exists; the caller has locked it
  const char* vfs = nullptr;            // a registered SQLite VFS; null: the system's
  std::uint64_t fresh_incarnation = 0;  // of a store that is made; above every one before
  SpaceLimits limits{};
  SpaceProbe space{};  // empty: the file system's own answer
};

struct StoreCounts {
  std::uint64_t appended = 0, duplicates = 0, conflicts = 0, repaired = 0, quarantined = 0;
  std::uint64_t expired = 0;  // events that retention let go
  std::uint64_t full = 0;     // appends refused for want of room
  std::uint64_t commits = 0;
};

class LogStore {
 public:
  // Opens or makes the store of a folder. Errors: internal (it cannot be read or written), conflict (it has
  // lost something, and `detail` says what: keep the folder under another name, and let rescue() fill a new
  // one from it).
  [[nodiscard]] static Result<std::unique_ptr<LogStore>> open(LogStoreOptions options);
  LogStore(const LogStore&) = delete;
  LogStore& operator=(const LogStore&) = delete;
  ~LogStore();

  // Keeps all of these in one transaction, or none. False: the store is fenced now, nothing is answered.
  [[nodiscard]] bool commit(std::span<const Persist> batches, std::vector<Persisted>& answers);
  // After the answers of a commit have gone out: its mark. The next commit does it if nobody has. False:
  // fenced.
  bool settle();
  // The writer falls idle: syncs the mark, and lets go what retention no longer keeps. False: fenced.
  bool idle();
  // Moves the log of SQLite into the database where it has grown. False: fenced.
  bool checkpoint();
  [[nodiscard]] bool wants_checkpoint() const;
  [[nodiscard]] int log_pages() const { return log_pages_; }   // since the last one
  [[nodiscard]] bool retaining() const { return retaining_; }  // idle() has more to let go

  // A reader found that this row does not check: its numbers are faulty from now on, if it still does not.
  void quarantine(RowId stream, const Fault& fault);

  // Somebody else found that the store is not what it should be.
  void fence(const std::string& why);

  [[nodiscard]] bool fenced() const { return fenced_; }
  [[nodiscard]] const std::string& why() const { return why_; }  // fenced, or what was wrong at opening
  [[nodiscard]] bool full() const { return full_; }
  [[nodiscard]] std::uint64_t incarnation() const { return book_.store.incarnation; }
  [[nodiscard]] const StoreCounts& counts() const { return counts_; }
  [[nodiscard]] Book& book() { return book_; }

 private:
  explicit LogStore(LogStoreOptions options);
  std::optional<Error> prepare();
  std::optional<Error> make();

  bool attempt(std::span<const Persist> batches, std::vector<Persisted>& answers);
  bool end_commit();
  bool give_way();
  void look_at_space();

  std::optional<Refusal> apply(const OpenLog& op);
  std::optional<Refusal> apply(const KeepTopic& op);
  std::optional<Refusal> apply(const AppendBatch& op);
  std::optional<Refusal> apply(const RaiseFloor& op);
  std::optional<Refusal> apply(const SaveMeta& op);
  std::optional<Refusal> apply(const SaveCursor& op);
  std::optional<Refusal> apply(const DropCursor& op);
  std::optional<Refusal> apply(const AdvanceClock& op);

  // Whether the row of an entry checks, its bytes included.
  [[nodiscard]] bool holds(const StreamRow& stream, const IndexEntry& entry);
  [[nodiscard]] LogRow* log_of(LogSlot slot);
  [[nodiscard]] TopicRow* topic_of(LogSlot slot, const TopicId& topic);
  std::optional<Refusal> held_already(StreamRow& stream, const AppendBatch& op, const Digest& digest);
  std::optional<Refusal> repair(StreamRow& stream, const AppendBatch& op, const Digest& digest);
  void insert(StreamRow& stream, const AppendBatch& op, const Digest& digest, RowId at);
  void note_keys(const StreamRow& stream, const AppendBatch& op, RowId at);
  [[nodiscard]] bool newer(const StreamRow& stream, const AppendBatch& op, const EventKey& key,
                           const LastValueRow& than);

  void retain();                 // as far as one transaction may
  bool retain(TopicRow& topic);  // false: nothing of it has to go
  void raise_floor(StreamRow& stream, Seq floor);
  void pass(StreamRow& stream, const IndexEntry& entry);
  void expire(std::size_t& budget);
  void unpin(RowId at);
  void drop(TopicRow& topic, RowId at);

  const LogStoreOptions options_;
  Database db_;
  Tables tables_;
  MarkFile mark_;
  Reserve reserve_;
  Book book_;
  std::map<LogSlot, RowId> slots_;
  StoreCounts counts_;
  std::optional<Time> seen_;  // protocol time of the last persist
  bool full_ = false;
  bool no_room_ = false;   // a write found none: no events until the probe and the reserve say otherwise
  bool mark_due_ = false;  // of the last commit
  bool fenced_ = false;
  bool retaining_ = false;  // more to let go than one transaction took
  int log_pages_ = 0;       // in the log of SQLite since the last checkpoint
  std::string why_;
};

}  // namespace boato
