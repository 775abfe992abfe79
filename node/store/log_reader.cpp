// SPDX-License-Identifier: Apache-2.0
#include "node/store/log_reader.hpp"

#include "node/store/schema.hpp"

#include <algorithm>
#include <chrono>
#include <limits>

namespace boato {

class LogReader::Budget {
 public:
  explicit Budget(const SliceLimits& limits) : limits_{limits}, until_{Clock::now() + limits.time_max} {}
  // Whether one more row of this many bytes may be taken.
  bool take(std::size_t bytes) {
    const bool room = rows_ == 0 || (rows_ < limits_.rows_max && bytes_ + bytes <= limits_.bytes_max &&
                                     Clock::now() < until_);
    ++rows_;
    bytes_ += bytes;
    return room;
  }

 private:
  using Clock = std::chrono::steady_clock;
  const SliceLimits& limits_;
  const Clock::time_point until_;
  std::size_t rows_ = 0, bytes_ = 0;
};

LogReader::LogReader(std::string folder, const char* vfs) : folder_{std::move(folder)}, vfs_{vfs} { open(); }

void LogReader::open() {
  db_ = open_to_read(folder_, vfs_);
  find_topic_ = {db_,
                 "SELECT topics.id FROM topics JOIN logs ON logs.id = topics.log WHERE logs.domain = ?1 AND "
                 "logs.generation = ?2 AND topics.topic = ?3"};
  find_stream_ = {db_,
                  "SELECT id, held, floor FROM streams WHERE topic = ?1 AND publisher = ?2 AND incarnation "
                  "= ?3"};
  stream_by_id_ = {db_,
                   "SELECT streams.topic, topics.topic, publisher, incarnation FROM streams JOIN topics ON "
                   "topics.id = streams.topic WHERE streams.id = ?1"};
  arrived_ = {db_,
              "SELECT at FROM events INDEXED BY by_topic WHERE topic = ?1 AND state = 0 AND at >= ?2 ORDER "
              "BY at"};
  backwards_ = {db_,
                "SELECT at FROM events INDEXED BY by_topic WHERE topic = ?1 AND state = 0 ORDER BY at DESC"};
  before_ = {db_,
             "SELECT first FROM events INDEXED BY by_stream WHERE stream = ?1 AND first <= ?2 ORDER BY first "
             "DESC LIMIT 1"};
  entries_ = {db_,
              "SELECT at, first, count, digest FROM events INDEXED BY by_stream WHERE stream = ?1 AND "
              "first >= ?2 ORDER BY first"};
  event_ = {db_, ("SELECT " + std::string{event_columns} + ", bytes FROM events WHERE at = ?1").c_str()};
  last_values_ = {db_,
                  "SELECT topic, key, at, place, \"check\" FROM last_values WHERE topic = ?1 AND key > ?2 "
                  "ORDER BY key"};
}

LogReader::Snapshot::Snapshot(LogReader& reader) : reader_{reader} {
  if (reader_.db_.trouble() != Trouble::none) reader_.open();
  reader_.db_.run("BEGIN");
}

LogReader::Snapshot::~Snapshot() {
  for (Statement* s :
       {&reader_.find_topic_, &reader_.find_stream_, &reader_.stream_by_id_, &reader_.arrived_,
        &reader_.backwards_, &reader_.before_, &reader_.entries_, &reader_.event_, &reader_.last_values_})
    s->end();
  reader_.db_.run("COMMIT");
}

Errc LogReader::trouble(Errc none) {
  if (db_.trouble() == Trouble::none) return none;
  return db_.trouble() == Trouble::damaged ? lost() : Errc::internal;
}

Errc LogReader::lost() {
  lost_ = true;
  return Errc::conflict;
}

std::optional<RowId> LogReader::topic_id(const TopicPath& path) {
  if (!find_topic_.first(view(path.log.domain), path.log.generation, view(path.topic))) return std::nullopt;
  const RowId id = find_topic_.u64(0);
  find_topic_.end();
  return id;
}

const LogReader::Place* LogReader::place_of(RowId stream) {
  const auto known = places_.find(stream);
  if (known != places_.end()) return &known->second;
  Place place;
  if (!stream_by_id_.first(stream)) return nullptr;
  place.topic = stream_by_id_.u64(0);
  const bool whole =
      stream_by_id_.array(1, place.name.topic.raw) && stream_by_id_.array(2, place.name.publisher.raw);
  place.name.incarnation = Incarnation{stream_by_id_.u64(3)};
  stream_by_id_.end();
  return whole ? &places_.emplace(stream, place).first->second : nullptr;
}

LogReader::Got LogReader::fetch(RowId at, EventRow& row, StoredBatch& out) {
  if (!event_.first(at)) return db_.trouble() == Trouble::none ? Got::other : Got::trouble;
  const bool good = boato::take(event_, row) && row.at == at;
  const Bytes bytes = event_.blob(13);
  Got got = Got::bad;
  if (good && row.state == RowState::expired) {
    got = Got::gone;
  } else if (const Place* place = good ? place_of(row.stream) : nullptr; place != nullptr) {
    if (bytes.size() == row.size && event_digest(place->name, row.first, row.count, bytes) == row.digest) {
      got = Got::good;
      out = {at,       place->name.publisher,       place->name.incarnation, row.first, row.count,
             row.time, {bytes.begin(), bytes.end()}};
    }
  }
  event_.end();
  return db_.trouble() == Trouble::none ? got : Got::trouble;
}

bool LogReader::take(RowId at, RowId topic, const IndexEntry* expected, RowId stream, Slice& slice,
                     Errc& why) {
  EventRow row;
  StoredBatch batch;
  switch (fetch(at, row, batch)) {
    case Got::good:
      if (row.topic != topic ||
          (expected != nullptr && (row.stream != stream || row.range() != expected->range())))
        return why = lost(), false;
      slice.batches.push_back(std::move(batch));
      return true;
    case Got::gone: return true;
    case Got::other: return why = lost(), false;
    case Got::trouble: return why = trouble(), false;
    case Got::bad: break;
  }
  // What the index says of it tells which numbers are faulty.
  if (expected != nullptr) {
    if (const Place* place = place_of(stream); place != nullptr)
      slice.faulty.push_back({place->name.publisher, place->name.incarnation, expected->range(), stream, at});
    faults_.emplace_back(stream, Fault{expected->range(), at});
    return true;
  }
  // Rare, so without an index: the whole of by_stream is looked through.
  Statement by_place{
      db_, "SELECT at, first, count, digest, stream FROM events INDEXED BY by_stream WHERE at = ?1"};
  if (!by_place.first(at)) return why = lost(), false;
  const IndexEntry entry = take_entry(by_place);
  const RowId of = by_place.u64(4);
  const Place* place = place_of(of);
  if (place == nullptr || place->topic != topic || entry.count == 0) return why = lost(), false;
  slice.faulty.push_back({place->name.publisher, place->name.incarnation, entry.range(), of, at});
  faults_.emplace_back(of, Fault{entry.range(), at});
  return true;
}

LogReader::Answer<Slice> LogReader::arrived(const TopicPath& path, RowId from, const SliceLimits& limits) {
  Slice slice;
  from = std::min(from, number_max.raw());  // somebody else may have chosen it
  slice.next = from;
  Errc why = Errc::internal;
  {
    const Snapshot snapshot{*this};
    const auto topic = topic_id(path);
    if (!topic) return trouble(Errc::no_such);
    Budget budget{limits};
    bool row = arrived_.first(*topic, from);
    for (; row; row = arrived_.next()) {
      const RowId at = arrived_.u64(0);
      if (!budget.take(slice.batches.empty() ? 0 : slice.batches.back().bytes.size())) break;
      if (!take(at, *topic, nullptr, 0, slice, why)) return why;
      slice.next = at + 1;
    }
    slice.end = !row;
  }
  if (db_.trouble() != Trouble::none) return trouble();
  return slice;
}

LogReader::Answer<Slice> LogReader::stream(const StreamName& name, const LogName& log, Seq from,
                                           const SliceLimits& limits) {
  Slice slice;
  from = std::min(from, number_max);  // somebody else may have chosen it
  slice.next = from.raw();
  Errc why = Errc::internal;
  {
    const Snapshot snapshot{*this};
    const auto topic = topic_id({log, name.topic});
    if (!topic || !find_stream_.first(*topic, view(name.publisher), name.incarnation.raw()))
      return trouble(Errc::no_such);
    const RowId id = find_stream_.u64(0);
    const Seq held{find_stream_.u64(1)}, floor{find_stream_.u64(2)};
    // The batch that holds `from` may begin before it.
    const Seq begin = before_.first(id, from.raw()) ? Seq{before_.u64(0)} : from;
    Seq end = std::max(floor, Seq{begin.raw() - 1});
    Budget budget{limits};
    bool row = entries_.first(id, begin.raw());
    for (; row; row = entries_.next()) {
      const IndexEntry entry = take_entry(entries_);
      if (entry.range().last <= floor) continue;
      // Under the frontier there are no holes: what is not there was lost.
      if (entry.first > next(end) && end < held) return lost();
      end = entry.range().last;
      if (end < from) continue;
      if (!budget.take(slice.batches.empty() ? 0 : slice.batches.back().bytes.size())) break;
      if (!take(entry.at, *topic, &entry, id, slice, why)) return why;
      slice.next = end.raw() + 1;
    }
    if (!row && end < held) return db_.trouble() == Trouble::none ? lost() : trouble();
    slice.end = !row;
  }
  if (db_.trouble() != Trouble::none) return trouble();
  return slice;
}

LogReader::Answer<LastValueSlice> LogReader::last_values(const TopicPath& path,
                                                         const std::optional<std::string>& after,
                                                         const SliceLimits& limits) {
  LastValueSlice values;
  Errc why = Errc::internal;
  {
    const Snapshot snapshot{*this};
    const auto topic = topic_id(path);
    if (!topic) return trouble(Errc::no_such);
    Slice slice;
    Budget budget{limits};
    // Keys are not empty, so all of them come after the empty one.
    bool row = last_values_.first(*topic, std::string_view{after ? *after : std::string_view{}});
    for (; row; row = last_values_.next()) {
      LastValueRow value;
      if (!boato::take(last_values_, value)) return lost();
      if (!budget.take(slice.batches.empty() ? 0 : slice.batches.back().bytes.size())) break;
      slice.batches.clear();
      if (!take(value.at, *topic, nullptr, 0, slice, why)) return why;
      if (!slice.batches.empty()) values.values.push_back({value.key, value.index, slice.batches.back()});
    }
    values.end = !row;
    if (!after && values.values.empty() && slice.faulty.empty() && !row && backwards_.first(*topic)) {
      if (!take(backwards_.u64(0), *topic, nullptr, 0, slice, why)) return why;
      for (StoredBatch& batch : slice.batches)
        values.values.push_back({"", static_cast<std::uint16_t>(batch.count - 1), std::move(batch)});
    }
    values.faulty = std::move(slice.faulty);
  }
  if (db_.trouble() != Trouble::none) return trouble();
  return values;
}

}  // namespace boato
