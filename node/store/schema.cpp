// SPDX-License-Identifier: Apache-2.0
#include "node/store/schema.hpp"

#include <sqlite3.h>

namespace boato {
namespace {

// `check` is the RowCheck of the columns before it. `sum_a` and `sum_b` are a RunningSum.
// The index by_stream repeats the digest, so that a row that does not check can still be told what it was;
// opening reads both indexes, and no event.
constexpr const char* tables = R"sql(
CREATE TABLE store(id INTEGER PRIMARY KEY, format INTEGER, incarnation INTEGER, commits INTEGER, arrivals INTEGER,
  clock INTEGER, logs INTEGER, topics INTEGER, streams INTEGER, "check" INTEGER);
CREATE TABLE logs(id INTEGER PRIMARY KEY, domain BLOB, generation INTEGER, cid INTEGER, config BLOB,
  promised_round INTEGER, promised_peer BLOB, promised_incarnation INTEGER,
  no_hold_round INTEGER, no_hold_peer BLOB, no_hold_incarnation INTEGER,
  snap_lsn INTEGER, snap_chain BLOB, applied INTEGER, "check" INTEGER);
CREATE TABLE topics(id INTEGER PRIMARY KEY, log INTEGER, topic BLOB, retain_age INTEGER, retain_bytes INTEGER,
  retain_events INTEGER, rows INTEGER, events INTEGER, size INTEGER, sum_a INTEGER, sum_b INTEGER, peak INTEGER,
  "check" INTEGER);
CREATE TABLE streams(id INTEGER PRIMARY KEY, topic INTEGER, publisher BLOB, incarnation INTEGER, held INTEGER,
  floor INTEGER, rows INTEGER, sum_a INTEGER, sum_b INTEGER, "check" INTEGER);
CREATE TABLE events(at INTEGER PRIMARY KEY, topic INTEGER, stream INTEGER, first INTEGER, count INTEGER,
  time INTEGER, peak INTEGER, stored INTEGER, expires INTEGER, size INTEGER, state INTEGER, digest BLOB,
  "check" INTEGER, bytes BLOB);
CREATE INDEX by_stream ON events(stream, first, count, digest);
CREATE INDEX by_topic ON events(topic, state);
CREATE INDEX by_expiry ON events(expires) WHERE expires > 0 AND state <> 1;
CREATE TABLE cursors(log INTEGER, name BLOB, topic BLOB, attach INTEGER, owner BLOB, position BLOB,
  expires INTEGER, "check" INTEGER, PRIMARY KEY(log, name)) WITHOUT ROWID;
CREATE TABLE last_values(topic INTEGER, key BLOB, at INTEGER, place INTEGER, "check" INTEGER,
  PRIMARY KEY(topic, key)) WITHOUT ROWID;
CREATE INDEX by_place ON last_values(at);
CREATE TABLE faults(stream INTEGER, first INTEGER, last INTEGER, at INTEGER,
  PRIMARY KEY(stream, first)) WITHOUT ROWID;
)sql";

Database prepared(const std::string& folder, Database::Mode mode, const char* vfs) {
  Database db{database_path(folder), mode, vfs};
  if (db.trouble() != Trouble::none) return db;
  // A mapped page that cannot be read is a signal instead of an error. Cells of pages are checked as they
  // are read. A busy reader or checkpoint is waited for.
  db.run("PRAGMA mmap_size=0; PRAGMA cell_size_check=ON; PRAGMA busy_timeout=5000");
  db.run("PRAGMA trusted_schema=OFF; PRAGMA temp_store=MEMORY");
  return db;
}

}  // namespace

std::string database_path(const std::string& folder) { return folder + "/events.db"; }
std::string mark_path(const std::string& folder) { return folder + "/events.mark"; }
std::string reserve_path(const std::string& folder) { return folder + "/events.reserve"; }

Database open_to_write(const std::string& folder, const char* vfs) {
  Database db = prepared(folder, Database::Mode::read_write, vfs);
  // FULL: NORMAL loses the last commits when the power goes. The writer makes checkpoints when it has time.
  // journal_mode answers a row, which run() leaves.
  db.run("PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0");
  int keep = 1;  // the log file stays when the last connection closes: no file is made or removed in use
  if (db.trouble() == Trouble::none) sqlite3_file_control(db.raw(), "main", SQLITE_FCNTL_PERSIST_WAL, &keep);
  return db;
}

Database open_to_read(const std::string& folder, const char* vfs) {
  return prepared(folder, Database::Mode::read_only, vfs);
}

bool make_tables(Database& db) { return db.run(tables); }

}  // namespace boato
