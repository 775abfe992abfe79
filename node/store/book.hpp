// SPDX-License-Identifier: Apache-2.0
// What the writer knows without looking: the rows of the store, its logs, topics and streams. Memory: about
// 300 B a stream; events are not in it. Loaded when the store opens; what has changed is saved with each
// commit.
#pragma once

#include "node/store/rows.hpp"
#include "node/store/tables.hpp"

#include <cstdint>
#include <map>
#include <optional>
#include <tuple>
#include <utility>
#include <vector>

namespace boato {

class Book {
 public:
  StoreRow store;

  [[nodiscard]] LogRow* find_log(const LogName& name);
  [[nodiscard]] LogRow& log(RowId id) { return logs_.at(id); }
  [[nodiscard]] bool has_log(RowId id) const { return logs_.contains(id); }
  LogRow& add_log(const LogName& name);

  [[nodiscard]] TopicRow* find_topic(RowId log, const TopicId& topic);
  [[nodiscard]] TopicRow& topic(RowId id) { return topics_.at(id); }
  [[nodiscard]] TopicRow* find_topic(RowId id);  // what a row on disk names may not be there
  // To be saved with the next commit, as a stream that is added.
  TopicRow& add_topic(RowId log, const TopicId& topic);

  [[nodiscard]] StreamRow* find_stream(RowId topic, const PeerId& publisher, Incarnation incarnation);
  [[nodiscard]] StreamRow* find_stream(RowId id);
  StreamRow& add_stream(RowId topic, const PeerId& publisher, Incarnation incarnation);
  [[nodiscard]] StreamName name_of(const StreamRow& stream) const {
    return {topics_.at(stream.topic).topic, stream.publisher, stream.incarnation};
  }

  [[nodiscard]] std::map<RowId, LogRow>& logs() { return logs_; }
  [[nodiscard]] std::map<RowId, TopicRow>& topics() { return topics_; }
  [[nodiscard]] std::map<RowId, StreamRow>& streams() { return streams_; }

  // Reads all of it. Every row must check, every row the store counted must be there, and the indexes must
  // hold what their sums say. What is not so is said in words: the database has lost something.
  [[nodiscard]] std::optional<std::string> load(Tables& tables);

  // Its row is to be saved with the next commit.
  void touch(TopicRow& topic);
  void touch(StreamRow& stream);
  // Writes what was touched since the last save, and the store's row.
  void save_touched(Tables& tables);

 private:
  [[nodiscard]] std::optional<std::string> load_rows(Tables& tables);
  [[nodiscard]] std::optional<std::string> walk(Tables& tables, StreamRow& stream);
  [[nodiscard]] std::optional<std::string> walk(Tables& tables, const TopicRow& topic);

  std::vector<RowId> touched_topics_, touched_streams_;
  std::map<RowId, LogRow> logs_;
  std::map<RowId, TopicRow> topics_;
  std::map<RowId, StreamRow> streams_;
  std::map<LogName, RowId> log_ids_;
  std::map<std::pair<RowId, TopicId>, RowId> topic_ids_;
  std::map<std::tuple<RowId, PeerId, Incarnation>, RowId> stream_ids_;
};

}  // namespace boato
