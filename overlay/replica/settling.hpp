// SPDX-License-Identifier: Apache-2.0
// A publisher's own events of one topic until replicas hold them. It counts what each replica says itself
// (HELD) and tells how many hold what; it keeps the bytes of what no quorum holds and pushes them again over
// the direct link, so a replica that the tree did not reach, or whose disk was full, gets them all the same.
// Bounded by bytes: beyond has_room() publishing waits, nothing is let go. Rule: only voters count, each
// once, only up to what it said, and only while the link lives over which it said so: who comes back may have
// come back without its disk.
#pragma once

#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/replica/config.hpp"
#include "overlay/stream/ring.hpp"
#include "overlay/wire/replica_set.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace boato {

class Settling {
 public:
  Settling(const SettlingConfig& config, const wire::ReplicaSet& set, TopicTag tag, const PeerId& self,
           const LinkTable& links)
      : config_{config}, set_{set}, tag_{tag}, self_{self}, links_{links} {}

  // The topic has other replicas now: none of them has said anything. What was settled before is theirs to
  // fetch; published() is called again for what the peer still has.
  void restart();
  void published(Time now, Seq first, Seq last, const EventRef& bytes);
  // The replica holds all up to `upto`. Nothing if it is no voter.
  void on_held(const PeerId& replica, Seq upto, Effects& fx);

  // The word of this replica counts no more.
  void on_link_down(const PeerId& peer);

  [[nodiscard]] bool has_room() const { return bytes_ < config_.window_bytes; }
  // Events that no quorum holds.
  [[nodiscard]] std::uint64_t unsettled() const;

  [[nodiscard]] Time next_deadline() const { return due_; }
  void on_deadline(Time now, Effects& fx);
  void check_invariants() const;

 private:
  struct Own {
    Seq first, last;
    EventRef bytes;  // empty: a quorum holds it
    Time pushed{};
  };
  [[nodiscard]] std::uint32_t holders(Seq last) const;

  const SettlingConfig& config_;
  const wire::ReplicaSet& set_;
  const TopicTag tag_;
  const PeerId self_;
  const LinkTable& links_;
  // By rising number; leaves when all voters hold it. A voter's word covers a beginning of it, so what a
  // quorum holds is a beginning as well.
  Ring<Own> own_;
  std::size_t settled_ = 0;  // of own_
  std::array<Seq, wire::voters_max> held_{};
  std::size_t bytes_ = 0;
  Time due_ = never;
};

}  // namespace boato
