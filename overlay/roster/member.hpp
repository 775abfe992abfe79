// SPDX-License-Identifier: Apache-2.0
// One member of a topic as the others know it: its own signed roster entry, taken apart once and shared by
// reference.
#pragma once

#include "overlay/base/strong.hpp"
#include "overlay/wire/fields.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace boato {

enum class Interest : std::uint8_t { everything, nothing, predicate };

// Immutable once made. The same statement is kept once per RecordPool, whoever learns it: topics of one peer
// share it, and so do ten thousand simulated peers.
struct MemberRecord {
  PeerId id;
  Incarnation incarnation;
  std::uint64_t version = 0;
  std::uint32_t flags = 0;
  Interest interest = Interest::everything;
  wire::AddressList addresses;
  std::vector<std::byte> statement;  // as it travels
  std::uint64_t hash = 0;            // of the statement: for pools and range fingerprints
  std::uint32_t refs = 0;            // RecordPool's
};

// A place on the ring. 16 bytes: a peer holds one per member of each of its topics.
struct Member {
  std::uint64_t place = 0;  // ring_place(record->id)
  const MemberRecord* record = nullptr;
};

// [lo, hi) on the ring of places; hi = 0 stands for 2^64. lo = hi = 0 is the whole ring.
struct Interval {
  std::uint64_t lo = 0, hi = 0;
  [[nodiscard]] bool holds(std::uint64_t place) const { return place >= lo && (hi == 0 || place < hi); }
  [[nodiscard]] bool empty() const { return hi != 0 && lo >= hi; }
  bool operator==(const Interval&) const = default;
};

}  // namespace boato
