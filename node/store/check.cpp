// SPDX-License-Identifier: Apache-2.0
#include "node/store/check.hpp"

#include "node/store/book.hpp"
#include "node/store/mark.hpp"
#include "node/store/schema.hpp"

#include <optional>

namespace boato {
namespace {

constexpr std::int64_t rows_at_once = 256;
constexpr std::uint64_t unreadable_max = 1000;  // places; then the rest is not looked at

constexpr const char* refill =
    "stop the peer; 'boato doctor DATA_DIR --rescue' carries what checks into a new store, the rest comes "
    "from other replicas";

using State = Finding::State;

class Check {
 public:
  Check(const std::string& folder, const char* vfs, StoreFacts& facts,
        const std::function<void(std::uint64_t)>& progress)
      : folder_{folder}, vfs_{vfs}, facts_{facts}, progress_{progress} {}

  std::vector<Finding> run() {
    // The mark first: it is never ahead of the database, also while a peer writes.
    RawFile file{mark_path(folder_), vfs_, RawFile::Mode::read_only};
    const auto mark = read_mark(file);
    if (open() && format() && load(mark)) rows();
    return std::move(findings_);
  }

 private:
  void say(State state, std::string what, std::string detail, std::string cure = {}) {
    findings_.push_back({state, std::move(what), std::move(detail), std::move(cure)});
  }
  bool open() {
    db_ = open_to_read(folder_, vfs_);
    db_.number("SELECT count(*) FROM sqlite_master");
    return fine("database");
  }
  bool fine(const char* what) {
    if (db_.trouble() == Trouble::none) return true;
    say(State::wrong, what, "it cannot be read: " + db_.why(), refill);
    return false;
  }
  bool format() {
    const auto format = db_.number("SELECT format FROM store");
    if (!fine("format")) return false;
    if (format == store_format) return say(State::ok, "format", std::to_string(format)), true;
    say(State::wrong, "format",
        std::to_string(format) + "; this version reads " + std::to_string(store_format),
        "use the version of boato that made it");
    return false;
  }
  bool load(const std::optional<MarkSlot>& mark);
  void small_rows(Tables& tables);
  void rows();
  void count(const Statement& row);

