// SPDX-License-Identifier: Apache-2.0
// Rows to and from the database, each with its check. Knows columns, and no rule of what may be in them.
#pragma once

#include "node/store/rows.hpp"
#include "node/store/sqlite.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boato {

// The columns of an EventRow in the order of `take`, then its check.
inline constexpr const char* event_columns =
    "at, topic, stream, first, count, time, peak, stored, expires, size, state, digest, \"check\"";

// From a row that begins with event_columns. False: it does not check; what could be read is in `row`.
[[nodiscard]] bool take(const Statement& from, EventRow& row);

// From a row that begins with last_value_columns. False: it does not check.
inline constexpr const char* last_value_columns = "topic, key, at, place, \"check\"";
[[nodiscard]] bool take(const Statement& from, LastValueRow& row);

// An entry of the index by_stream: enough to tell what a row should be.
struct IndexEntry {
  RowId at = 0;
  Seq first;
  std::uint16_t count = 0;
  Digest digest;
  [[nodiscard]] SeqRange range() const { return {first, Seq{first.raw() + count - 1}}; }
};
[[nodiscard]] IndexEntry take_entry(const Statement& from);  // at, first, count, digest

class Tables {
 public:
  Tables() = default;
  explicit Tables(Database& db);

  // Loading; `each` is called once per row, with whether it checks.
  [[nodiscard]] std::optional<StoreRow> load_store();  // none: there is no such row, or it does not check
  template <class Each>
  void each_log(Each&& each) {
    for (bool row = logs_.first(); row; row = logs_.next()) {
      LogRow log;
      const bool good = take_log(log);
      each(log, good);
    }
    logs_.end();
  }
  template <class Each>
  void each_topic(Each&& each) {
    for (bool row = topics_.first(); row; row = topics_.next()) {
      TopicRow topic;
      const bool good = take_topic(topic);
      each(topic, good);
    }
    topics_.end();
  }
  template <class Each>
  void each_stream(Each&& each) {
    for (bool row = streams_.first(); row; row = streams_.next()) {
      StreamRow stream;
      const bool good = take_stream(stream);
      each(stream, good);
    }
    streams_.end();
  }
  template <class Each>
  void each_fault(Each&& each) {
    for (bool row = faults_.first(); row; row = faults_.next())
      each(RowId{faults_.u64(0)}, Fault{{Seq{faults_.u64(1)}, Seq{faults_.u64(2)}}, faults_.u64(3)});
    faults_.end();
  }
  template <class Each>
  void each_cursor(Each&& each) {
    for (bool row = cursors_.first(); row; row = cursors_.next()) {
      DurableCursor cursor;
      const bool good = take_cursor(cursor);
      each(RowId{cursors_.u64(0)}, std::move(cursor), good);
    }
    cursors_.end();
  }
  template <class Each>
  void each_last_value(Each&& each) {
    for (bool row = last_values_.first(); row; row = last_values_.next()) {
      LastValueRow value;
      const bool good = boato::take(last_values_, value);
      each(value, good);
    }
    last_values_.end();
  }
  // Entries of one stream with after < first <= upto, by rising number.
  template <class Each>
  void each_entry(RowId stream, Seq after, Seq upto, Each&& each) {
    for (bool row = entries_.first(stream, after.raw(), upto.raw()); row; row = entries_.next())
      each(take_entry(entries_));
    entries_.end();
  }
  // Places of the held rows of one topic, as the index has them.
  template <class Each>
  void each_place(RowId topic, Each&& each) {
    for (bool row = places_.first(topic); row; row = places_.next()) each(RowId{places_.u64(0)});
    places_.end();
  }

  void save(const StoreRow& row);
  void save(const LogRow& row);
  void save(const TopicRow& row);
  void save(const StreamRow& row);
  void save(RowId log, const DurableCursor& cursor);
  void save(const LastValueRow& row);
  void save(RowId stream, const Fault& fault);
  void drop_cursor(RowId log, std::string_view name);
  void drop_fault(RowId stream, SeqRange range);

  void insert(const EventRow& row, Bytes bytes);
  void drop_event(RowId at);
  void save_state(const EventRow& row);  // of a row whose state has changed; an expired one loses its bytes
  // The entry of exactly these numbers.
  [[nodiscard]] std::optional<IndexEntry> find_entry(RowId stream, SeqRange range);
  // The row at a place: none if there is none. `good`: it checks.
  struct Found {
    EventRow row;
    bool good = false;
  };
  [[nodiscard]] std::optional<Found> find(RowId at);
  [[nodiscard]] std::optional<std::vector<std::byte>> bytes(RowId at);
  // Place of the oldest row of a topic in this state, from `at` on.
  [[nodiscard]] std::optional<RowId> oldest(RowId topic, RowState state, RowId from);
  // The newest held row of a topic under a place.
  [[nodiscard]] std::optional<RowId> newest(RowId topic, RowId under);
  // A row whose own time is over, behind `skip` others.
  [[nodiscard]] std::optional<RowId> next_expired(std::uint64_t clock, std::size_t skip);

  [[nodiscard]] std::optional<LastValueRow> find_last_value(RowId topic, std::string_view key);
  [[nodiscard]] bool is_last_value(RowId at);
  void drop_last_values(RowId at);

 private:
  bool take_log(LogRow& row) const;
  bool take_cursor(DurableCursor& cursor) const;
  bool take_topic(TopicRow& row) const;
  bool take_stream(StreamRow& row) const;

  Statement store_, logs_, topics_, streams_, faults_, cursors_, last_values_, entries_, places_;
  Statement save_store_, save_log_, save_topic_, save_stream_, save_cursor_, save_last_, save_fault_;
  Statement drop_cursor_, drop_fault_, insert_, drop_event_, save_state_, expire_, find_entry_, find_;
  Statement bytes_, oldest_, newest_, next_expired_, find_last_, is_last_, drop_last_;
};

}  // namespace boato
