// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/ranges.hpp"

#include "overlay/base/mix.hpp"
#include "overlay/base/ranges_answer.hpp"

#include <algorithm>
#include <array>
#include <bit>

namespace boato {
namespace {

constexpr std::uint8_t claim_token = 0xff, told_token = 0xfe;
constexpr std::uint8_t as_before = 15;  // lo bytes: the bound is where the item before ends
constexpr std::size_t key_bytes = 4;
constexpr std::size_t head_bytes_max = 1 + 1 + 8 + 8;
constexpr std::size_t entry_bytes = 16;

std::uint8_t bound_bytes(std::uint64_t bound) {
  return static_cast<std::uint8_t>(bound == 0 ? 0 : 8 - std::countr_zero(bound) / 8);
}

void put_bound(std::uint64_t bound, std::uint8_t bytes, ByteWriter& out) {
  std::array<std::byte, 8> raw;
  put_be(raw.data(), bound);
  out.bytes(Bytes{raw}.first(bytes));
}

std::uint64_t read_bound(ByteReader& in, std::uint8_t bytes) {
  std::array<std::byte, 8> raw{};
  std::ranges::copy(in.bytes(bytes), raw.begin());
  return get_be<std::uint64_t>(raw.data());
}

// The bound with the fewest bytes that has `before` below it and `at` not.
std::uint64_t cut_between(std::uint64_t before, std::uint64_t at) {
  for (int low = 56; low > 0; low -= 8)
    if (const std::uint64_t cut = at >> low << low; cut > before) return cut;
  return at;
}

// A claim costs about 7 bytes and a listed entry 11 to 16, so n entries are found cheapest by about
// sqrt(1.5 n) claims and one list.
std::size_t parts_of(std::size_t entries) {
  std::size_t parts = 2;
  while (parts < ranges_parts_max && 2 * parts * parts < 3 * entries) ++parts;
  return parts;
}

}  // namespace

void begin_ranges(std::span<const RangeEntry> mine, std::uint32_t key, ByteWriter& out) {
  detail::RangeWriter begin{out, key};
  if (mine.size() <= ranges_list_max)
    begin.list(mine, 0, 0);
  else
    begin.claim(mine, 0, 0);
}

namespace detail {

// Two sums of independent mixtures, folded with the session's key: an accident hides a difference once in
// 2^32, and only until the next session.
std::uint32_t range_fingerprint(std::span<const RangeEntry> entries, std::uint32_t key) {
  std::uint64_t a = 0, b = 0;
  for (const RangeEntry& e : entries) {
    const std::uint64_t one = mix(e.place ^ std::rotl(mix(e.hash), 23));
    a += one;
    b += mix(one + 0x9e3779b97f4a7c15ULL);
  }
  const std::uint64_t sum = mix(a ^ std::rotl(mix(b + entries.size()), 32));
  return static_cast<std::uint32_t>(mix(sum + key) >> 32);
}

std::span<const RangeEntry> entries_in(std::span<const RangeEntry> mine, std::uint64_t lo, std::uint64_t hi) {
  const auto first = std::ranges::lower_bound(mine, lo, {}, &RangeEntry::place);
  const auto last = hi == 0 ? mine.end() : std::ranges::lower_bound(mine, hi, {}, &RangeEntry::place);
  return first < last ? std::span<const RangeEntry>{first, last} : std::span<const RangeEntry>{};
}

bool RangeReader::next(RangeItem& item) {
  if (!ok() || in_.left() == 0) return false;
  ok_ = false;
  if (ended_) return false;  // the item before reached to the end of the ring
  const auto token = in_.be<std::uint8_t>();
  const auto widths = in_.be<std::uint8_t>();
  const std::uint8_t lo_bytes = widths >> 4, hi_bytes = widths & 15;
  if ((lo_bytes > 8 && lo_bytes != as_before) || hi_bytes > 8) return false;
  item.lo = lo_bytes == as_before ? floor_ : read_bound(in_, lo_bytes);
  item.hi = read_bound(in_, hi_bytes);
  item.kind = token == claim_token  ? RangeItemKind::claim
              : token == told_token ? RangeItemKind::told
                                    : RangeItemKind::list;
  if (item.kind == RangeItemKind::claim) item.fingerprint = in_.be<std::uint32_t>();
  if (item.kind == RangeItemKind::list) item.list = in_.bytes(token * entry_bytes);
  if (!in_.ok() || item.lo < floor_ || (item.hi != 0 && item.hi <= item.lo)) return false;
  floor_ = item.hi;
  ended_ = item.hi == 0;
  if (item.kind != RangeItemKind::list) return ok_ = true;
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
  return ok_ = true;
}

void RangeWriter::head(std::uint8_t token, std::uint64_t lo, std::uint64_t hi) {
  if (!begun_) out_.be(key_);
  const bool follows = begun_ && lo == before_;
  const std::uint8_t lo_bytes = follows ? as_before : bound_bytes(lo), hi_bytes = bound_bytes(hi);
  out_.be(token);
  out_.be(static_cast<std::uint8_t>(lo_bytes << 4 | hi_bytes));
  if (!follows) put_bound(lo, lo_bytes, out_);
  put_bound(hi, hi_bytes, out_);
  begun_ = true;
  before_ = hi;
}

void RangeWriter::claim(std::span<const RangeEntry> own, std::uint64_t lo, std::uint64_t hi) {
  if (out_.left() < key_bytes + head_bytes_max + 4) return;
  head(claim_token, lo, hi);
  out_.be(range_fingerprint(own, key_));
}

void RangeWriter::told(std::uint64_t lo, std::uint64_t hi) {
  if (out_.left() < key_bytes + head_bytes_max) return;
  head(told_token, lo, hi);
}

void RangeWriter::list(std::span<const RangeEntry> own, std::uint64_t lo, std::uint64_t hi) {
  own = own.first(std::min(own.size(), ranges_list_limit));
  if (out_.left() < key_bytes + head_bytes_max + own.size() * entry_bytes) return;
  head(static_cast<std::uint8_t>(own.size()), lo, hi);
  for (const RangeEntry& e : own) {
    out_.be(e.place);
    out_.be(e.hash);
  }
}

void RangeWriter::split(std::span<const RangeEntry> own, std::uint64_t lo, std::uint64_t hi) {
  const std::size_t parts = parts_of(own.size());
  if (out_.left() < key_bytes + parts * (head_bytes_max + 4)) return;
  std::size_t from = 0;
  for (std::size_t part = 1; part <= parts && from < own.size(); ++part) {
    std::size_t to = own.size() * part / parts;
    while (to < own.size() && to > 0 && own[to].place == own[to - 1].place) ++to;
    if (to <= from) continue;
    const std::uint64_t part_hi = to == own.size() ? hi : cut_between(own[to - 1].place, own[to].place);
    claim(own.subspan(from, to - from), lo, part_hi);
    lo = part_hi;
    from = to;
  }
}

}  // namespace detail
}  // namespace boato
