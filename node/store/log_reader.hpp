// SPDX-License-Identifier: Apache-2.0
// The reading half of the durable store: a connection of its own, so that replays neither wait for commits
// nor hold them up. One call is one short transaction over one commit, bounded by rows, bytes and time; the
// caller goes on from where the slice ended. Every row is verified before it is handed out: what does not
// check is named as faulty, never left out in silence and never handed out.
#pragma once

#include <boato/result.hpp>

#include "node/store/rows.hpp"
#include "node/store/sqlite.hpp"
#include "node/store/tables.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace boato {

struct SliceLimits {
  std::size_t rows_max = 256;
  std::size_t bytes_max = std::size_t{1} << 20;  // one batch is handed out in any case
  Duration time_max = std::chrono::milliseconds{50};
};

// Which topic of which log.
struct TopicPath {
  LogName log;
  TopicId topic;
  auto operator<=>(const TopicPath&) const = default;
};

struct StoredBatch {
  RowId at = 0;  // place in the order of arrival
  PeerId publisher;
  Incarnation incarnation;
  Seq first;
  std::uint16_t count = 0;
  std::uint64_t time_us = 0;
  std::vector<std::byte> bytes;
};

// Numbers that were answered for and cannot be shown: to be fetched from another replica, and appended.
struct FaultyRange {
  PeerId publisher;
  Incarnation incarnation;
  SeqRange range;
  RowId stream = 0, at = 0;
};

struct Slice {
  std::vector<StoredBatch> batches;
  std::vector<FaultyRange> faulty;
  std::uint64_t next = 0;  // a place (arrival) or a number (stream) to go on from
  bool end = false;        // nothing more is held now
};

struct LastValue {
  std::string key;
  std::uint16_t index = 0;  // of the event in its batch
  StoredBatch batch;
};
struct LastValueSlice {
  std::vector<LastValue> values;  // by rising key
  std::vector<FaultyRange> faulty;
  bool end = false;
};

// Where the last n events of a topic begin.
struct TailStart {
  RowId at = 1;
  std::uint64_t skip = 0;  // events of the first batch that are older
};

struct HeldStream {
  PeerId publisher;
  Incarnation incarnation;
  Seq floor, held;
  std::vector<SeqRange> above;   // held beyond a hole
  std::vector<SeqRange> faulty;  // of what is held
};

struct KeptTopic {
  TopicPath path;
  Retention retain;
  std::uint64_t events = 0, bytes = 0;
};
struct KeptLog {
  LogName name;
  LogMeta meta;
  std::vector<DurableCursor> cursors;
};

class LogReader {
 public:
  // What a call answers when it cannot: no_such (log, topic or stream), conflict (what was read is not a
  // database of ours: the store must be closed and proven), internal (it cannot be read).
  template <class T>
  using Answer = Result<T, Errc>;

  LogReader(std::string folder, const char* vfs);

  [[nodiscard]] Answer<std::vector<KeptLog>> logs();
  [[nodiscard]] Answer<std::vector<KeptTopic>> topics();
  [[nodiscard]] Answer<std::vector<HeldStream>> held(const TopicPath& topic);

  // In order of arrival, which respects causality, from a place on.
  [[nodiscard]] Answer<Slice> arrived(const TopicPath& topic, RowId from, const SliceLimits& limits = {});
  // Of one stream from a number on: the first batch is the one that holds it.
  [[nodiscard]] Answer<Slice> stream(const StreamName& name, const LogName& log, Seq from,
                                     const SliceLimits& limits = {});
  // The last value of each key after `after`; of a topic whose events have no keys, its newest event, under
  // the empty key.
  [[nodiscard]] Answer<LastValueSlice> last_values(const TopicPath& topic,
                                                   const std::optional<std::string>& after,
                                                   const SliceLimits& limits = {});

  // Where to begin a replay: the first batch up to which a time was reached, so that a replay is a suffix;
  // the last n events. One place past the newest if there are none.
  [[nodiscard]] Answer<RowId> place_of_time(const TopicPath& topic, std::uint64_t time_us);
  [[nodiscard]] Answer<TailStart> place_of_last(const TopicPath& topic, std::uint64_t events);

  // What the calls so far came upon, for the writer: rows that do not check, by their stream, and whether any
  // call has answered conflict.
  [[nodiscard]] std::vector<std::pair<RowId, Fault>> take_faults() { return std::exchange(faults_, {}); }
  [[nodiscard]] bool has_lost() const { return lost_; }

 private:
  // A read transaction: all statements inside see the same commit. Ended before the caller looks at what was
  // read, so that it never holds up a checkpoint.
  class Snapshot {
   public:
    explicit Snapshot(LogReader& reader);
    ~Snapshot();
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;

   private:
    LogReader& reader_;
  };
  class Budget;   // what is left of a slice
  struct Place {  // where a stream is: what does not change while the store lives
    RowId topic = 0;
    StreamName name;
  };
  enum class Got : std::uint8_t {
    good,
    bad,      // it does not check: faulty
    other,    // it checks, and is not what the index says: the index is damaged
    gone,     // its own time is over
    trouble,  // of the connection
  };

  void open();
  // What is wrong with the connection; `none` if nothing is. The next call opens it anew.
  [[nodiscard]] Errc trouble(Errc none = Errc::internal);
  [[nodiscard]] Errc lost();  // the answer conflict
  [[nodiscard]] std::optional<RowId> topic_id(const TopicPath& path);
  [[nodiscard]] const Place* place_of(RowId stream);
  // The row at a place with its bytes. `expected`: what the index says of it, if that was asked.
  Got fetch(RowId at, EventRow& row, StoredBatch& out);
  // Adds what stands at a place to a slice. False: not to be gone on with.
  bool take(RowId at, RowId topic, const IndexEntry* expected, RowId stream, Slice& slice, Errc& why);
  [[nodiscard]] std::optional<std::pair<RowId, std::uint64_t>> peak_from(RowId topic, RowId from);

  const std::string folder_;
  const char* vfs_;
  Database db_;
  Statement find_topic_, find_stream_, stream_by_id_, arrived_, backwards_, before_, entries_, event_,
      last_values_;
  std::map<RowId, Place> places_;
  std::vector<std::pair<RowId, Fault>> faults_;
  bool lost_ = false;
};

}  // namespace boato
