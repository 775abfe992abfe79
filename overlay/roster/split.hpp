// SPDX-License-Identifier: Apache-2.0
// Splits the interval of the ring that a peer is responsible for into parts, each with the members that one
// child serves. Source: k-ary broadcast, El-Ansary et al. 2003, section 3. Departs: the first interval starts
// at zero and not at the source, so all sources cut alike and one set of links serves all. Knows rosters and
// intervals; does not know links, events, order or signatures. The same roster and interval give the same
// parts at every peer; different rosters cost misses that the mesh repairs, never loops, since intervals
// shrink at each hop. Invariants: the parts are disjoint, in rising order, and cover the interval.
#pragma once

#include "overlay/roster/member.hpp"

#include <algorithm>
#include <cstddef>
#include <span>

namespace boato {

inline constexpr std::size_t parts_max = 16;  // up to so many members are served one by one

struct Part {
  Interval interval;
  std::span<const RingMember> members;  // all members in it, those not to be served included
};

// The members of `ring` (sorted by place) inside `interval`.
[[nodiscard]] inline std::span<const RingMember> members_in(std::span<const RingMember> ring,
                                                            Interval interval) {
  const auto first = std::ranges::lower_bound(ring, interval.lo, {}, &RingMember::place);
  const auto last =
      interval.hi == 0 ? ring.end() : std::ranges::lower_bound(ring, interval.hi, {}, &RingMember::place);
  return first < last ? std::span<const RingMember>{first, last} : std::span<const RingMember>{};
}

// Calls emit(Part) for each part of `interval`: up to parts_max members to serve give a part each, more give
// k slices of equal rank. `served(member)` tells who needs no copy from here: the splitter itself, the
// publisher, and the ancestors inside the interval.
template <class Served, class Emit>
void split(std::span<const RingMember> ring, Interval interval, std::size_t k, Served&& served, Emit&& emit) {
  const std::span<const RingMember> all = members_in(ring, interval);
  std::size_t todo = 0;
  for (std::size_t i = 0; i < all.size() && todo <= parts_max; ++i) todo += served(all[i]) ? 0 : 1;
  if (todo == 0) return;
  // A cut lies at the place of the first member behind it, so equal places stay together.
  const auto part = [&](std::size_t from, std::size_t to) {
    while (from > 0 && from < all.size() && all[from].place == all[from - 1].place) ++from;
    while (to < all.size() && to > 0 && all[to].place == all[to - 1].place) ++to;
    if (from >= to) return;
    const Interval cut{from == 0 ? interval.lo : all[from].place,
                       to == all.size() ? interval.hi : all[to].place};
    emit(Part{cut, all.subspan(from, to - from)});
  };
  if (todo <= parts_max) {
    std::size_t from = 0, seen = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (served(all[i])) continue;
      if (++seen == todo) break;
      part(from, i + 1);
      from = i + 1;
    }
    part(from, all.size());
    return;
  }
  for (std::size_t i = 0; i < k; ++i) part(all.size() * i / k, all.size() * (i + 1) / k);
}

}  // namespace boato
