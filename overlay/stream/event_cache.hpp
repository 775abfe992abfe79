// SPDX-License-Identifier: Apache-2.0
// The batches a peer has lately had, of all its topics: what pulls are answered from, and where held-back
// events wait when their queue is full. Oldest out first, by age and by bytes. Arrival order is one ring,
// and each stream has a ring of its own by rising number; both are reused, so a warm cache allocates nothing.
// Knows no order, links or signatures: it keeps what its owner says of them.
// Limits: what counts is the batches' bytes; each costs 80 B besides.
#pragma once

#include "overlay/base/slab.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/stream/ring.hpp"
#include "overlay/stream/stream_key.hpp"
#include "overlay/wire/batch.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace boato {

struct EventCacheConfig {
  Duration age_max = std::chrono::seconds{60};
  std::size_t bytes_max = std::size_t{64} << 20;
  std::size_t batches_max = 262'144;  // x 80 B = 20 MiB of our own beside the bytes
};

// A cached batch, never reused: a stale one finds nothing.
using CacheId = Strong<struct CacheIdTag, std::uint64_t>;

enum class Trust : std::uint8_t {
  attested,  // came over the link of its own publisher: proven to us, not to those we would pass it on to
  verified,  // its signature was checked
};

struct CachedBatch {
  CacheId id;
  Seq first, last;
  TopicSlot topic;
  StreamIndex stream;
  Time at{};
  EventRef bytes;  // empty: gone
  Trust trust{};
  std::uint8_t hops = 0;  // links it had crossed; 0: our own, or repaired
  LinkId from;            // that brought it first; zero: our own
};
static_assert(sizeof(CachedBatch) <= 80);

class EventCache {
 public:
  using Config = EventCacheConfig;
  explicit EventCache(const Config& config) : config_{config} {}
  EventCache(const EventCache&) = delete;
  EventCache& operator=(const EventCache&) = delete;

  struct Put {
    TopicSlot topic;
    StreamIndex stream;
    Trust trust{};
    std::uint8_t hops = 0;
    LinkId from{};
  };
  // Keeps a batch that parses. The same numbers again: keeps the one it has, upgraded if this one is
  // verified, and answers with its id. Makes room by dropping the oldest (counted as cache_evicted).
  CacheId put(Time now, const Put& put, const wire::BatchView& batch, const EventRef& bytes, Effects& fx);

  // Null: evicted, dropped or forgotten. Pointers hold until the next call that changes the cache.
  [[nodiscard]] const CachedBatch* find(CacheId id) const;
  // The batch that holds this number.
  [[nodiscard]] const CachedBatch* find(TopicSlot topic, StreamIndex stream, Seq seq) const;

  // f(const CachedBatch&) -> bool for each batch that overlaps `range`, by rising first number, until f
  // answers false. f must not change the cache.
  template <class F>
  void each(TopicSlot topic, StreamIndex stream, SeqRange range, F&& f) const {
    const Shelf* shelf = shelf_of(topic, stream);
    if (!shelf) return;
    for (std::size_t i = first_reaching(*shelf, range.first); i < shelf->numbers.size(); ++i) {
      const CachedBatch& batch = at(shelf->numbers[i]);
      if (batch.first > range.last) return;
      if (batch.last >= range.first && !f(batch)) return;
    }
  }

  // After its signature was checked: it holds (no effect on one that is gone), or it does not.
  void upgrade(CacheId id);
  void drop(CacheId id);

  void forget(TopicSlot topic);
  void forget(TopicSlot topic, StreamIndex stream);

  void on_deadline(Time now, Effects& fx);
  [[nodiscard]] Time next_deadline() const;

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::size_t batches() const { return live_; }
  [[nodiscard]] std::uint64_t evicted() const { return evicted_; }  // ever, by age or for room

  void check_invariants() const;

 private:
  struct Shelf {                  // of one stream
    Ring<std::uint64_t> numbers;  // of its entries, by rising first event
    bool crooked = false;         // its batches overlap, so finding looks further back
  };
  [[nodiscard]] const CachedBatch& at(std::uint64_t number) const {
    return entries_[static_cast<std::size_t>(number - first_)];
  }
  [[nodiscard]] CachedBatch& at(std::uint64_t number) {
    return entries_[static_cast<std::size_t>(number - first_)];
  }
  Shelf& make_shelf(TopicSlot topic, StreamIndex stream);
  void trim();
  [[nodiscard]] const Shelf* shelf_of(TopicSlot topic, StreamIndex stream) const;
  [[nodiscard]] std::size_t first_reaching(const Shelf& shelf, Seq seq) const;
  [[nodiscard]] std::size_t place_of(const Shelf& shelf, std::uint64_t number) const;
  void remove(std::uint64_t number);
  void evict_oldest();

  Config config_;
  Ring<CachedBatch> entries_;               // by arrival; one without bytes is gone
  std::uint64_t first_ = 1;                 // number of entries_.front()
  std::vector<std::vector<Shelf>> topics_;  // by topic slot, then by stream index
  std::size_t bytes_ = 0;
  std::size_t live_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace boato