  const std::string folder_;
  const char* vfs_;
  StoreFacts& facts_;
  const std::function<void(std::uint64_t)>& progress_;
  Database db_;
  Book book_;
  std::vector<Finding> findings_;
  std::uint64_t unknown_ = 0;  // bad rows that are not quarantined
};

void Check::small_rows(Tables& tables) {
  std::uint64_t bad = 0;
  tables.each_cursor([&](RowId, const DurableCursor&, bool good) { bad += good ? 0 : 1; });
  tables.each_last_value([&](const LastValueRow&, bool good) { bad += good ? 0 : 1; });
  if (bad > 0)
    say(State::wrong, "rows", std::to_string(bad) + " rows of cursors or last values do not check", refill);
}

bool Check::load(const std::optional<MarkSlot>& mark) {
  std::optional<std::string> wrong;
  {
    Tables tables{db_};
    db_.run("BEGIN");
    wrong = book_.load(tables);
    small_rows(tables);
    db_.run("COMMIT");
  }
  if (!fine("database")) return false;
  if (book_.store.commits == 0) {  // nothing else is known without it
    say(State::wrong, "sums", wrong.value_or("the store tells of no commit"), refill);
    return false;
  }
  facts_.incarnation = book_.store.incarnation;
  facts_.commits = book_.store.commits;
  facts_.logs = book_.store.logs;
  facts_.topics = book_.store.topics;
  facts_.streams = book_.store.streams;
  if (mark && mark->commit <= book_.store.commits) {
    say(State::ok, "mark",
        "at commit " + std::to_string(mark->commit) + " of " + std::to_string(book_.store.commits));
  } else if (mark) {
    say(State::wrong, "mark",
        "it tells of " + std::to_string(mark->commit) + " commits, the database has " +
            std::to_string(book_.store.commits) + ": the others are lost",
        refill);
  } else if (book_.store.commits > 1) {
    say(State::wrong, "mark", "missing or damaged, so commits may be lost without a trace", refill);
  }
  if (wrong) {
    say(State::wrong, "sums", *wrong, refill);
  } else {
    say(State::ok, "sums",
        "of " + std::to_string(facts_.streams) + " streams and " + std::to_string(facts_.topics) +
            " topics hold");
  }
  return true;
}

void Check::count(const Statement& from) {
  EventRow row;
  const bool checks = take(from, row);
  const Bytes bytes = from.blob(13);
  const StreamRow* stream = book_.find_stream(row.stream);
  // Of a damaged book: a stream may be there without its topic.
  if (stream != nullptr && book_.find_topic(stream->topic) == nullptr) stream = nullptr;
  if (row.state == RowState::expired && checks) return;
  ++facts_.batches;
  facts_.bytes += bytes.size();
  if (checks && stream != nullptr &&
      event_digest(book_.name_of(*stream), row.first, row.count, bytes) == row.digest) {
    facts_.events += row.count;
    return;
  }
  ++facts_.bad;
  bool known = false;
  for (const auto& [id, other] : book_.streams())
    for (const Fault& fault : other.faults) known = known || fault.at == from.u64(0);
  (known ? facts_.faulty : unknown_) += 1;
}

void Check::rows() {
  Statement next;
  const auto prepare = [&] {
    next = {db_, ("SELECT " + std::string{event_columns} +
                  ", bytes FROM events WHERE at >= ?1 AND at <= ?2 ORDER BY at LIMIT ?3")
                     .c_str()};
  };
  prepare();
  std::uint64_t unreadable = 0;
  std::int64_t limit = rows_at_once;
  for (RowId at = 1; at <= book_.store.arrivals && unreadable < unreadable_max;) {
    const std::uint64_t before = facts_.batches;
    const RowId from = at;
    bool any = false;
    for (bool row = next.first(at, book_.store.arrivals, limit); row; row = next.next()) {
      any = true;
      at = next.u64(0) + 1;
      count(next);
    }
    next.end();
    if (db_.trouble() != Trouble::none) {
      // Row by row past what cannot be read.
      next = Statement{};
      db_ = open_to_read(folder_, vfs_);
      prepare();
      if (at == from) ++at, ++unreadable;
      continue;
    }
    if (!any) break;
    if (progress_) progress_(facts_.batches - before);
  }
  const std::string of =
      std::to_string(facts_.batches) + " batches, " + std::to_string(facts_.events) + " events";
  if (unreadable > 0)
    say(State::wrong, "pages", std::to_string(unreadable) + " places cannot be read", refill);
  if (facts_.bad == 0) return say(State::ok, "events", of + ": every digest holds");
  say(State::wrong, "events",
      of + "; " + std::to_string(facts_.bad) + " batches do not check, " + std::to_string(facts_.faulty) +
          " of them known to the peer",
      "they are not served to anybody; the peer fetches them again from another replica once it has come "
      "upon them");
}

}  // namespace

std::vector<Finding> check_store(const std::string& folder, const char* vfs, StoreFacts& facts,
                                 const std::function<void(std::uint64_t)>& progress) {
  return Check{folder, vfs, facts, progress}.run();
}

Finding check_space(const Space& space, const SpaceLimits& limits) {
  if (space.total == 0) return {Finding::State::note, "space", "not known"};
  const std::string text =
      std::to_string(space.free >> 20) + " MiB free of " + std::to_string(space.total >> 20) + " MiB";
  if (!limits.too_little(space)) return {Finding::State::ok, "space", text};
  return {Finding::State::wrong, "space", text + ": new events are refused (disk_full)",
          "make room: at least " + std::to_string(limits.free_min >> 20) + " MiB and " +
              std::to_string(100 - limits.used_max_percent) + " % of the device must be free"};
}

}  // namespace boato
