// SPDX-License-Identifier: Apache-2.0
// Finds the difference of two sorted maps place -> hash by comparing fingerprints of ranges, with bytes that
// follow the difference and not the size. Source: Meyer, "Range-Based Set Reconciliation" (2022). Departs:
// the cuts are the sender's quantiles, and unequal ranges of at most 16 entries are listed. Pure functions
// over a sorted span: no state between messages, so a lost or repeated message costs nothing. Knows places
// and hashes only: what they stand for, and who keeps the newer one, is the caller's.
//
// A message is a run of items, all integers big-endian:
//   claim: 0xff | lo u64 | hi u64 | fingerprint u64            "all I have in [lo, hi) sums up to this"
//   list:  n u8 | lo u64 | hi u64 | n x (place u64, hash u64)  "in [lo, hi) I have exactly these"
// hi = 0 stands for 2^64.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/base/strong.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace boato {

struct RangeEntry {
  std::uint64_t place = 0;
  std::uint64_t hash = 0;
  auto operator<=>(const RangeEntry&) const = default;
};

inline constexpr std::size_t ranges_split = 16;         // parts of an unequal range
inline constexpr std::size_t ranges_list_max = 16;      // so many entries are listed, not split
inline constexpr std::size_t ranges_list_limit = 0xfe;  // places that cannot be split are listed up to here
inline constexpr std::size_t ranges_bytes_max = 8 * 1024;  // of one message; what does not fit waits for the
                                                           // next session

[[nodiscard]] std::uint64_t range_fingerprint(std::span<const RangeEntry> entries);

// The first message of a session over the whole map: one claim. `mine` is sorted, here and below.
void begin_ranges(std::span<const RangeEntry> mine, ByteWriter& out);

}  // namespace boato
