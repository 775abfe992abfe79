// SPDX-License-Identifier: Apache-2.0
// What the store lets go: by age, bytes and number of events in order of arrival, and what has a time of its
// own. The floor of a stream rises with the last number that went, and everything under it goes with it, so
// what is promised is always a suffix. The last value of each key outlives age and number, not bytes; the
// newest batch of a topic stays in any case. What an index names is looked at before it goes: the row itself
// says its topic, its state and its time.
#include "node/store/log_store.hpp"

#include <algorithm>

namespace boato {
namespace {

constexpr std::size_t rows_max = 512;  // let go in one transaction, so that it stays short

bool over(const EventRow& row, std::uint64_t clock) {
  return row.state != RowState::expired && row.expires > 0 && row.expires <= clock;
}

}  // namespace

void LogStore::retain() {
  std::size_t budget = rows_max;
  expire(budget);
  bool more = budget == 0;
  for (auto& [id, topic] : book_.topics()) {
    while (budget > 0 && retain(topic)) --budget;
    more = more || budget == 0;
  }
  retaining_ = more;
}

bool LogStore::retain(TopicRow& topic) {
  const Retention& limit = topic.retain;
  const bool heavy = limit.bytes > 0 && topic.size > limit.bytes;
  const bool many = limit.events > 0 && topic.events > limit.events;
  if (!heavy && !many && (limit.age.count() == 0 || book_.store.clock < topic.due)) return false;
  if (heavy) {
    // Last values under the floors are the oldest of all.
    if (const auto at = tables_.oldest(topic.id, RowState::last_value, 0)) return drop(topic, *at), true;
  }
  if (topic.rows <= 1) return false;
  // A row that does not check says nothing of its age, and is let go with what comes after it.
  for (RowId from = 0;;) {
    const auto at = tables_.oldest(topic.id, RowState::held, from);
    if (!at) return false;
    const auto found = tables_.find(*at);
    const bool as_told = found && found->good && found->row.state == RowState::held;
    StreamRow* stream = as_told ? book_.find_stream(found->row.stream) : nullptr;
    if (stream == nullptr || stream->topic != topic.id) {
      from = *at + 1;
      continue;
    }
    const std::uint64_t age = book_.store.clock - std::min(book_.store.clock, found->row.stored);
    const bool old = limit.age.count() > 0 && age > static_cast<std::uint64_t>(limit.age.count());
    if (!heavy && !many && !old) {
      topic.due = found->row.stored + static_cast<std::uint64_t>(limit.age.count());
      return false;
    }
    if (many && !heavy && !old && topic.events - found->row.count < limit.events) return false;
    if (heavy) tables_.drop_last_values(*at);
    raise_floor(*stream, found->row.last());
    return true;
  }
}

void LogStore::raise_floor(StreamRow& stream, Seq floor) {
  if (floor <= stream.floor) return;
  std::vector<IndexEntry> passed;
  // What begins above the floor stays: a stream of a million batches is not walked for one.
  tables_.each_entry(stream.id, stream.floor, floor, [&](const IndexEntry& entry) {
    if (entry.range().last <= floor)
      passed.push_back(entry);
    else if (entry.first <= floor)
      floor = Seq{entry.first.raw() - 1};  // a floor stands between batches
  });
  for (const IndexEntry& entry : passed) pass(stream, entry);
  stream.floor = floor;
  if (stream.held < floor) {
    stream.held = floor;
    stream.above.drop_upto(floor);
    if (!stream.above.empty() && stream.above.ranges().front().first == next(floor)) {
      stream.held = stream.above.ranges().front().last;
      stream.above.drop_upto(stream.held);
    }
  }
  book_.touch(stream);
}

void LogStore::pass(StreamRow& stream, const IndexEntry& entry) {
  TopicRow& topic = book_.topic(stream.topic);
  EventRow row;
  row.at = entry.at;
  row.first = entry.first;
  row.count = entry.count;
  row.digest = entry.digest;
  stream.remove(row);
  if (stream.fault_at(entry.range()) != nullptr) {
    tables_.drop_fault(stream.id, entry.range());
    stream.mend(entry.range());
  }
  const auto found = tables_.find(entry.at);
  const bool stub = found && found->good && found->row.state == RowState::expired;
  if (stub) return tables_.drop_event(entry.at);
  // Of a row that does not check, its size is what the topic would have counted if it did: the column, or as
  // near to it as the damage leaves.
  if (found) row.size = std::min(found->row.size, topic.size);
  topic.remove(row);
  book_.touch(topic);
  counts_.expired += entry.count;
  if (found && found->good && tables_.is_last_value(entry.at)) {
    EventRow kept = found->row;
    kept.state = RowState::last_value;
    tables_.save_state(kept);
    topic.size += kept.size;
  } else {
    tables_.drop_last_values(entry.at);
    tables_.drop_event(entry.at);
  }
}

// A row under the floor that no key needs any more goes.
void LogStore::unpin(RowId at) {
  const auto found = tables_.find(at);
  if (!found || !found->good || found->row.state != RowState::last_value || tables_.is_last_value(at)) return;
  if (TopicRow* topic = book_.find_topic(found->row.topic)) drop(*topic, at);
}

// Lets a last value under the floor go.
void LogStore::drop(TopicRow& topic, RowId at) {
  const auto found = tables_.find(at);
  if (found) topic.size -= std::min(found->row.size, topic.size);
  book_.touch(topic);
  tables_.drop_last_values(at);
  tables_.drop_event(at);
}

void LogStore::expire(std::size_t& budget) {
  std::size_t bad =
      0;  // rows that do not check stand first for ever: what they say of their end is not trusted
  for (; budget > 0; --budget) {
    const auto at = tables_.next_expired(book_.store.clock, bad);
    if (!at) return;
    const auto found = tables_.find(*at);
    TopicRow* of = found && found->good ? book_.find_topic(found->row.topic) : nullptr;
    if (of == nullptr || !over(found->row, book_.store.clock)) {
      ++bad;
      continue;
    }
    EventRow row = found->row;
    TopicRow& topic = *of;
    if (row.state == RowState::last_value) {
      drop(topic, *at);
      continue;
    }
    topic.remove(row);
    book_.touch(topic);
    counts_.expired += row.count;
    tables_.drop_last_values(*at);
    row.state = RowState::expired;
    row.size = 0;
    tables_.save_state(row);
  }
}

}  // namespace boato
