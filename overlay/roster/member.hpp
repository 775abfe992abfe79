// SPDX-License-Identifier: Apache-2.0
// One member of a topic as the others know it: its own signed roster entry, kept once and shared by
// reference.
#pragma once

#include "overlay/base/strong.hpp"
#include "overlay/wire/fields.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace boato {

enum class Interest : std::uint8_t { everything, nothing, predicate };
// Their texts in an entry; any other is a predicate in canonical form (overlay/interest).
inline constexpr std::string_view interest_everything = "true", interest_nothing = "false";

// What counts when two entries of one peer meet: the greater wins.
struct EntryVersion {
  Incarnation incarnation;
  std::uint64_t version = 0;
  auto operator<=>(const EntryVersion&) const = default;
};

// Immutable once made; made by RecordPool alone, which puts the statement behind it into the same block. The
// same statement is kept once per pool, whoever learns it: ten thousand simulated peers share it. What is
// looked at often is kept beside the statement; the rest is read out of it when it is asked for.
struct MemberRecord {
  MemberRecord() = default;
  MemberRecord(const MemberRecord&) = delete;
  MemberRecord& operator=(const MemberRecord&) = delete;

  PeerId id;
  Incarnation incarnation;
  std::uint64_t version = 0;
  std::uint64_t hash = 0;  // of the statement, the same at every peer: for range fingerprints
  Time learnt{};           // when this process first saw it
  std::uint32_t flags = 0;
  mutable std::uint32_t refs = 0;  // RecordPool's
  std::uint16_t statement_bytes = 0;
  Interest interest = Interest::everything;
  bool dialable = false;  // it has addresses

  [[nodiscard]] EntryVersion entry_version() const { return {incarnation, version}; }
  [[nodiscard]] Bytes statement() const {  // as it travels
    return {reinterpret_cast<const std::byte*>(this + 1), statement_bytes};
  }
  [[nodiscard]] Bytes body() const;  // of the statement
  [[nodiscard]] TopicId topic() const;
  [[nodiscard]] wire::AddressList addresses() const;
  [[nodiscard]] std::string_view interest_text() const;  // inside the statement
  [[nodiscard]] Bytes attributes() const;                // inside the statement
};
static_assert(sizeof(MemberRecord) == 80);

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
