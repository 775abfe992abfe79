// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/ranges.hpp"

#include "overlay/base/ranges_answer.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace boato {
namespace {

constexpr std::uint8_t claim_token = 0xff;
constexpr std::size_t item_header_bytes = 1 + 8 + 8;
constexpr std::size_t claim_bytes = item_header_bytes + 8;

// The finalizer of splitmix64: every bit of the input moves half the bits of the output.
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

void put_claim(std::span<const RangeEntry> own, std::uint64_t lo, std::uint64_t hi, ByteWriter& out) {
  out.be(claim_token);
  out.be(lo);
  out.be(hi);
  out.be(range_fingerprint(own));
}

}  // namespace

// Two sums of independent mixtures, folded: an accident hides a difference once in 2^64, and then only until
// the next session cuts the ranges elsewhere.
std::uint64_t range_fingerprint(std::span<const RangeEntry> entries) {
  std::uint64_t a = 0, b = 0;
  for (const RangeEntry& e : entries) {
    const std::uint64_t one = mix(e.place ^ std::rotl(mix(e.hash), 23));
    a += one;
    b += mix(one + 0x9e3779b97f4a7c15ULL);
  }
  return mix(a ^ std::rotl(mix(b + entries.size()), 32));
}

void begin_ranges(std::span<const RangeEntry> mine, ByteWriter& out) { put_claim(mine, 0, 0, out); }

namespace detail {

std::span<const RangeEntry> entries_in(std::span<const RangeEntry> mine, std::uint64_t lo, std::uint64_t hi) {
  const auto first = std::ranges::lower_bound(mine, lo, {}, &RangeEntry::place);
  const auto last = hi == 0 ? mine.end() : std::ranges::lower_bound(mine, hi, {}, &RangeEntry::place);
  return first < last ? std::span<const RangeEntry>{first, last} : std::span<const RangeEntry>{};
}

bool next_item(ByteReader& in, std::uint64_t& floor, RangeItem& item) {
  const auto token = in.be<std::uint8_t>();
  item.lo = in.be<std::uint64_t>();
  item.hi = in.be<std::uint64_t>();
  item.claim = token == claim_token;
  if (item.claim) {
    item.fingerprint = in.be<std::uint64_t>();
  } else {
    item.list = in.bytes(token * range_entry_bytes);
  }
  // Items rise and do not overlap, so a whole message costs one pass over our entries.
  if (!in.ok() || item.lo < floor || (item.hi != 0 && item.hi <= item.lo)) return false;
  floor = item.hi == 0 ? ~std::uint64_t{0} : item.hi;
  if (item.claim) return item.hi != 0 || in.left() == 0;
  RangeEntry before;
  ByteReader list{item.list};
  for (bool first = true; list.left() > 0; first = false) {
    RangeEntry entry;
    entry.place = list.be<std::uint64_t>();
    entry.hash = list.be<std::uint64_t>();
    if (entry.place < item.lo || (item.hi != 0 && entry.place >= item.hi) || (!first && entry <= before))
      return false;
    before = entry;
  }
  return item.hi != 0 || in.left() == 0;
}

void put_difference(std::span<const RangeEntry> own, std::uint64_t lo, std::uint64_t hi, ByteWriter& out) {
  if (own.size() <= ranges_list_max || own.front().place == own.back().place) {
    const std::size_t n = std::min(own.size(), ranges_list_limit);
    if (out.left() < item_header_bytes + n * range_entry_bytes) return;
    out.be(static_cast<std::uint8_t>(n));
    out.be(lo);
    out.be(hi);
    for (const RangeEntry& e : own.first(n)) {
      out.be(e.place);
      out.be(e.hash);
    }
    return;
  }
  if (out.left() < ranges_split * claim_bytes) return;
  std::size_t from = 0;
  for (std::size_t part = 1; part <= ranges_split && from < own.size(); ++part) {
    std::size_t to = own.size() * part / ranges_split;
    while (to < own.size() && to > 0 && own[to].place == own[to - 1].place) ++to;
    if (to <= from) continue;
    const std::uint64_t part_lo = from == 0 ? lo : own[from].place;
    const std::uint64_t part_hi = to == own.size() ? hi : own[to].place;
    put_claim(own.subspan(from, to - from), part_lo, part_hi, out);
    from = to;
  }
}

}  // namespace detail
}  // namespace boato
