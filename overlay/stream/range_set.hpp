// SPDX-License-Identifier: Apache-2.0
// Disjoint runs of numbers in rising order: what a peer has of a stream above its frontier. Runs that touch
// are one run, so the memory follows the holes and not the events. At most ranges_max runs: a peer that skips
// numbers on purpose cannot make us hold more.
#pragma once

#include "overlay/base/check.hpp"
#include "overlay/base/mutant.hpp"
#include "overlay/stream/stream_key.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <vector>

namespace boato {

class RangeSet {
 public:
  static constexpr std::size_t ranges_max = 64;  // x 16 B = 1 KiB a stream

  // Adds a run and joins what it touches. False, and nothing changes: it would be one run too many.
  bool add(SeqRange range) {
    const auto first =
        std::ranges::lower_bound(ranges_, range.first, {}, [](const SeqRange& r) { return touch(r.last); });
    auto last = first;
    while (last != ranges_.end() && last->first <= touch(range.last)) ++last;
    if (first == last) {
      if (ranges_.size() == ranges_max) return false;
      ranges_.insert(first, range);
      return true;
    }
    first->first = std::min(first->first, range.first);
    first->last = std::max(std::prev(last)->last, range.last);
    ranges_.erase(std::next(first), last);
    return true;
  }

  // Forgets all numbers up to `seq`.
  void drop_upto(Seq seq) {
    const auto keep = std::ranges::upper_bound(ranges_, seq, {}, &SeqRange::last);
    ranges_.erase(ranges_.begin(), keep);
    if (!ranges_.empty() && ranges_.front().first <= seq) ranges_.front().first = next(seq);
  }

  [[nodiscard]] bool holds(Seq seq) const {
    const auto at = std::ranges::lower_bound(ranges_, seq, {}, &SeqRange::last);
    return at != ranges_.end() && at->first <= seq;
  }
  [[nodiscard]] std::span<const SeqRange> ranges() const { return ranges_; }
  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  [[nodiscard]] std::size_t size() const { return ranges_.size(); }
  [[nodiscard]] Seq highest() const { return ranges_.empty() ? Seq{} : ranges_.back().last; }
  void clear() { ranges_.clear(); }

  void check_invariants() const {
    BOATO_CHECK(ranges_.size() <= ranges_max);
    for (std::size_t i = 0; i < ranges_.size(); ++i) {
      BOATO_CHECK(ranges_[i].first <= ranges_[i].last);
      BOATO_CHECK(i == 0 || touch(ranges_[i - 1].last) < ranges_[i].first);
    }
  }

 private:
  // The number behind `last`: a run that begins there continues the run that ends at `last`.
  static Seq touch(Seq last) {
    if (last.raw() == ~std::uint64_t{0}) return last;
    if (BOATO_MUTANT(162)) return Seq{last.raw() + 2};  // joins runs over a hole of one: that event is lost
    return next(last);
  }
  std::vector<SeqRange> ranges_;  // keeps its room: a warm stream allocates nothing
};

}  // namespace boato
