// SPDX-License-Identifier: Apache-2.0
#include "overlay/stream/event_cache.hpp"

#include "overlay/base/mutant.hpp"

namespace boato {

const EventCache::Shelf* EventCache::shelf_of(TopicSlot topic, StreamIndex stream) const {
  if (topic.raw() >= topics_.size()) return nullptr;
  const auto& shelves = topics_[topic.raw()];
  return stream.raw() < shelves.size() ? &shelves[stream.raw()] : nullptr;
}

EventCache::Shelf& EventCache::make_shelf(TopicSlot topic, StreamIndex stream) {
  if (topic.raw() >= topics_.size()) topics_.resize(std::size_t{topic.raw()} + 1);
  auto& shelves = topics_[topic.raw()];
  if (stream.raw() >= shelves.size()) shelves.resize(std::size_t{stream.raw()} + 1);
  return shelves[stream.raw()];
}

// Index of the first entry that can hold `seq` or something behind it.
std::size_t EventCache::first_reaching(const Shelf& shelf, Seq seq) const {
  std::size_t low = 0, high = shelf.numbers.size();
  while (low < high) {  // to the first that begins behind seq
    const std::size_t middle = low + (high - low) / 2;
    if (at(shelf.numbers[middle]).first <= seq)
      low = middle + 1;
    else
      high = middle;
  }
  if (!shelf.crooked) return low > 0 && at(shelf.numbers[low - 1]).last >= seq ? low - 1 : low;
  // No batch holds more than batch_events_max numbers, so only those that begin near can reach it.
  while (low > 0 && seq.raw() - at(shelf.numbers[low - 1]).first.raw() < wire::batch_events_max) --low;
  return low;
}

std::size_t EventCache::place_of(const Shelf& shelf, std::uint64_t number) const {
  const Seq first = at(number).first;
  std::size_t low = 0, high = shelf.numbers.size();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (at(shelf.numbers[middle]).first < first)
      low = middle + 1;
    else
      high = middle;
  }
  while (low < shelf.numbers.size() && shelf.numbers[low] != number) ++low;  // equal firsts: crooked only
  BOATO_CHECK(low < shelf.numbers.size());
  return low;
}

CacheId EventCache::put(Time now, const Put& put, const wire::BatchView& batch, const EventRef& bytes,
                        Effects& fx) {
  BOATO_CHECK(!bytes.empty());
  const std::uint64_t evicted_before = evicted_;
  Shelf& shelf = make_shelf(put.topic, put.stream);
  std::size_t place = shelf.numbers.size();
  if (place > 0 && at(shelf.numbers.back()).last >= batch.first) {  // not simply the next one
    place = first_reaching(shelf, batch.first);
    bool crosses = false;
    for (; place < shelf.numbers.size(); ++place) {
      CachedBatch& other = at(shelf.numbers[place]);
      if (other.first == batch.first && other.last == batch.last()) {
        if (put.trust == Trust::verified) other.trust = Trust::verified;
        return other.id;
      }
      if (other.first > batch.first) {
        crosses = crosses || other.first <= batch.last();
        break;
      }
      crosses = crosses || other.last >= batch.first;
    }
    shelf.crooked = shelf.crooked || crosses;
  }
  const CacheId id{first_ + entries_.size()};
  shelf.numbers.insert(place, id.raw());
  entries_.push_back(
      {id, batch.first, batch.last(), put.topic, put.stream, now, bytes, put.trust, put.hops, put.from});
  bytes_ += bytes.size();
  ++live_;
  while (!entries_.empty() && (entries_.front().at + config_.age_max <= now ||
                               (bytes_ > config_.bytes_max && !BOATO_MUTANT(164)) ||  // 164: grows for ever
                               entries_.size() > config_.batches_max))
    evict_oldest();
  if (evicted_ != evicted_before) fx.count(Counter::cache_evicted, evicted_ - evicted_before);
  return id;
}

