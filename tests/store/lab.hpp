// SPDX-License-Identifier: Apache-2.0
// A store on a disk that can be hurt, with what tests put into it. Events are bytes that follow from their
// stream and number, so whatever is read back can be judged.
#pragma once

#include "node/store/log_reader.hpp"
#include "node/store/log_store.hpp"
#include "overlay/base/bytes.hpp"
#include "overlay/base/rng.hpp"
#include "tests/store/fault_disk.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

namespace boato {

inline const LogName test_log{DomainId{{1, 1}}, 1};
inline const TopicId test_topic{{2, 2}};
inline const TopicPath test_path{test_log, test_topic};
inline constexpr LogSlot slot{7};

inline PeerId publisher(std::uint8_t number) {
  PeerId id;
  id.raw[0] = number;
  return id;
}

// What the batch of these numbers holds; `version` > 0 is another content under the same numbers.
inline std::vector<std::byte> content(std::uint8_t stream, std::uint64_t first, std::uint16_t count,
                                      std::uint8_t version = 0) {
  Rng rng{first * 1000 + stream * 10U + version};
  std::vector<std::byte> bytes(20 + rng.below(first % 7 == 0 ? 9000 : 300) + count);
  for (std::byte& b : bytes) b = static_cast<std::byte>(rng.next());
  return bytes;
}

// A batch as the model and the tests name it.
struct Piece {
  std::uint8_t stream = 0;
  std::uint64_t first = 0;
  std::uint16_t count = 1;
  auto operator<=>(const Piece&) const = default;
};
inline std::ostream& operator<<(std::ostream& out, const Piece& p) {
  return out << int{p.stream} << ':' << p.first << '+' << p.count;
}

struct Lab {
  FaultDisk disk;
  SlabPool pool{};
  LogStoreOptions options{
      "/d", disk.vfs(), 1, {.free_min = 0, .used_max_percent = 100, .reserve = 64 * 1024}, [] {
        return Space{};
      }};
  std::unique_ptr<LogStore> store{};
  Time now{};
  std::uint64_t number = 0;
  std::vector<Persisted> answers{};

  Result<void> open() {
    store.reset();
    auto opened = LogStore::open(options);
    if (!opened) return opened.error();
    store = std::move(*opened);
    return {};
  }
  // Ends as the process does when it is killed: nothing is put in order, but the mark stands.
  void crash() {
    ASSERT_TRUE(store->idle());
    Rng rng{1};
    disk.cut(rng);
    store.reset();
  }
  // Opens it with the log and topic of the tests.
  void start(Retention retain = {}) {
    const auto opened = open();
    ASSERT_TRUE(opened) << opened.error().detail;
    ASSERT_TRUE(keep(OpenLog{slot, test_log}, KeepTopic{slot, test_topic, retain}));
  }
  template <class... Ops>
  bool keep(Ops... ops) {
    Persist batch{PersistNumber{++number}, now, {}};
    (batch.ops.push_back(std::move(ops)), ...);
    return store->commit(std::span{&batch, 1}, answers);
  }
  AppendBatch append(Piece p, std::uint8_t version = 0) {
    const auto bytes = content(p.stream, p.first, p.count, version);
    return {slot, test_topic, publisher(p.stream), Incarnation{5}, Seq{p.first}, p.count, 1000 * p.first,
            {},   {},         pool.copy(bytes)};
  }
  [[nodiscard]] std::vector<Refusal> refusals() const {
    std::vector<Refusal> all;
    for (const Persisted& answer : answers)
      for (const RefusedOp& refused : answer.refused) all.push_back(refused.why);
    return all;
  }
  // Of the database, ever; it was made with the first.
  std::uint64_t commits() {
    const auto again = open();
    EXPECT_TRUE(again);
    return store->book().store.commits;
  }
  LogReader reader() { return LogReader{options.folder, disk.vfs()}; }
  std::string file(const char* name) { return options.folder + "/" + name; }
};

inline Piece piece_of(const StoredBatch& batch) {
  return {batch.publisher.raw[0], batch.first.raw(), batch.count};
}

// Whether the bytes are those of its numbers.
inline bool genuine(const StoredBatch& batch, std::uint8_t version = 0) {
  const Piece p = piece_of(batch);
  return batch.bytes == content(p.stream, p.first, p.count, version);
}

// All that can be read in order of arrival, slice by slice.
struct Read {
  std::vector<Piece> pieces, faulty;
  bool genuine = true;
  bool damaged = false;  // the reader says so
};
inline Read read_all(LogReader& reader, const TopicPath& path = test_path, RowId from = 0) {
  Read all;
  for (std::uint64_t place = from;;) {
    const auto slice = reader.arrived(path, place, {.rows_max = 7});
    if (!slice) return all.damaged = slice.error() != Errc::no_such, all;
    for (const StoredBatch& batch : slice->batches) {
      all.pieces.push_back(piece_of(batch));
      all.genuine = all.genuine && boato::genuine(batch);
    }
    for (const FaultyRange& f : slice->faulty)
      all.faulty.push_back(
          {f.publisher.raw[0], f.range.first.raw(), static_cast<std::uint16_t>(f.range.count())});
    if (slice->end) return all;
    place = slice->next;
  }
}

}  // namespace boato
