// SPDX-License-Identifier: Apache-2.0
// What stands in the rows of the store and how each is checked. SQLite does not checksum its pages, so a row
// carries a check of all its columns, and a row of events the digest of its bytes besides. Both cover what
// names the row, so a row that turns up in another's place does not pass. Nothing is used or sent before
// that.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/base/strong.hpp"
#include "overlay/effects/persist.hpp"
#include "overlay/stream/range_set.hpp"
#include "overlay/stream/stream_key.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

using RowId = std::uint64_t;  // of a table of the database; from 1
inline constexpr Seq number_max{std::numeric_limits<std::int64_t>::max()};  // SQLite's integers are signed

// 8 bytes of BLAKE2b over the columns of a row, each with its length: finds flipped bits, is no signature.
class RowCheck {
 public:
  explicit RowCheck(std::string_view table) { add(table); }
  RowCheck& add(std::uint64_t number);
  RowCheck& add(Bytes column);
  RowCheck& add(std::string_view column) { return add(bytes(column)); }
  [[nodiscard]] std::uint64_t value() const;

 private:
  std::string columns_;
};

// Adds up what is in a table or an index, in any order: what is missing, altered or there twice shows.
struct RunningSum {
  std::uint64_t a = 0, b = 0;
  void add(std::uint64_t x, std::uint64_t y) { a += x, b += y; }
  void remove(std::uint64_t x, std::uint64_t y) { a -= x, b -= y; }
  bool operator==(const RunningSum&) const = default;
};

enum class RowState : std::uint8_t {
  held = 0,
  expired = 1,  // its own ttl is over: the bytes are gone, its numbers stay accounted until the floor passes
  last_value = 2,  // under the floor, kept because it holds the last value of a key
};

// One batch. Its place `at` is the order of arrival over all logs of the store.
struct EventRow {
  RowId at = 0;
  RowId topic = 0;
  RowId stream = 0;
  Seq first;
  std::uint16_t count = 0;
  std::uint64_t time = 0;     // of its latest event, publisher's clock
  std::uint64_t peak = 0;     // highest time of the topic up to here: rises along `at`
  std::uint64_t stored = 0;   // retention clock, us
  std::uint64_t expires = 0;  // retention clock, us; 0 = never by itself
  std::uint64_t size = 0;     // of its bytes
  RowState state{};
  Digest digest;

  [[nodiscard]] Seq last() const { return Seq{first.raw() + count - 1}; }
  [[nodiscard]] SeqRange range() const { return {first, last()}; }
  [[nodiscard]] std::uint64_t check() const;
};

struct StreamName {
  TopicId topic;
  PeerId publisher;
  Incarnation incarnation;
  auto operator<=>(const StreamName&) const = default;
};

// Over the bytes of a batch and all that names it.
[[nodiscard]] Digest event_digest(const StreamName& stream, Seq first, std::uint16_t count, Bytes bytes);

// Numbers of a stream that this store has answered for and cannot show: a row that does not check. Kept in
// the database, named to the other replicas, gone when the same bytes are appended again.
struct Fault {
  SeqRange range;
  RowId at = 0;
};

struct StreamRow {
  RowId id = 0;
  RowId topic = 0;
  PeerId publisher;
  Incarnation incarnation;
  Seq held;                // everything above the floor and up to here is in rows, expired or faulty
  Seq floor;               // retention has passed: nothing up to here is promised
  std::uint64_t rows = 0;  // above the floor
  RunningSum sum;          // over those rows, as they stand in the index
  // Not in the row:
  RangeSet above{};  // held beyond a hole
  std::vector<Fault> faults{};
  bool changed = false;

  [[nodiscard]] std::uint64_t check() const;
  // Whether any number of the run is held.
  [[nodiscard]] bool touches(SeqRange range) const;
  // False: one hole too many.
  bool account(SeqRange range);
  void add(const EventRow& row);
  void remove(const EventRow& row);
  [[nodiscard]] const Fault* fault_at(SeqRange range) const;
  void mend(SeqRange range);
};

// The one row of the store itself. Its counts of rows notice a row that is gone without a trace.
struct StoreRow {
  std::uint64_t incarnation = 0;  // born with the store: a store that lost its state comes back as another
  std::uint64_t commits = 0;
  RowId arrivals = 0;       // last place given
  std::uint64_t clock = 0;  // retention clock, us: follows monotonic time, stands still while nobody runs
  std::uint64_t logs = 0, topics = 0, streams = 0;
  [[nodiscard]] std::uint64_t check() const;
};

struct TopicRow {
  RowId id = 0;
  RowId log = 0;
  TopicId topic;
  Retention retain;
  std::uint64_t rows = 0;    // held
  std::uint64_t events = 0;  // in them
  std::uint64_t size = 0;    // their bytes, and those of last values
  RunningSum sum;            // over the places of held rows
  std::uint64_t peak = 0;
  // Not in the row:
  std::uint64_t due = 0;  // on the retention clock, before which no age is over
  bool changed = false;

  [[nodiscard]] std::uint64_t check() const;
  void add(const EventRow& row);
  void remove(const EventRow& row);
};

struct LogRow {
  RowId id = 0;
  LogName name;
  LogMeta meta;
  [[nodiscard]] std::uint64_t check() const;
};

[[nodiscard]] std::uint64_t cursor_check(RowId log, const DurableCursor& cursor);

// The last value of one key: which event of which batch.
struct LastValueRow {
  RowId topic = 0;
  std::string key;
  RowId at = 0;
  std::uint16_t index = 0;
  [[nodiscard]] std::uint64_t check() const;
};

}  // namespace boato