void EventCache::remove(std::uint64_t number) {
  CachedBatch& batch = at(number);
  Shelf& shelf = topics_[batch.topic.raw()][batch.stream.raw()];
  shelf.numbers.erase(place_of(shelf, number));
  if (shelf.numbers.empty()) shelf.crooked = false;
  bytes_ -= batch.bytes.size();
  --live_;
  batch.bytes = EventRef{};
}

void EventCache::evict_oldest() {
  if (!entries_.front().bytes.empty()) {
    remove(first_);
    ++evicted_;
  }
  entries_.pop_front();
  ++first_;
  trim();
}

// The oldest entry is one that is there.
void EventCache::trim() {
  while (!entries_.empty() && entries_.front().bytes.empty()) {
    entries_.pop_front();
    ++first_;
  }
}

const CachedBatch* EventCache::find(CacheId id) const {
  if (id.raw() < first_ || id.raw() - first_ >= entries_.size()) return nullptr;
  const CachedBatch& batch = at(id.raw());
  return batch.bytes.empty() ? nullptr : &batch;
}

const CachedBatch* EventCache::find(TopicSlot topic, StreamIndex stream, Seq seq) const {
  const CachedBatch* found = nullptr;
  each(topic, stream, SeqRange{seq, seq}, [&](const CachedBatch& batch) {
    found = &batch;
    return false;
  });
  return found;
}

void EventCache::upgrade(CacheId id) {
  if (find(id)) at(id.raw()).trust = Trust::verified;
}

void EventCache::drop(CacheId id) {
  if (BOATO_MUTANT(163)) return;  // goes on serving what is known to be forged
  if (!find(id)) return;
  remove(id.raw());
  trim();
}

void EventCache::forget(TopicSlot topic, StreamIndex stream) {
  if (!shelf_of(topic, stream)) return;
  Shelf& shelf = topics_[topic.raw()][stream.raw()];
  for (std::size_t i = 0; i < shelf.numbers.size(); ++i) {
    CachedBatch& batch = at(shelf.numbers[i]);
    bytes_ -= batch.bytes.size();
    --live_;
    batch.bytes = EventRef{};
  }
  shelf = Shelf{};
  trim();
}

void EventCache::forget(TopicSlot topic) {
  if (topic.raw() >= topics_.size()) return;
  for (std::uint32_t i = 0; i < topics_[topic.raw()].size(); ++i) forget(topic, StreamIndex{i});
  topics_[topic.raw()] = {};
}

void EventCache::on_deadline(Time now, Effects& fx) {
  const std::uint64_t evicted_before = evicted_;
  while (!entries_.empty() && entries_.front().at + config_.age_max <= now) evict_oldest();
  if (evicted_ != evicted_before) fx.count(Counter::cache_evicted, evicted_ - evicted_before);
}

Time EventCache::next_deadline() const {
  return entries_.empty() ? never : entries_.front().at + config_.age_max;
}

void EventCache::check_invariants() const {
  std::size_t bytes = 0, live = 0, shelved = 0;
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    BOATO_CHECK(entries_[i].id.raw() == first_ + i);
    bytes += entries_[i].bytes.size();
    live += entries_[i].bytes.empty() ? 0 : 1;
  }
  BOATO_CHECK(bytes == bytes_ && live == live_ && bytes_ <= config_.bytes_max);
  BOATO_CHECK(entries_.size() <= config_.batches_max);
  BOATO_CHECK(entries_.empty() || !entries_.front().bytes.empty());
  for (const auto& shelves : topics_)
    for (const Shelf& shelf : shelves) {
      shelved += shelf.numbers.size();
      for (std::size_t i = 0; i < shelf.numbers.size(); ++i) {
        BOATO_CHECK(!at(shelf.numbers[i]).bytes.empty());
        if (i == 0) continue;
        BOATO_CHECK(at(shelf.numbers[i - 1]).first <= at(shelf.numbers[i]).first);
        BOATO_CHECK(shelf.crooked || at(shelf.numbers[i - 1]).last < at(shelf.numbers[i]).first);
      }
    }
  BOATO_CHECK(shelved == live_);
}

}  // namespace boato
