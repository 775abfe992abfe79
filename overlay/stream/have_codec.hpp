// SPDX-License-Identifier: Apache-2.0
// Sets of numbers of many streams in one byte string: the body of HAVE, FRONTIERS and PULL.
//   entry: | tag u64 BE | upto varint | n varint | n x (gap - 1 varint, length - 1 varint) |
// `gap` is the distance from the last number before (upto at first) to the first of the run, so `upto` and
// runs of a frontier cost two bytes a run. In a pull, `upto` is a number below the first that is wanted. Only
// the shortest form of each number is read, and runs that touch are one run, except the first behind `upto`.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/stream/stream.hpp"
#include "overlay/wire/fields.hpp"

#include <cstddef>
#include <span>

namespace boato {

inline constexpr std::size_t have_entries_max = 1024;
inline constexpr std::size_t have_entry_bytes_max = 8 + 10 + 1 + RangeSet::ranges_max * 20;

struct HaveEntry {
  StreamTag tag;
  Seq upto;
  wire::List<SeqRange, RangeSet::ranges_max> runs;  // above upto, rising
};

class HaveWriter {
 public:
  explicit HaveWriter(std::span<std::byte> room) : room_{room} {}

  // False, and nothing is written: no room, or have_entries_max. `runs` as in HaveEntry (checked).
  bool add(StreamTag tag, Seq upto, std::span<const SeqRange> runs);
  bool add(const Stream& stream) { return add(stream.tag(), stream.frontier(), stream.above().ranges()); }

  [[nodiscard]] Bytes written() const { return Bytes{room_}.first(used_); }
  [[nodiscard]] std::size_t entries() const { return entries_; }
  [[nodiscard]] bool empty() const { return entries_ == 0; }

 private:
  std::span<std::byte> room_;
  std::size_t used_ = 0;
  std::size_t entries_ = 0;
};

// Reads front to back. An entry that was read is sound, whatever comes behind it; a receiver that must not
// act on half a message asks well_formed() first.
class HaveReader {
 public:
  explicit HaveReader(Bytes in) : in_{in} {}
  [[nodiscard]] bool next(HaveEntry& entry);  // false: the end, or malformed
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  Bytes in_;
  std::size_t entries_ = 0;
  bool ok_ = true;
};

[[nodiscard]] bool well_formed_have(Bytes bytes);

}  // namespace boato
