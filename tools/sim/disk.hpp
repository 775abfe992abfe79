// SPDX-License-Identifier: Apache-2.0
// The store of one simulated peer, as effects/persist.hpp promises it: a table of batches, and a queue of
// what was asked and is not on disk yet. A crash keeps a part of the queue, in order, each persist whole or
// not at all. It may be full, slow, or wiped.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/replica/stored.hpp"

#include <cstddef>
#include <deque>
#include <map>
#include <vector>

namespace boato::sim {

class Disk {
 public:
  struct Batch {
    Seq last;
    std::vector<std::byte> bytes;
  };

  void ask(Persist persist) { waiting_.push_back(std::move(persist)); }
  [[nodiscard]] bool idle() const { return waiting_.empty(); }
  // The oldest that was asked is on disk now.
  Persisted commit();
  // Power is gone: of what waits, some of the oldest has made it.
  void crash(Rng& rng);
  void wipe();

  void set_full(bool full) { full_ = full; }
  void set_slow(bool slow) { slow_ = slow; }
  [[nodiscard]] bool slow() const { return slow_; }
  [[nodiscard]] bool wiped() const { return wiped_; }  // ever

  [[nodiscard]] std::vector<StoredTopic> state() const;
  [[nodiscard]] std::vector<Batch> read(const ReadWish& wish) const;
  [[nodiscard]] bool holds(const TopicId& topic, const StreamKey& key, SeqRange range) const;
  [[nodiscard]] bool keeps(const TopicId& topic) const { return topics_.contains(topic); }

 private:
  using Stream = std::map<Seq, Batch>;
  std::map<TopicId, std::map<StreamKey, Stream>> topics_;
  std::map<TopicId, LogMeta> metas_;
  std::map<LogSlot, TopicId> slots_;  // of the process that runs
  std::deque<Persist> waiting_;
  bool full_ = false, slow_ = false, wiped_ = false;
};

}  // namespace boato::sim
