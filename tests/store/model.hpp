// SPDX-License-Identifier: Apache-2.0
// What a store must hold, kept beside it: what was acknowledged, and what was asked and not answered. Random
// work on a store, and the judgement of what is read from it afterwards.
#pragma once

#include "tests/store/lab.hpp"

#include <map>
#include <optional>
#include <set>
#include <vector>

namespace boato {

class Model {
 public:
  static constexpr std::uint8_t streams = 4;

  explicit Model(std::uint64_t seed) : rng{seed} {}

  Rng rng;
  std::set<Piece> acked, asked;  // asked: not answered, so it may be there or not
  std::optional<LogMeta> meta, asked_meta;

  // One commit of random work. False: the store has failed, and what was asked is open.
  bool work(Lab& lab) {
    std::vector<Persist> batches(1 + rng.below(3));
    std::set<Piece> fresh;
    std::optional<LogMeta> fresh_meta;
    for (Persist& batch : batches) {
      batch.batch = PersistNumber{++lab.number};
      for (std::uint64_t n = rng.below(5); n > 0; --n) batch.ops.push_back(lab.append(some_piece(fresh)));
      if (rng.chance(0.2)) {
        fresh_meta = LogMeta{rng.below(9), "c", {++round_, {}, {}}, {}, 0, "", rng.below(100)};
        batch.ops.push_back(SaveMeta{slot, *fresh_meta});
      }
    }
    std::vector<Persisted> answers;
    if (!lab.store->commit(batches, answers)) {
      asked.insert(fresh.begin(), fresh.end());
      if (fresh_meta) asked_meta = fresh_meta;
      return false;
    }
    EXPECT_EQ(answers.size(), batches.size());
    for (std::size_t i = 0; i < answers.size(); ++i) {
      for (const RefusedOp& refused : answers[i].refused) {
        EXPECT_EQ(refused.why, Refusal::disk_full);
        const auto& op = std::get<AppendBatch>(batches[i].ops[refused.op]);
        fresh.erase({op.publisher.raw[0], op.first.raw(), op.count});
      }
    }
    acked.insert(fresh.begin(), fresh.end());
    if (fresh_meta) meta = fresh_meta;
    return true;
  }

  // All that was acknowledged is there, nothing twice, nothing that was never asked for, no byte wrong. What
  // the store names as faulty counts as told.
  void judge(const Read& read) {
    ASSERT_TRUE(read.genuine);
    std::set<Piece> seen(read.pieces.begin(), read.pieces.end());
    ASSERT_EQ(seen.size(), read.pieces.size()) << "an event twice";
    for (const Piece& piece : seen) ASSERT_TRUE(acked.contains(piece) || asked.contains(piece)) << piece;
    seen.insert(read.faulty.begin(), read.faulty.end());
    for (const Piece& piece : acked) ASSERT_TRUE(seen.contains(piece)) << "lost " << piece;
    // What was open is settled now.
    for (const Piece& piece : asked)
      if (seen.contains(piece)) acked.insert(piece);
    asked.clear();
  }
  void judge_meta(LogReader& reader) {
    const auto logs = reader.logs();
    ASSERT_TRUE(logs);
    ASSERT_FALSE(logs->empty());
    const LogMeta& kept = logs->front().meta;
    ASSERT_TRUE(kept == meta.value_or(LogMeta{}) || (asked_meta && kept == *asked_meta));
    meta = kept;
    asked_meta.reset();
  }

 private:
  // Mostly the next of a stream, sometimes behind a hole, into one, or once more.
  Piece some_piece(std::set<Piece>& fresh) {
    if (!acked.empty() && rng.chance(0.15))
      return *std::next(acked.begin(), static_cast<std::ptrdiff_t>(rng.below(acked.size())));
    const auto stream = static_cast<std::uint8_t>(1 + rng.below(streams));
    if (!skipped_[stream].empty() && rng.chance(0.3)) {
      const Piece piece = skipped_[stream].back();
      skipped_[stream].pop_back();
      fresh.insert(piece);
      return piece;
    }
    Piece piece = next_piece(stream);
    if (rng.chance(0.2) && skipped_[stream].size() < 20) {
      skipped_[stream].push_back(piece);
      piece = next_piece(stream);
    }
    fresh.insert(piece);
    return piece;
  }
  Piece next_piece(std::uint8_t stream) {
    const auto count = static_cast<std::uint16_t>(1 + rng.below(5));
    const std::uint64_t first = next_[stream] + 1;
    next_[stream] += count;
    return {stream, first, count};
  }
  std::map<std::uint8_t, std::uint64_t> next_;
  std::map<std::uint8_t, std::vector<Piece>> skipped_;
  std::uint64_t round_ = 0;
};

}  // namespace boato
