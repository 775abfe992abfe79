// SPDX-License-Identifier: Apache-2.0
// What a replica of one topic keeps, as numbers: per stream what it has asked its store to keep, and what the
// store has on disk. By tag, since the store keeps streams that a peer has long closed in memory.
// Invariant: what is on disk was asked for.
#pragma once

#include "overlay/stream/stream.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

namespace boato {

struct KeptStream {
  StreamTag tag;
  StreamKey key;
  Seq floor;         // nothing up to here is kept any more
  Stream asked;      // of the store, answered or not
  Stream stored;     // on disk
  bool told = true;  // its publisher has heard how far it is stored
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
    return *streams_.insert(at, KeptStream{tag, key, {}, Stream{tag}, Stream{tag}});
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

  void check_invariants() const {
    for (const KeptStream& s : streams_) {
      BOATO_CHECK(s.stored.frontier() <= s.asked.frontier());
      for (const SeqRange& run : s.stored.above().ranges()) BOATO_CHECK(s.asked.accounted(run));
    }
  }

 private:
  std::vector<KeptStream> streams_;  // by tag
};

}  // namespace boato
