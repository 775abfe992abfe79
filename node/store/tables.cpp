// SPDX-License-Identifier: Apache-2.0
#include "node/store/tables.hpp"

#include "node/store/schema.hpp"

namespace boato {
namespace {

std::string events_where(const char* where) {
  return "SELECT " + std::string{event_columns} + " FROM events " + where;
}

}  // namespace

bool take(const Statement& from, EventRow& row) {
  row.at = from.u64(0);
  row.topic = from.u64(1);
  row.stream = from.u64(2);
  row.first = Seq{from.u64(3)};
  row.count = static_cast<std::uint16_t>(from.u64(4));
  row.time = from.u64(5);
  row.peak = from.u64(6);
  row.stored = from.u64(7);
  row.expires = from.u64(8);
  row.size = from.u64(9);
  row.state = static_cast<RowState>(from.u64(10));
  return from.array(11, row.digest.raw) && row.count > 0 && from.u64(4) == row.count &&
         row.check() == from.u64(12);
}

bool take(const Statement& from, LastValueRow& row) {
  row = {from.u64(0), from.text(1), from.u64(2), static_cast<std::uint16_t>(from.u64(3))};
  return row.check() == from.u64(4);
}

IndexEntry take_entry(const Statement& from) {
  IndexEntry entry;
  entry.at = from.u64(0);
  entry.first = Seq{from.u64(1)};
  entry.count = static_cast<std::uint16_t>(from.u64(2));
  static_cast<void>(from.array(3, entry.digest.raw));
  return entry;
}

Tables::Tables(Database& db)
    : store_{db,
             "SELECT incarnation, commits, arrivals, clock, logs, topics, streams, \"check\" FROM store "
             "WHERE id = 1"},
      logs_{db, "SELECT * FROM logs ORDER BY id"},
      topics_{db, "SELECT * FROM topics ORDER BY id"},
      streams_{db, "SELECT * FROM streams ORDER BY id"},
      faults_{db, "SELECT stream, first, last, at FROM faults"},
      cursors_{db, "SELECT * FROM cursors ORDER BY log, name"},
      last_values_{db, ("SELECT " + std::string{last_value_columns} + " FROM last_values").c_str()},
      entries_{db,
               "SELECT at, first, count, digest FROM events INDEXED BY by_stream WHERE stream = ?1 AND "
               "first > ?2 AND first <= ?3 ORDER BY first"},
      places_{db, "SELECT at FROM events INDEXED BY by_topic WHERE topic = ?1 AND state = 0"},
      save_store_{db, "INSERT OR REPLACE INTO store VALUES(1, ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)"},
      save_log_{db,
                "INSERT OR REPLACE INTO logs VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, "
                "?13, ?14, ?15)"},
      save_topic_{db,
                  "INSERT OR REPLACE INTO topics VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, "
                  "?12, ?13)"},
      save_stream_{db, "INSERT OR REPLACE INTO streams VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)"},
      save_cursor_{db, "INSERT OR REPLACE INTO cursors VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)"},
      save_last_{db, "INSERT OR REPLACE INTO last_values VALUES(?1, ?2, ?3, ?4, ?5)"},
      save_fault_{db, "INSERT OR REPLACE INTO faults VALUES(?1, ?2, ?3, ?4)"},
      drop_cursor_{db, "DELETE FROM cursors WHERE log = ?1 AND name = ?2"},
      drop_fault_{db, "DELETE FROM faults WHERE stream = ?1 AND first = ?2"},
      insert_{db, "INSERT INTO events VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"},
      drop_event_{db, "DELETE FROM events WHERE at = ?1"},
      save_state_{db, "UPDATE events SET state = ?2, \"check\" = ?3 WHERE at = ?1"},
      expire_{db, "UPDATE events SET state = ?2, \"check\" = ?3, bytes = NULL, size = 0 WHERE at = ?1"},
      find_entry_{db,
                  "SELECT at, first, count, digest FROM events INDEXED BY by_stream WHERE stream = ?1 AND "
                  "first = ?2 AND count = ?3"},
      find_{db, events_where("WHERE at = ?1").c_str()},
      bytes_{db, "SELECT bytes FROM events WHERE at = ?1"},
      oldest_{db,
              "SELECT at FROM events INDEXED BY by_topic WHERE topic = ?1 AND state = ?2 AND at >= ?3 "
              "ORDER BY at LIMIT 1"},
      newest_{db,
              "SELECT at FROM events INDEXED BY by_topic WHERE topic = ?1 AND state = 0 AND at < ?2 ORDER "
              "BY at DESC LIMIT 1"},
      next_expired_{db,
                    "SELECT at FROM events INDEXED BY by_expiry WHERE expires > 0 AND state <> 1 AND "
                    "expires <= ?1 ORDER BY expires LIMIT 1 OFFSET ?2"},
      find_last_{db,
                 "SELECT topic, key, at, place, \"check\" FROM last_values WHERE topic = ?1 AND key = ?2"},
      is_last_{db, "SELECT 1 FROM last_values INDEXED BY by_place WHERE at = ?1 LIMIT 1"},
      drop_last_{db, "DELETE FROM last_values WHERE at = ?1"} {}

std::optional<StoreRow> Tables::load_store() {
  if (!store_.first()) return std::nullopt;
  const StoreRow row{store_.u64(0), store_.u64(1), store_.u64(2), store_.u64(3),
                     store_.u64(4), store_.u64(5), store_.u64(6)};
  const bool good = row.check() == store_.u64(7);
  store_.end();
  return good ? std::optional{row} : std::nullopt;
}

bool Tables::take_log(LogRow& row) const {
  row.id = logs_.u64(0);
  bool good = logs_.array(1, row.name.domain.raw);
  row.name.generation = logs_.u64(2);
  row.meta.cid = logs_.u64(3);
  row.meta.config = logs_.text(4);
  row.meta.promised.round = logs_.u64(5);
  good = logs_.array(6, row.meta.promised.peer.raw) && good;
  row.meta.promised.incarnation = Incarnation{logs_.u64(7)};
  row.meta.no_hold_le.round = logs_.u64(8);
  good = logs_.array(9, row.meta.no_hold_le.peer.raw) && good;
  row.meta.no_hold_le.incarnation = Incarnation{logs_.u64(10)};
  row.meta.snap_lsn = logs_.u64(11);
  row.meta.snap_chain = logs_.text(12);
  row.meta.applied = logs_.u64(13);
  return good && row.check() == logs_.u64(14);
}

bool Tables::take_cursor(DurableCursor& cursor) const {
  cursor.name = cursors_.text(1);
  bool good = cursors_.array(2, cursor.topic.raw);
  cursor.attach = cursors_.u64(3);
  good = cursors_.array(4, cursor.owner.raw) && good;
  cursor.position = cursors_.text(5);
  cursor.expires_us = cursors_.u64(6);
  return good && cursor_check(cursors_.u64(0), cursor) == cursors_.u64(7);
}

bool Tables::take_topic(TopicRow& row) const {
  row.id = topics_.u64(0);
  row.log = topics_.u64(1);
  const bool good = topics_.array(2, row.topic.raw);
  row.retain = {Duration{static_cast<std::int64_t>(topics_.u64(3))}, topics_.u64(4), topics_.u64(5)};
  row.rows = topics_.u64(6);
  row.events = topics_.u64(7);
  row.size = topics_.u64(8);
  row.sum = {topics_.u64(9), topics_.u64(10)};
  row.peak = topics_.u64(11);
  return good && row.check() == topics_.u64(12);
}

bool Tables::take_stream(StreamRow& row) const {
  row.id = streams_.u64(0);
  row.topic = streams_.u64(1);
  const bool good = streams_.array(2, row.publisher.raw);
  row.incarnation = Incarnation{streams_.u64(3)};
  row.held = Seq{streams_.u64(4)};
  row.floor = Seq{streams_.u64(5)};
  row.rows = streams_.u64(6);
  row.sum = {streams_.u64(7), streams_.u64(8)};
  return good && row.check() == streams_.u64(9);
}

void Tables::save(const StoreRow& row) {
  save_store_.run(store_format, row.incarnation, row.commits, row.arrivals, row.clock, row.logs, row.topics,
                  row.streams, row.check());
}

void Tables::save(const LogRow& row) {
  const LogMeta& meta = row.meta;
  save_log_.run(row.id, view(row.name.domain), row.name.generation, meta.cid, std::string_view{meta.config},
                meta.promised.round, view(meta.promised.peer), meta.promised.incarnation.raw(),
                meta.no_hold_le.round, view(meta.no_hold_le.peer), meta.no_hold_le.incarnation.raw(),
                meta.snap_lsn, std::string_view{meta.snap_chain}, meta.applied, row.check());
}

void Tables::save(const TopicRow& row) {
  save_topic_.run(row.id, row.log, view(row.topic), row.retain.age.count(), row.retain.bytes,
                  row.retain.events, row.rows, row.events, row.size, row.sum.a, row.sum.b, row.peak,
                  row.check());
}

void Tables::save(const StreamRow& row) {
  save_stream_.run(row.id, row.topic, view(row.publisher), row.incarnation.raw(), row.held.raw(),
                   row.floor.raw(), row.rows, row.sum.a, row.sum.b, row.check());
}

void Tables::save(RowId log, const DurableCursor& cursor) {
  save_cursor_.run(log, std::string_view{cursor.name}, view(cursor.topic), cursor.attach, view(cursor.owner),
                   std::string_view{cursor.position}, cursor.expires_us, cursor_check(log, cursor));
}

void Tables::save(const LastValueRow& row) {
  save_last_.run(row.topic, std::string_view{row.key}, row.at, row.index, row.check());
}

void Tables::save(RowId stream, const Fault& fault) {
  save_fault_.run(stream, fault.range.first.raw(), fault.range.last.raw(), fault.at);
}

void Tables::drop_cursor(RowId log, std::string_view name) { drop_cursor_.run(log, name); }
void Tables::drop_fault(RowId stream, SeqRange range) { drop_fault_.run(stream, range.first.raw()); }

void Tables::insert(const EventRow& row, Bytes bytes) {
  insert_.run(row.at, row.topic, row.stream, row.first.raw(), row.count, row.time, row.peak, row.stored,
              row.expires, row.size, row.state, view(row.digest), row.check(), bytes);
}

void Tables::drop_event(RowId at) { drop_event_.run(at); }

void Tables::save_state(const EventRow& row) {
  (row.state == RowState::expired ? expire_ : save_state_).run(row.at, row.state, row.check());
}

std::optional<IndexEntry> Tables::find_entry(RowId stream, SeqRange range) {
  if (!find_entry_.first(stream, range.first.raw(), range.count())) return std::nullopt;
  const IndexEntry entry = take_entry(find_entry_);
  find_entry_.end();
  return entry;
}

std::optional<Tables::Found> Tables::find(RowId at) {
  if (!find_.first(at)) return std::nullopt;
  Found found;
  found.good = take(find_, found.row) && found.row.at == at;
  find_.end();
  return found;
}

std::optional<std::vector<std::byte>> Tables::bytes(RowId at) {
  if (!bytes_.first(at)) return std::nullopt;
  const Bytes found = bytes_.blob(0);
  std::vector<std::byte> copy(found.begin(), found.end());
  bytes_.end();
  return copy;
}

std::optional<RowId> Tables::oldest(RowId topic, RowState state, RowId from) {
  if (!oldest_.first(topic, state, from)) return std::nullopt;
  const RowId at = oldest_.u64(0);
  oldest_.end();
  return at;
}

std::optional<RowId> Tables::newest(RowId topic, RowId under) {
  if (!newest_.first(topic, under)) return std::nullopt;
  const RowId at = newest_.u64(0);
  newest_.end();
  return at;
}

std::optional<RowId> Tables::next_expired(std::uint64_t clock, std::size_t skip) {
  if (!next_expired_.first(clock, skip)) return std::nullopt;
  const RowId at = next_expired_.u64(0);
  next_expired_.end();
  return at;
}

std::optional<LastValueRow> Tables::find_last_value(RowId topic, std::string_view key) {
  if (!find_last_.first(topic, key)) return std::nullopt;
  LastValueRow row;
  const bool good = take(find_last_, row);
  find_last_.end();
  return good ? std::optional{std::move(row)} : std::nullopt;
}

bool Tables::is_last_value(RowId at) {
  const bool found = is_last_.first(at);
  is_last_.end();
  return found;
}

void Tables::drop_last_values(RowId at) { drop_last_.run(at); }

}  // namespace boato
