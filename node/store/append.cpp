// SPDX-License-Identifier: Apache-2.0
// How the store takes events: what is new, what is held already, what is in conflict, what is mended.
#include "node/store/log_store.hpp"

#include <algorithm>

namespace boato {
namespace {

constexpr std::size_t key_bytes_max = 1024;

bool fits(const AppendBatch& op) {
  return op.count > 0 && op.first.raw() > 0 && op.first.raw() < number_max.raw() - op.count &&
         op.incarnation.raw() <= number_max.raw() && op.time_us <= number_max.raw() && op.ttl.count() >= 0;
}

}  // namespace

std::optional<Refusal> LogStore::apply(const AppendBatch& op) {
  TopicRow* topic = topic_of(op.log, op.topic);
  if (topic == nullptr) return Refusal::no_such;
  if (!fits(op)) return Refusal::too_large;
  const SeqRange range{op.first, Seq{op.first.raw() + op.count - 1}};
  const Digest digest =
      event_digest({op.topic, op.publisher, op.incarnation}, op.first, op.count, op.bytes.bytes());
  StreamRow* stream = book_.find_stream(topic->id, op.publisher, op.incarnation);
  if (stream != nullptr) {
    if (range.last <= stream->floor) {  // retention has passed it: it does not rise from the dead
      ++counts_.duplicates;
      return std::nullopt;
    }
    if (stream->fault_at(range) != nullptr) return repair(*stream, op, digest);
    if (stream->touches(range)) return held_already(*stream, op, digest);
  }
  if (full_) {
    ++counts_.full;
    return Refusal::disk_full;
  }
  if (stream == nullptr) stream = &book_.add_stream(topic->id, op.publisher, op.incarnation);
  if (!stream->account(range)) return Refusal::too_many_holes;
  const RowId at = ++book_.store.arrivals;
  insert(*stream, op, digest, at);
  note_keys(*stream, op, at);
  ++counts_.appended;
  return std::nullopt;
}

std::optional<Refusal> LogStore::held_already(StreamRow& stream, const AppendBatch& op,
                                              const Digest& digest) {
  const auto entry = tables_.find_entry(stream.id, {op.first, Seq{op.first.raw() + op.count - 1}});
  if (entry && entry->digest == digest) {
    ++counts_.duplicates;
    return std::nullopt;
  }
  ++counts_.conflicts;
  return Refusal::conflict;
}

std::optional<Refusal> LogStore::repair(StreamRow& stream, const AppendBatch& op, const Digest& digest) {
  const SeqRange range{op.first, Seq{op.first.raw() + op.count - 1}};
  const auto entry = tables_.find_entry(stream.id, range);
  // The index repeats the digest on another page: it tells what the bad row was.
  if (!entry || entry->digest != digest) {
    ++counts_.conflicts;
    return Refusal::conflict;
  }
  if (full_) {  // mending writes as much as an event
    ++counts_.full;
    return Refusal::disk_full;
  }
  const auto old = tables_.find(entry->at);
  TopicRow& topic = book_.topic(stream.topic);
  EventRow row;
  if (old && old->good) {
    row = old->row;  // only its bytes are bad
  } else {
    row.at = entry->at;
    row.topic = stream.topic;
    row.stream = stream.id;
    row.first = op.first;
    row.count = op.count;
    row.time = op.time_us;
    const auto before = tables_.newest(topic.id, entry->at);
    const auto older = before ? tables_.find(*before) : std::nullopt;
    row.peak = std::max(op.time_us, older && older->good ? older->row.peak : 0);
    row.stored = book_.store.clock;
    row.expires = op.ttl.count() > 0 ? row.stored + static_cast<std::uint64_t>(op.ttl.count()) : 0;
    row.digest = digest;
  }
  row.size = op.bytes.size();
  row.state = RowState::held;
  tables_.drop_event(row.at);
  tables_.insert(row, op.bytes.bytes());
  tables_.drop_fault(stream.id, range);
  stream.mend(range);
  book_.touch(stream);
  ++counts_.repaired;
  return std::nullopt;
}

void LogStore::insert(StreamRow& stream, const AppendBatch& op, const Digest& digest, RowId at) {
  TopicRow& topic = book_.topic(stream.topic);
  topic.peak = std::max(topic.peak, op.time_us);
  EventRow row;
  row.at = at;
  row.topic = topic.id;
  row.stream = stream.id;
  row.first = op.first;
  row.count = op.count;
  row.time = op.time_us;
  row.peak = topic.peak;
  row.stored = book_.store.clock;
  row.expires = op.ttl.count() > 0 ? row.stored + static_cast<std::uint64_t>(op.ttl.count()) : 0;
  row.size = op.bytes.size();
  row.digest = digest;
  tables_.insert(row, op.bytes.bytes());
  stream.add(row);
  topic.add(row);
  book_.touch(stream);
  book_.touch(topic);
}

// The last value of a key: of one publisher, the one it published last; of several, the latest by their
// clocks. So replicas agree whatever order they took them in, as long as clocks of one publisher rise.
bool LogStore::newer(const StreamRow& stream, const AppendBatch& op, const EventKey& key,
                     const LastValueRow& than) {
  const auto old = tables_.find(than.at);
  if (!old || !old->good) return true;
  const StreamRow* other = book_.find_stream(old->row.stream);
  if (other == nullptr) return true;
  if (other->publisher == stream.publisher) {
    return std::pair{op.incarnation, op.first.raw() + key.index} >=
           std::pair{other->incarnation, old->row.first.raw() + than.index};
  }
  return std::pair{op.time_us, stream.publisher} >= std::pair{old->row.time, other->publisher};
}

void LogStore::note_keys(const StreamRow& stream, const AppendBatch& op, RowId at) {
  for (const EventKey& key : op.keys) {
    if (key.index >= op.count || key.key.empty() || key.key.size() > key_bytes_max) continue;
    const auto last = tables_.find_last_value(stream.topic, key.key);
    if (last && !newer(stream, op, key, *last)) continue;
    tables_.save(LastValueRow{stream.topic, key.key, at, key.index});
    if (last && last->at != at) unpin(last->at);
  }
}

std::optional<Refusal> LogStore::apply(const RaiseFloor& op) {
  TopicRow* topic = topic_of(op.log, op.topic);
  if (topic == nullptr) return Refusal::no_such;
  if (op.floor > number_max || op.incarnation.raw() > number_max.raw()) return Refusal::too_large;
  StreamRow* stream = book_.find_stream(topic->id, op.publisher, op.incarnation);
  if (stream == nullptr) stream = &book_.add_stream(topic->id, op.publisher, op.incarnation);
  raise_floor(*stream, op.floor);
  return std::nullopt;
}

}  // namespace boato
