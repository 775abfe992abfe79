// SPDX-License-Identifier: Apache-2.0
// What a replica of one topic keeps, as numbers: per stream what the store has on disk, and what it was asked
// for and has not answered yet. By tag, since the store keeps streams that a peer has long closed in memory.
#pragma once

#include "overlay/stream/ring.hpp"
#include "overlay/stream/stream.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace boato {

struct KeptStream {
  StreamTag tag;
  StreamKey key;
  Seq floor;                 // nothing up to here is kept any more
  Stream stored;             // on disk
  Ring<SeqRange> in_flight;  // asked of the store, not answered; in the order of asking
  Seq asked_upto;            // no number above was ever asked for: most batches are above
  bool told = true;          // its publisher has heard how far it is stored

  [[nodiscard]] bool in_hands(SeqRange range) const {
    if (range.first > asked_upto) return false;
    for (std::size_t i = 0; i < in_flight.size(); ++i)
      if (in_flight[i] == range) return true;
    return false;
  }
};

class KeptStreams {
 public:
  [[nodiscard]] KeptStream* find(StreamTag tag) {
    const auto at = std::ranges::lower_bound(streams_, tag, {}, &KeptStream::tag);
    return at != streams_.end() && at->tag == tag ? &*at : nullptr;
  }
  [[nodiscard]] const KeptStream* find(StreamTag tag) const {
    const auto at = std::ranges::lower_bound(streams_, tag, {}, &KeptStream::tag);
    return at != streams_.end() && at->tag == tag ? &*at : nullptr;
  }
  KeptStream& make(StreamTag tag, const StreamKey& key) {
    const auto at = std::ranges::lower_bound(streams_, tag, {}, &KeptStream::tag);
    if (at != streams_.end() && at->tag == tag) return *at;
    return *streams_.insert(at, KeptStream{tag, key, {}, Stream{tag}, {}, {}});
  }
  // Whether some of the range is on disk.
  [[nodiscard]] bool any_stored(StreamTag tag, SeqRange range) const {
    const KeptStream* kept = find(tag);
    if (!kept || range.last <= kept->floor) return false;
    const SeqRange above{std::max(range.first, next(kept->floor)), range.last};
    if (above.first <= kept->stored.frontier()) return true;
    return std::ranges::any_of(kept->stored.above().ranges(), [&](const SeqRange& r) {
      return r.first <= above.last && above.first <= r.last;
    });
  }
  [[nodiscard]] std::vector<KeptStream>& all() { return streams_; }
  [[nodiscard]] const std::vector<KeptStream>& all() const { return streams_; }
  [[nodiscard]] std::size_t size() const { return streams_.size(); }

  void check_invariants() const {
    for (const KeptStream& s : streams_) {
      s.stored.check_invariants();
      for (std::size_t i = 0; i < s.in_flight.size(); ++i) BOATO_CHECK(s.in_flight[i].last <= s.asked_upto);
    }
  }

 private:
  std::vector<KeptStream> streams_;  // by tag
};

}  // namespace boato
