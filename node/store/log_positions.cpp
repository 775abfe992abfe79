// SPDX-License-Identifier: Apache-2.0
// Of the reader: what there is, and where a replay begins.
#include "node/store/log_reader.hpp"

#include <algorithm>
#include <array>

namespace boato {

std::optional<std::pair<RowId, std::uint64_t>> LogReader::peak_from(RowId topic, RowId from) {
  for (bool row = arrived_.first(topic, from); row; row = arrived_.next()) {
    const RowId at = arrived_.u64(0);
    // A row that does not check has no peak to go by; the next one will do.
    if (event_.first(at)) {
      EventRow event;
      const bool good = boato::take(event_, event);
      event_.end();
      if (good) return std::pair{at, event.peak};
    }
  }
  return std::nullopt;
}

LogReader::Answer<RowId> LogReader::place_of_time(const TopicPath& path, std::uint64_t time_us) {
  const Snapshot snapshot{*this};
  const auto topic = topic_id(path);
  if (!topic) return trouble(Errc::no_such);
  RowId low = 0, high = 0;
  if (backwards_.first(*topic)) high = std::min(backwards_.u64(0), number_max.raw() - 1) + 1;
  backwards_.end();
  // Peaks rise along the places: the first place that reaches the time, by halves.
  while (low < high) {
    const RowId middle = low + (high - low) / 2;
    const auto found = peak_from(*topic, middle);
    arrived_.end();
    if (!found || found->second >= time_us) {
      high = middle;
    } else {
      low = found->first + 1;
    }
  }
  if (db_.trouble() != Trouble::none) return trouble();
  return low;
}

LogReader::Answer<TailStart> LogReader::place_of_last(const TopicPath& path, std::uint64_t events) {
  const Snapshot snapshot{*this};
  const auto topic = topic_id(path);
  if (!topic) return trouble(Errc::no_such);
  TailStart start;
  std::uint64_t seen = 0;
  for (bool row = backwards_.first(*topic); row; row = backwards_.next()) {
    const RowId at = backwards_.u64(0);
    if (start.at <= 1) start.at = at + 1;  // none at all: one past the newest
    if (seen >= events) break;
    EventRow event;
    if (!event_.first(at)) break;
    static_cast<void>(boato::take(event_, event));
    event_.end();
    start.at = at;
    seen += event.count;
  }
  backwards_.end();
  start.skip = seen > events ? seen - events : 0;
  if (db_.trouble() != Trouble::none) return trouble();
  return start;
}

LogReader::Answer<std::vector<KeptLog>> LogReader::logs() {
  std::vector<KeptLog> logs;
  std::map<RowId, std::size_t> place;
  bool whole = true;
  {
    const Snapshot snapshot{*this};
    Tables tables{db_};
    tables.each_log([&](LogRow& log, bool good) {
      whole = whole && good;
      place[log.id] = logs.size();
      logs.push_back({log.name, std::move(log.meta), {}});
    });
    tables.each_cursor([&](RowId log, DurableCursor&& cursor, bool good) {
      whole = whole && good && place.contains(log);
      if (whole) logs[place[log]].cursors.push_back(std::move(cursor));
    });
  }
  if (db_.trouble() != Trouble::none) return trouble();
  if (!whole) return lost();  // a cursor that is left out would begin anew
  return logs;
}

LogReader::Answer<std::vector<KeptTopic>> LogReader::topics() {
  std::vector<KeptTopic> topics;
  {
    const Snapshot snapshot{*this};
    Tables tables{db_};
    std::map<RowId, LogName> names;
    tables.each_log([&](const LogRow& log, bool good) {
      if (good) names.emplace(log.id, log.name);
    });
    tables.each_topic([&](const TopicRow& topic, bool good) {
      if (good && names.contains(topic.log))
        topics.push_back({{names[topic.log], topic.topic}, topic.retain, topic.events, topic.size});
    });
  }
  if (db_.trouble() != Trouble::none) return trouble();
  return topics;
}

LogReader::Answer<std::vector<HeldStream>> LogReader::held(const TopicPath& path) {
  std::vector<HeldStream> streams;
  {
    const Snapshot snapshot{*this};
    const auto topic = topic_id(path);
    if (!topic) return trouble(Errc::no_such);
    Tables tables{db_};
    std::vector<RowId> ids;
    tables.each_stream([&](const StreamRow& row, bool good) {
      if (!good || row.topic != *topic) return;
      ids.push_back(row.id);
      streams.push_back({row.publisher, row.incarnation, row.floor, row.held, {}, {}});
    });
    for (std::size_t i = 0; i < ids.size(); ++i) {
      RangeSet above;
      tables.each_entry(ids[i], streams[i].held, number_max, [&](const IndexEntry& entry) {
        if (entry.count > 0) static_cast<void>(above.add(entry.range()));
      });
      streams[i].above.assign(above.ranges().begin(), above.ranges().end());
    }
    tables.each_fault([&](RowId stream, const Fault& fault) {
      const auto at = std::ranges::find(ids, stream);
      if (at != ids.end()) streams[static_cast<std::size_t>(at - ids.begin())].faulty.push_back(fault.range);
    });
  }
  if (db_.trouble() != Trouble::none) return trouble();
  return streams;
}

}  // namespace boato
