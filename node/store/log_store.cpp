// SPDX-License-Identifier: Apache-2.0
#include "node/store/log_store.hpp"

#include <sqlite3.h>

#include <limits>
#include <utility>

namespace boato {
namespace {

constexpr int checkpoint_pages =
    1024;  // x 4 KiB = 4 MiB of log: what a reader looks through, and a restart reads

// SQLite keeps the size of its log for its own hook only.
int on_wal(void* pages, sqlite3*, const char*, int size) {
  *static_cast<int*>(pages) = size;
  return SQLITE_OK;
}

}  // namespace

LogStore::LogStore(LogStoreOptions options)
    : options_{std::move(options)},
      db_{open_to_write(options_.folder, options_.vfs)},
      mark_{mark_path(options_.folder), options_.vfs},
      reserve_{reserve_path(options_.folder), options_.vfs, options_.limits.reserve} {}

LogStore::~LogStore() {
  if (settle() && mark_.unsynced()) mark_.sync();
}

Result<std::unique_ptr<LogStore>> LogStore::open(LogStoreOptions options) {
  std::unique_ptr<LogStore> store{new LogStore{std::move(options)}};
  if (auto error = store->prepare()) return std::move(*error);
  return store;
}

std::optional<Error> LogStore::prepare() {
  const auto unreadable = [this](const std::string& why) {
    return Error{Errc::internal, "the store " + options_.folder + " cannot be opened: " + why};
  };
  const auto lost = [this](const std::string& why) {
    return Error{Errc::conflict, "the store " + options_.folder + " has lost something: " + why};
  };
  if (!mark_.is_open()) return unreadable("its mark cannot be opened");
  const auto mark = mark_.read();
  const bool has_tables = db_.number("SELECT count(*) FROM sqlite_master") > 0;
  const auto trouble = [&]() -> std::optional<Error> {
    if (db_.trouble() == Trouble::none) return std::nullopt;
    return db_.trouble() == Trouble::damaged ? lost(db_.why()) : unreadable(db_.why());
  };
  if (auto error = trouble()) return error;
  if (!has_tables) {
    if (mark) return lost("its mark tells of " + std::to_string(mark->commit) + " commits, and it is empty");
    if (auto error = make()) return error;
  }
  sqlite3_wal_hook(db_.raw(), on_wal, &log_pages_);
  const auto format = db_.number("SELECT format FROM store");
  if (auto error = trouble()) return error;
  if (format > store_format)
    return unreadable("it is of format " + std::to_string(format) + ", made by a newer boato");
  tables_ = Tables{db_};
  // One transaction, so that all of it is of one commit.
  db_.run("BEGIN");
  const auto wrong = book_.load(tables_);
  db_.run("COMMIT");
  if (auto error = trouble()) return error;
  if (wrong) return lost(*wrong);
  if (!mark && book_.store.commits > 1) return lost("its mark is missing or damaged");
  if (mark && mark->commit > book_.store.commits)
    return lost("its mark tells of " + std::to_string(mark->commit) + " commits, it has " +
                std::to_string(book_.store.commits));
  // The mark stands before anything is answered.
  if (!mark_.write({book_.store.incarnation, book_.store.commits, book_.store.arrivals}) || !mark_.sync())
    return unreadable("its mark cannot be written");
  reserve_.take();
  look_at_space();
  return std::nullopt;
}

std::optional<Error> LogStore::make() {
  StoreRow row;
  row.incarnation = options_.fresh_incarnation;
  row.commits = 1;
  db_.run("BEGIN IMMEDIATE");
  if (make_tables(db_)) {
    Tables{db_}.save(row);
    db_.run("COMMIT");
  }
  if (db_.trouble() == Trouble::none) return std::nullopt;
  return Error{db_.trouble() == Trouble::full ? Errc::disk_full : Errc::internal,
               "no store can be made in " + options_.folder + ": " + db_.why()};
}

void LogStore::fence(const std::string& why) {
  if (std::exchange(fenced_, true)) return;
  why_ = why;
}

void LogStore::look_at_space() {
  if (no_room_) {
    reserve_.take();
    no_room_ = !reserve_.held();
  }
  full_ =
      no_room_ || options_.limits.too_little(options_.space ? options_.space() : space_of(options_.folder));
}

bool LogStore::commit(std::span<const Persist> batches, std::vector<Persisted>& answers) {
  answers.clear();
  if (!settle()) return false;
  look_at_space();
  const bool had_room = !no_room_;
  if (attempt(batches, answers)) return true;
  if (!give_way()) return false;
  if (!had_room) return fence("no room even for what must be kept"), false;
  // What must be kept is written into the room of the reserve, events are refused.
  if (attempt(batches, answers)) return true;
  return fence(db_.why()), false;
}

// After a transaction that did not go in. Where the device is full, whatever the probe says, SQLite has taken
// all of it back, and so does the book; everything else is the end.
bool LogStore::give_way() {
  if (db_.trouble() != Trouble::full || !db_.roll_back()) return fence(db_.why()), false;
  reserve_.let_go();
  no_room_ = full_ = true;
  if (const auto wrong = book_.load(tables_)) return fence(*wrong), false;
  // Logs that were made in it are not there.
  std::erase_if(slots_, [this](const auto& slot) { return !book_.has_log(slot.second); });
  return true;
}

bool LogStore::attempt(std::span<const Persist> batches, std::vector<Persisted>& answers) {
  answers.clear();
  const StoreCounts before = counts_;
  const auto seen_before = seen_;
  db_.run("BEGIN IMMEDIATE");
  for (const Persist& batch : batches) {
    // Monotonic time of this process; what passed before it is told by AdvanceClock.
    if (seen_ && batch.now > *seen_)
      book_.store.clock += static_cast<std::uint64_t>((batch.now - *seen_).count());
    seen_ = batch.now;
    Persisted& answer = answers.emplace_back(Persisted{batch.batch});
    for (std::uint32_t i = 0; i < batch.ops.size(); ++i) {
      const auto refused = std::visit([this](const auto& op) { return apply(op); }, batch.ops[i]);
      if (refused) answer.refused.push_back({i, *refused});
    }
  }
  retain();
  if (end_commit()) return true;
  counts_ = before;
  seen_ = seen_before;
  answers.clear();
  return false;
}

bool LogStore::end_commit() {
  book_.save_touched(tables_);
  db_.run("COMMIT");
  if (db_.trouble() != Trouble::none) return false;
  ++counts_.commits;
  mark_due_ = true;
  return true;
}

bool LogStore::settle() {
  if (fenced_ || !std::exchange(mark_due_, false)) return !fenced_;
  // The mark of the commit before is synced now, that of this one with the next.
  const MarkSlot mark{book_.store.incarnation, book_.store.commits, book_.store.arrivals};
  if ((mark_.unsynced() && !mark_.sync()) || !mark_.write(mark)) fence("its mark cannot be written");
  return !fenced_;
}

bool LogStore::idle() {
  if (!settle()) return false;
  if (retaining_) {
    db_.run("BEGIN IMMEDIATE");
    retain();
    if (!end_commit() && !give_way()) return false;
  }
  if (settle() && mark_.unsynced() && !mark_.sync()) fence("its mark cannot be synced");
  return !fenced_;
}

bool LogStore::wants_checkpoint() const { return log_pages_ >= checkpoint_pages; }

bool LogStore::checkpoint() {
  if (fenced_) return false;
  // Passive: waits for no reader; what a reader still needs stays for the next one.
  const int code =
      sqlite3_wal_checkpoint_v2(db_.raw(), nullptr, SQLITE_CHECKPOINT_PASSIVE, &log_pages_, nullptr);
  // Without room the database does not grow, and the log keeps what it holds.
  if (code != SQLITE_OK && code != SQLITE_BUSY && (code & 0xff) != SQLITE_FULL)
    fence(std::string{"a checkpoint failed: "} + sqlite3_errmsg(db_.raw()));
  if (code == SQLITE_OK) log_pages_ = 0;
  return !fenced_;
}

void LogStore::quarantine(RowId id, const Fault& fault) {
  StreamRow* stream = book_.find_stream(id);
  if (fenced_ || stream == nullptr || stream->fault_at(fault.range) != nullptr) return;
  // The reader may have looked at an older commit: mended or let go since, it is none.
  const auto entry = tables_.find_entry(id, fault.range);
  if (!entry || entry->at != fault.at || fault.range.last <= stream->floor || holds(*stream, *entry)) return;
  stream->faults.push_back(fault);
  ++counts_.quarantined;
  if (!settle()) return;
  db_.run("BEGIN IMMEDIATE");
  tables_.save(id, fault);
  if (!end_commit()) give_way();  // without room it is found again by the next reader
}

bool LogStore::holds(const StreamRow& stream, const IndexEntry& entry) {
  const auto found = tables_.find(entry.at);
  if (!found || !found->good || found->row.stream != stream.id || found->row.range() != entry.range())
    return false;
  if (found->row.state == RowState::expired) return true;
  const auto bytes = tables_.bytes(entry.at);
  return bytes && event_digest(book_.name_of(stream), entry.first, entry.count, *bytes) == found->row.digest;
}

LogRow* LogStore::log_of(LogSlot slot) {
  const auto at = slots_.find(slot);
  return at == slots_.end() ? nullptr : &book_.log(at->second);
}

TopicRow* LogStore::topic_of(LogSlot slot, const TopicId& topic) {
  const LogRow* log = log_of(slot);
  return log == nullptr ? nullptr : book_.find_topic(log->id, topic);
}

std::optional<Refusal> LogStore::apply(const OpenLog& op) {
  LogRow* log = book_.find_log(op.name);
  if (log == nullptr) {
    log = &book_.add_log(op.name);
    tables_.save(*log);
  }
  slots_[op.log] = log->id;
  return std::nullopt;
}

std::optional<Refusal> LogStore::apply(const KeepTopic& op) {
  const LogRow* log = log_of(op.log);
  if (log == nullptr) return Refusal::no_such;
  TopicRow* topic = book_.find_topic(log->id, op.topic);
  if (topic == nullptr) topic = &book_.add_topic(log->id, op.topic);
  topic->retain = op.retain;
  topic->due = 0;
  book_.touch(*topic);
  return std::nullopt;
}

std::optional<Refusal> LogStore::apply(const SaveMeta& op) {
  LogRow* log = log_of(op.log);
  if (log == nullptr) return Refusal::no_such;
  if (op.meta.promised < log->meta.promised) return Refusal::promised_more;  // A7: it never goes down
  log->meta = op.meta;
  tables_.save(*log);
  return std::nullopt;
}

std::optional<Refusal> LogStore::apply(const SaveCursor& op) {
  const LogRow* log = log_of(op.log);
  if (log == nullptr) return Refusal::no_such;
  tables_.save(log->id, op.cursor);
  return std::nullopt;
}

std::optional<Refusal> LogStore::apply(const DropCursor& op) {
  const LogRow* log = log_of(op.log);
  if (log == nullptr) return Refusal::no_such;
  tables_.drop_cursor(log->id, op.name);
  return std::nullopt;
}

std::optional<Refusal> LogStore::apply(const AdvanceClock& op) {
  if (op.by.count() > 0) book_.store.clock += static_cast<std::uint64_t>(op.by.count());
  return std::nullopt;
}

}  // namespace boato
