// SPDX-License-Identifier: Apache-2.0
#include "node/store/book.hpp"

namespace boato {
namespace {

// The id after the greatest.
template <class Map>
RowId next_id(const Map& rows) {
  return rows.empty() ? 1 : rows.rbegin()->first + 1;
}

template <class Ids, class Key, class Rows>
auto* find_in(const Ids& ids, const Key& key, Rows& rows) {
  const auto at = ids.find(key);
  return at == ids.end() ? nullptr : &rows.at(at->second);
}

}  // namespace

LogRow* Book::find_log(const LogName& name) { return find_in(log_ids_, name, logs_); }

LogRow& Book::add_log(const LogName& name) {
  const RowId id = next_id(logs_);
  log_ids_.emplace(name, id);
  ++store.logs;
  return logs_.emplace(id, LogRow{.id = id, .name = name, .meta = {}}).first->second;
}

TopicRow* Book::find_topic(RowId log, const TopicId& topic) {
  return find_in(topic_ids_, std::pair{log, topic}, topics_);
}

TopicRow* Book::find_topic(RowId id) {
  const auto at = topics_.find(id);
  return at == topics_.end() ? nullptr : &at->second;
}

TopicRow& Book::add_topic(RowId log, const TopicId& topic) {
  const RowId id = next_id(topics_);
  topic_ids_.emplace(std::pair{log, topic}, id);
  ++store.topics;
  TopicRow row;
  row.id = id;
  row.log = log;
  row.topic = topic;
  TopicRow& added = topics_.emplace(id, row).first->second;
  touch(added);
  return added;
}

StreamRow* Book::find_stream(RowId topic, const PeerId& publisher, Incarnation incarnation) {
  return find_in(stream_ids_, std::tuple{topic, publisher, incarnation}, streams_);
}

StreamRow* Book::find_stream(RowId id) {
  const auto at = streams_.find(id);
  return at == streams_.end() ? nullptr : &at->second;
}

StreamRow& Book::add_stream(RowId topic, const PeerId& publisher, Incarnation incarnation) {
  const RowId id = next_id(streams_);
  stream_ids_.emplace(std::tuple{topic, publisher, incarnation}, id);
  ++store.streams;
  StreamRow row;
  row.id = id;
  row.topic = topic;
  row.publisher = publisher;
  row.incarnation = incarnation;
  StreamRow& added = streams_.emplace(id, std::move(row)).first->second;
  touch(added);
  return added;
}

std::optional<std::string> Book::load(Tables& tables) {
  *this = Book{};
  if (auto wrong = load_rows(tables)) return wrong;
  for (auto& [id, stream] : streams_)
    if (auto wrong = walk(tables, stream)) return wrong;
  for (const auto& [id, topic] : topics_)
    if (auto wrong = walk(tables, topic)) return wrong;
  return std::nullopt;
}

std::optional<std::string> Book::load_rows(Tables& tables) {
  const auto row = tables.load_store();
  if (!row) return "the row of the store itself does not check";
  store = *row;
  std::uint64_t bad = 0;
  tables.each_log([&](LogRow& log, bool good) {
    bad += good ? 0 : 1;
    log_ids_.emplace(log.name, log.id);
    logs_.emplace(log.id, std::move(log));
  });
  tables.each_topic([&](const TopicRow& topic, bool good) {
    bad += good && logs_.contains(topic.log) ? 0 : 1;
    topic_ids_.emplace(std::pair{topic.log, topic.topic}, topic.id);
    topics_.emplace(topic.id, topic);
  });
  tables.each_stream([&](StreamRow& stream, bool good) {
    bad += good && topics_.contains(stream.topic) ? 0 : 1;
    stream_ids_.emplace(std::tuple{stream.topic, stream.publisher, stream.incarnation}, stream.id);
    streams_.emplace(stream.id, std::move(stream));
  });
  if (bad > 0) return std::to_string(bad) + " rows of logs, topics or streams do not check";
  if (logs_.size() != store.logs || topics_.size() != store.topics || streams_.size() != store.streams)
    return "rows of logs, topics or streams are missing";
  tables.each_fault([&](RowId id, const Fault& fault) {
    if (StreamRow* stream = find_stream(id)) stream->faults.push_back(fault);
  });
  return std::nullopt;
}

std::optional<std::string> Book::walk(Tables& tables, StreamRow& stream) {
  StreamRow seen = stream;
  seen.rows = 0;
  seen.sum = {};
  seen.held = stream.floor;
  bool orderly = true;
  Seq end = stream.floor;  // entries of one stream never overlap
  tables.each_entry(stream.id, stream.floor, number_max, [&](const IndexEntry& entry) {
    EventRow row;
    row.at = entry.at;
    row.first = entry.first;
    row.count = entry.count;
    row.digest = entry.digest;
    orderly = orderly && entry.count > 0 && entry.first > end;
    end = row.last();
    seen.add(row);
    orderly = seen.account(row.range()) && orderly;
  });
  if (seen.held != stream.held || seen.rows != stream.rows || seen.sum != stream.sum || !orderly)
    return "the index of a stream does not hold what its sum says";
  stream.above = std::move(seen.above);
  return std::nullopt;
}

std::optional<std::string> Book::walk(Tables& tables, const TopicRow& topic) {
  TopicRow seen;
  tables.each_place(topic.id, [&](RowId at) {
    EventRow row;
    row.at = at;
    seen.add(row);
  });
  if (seen.rows != topic.rows || seen.sum != topic.sum)
    return "the index of a topic does not hold what its sum says";
  return std::nullopt;
}

void Book::touch(TopicRow& topic) {
  if (!std::exchange(topic.changed, true)) touched_topics_.push_back(topic.id);
}

void Book::touch(StreamRow& stream) {
  if (!std::exchange(stream.changed, true)) touched_streams_.push_back(stream.id);
}

void Book::save_touched(Tables& tables) {
  ++store.commits;
  for (const RowId id : touched_topics_) {
    TopicRow& topic = topics_.at(id);
    topic.changed = false;
    tables.save(topic);
  }
  for (const RowId id : touched_streams_) {
    StreamRow& stream = streams_.at(id);
    stream.changed = false;
    tables.save(stream);
  }
  touched_topics_.clear();
  touched_streams_.clear();
  tables.save(store);
}

}  // namespace boato
