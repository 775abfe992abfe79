// SPDX-License-Identifier: Apache-2.0
// Second half of base/ranges.hpp: what is called with a caller's functions.
#pragma once

#include "overlay/base/mutant.hpp"
#include "overlay/base/ranges.hpp"

#include <algorithm>

namespace boato {
namespace detail {

struct RangeItem {
  std::uint64_t lo = 0, hi = 0;
  std::uint64_t fingerprint = 0;  // of a claim
  Bytes list;                     // of a list
  bool claim = false;
};
inline constexpr std::size_t range_entry_bytes = 16;

// The entries of `mine` with places in [lo, hi).
[[nodiscard]] std::span<const RangeEntry> entries_in(std::span<const RangeEntry> mine, std::uint64_t lo,
                                                     std::uint64_t hi);
// `floor`: where the next item may begin at the earliest. False: malformed.
[[nodiscard]] bool next_item(ByteReader& in, std::uint64_t& floor, RangeItem& item);
// Lists or splits `own`, the entries in [lo, hi); writes nothing if `out` has no room for all of it.
void put_difference(std::span<const RangeEntry> own, std::uint64_t lo, std::uint64_t hi, ByteWriter& out);

}  // namespace detail

// Answers a message, item by item. Appends to `out` (nothing if all is equal, or if lists end the matter) and
// tells the differences that the lists showed: `theirs(entry)` for what they have and we have not (or
// otherwise), `ours(entry)` for what we have and they have not (or otherwise). Both are told for a place with
// two hashes. False: malformed; what was told before that holds.
template <class Theirs, class Ours>
bool answer_ranges(std::span<const RangeEntry> mine, Bytes message, ByteWriter& out, Theirs&& theirs,
                   Ours&& ours) {
  ByteReader in{message};
  detail::RangeItem item;
  std::uint64_t floor = 0;
  while (in.left() > 0) {
    if (!detail::next_item(in, floor, item)) return false;
    if (BOATO_MUTANT(151) && in.left() == 0) break;  // the last range is forgotten
    const auto own = detail::entries_in(mine, item.lo, item.hi);
    if (item.claim) {
      if (range_fingerprint(own) != item.fingerprint) detail::put_difference(own, item.lo, item.hi, out);
      continue;
    }
    ByteReader list{item.list};
    auto mine_at = own.begin();
    while (list.left() > 0) {
      RangeEntry entry;
      entry.place = list.be<std::uint64_t>();
      entry.hash = list.be<std::uint64_t>();
      for (; mine_at != own.end() && *mine_at < entry; ++mine_at) ours(*mine_at);
      if (mine_at != own.end() && *mine_at == entry)
        ++mine_at;
      else
        theirs(entry);
    }
    for (; mine_at != own.end(); ++mine_at) ours(*mine_at);
  }
  return true;
}

}  // namespace boato
