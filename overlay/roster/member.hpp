// SPDX-License-Identifier: Apache-2.0
// One member of a topic as the others know it: its own signed roster entry, taken apart once and shared by
// reference.
#pragma once

#include "overlay/base/strong.hpp"
#include "overlay/wire/fields.hpp"

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

namespace boato {

enum class Interest : std::uint8_t { everything, nothing, predicate };

// What counts when two entries of one peer meet: the greater wins.
struct EntryVersion {
  Incarnation incarnation;
  std::uint64_t version = 0;
  auto operator<=>(const EntryVersion&) const = default;
};

// Immutable once made. The same statement is kept once per RecordPool, whoever learns it: ten thousand
// simulated peers share it.
struct MemberRecord {
  PeerId id;
  TopicId topic;
  Incarnation incarnation;
  std::uint64_t version = 0;
  std::uint32_t flags = 0;
  Interest interest = Interest::everything;
  wire::AddressList addresses;
  std::vector<std::byte> statement;  // as it travels
  std::string_view interest_text;    // inside `statement`
  Bytes attributes;                  // inside `statement`
  std::uint64_t hash = 0;            // of the statement, the same at every peer: for range fingerprints
  std::uint64_t key = 0;             // RecordPool's
  Time learnt{};                     // when this process first saw it
  mutable std::uint32_t refs = 0;    // RecordPool's

  [[nodiscard]] EntryVersion entry_version() const { return {incarnation, version}; }
};

// A place on the ring. 16 bytes: a peer holds one per member of each of its topics.
struct RingMember {
  std::uint64_t place = 0;  // ring_place(record->id)
  const MemberRecord* record = nullptr;
};
static_assert(sizeof(RingMember) == 16);

// [lo, hi) on the ring of places; hi = 0 stands for 2^64. lo = hi = 0 is the whole ring.
struct Interval {
  std::uint64_t lo = 0, hi = 0;
  [[nodiscard]] bool holds(std::uint64_t place) const { return place >= lo && (hi == 0 || place < hi); }
  [[nodiscard]] bool empty() const { return hi != 0 && lo >= hi; }
  bool operator==(const Interval&) const = default;
};

}  // namespace boato
