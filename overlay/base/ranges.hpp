// SPDX-License-Identifier: Apache-2.0
// Finds the difference of two sorted maps place -> hash by comparing fingerprints of ranges, with bytes that
// follow the difference and not the size. Source: Meyer, "Range-Based Set Reconciliation" (2022). Departs:
// the cuts are the sender's quantiles, in how many parts follows the size, and unequal ranges of at most
// ranges_list_max entries are listed. Pure functions over a sorted span: no state between messages, so a lost
// or repeated message costs nothing. Knows places and hashes only: what they stand for, and who keeps the
// newer one, is the caller's.
//
// A message is a key u32, which all fingerprints of the session are mixed with, and a run of items:
//   claim: 0xff | bounds | fingerprint u32        "all I have in [lo, hi) sums up to this"
//   told:  0xfe | bounds                          "what I have in [lo, hi) is told beside this message"
//   list:  n u8 | bounds | n x (place u64, hash u64)  "in [lo, hi) I have exactly these"
//   bounds: | lo bytes u4, hi bytes u4 | high bytes of lo | high bytes of hi |
// All integers are big-endian. Lower bytes of a bound are zero; 15 lo bytes: where the item before ends.
// hi = 0 stands for 2^64.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/base/strong.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>

namespace boato {

struct RangeEntry {
  std::uint64_t place = 0;
  std::uint64_t hash = 0;
  auto operator<=>(const RangeEntry&) const = default;
};

inline constexpr std::size_t ranges_list_max = 12;      // so many entries are listed, not split
inline constexpr std::size_t ranges_parts_max = 64;     // of an unequal range
inline constexpr std::size_t ranges_list_limit = 0xfd;  // places that cannot be split are listed up to here
inline constexpr std::size_t ranges_bytes_max = 8 * 1024;  // of one message; what does not fit waits for the
                                                           // next session

// The first message of a session over the whole map: a list if it is short, else one claim. `mine` is sorted,
// here and below; any `key` does, another one for each session.
void begin_ranges(std::span<const RangeEntry> mine, std::uint32_t key, ByteWriter& out);

}  // namespace boato
