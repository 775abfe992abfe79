// SPDX-License-Identifier: Apache-2.0
// What a replica wants kept, and what the host answers. The core says persist{batch, ops}; the host answers
// persisted{batch} once all of it is on disk, or store_failed{log}. A machine raises its durable marks, and
// says HELD, ACK or PROMISE, only after that. Plain values: node/store keeps them in SQLite, a simulated
// world may keep them in a table. Answers come in the order of the questions; one persist is kept whole or
// not at all, but for the ops that the answer names as refused.
#pragma once

#include "overlay/base/slab.hpp"
#include "overlay/base/strong.hpp"

#include <compare>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace boato {

using DomainId = Id32<struct DomainIdTag>;
using LogSlot = Strong<struct LogSlotTag, std::uint32_t>;  // one open log of this process; never on disk
using PersistNumber = Strong<struct PersistNumberTag, std::uint64_t>;  // of one persist, rising

// A generation is one founding of the domain, so a log never takes up events of its deleted namesake.
struct LogName {
  DomainId domain;
  std::uint64_t generation = 1;
  auto operator<=>(const LogName&) const = default;
};

// Unique per candidate; compares by round first.
struct Epoch {
  std::uint64_t round = 0;
  PeerId peer;
  Incarnation incarnation;
  auto operator<=>(const Epoch&) const = default;
};

// Retention of one topic, whichever limit is met first; 0 = no such limit.
struct Retention {
  Duration age{};
  std::uint64_t bytes = 0;
  std::uint64_t events = 0;
  auto operator<=>(const Retention&) const = default;
};

// Opens a log, or makes it. The first op that names its slot.
struct OpenLog {
  LogSlot log;
  LogName name;
};

// Declares a topic of the log before its first events, or changes its limits.
struct KeepTopic {
  LogSlot log;
  TopicId topic;
  Retention retain;
};

// The key of one event of a batch, for replay of the last value of each key.
struct EventKey {
  std::uint16_t index = 0;  // in the batch
  std::string key;
};

// One signed batch, which the core has checked. In any order, and as often as it comes: what is held is a
// duplicate and changes nothing, other bytes under the same numbers are a conflict and change nothing either.
struct AppendBatch {
  LogSlot log;
  TopicId topic;
  PeerId publisher;
  Incarnation incarnation;
  Seq first;
  std::uint16_t count = 0;
  std::uint64_t time_us = 0;  // the latest of its events, by the publisher's clock
  Duration ttl{};             // the longest of its events; 0 = as long as the topic retains
  std::vector<EventKey> keys{};
  EventRef bytes;
};

// Nothing up to `floor` of this stream will come any more: a new replica begins there. A floor stands between
// two batches.
struct RaiseFloor {
  LogSlot log;
  TopicId topic;
  PeerId publisher;
  Incarnation incarnation;
  Seq floor;
};

// What a voter must not forget. `promised` never falls: what would let it is refused whole.
struct LogMeta {
  std::uint64_t cid = 0;
  std::string config;  // encoded, with its signatures
  Epoch promised;
  Epoch no_hold_le;
  std::uint64_t snap_lsn = 0;
  std::string snap_chain;
  std::uint64_t applied = 0;
  auto operator<=>(const LogMeta&) const = default;
};
struct SaveMeta {
  LogSlot log;
  LogMeta meta;
};

// A durable subscription. The core joins positions; what it saves replaces what was there.
struct DurableCursor {
  std::string name;
  TopicId topic;
  std::uint64_t attach = 0;
  PeerId owner;
  std::string position;  // encoded: a vector of frontiers, or a number
  std::uint64_t expires_us = 0;
  auto operator<=>(const DurableCursor&) const = default;
};
struct SaveCursor {
  LogSlot log;
  DurableCursor cursor;
};
struct DropCursor {
  LogSlot log;
  std::string name;
};

// What a quorum's clocks agree that passed while this peer was down: the retention clock goes on by it.
struct AdvanceClock {
  Duration by{};
};

using PersistOp =
    std::variant<OpenLog, KeepTopic, AppendBatch, RaiseFloor, SaveMeta, SaveCursor, DropCursor, AdvanceClock>;

struct Persist {
  PersistNumber batch;
  Time now{};  // protocol time: the retention clock follows it
  std::vector<PersistOp> ops{};
};

enum class Refusal : std::uint8_t {
  disk_full = 1,   // no room for new events; promises, configurations and cursors still go in
  conflict,        // other bytes are held under these numbers: the publisher has said two things
  too_many_holes,  // fill the older ones first
  no_such,         // the log was not opened, or the topic not declared
  too_large,       // a number or size above what a row takes
  promised_more,   // a later epoch has been promised in this log
};
struct RefusedOp {
  std::uint32_t op = 0;  // its place in the persist
  Refusal why{};
  auto operator<=>(const RefusedOp&) const = default;
};

// All of it is on disk (memory class: in the table), but for what was refused.
struct Persisted {
  PersistNumber batch;
  std::vector<RefusedOp> refused{};
};

// The log takes nothing more in this process, and what was not answered may or may not be kept. It speaks
// again when it has been opened anew and verified.
struct StoreFailed {
  LogSlot log;
};

}  // namespace boato
