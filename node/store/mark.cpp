// SPDX-License-Identifier: Apache-2.0
#include "node/store/mark.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/link/blake2b.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

constexpr std::size_t slot_bytes = 64;
constexpr std::size_t said_bytes = 32;    // of a slot, before its digest
constexpr std::uint64_t slot_gap = 4096;  // a page each: one torn write harms one slot
constexpr std::string_view magic = "boatomrk";
using Slot = std::array<std::byte, slot_bytes>;

Digest digest_of(const Slot& slot) {
  const Bytes said = Bytes{slot}.first(said_bytes);
  return blake2b(personal("boato/1 mark"), std::span{&said, 1});
}

Slot encode(const MarkSlot& mark) {
  Slot slot{};
  ByteWriter out{slot};
  out.bytes(bytes(magic));
  out.be(mark.incarnation);
  out.be(mark.commit);
  out.be(mark.arrivals);
  out.bytes(view(digest_of(slot)));
  return slot;
}

std::optional<MarkSlot> decode(const Slot& slot) {
  ByteReader in{slot};
  const bool ours = std::ranges::equal(in.bytes(magic.size()), bytes(magic));
  const MarkSlot mark{in.be<std::uint64_t>(), in.be<std::uint64_t>(), in.be<std::uint64_t>()};
  Digest digest;
  in.array(digest.raw);
  if (!ours || digest != digest_of(slot)) return std::nullopt;
  return mark;
}

}  // namespace

std::optional<MarkSlot> read_mark(RawFile& file) {
  std::optional<MarkSlot> newest;
  for (const std::uint64_t at : {std::uint64_t{0}, slot_gap}) {
    Slot slot{};
    if (!file.read(at, slot)) continue;
    const auto mark = decode(slot);
    if (mark && (!newest || newest->commit < mark->commit)) newest = mark;
  }
  return newest;
}

std::optional<MarkSlot> MarkFile::read() { return read_mark(file_); }

bool MarkFile::write(const MarkSlot& slot) {
  unsynced_ = true;
  return file_.write(slot.commit % 2 * slot_gap, encode(slot));
}

bool MarkFile::sync() {
  unsynced_ = false;
  return file_.sync();
}

}  // namespace boato
