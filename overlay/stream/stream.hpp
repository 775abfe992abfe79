// SPDX-License-Identifier: Apache-2.0
// What one peer knows of one stream: everything up to `frontier`, and the runs above it. This is at once the
// duplicate filter, the gap detector and the repair cursor (README, idea 1). Accounted means held, or known
// not to come. Knows numbers only; bytes are in the event cache, order is in the delivery queue.
// Invariants: (1) the frontier only rises; (2) all runs lie above frontier + 1; (3) a number is fresh once.
#pragma once

#include "overlay/stream/range_set.hpp"
#include "overlay/stream/stream_key.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace boato {

// What was new of a run, in rising order. More than pieces_max pieces in one batch only come from a publisher
// that numbers its batches crookedly: the pieces behind are then not accounted, and come again by repair.
struct Fresh {
  static constexpr std::size_t pieces_max = 8;
  std::array<SeqRange, pieces_max> pieces{};
  std::uint8_t count = 0;
  bool refused = false;  // something was not accounted: too many runs or pieces
  [[nodiscard]] bool empty() const { return count == 0; }
  [[nodiscard]] std::span<const SeqRange> ranges() const { return {pieces.data(), count}; }
  [[nodiscard]] std::uint64_t events() const {
    std::uint64_t sum = 0;
    for (const SeqRange& piece : ranges()) sum += piece.count();
    return sum;
  }
};

class Stream {
 public:
  Stream() = default;
  explicit Stream(StreamTag tag) : tag_{tag} {}

  [[nodiscard]] StreamTag tag() const { return tag_; }
  [[nodiscard]] bool named() const {
    return named_;
  }  // false: only its tag is known, no batch of it came yet
  [[nodiscard]] const StreamKey& key() const { return key_; }  // all zero while not named
  void name(const StreamKey& key) {
    key_ = key;
    named_ = true;
  }

  [[nodiscard]] Seq frontier() const { return frontier_; }
  [[nodiscard]] const RangeSet& above() const { return above_; }
  [[nodiscard]] Seq highest() const { return above_.empty() ? frontier_ : above_.highest(); }
  [[nodiscard]] bool complete() const { return above_.empty(); }  // no hole that we know of
  [[nodiscard]] Seq floor() const { return floor_; }  // lowest number still kept anywhere; 0 = all
  [[nodiscard]] bool accounted(Seq seq) const { return seq <= frontier_ || above_.holds(seq); }
  [[nodiscard]] bool accounted(SeqRange range) const {
    bool all = true;
    each_hole(range, [&](SeqRange) { return all = false; });
    return all;
  }

  // Accounts the run and says what of it was new. The room for that is the caller's, and reused.
  void account(SeqRange range, Fresh& fresh);
  // Accounts everything up to `upto` without holding it: start positions, stated gaps.
  void skip(Seq upto);
  // Raises the floor; what lies below counts as accounted. False: it was there already.
  bool raise_floor(Seq floor);

  // Its publisher hands events only to those that want them: what a member accounts for is its own affair,
  // and frontiers of two members say nothing of each other.
  [[nodiscard]] bool sparse() const { return sparse_; }
  void make_sparse() { sparse_ = true; }
  // Forgets what was accounted for above the frontier, but for these runs.
  void refit(std::span<const SeqRange> held);

  // emit(SeqRange) for each run inside `range` that is not accounted, rising, until emit answers false.
  template <class Emit>
  void each_hole(SeqRange range, Emit&& emit) const {
    if (range.last <= frontier_) return;
    Seq from = range.first <= frontier_ ? next(frontier_) : range.first;
    for (const SeqRange& have : above_.ranges()) {
      if (from > range.last || have.first > range.last) break;
      if (have.last < from) continue;
      if (have.first > from && !emit(SeqRange{from, Seq{have.first.raw() - 1}})) return;
      if (have.last >= range.last) return;
      from = next(have.last);
    }
    if (from <= range.last) emit(SeqRange{from, range.last});
  }

  void check_invariants() const {
    above_.check_invariants();
    BOATO_CHECK(above_.empty() || above_.ranges().front().first.raw() - 1 > frontier_.raw());
    BOATO_CHECK(floor_.raw() == 0 || frontier_.raw() >= floor_.raw() - 1);
  }

 private:
  void settle();  // takes runs that touch the frontier into it
  StreamTag tag_;
  StreamKey key_;
  Seq frontier_;
  Seq floor_;
  RangeSet above_;
  bool named_ = false;
  bool sparse_ = false;
};

}  // namespace boato
