// SPDX-License-Identifier: Apache-2.0
// Second half of base/ranges.hpp: what is called with a caller's functions.
#pragma once

#include "overlay/base/mutant.hpp"
#include "overlay/base/ranges.hpp"

#include <algorithm>
#include <utility>

namespace boato {
namespace detail {

enum class RangeItemKind : std::uint8_t { claim, told, list };

struct RangeItem {
  RangeItemKind kind{};
  std::uint64_t lo = 0, hi = 0;
  std::uint32_t fingerprint = 0;  // of a claim
  Bytes list;                     // of a list
};

// Reads the items of one message. Items rise and do not overlap, so a whole message costs one pass over our
// entries.
class RangeReader {
 public:
  explicit RangeReader(Bytes message) : in_{message}, key_{in_.be<std::uint32_t>()} {}
  [[nodiscard]] bool next(RangeItem& item);  // false: the end, or malformed
  [[nodiscard]] bool ok() const { return ok_ && in_.ok(); }
  [[nodiscard]] bool done() const { return in_.left() == 0; }
  [[nodiscard]] std::uint32_t key() const { return key_; }

 private:
  ByteReader in_;
  std::uint32_t key_;
  std::uint64_t floor_ = 0;  // where the next item may begin at the earliest
  bool ended_ = false, ok_ = true;
};

// Writes items; the key goes before the first one. An item that does not fit is left out whole.
class RangeWriter {
 public:
  RangeWriter(ByteWriter& out, std::uint32_t key) : out_{out}, key_{key} {}
  void claim(std::span<const RangeEntry> own, std::uint64_t lo, std::uint64_t hi);
  void told(std::uint64_t lo, std::uint64_t hi);
  void list(std::span<const RangeEntry> own, std::uint64_t lo, std::uint64_t hi);
  // Claims for parts of `own`, the entries in [lo, hi), which are too many to be listed.
  void split(std::span<const RangeEntry> own, std::uint64_t lo, std::uint64_t hi);

 private:
  void head(std::uint8_t token, std::uint64_t lo, std::uint64_t hi);

  ByteWriter& out_;
  std::uint32_t key_;
  std::uint64_t before_ = 0;  // where the item before ends
  bool begun_ = false;
};

[[nodiscard]] std::uint32_t range_fingerprint(std::span<const RangeEntry> entries, std::uint32_t key);
// The entries of `mine` with places in [lo, hi).
[[nodiscard]] std::span<const RangeEntry> entries_in(std::span<const RangeEntry> mine, std::uint64_t lo,
                                                     std::uint64_t hi);
// What we have in a range that is known to differ.
template <class Side>
void put_difference(std::span<const RangeEntry> own, std::uint64_t lo, std::uint64_t hi, RangeWriter& out,
                    Side& side) {
  if (own.size() > ranges_list_max && own.front().place != own.back().place)
    out.split(own, lo, hi);
  else if (side.tell(own))
    out.told(lo, hi);
  else
    out.list(own, lo, hi);
}

}  // namespace detail

// The usual side of a session: entries are told by lists. `theirs(entry)` is called for what they have and we
// have not (or otherwise), `ours(entry)` for what we have and they have not (or otherwise); both for a place
// with two hashes.
template <class Theirs, class Ours>
struct ListedRanges {
  Theirs theirs;
  Ours ours;
  static bool tell(std::span<const RangeEntry>) { return false; }
  static void told(std::span<const RangeEntry>) {}
};
template <class Theirs, class Ours>
ListedRanges(Theirs, Ours) -> ListedRanges<Theirs, Ours>;

// The first message of a session over maps that are known to differ; see begin_ranges and answer_ranges.
template <class Side>
void begin_unequal_ranges(std::span<const RangeEntry> mine, std::uint32_t key, ByteWriter& out, Side& side) {
  detail::RangeWriter begin{out, key};
  detail::put_difference(mine, 0, 0, begin, side);
}

// Answers a message, item by item. Appends to `out` (nothing if all is equal, or if lists end the matter) and
// tells `side` the differences that lists showed, as ListedRanges does. side.tell(own) may take it upon
// itself to tell a short range beside the message: true. side.told(own): what we have where they did so.
// False: malformed; what was told before that holds.
template <class Side>
bool answer_ranges(std::span<const RangeEntry> mine, Bytes message, ByteWriter& out, Side&& side) {
  detail::RangeReader in{message};
  detail::RangeWriter answer{out, in.key()};
  detail::RangeItem item;
  while (in.next(item)) {
    if (BOATO_MUTANT(151) && in.done()) break;  // the last range is forgotten
    const auto own = detail::entries_in(mine, item.lo, item.hi);
    if (item.kind == detail::RangeItemKind::told) {
      side.told(own);
      continue;
    }
    if (item.kind == detail::RangeItemKind::claim) {
      if (detail::range_fingerprint(own, in.key()) != item.fingerprint)
        detail::put_difference(own, item.lo, item.hi, answer, side);
      continue;
    }
    ByteReader list{item.list};
    auto mine_at = own.begin();
    while (list.left() > 0) {
      RangeEntry entry;
      entry.place = list.be<std::uint64_t>();
      entry.hash = list.be<std::uint64_t>();
      for (; mine_at != own.end() && *mine_at < entry; ++mine_at) side.ours(*mine_at);
      if (mine_at != own.end() && *mine_at == entry)
        ++mine_at;
      else
        side.theirs(entry);
    }
    for (; mine_at != own.end(); ++mine_at) side.ours(*mine_at);
  }
  return in.ok();
}

}  // namespace boato
