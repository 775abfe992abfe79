// SPDX-License-Identifier: Apache-2.0
#include "node/store/rescue.hpp"

#include <algorithm>
#include <map>
#include <optional>

namespace boato {
namespace {

constexpr std::size_t rows_at_once = 256;
constexpr std::size_t bytes_at_once = std::size_t{1} << 20;

class Rescue {
 public:
  Rescue(const std::string& from, const char* vfs, LogStore& into, RescueReport& report)
      : folder_{from}, vfs_{vfs}, into_{into}, report_{report} {}

  bool names();
  bool events(const std::function<void(RowId, RowId)>& progress);

 private:
  void open() {
    next_ = Statement{};
    keys_ = Statement{};
    db_ = open_to_read(folder_, vfs_);
    next_ = {db_, ("SELECT " + std::string{event_columns} +
                   ", bytes FROM events WHERE at >= ?1 ORDER BY at LIMIT 1")
                      .c_str()};
    keys_ = {db_, ("SELECT " + std::string{last_value_columns} + " FROM last_values WHERE at = ?1").c_str()};
  }
  [[nodiscard]] RowId last_place();
  void take_row();
  bool flush();
  void report(const Persisted& answer);

  const std::string folder_;
  const char* vfs_;
  LogStore& into_;
  RescueReport& report_;
  Database db_;
  Statement next_, keys_;
  SlabPool pool_;
  std::map<RowId, LogSlot> logs_;
  std::map<RowId, std::pair<LogSlot, TopicId>> topics_;
  std::map<RowId, StreamRow> streams_;
  Persist batch_;
  std::size_t bytes_ = 0;
};

// A table that cannot be read to its end gives what comes before.
bool Rescue::names() {
  open();
  Tables{db_}.each_log([&](const LogRow& log, bool good) {
    if (!good) return;
    const LogSlot slot{static_cast<std::uint32_t>(logs_.size())};
    logs_.emplace(log.id, slot);
    batch_.ops.push_back(OpenLog{slot, log.name});
  });
  open();
  Tables{db_}.each_topic([&](const TopicRow& topic, bool good) {
    if (!good || !logs_.contains(topic.log)) return;
    topics_.emplace(topic.id, std::pair{logs_[topic.log], topic.topic});
    batch_.ops.push_back(KeepTopic{logs_[topic.log], topic.topic, topic.retain});
  });
  open();
  Tables{db_}.each_stream([&](const StreamRow& stream, bool good) {
    const auto topic = topics_.find(stream.topic);
    if (!good || topic == topics_.end()) return;
    streams_.emplace(stream.id, stream);
    batch_.ops.push_back(RaiseFloor{topic->second.first, topic->second.second, stream.publisher,
                                    stream.incarnation, stream.floor});
  });
  open();
  return flush();
}

RowId Rescue::last_place() {
  RawFile file{mark_path(folder_), vfs_, RawFile::Mode::read_only};
  const auto mark = read_mark(file);
  const auto row = Tables{db_}.load_store();
  open();
  if (mark || row) return std::max(mark ? mark->arrivals : 0, row ? row->arrivals : 0);
  // A place without a check of its own may be any number, so it only speaks where nothing else does.
  const auto newest = static_cast<RowId>(db_.number("SELECT max(at) FROM events"));
  open();
  return newest;
}

void Rescue::take_row() {
  EventRow row;
  const bool good = boato::take(next_, row);
  const auto stream = streams_.find(row.stream);
  const Bytes bytes = next_.blob(13);
  if (good && row.state != RowState::held) return;
  if (good && stream != streams_.end()) {
    const auto& [slot, topic] = topics_.at(stream->second.topic);
    const StreamName name{topic, stream->second.publisher, stream->second.incarnation};
    if (event_digest(name, row.first, row.count, bytes) == row.digest) {
      AppendBatch op{slot, topic, name.publisher,   name.incarnation, row.first, row.count, row.time,
                     {},   {},    pool_.copy(bytes)};
      for (bool key = keys_.first(row.at); key; key = keys_.next()) {
        LastValueRow value;
        if (boato::take(keys_, value)) op.keys.push_back({value.index, std::move(value.key)});
      }
      keys_.end();
      batch_.ops.push_back(std::move(op));
      bytes_ += bytes.size();
      return;
    }
  }
  ++report_.bad;
}

bool Rescue::events(const std::function<void(RowId, RowId)>& progress) {
  const RowId last = last_place();
  for (RowId at = 1; at <= last;) {
    const bool row = next_.first(at);
    if (row) {
      at = std::max(next_.u64(0), at) + 1;
      take_row();
    }
    next_.end();
    if (db_.trouble() != Trouble::none) {
      ++report_.unreadable;
      open();
      if (!row) ++at;
    } else if (!row) {
      break;
    }
    if (batch_.ops.size() >= rows_at_once || bytes_ >= bytes_at_once) {
      if (!flush()) return false;
      if (progress) progress(at, last);
    }
  }
  return flush();
}

void Rescue::report(const Persisted& answer) {
  for (const PersistOp& op : batch_.ops) {
    if (const auto* append = std::get_if<AppendBatch>(&op)) {
      ++report_.batches;
      report_.events += append->count;
    }
  }
  for (const RefusedOp& refused : answer.refused) {
    const auto* append = std::get_if<AppendBatch>(&batch_.ops[refused.op]);
    if (append == nullptr) continue;
    --report_.batches;
    report_.events -= append->count;
    ++(refused.why == Refusal::disk_full ? report_.no_room : report_.refused);
  }
}

bool Rescue::flush() {
  if (batch_.ops.empty()) return true;
  std::vector<Persisted> answers;
  const bool kept = into_.commit(std::span{&batch_, 1}, answers);
  if (kept) report(answers.front());
  batch_.ops.clear();
  bytes_ = 0;
  return kept;
}

}  // namespace

bool rescue(const std::string& from, const char* vfs, LogStore& into, RescueReport& report,
            const std::function<void(RowId, RowId)>& progress) {
  Rescue work{from, vfs, into, report};
  return work.names() && work.events(progress);
}

}  // namespace boato
