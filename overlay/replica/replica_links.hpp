// SPDX-License-Identifier: Apache-2.0
// The links to the replicas of one topic, kept by its publishers and by the replicas among each other: what a
// receipt waits for comes over them at first hand (ordering.md 2). Knows who is reachable and since when too
// few are; does not know what is said over the links.
#pragma once

#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/replica/config.hpp"
#include "overlay/wire/replica_set.hpp"

#include <algorithm>
#include <chrono>
#include <cstddef>

namespace boato {

class ReplicaLinks {
 public:
  ReplicaLinks(const ReplicaLinksConfig& config, const wire::ReplicaSet& set, const PeerId& self,
               const LinkTable& links)
      : config_{config}, set_{set}, self_{self}, links_{links} {}

  void start(Time now) {
    if (due_ == never && !set_.empty()) due_ = now;
  }
  void stop() { due_ = below_since_ = never; }
  [[nodiscard]] Time next_deadline() const { return due_; }

  // Dials those that are missing; find(peer) answers with their addresses, none if it knows none.
  template <class Find>
  void on_deadline(Time now, Find&& find, Effects& fx) {
    if (due_ > now) return;
    due_ = now + config_.dial_every;
    for (const PeerId& peer : set_.voters()) {
      if (peer == self_ || links_.find(peer)) continue;
      const wire::AddressList addresses = find(peer);
      if (!addresses.empty()) fx.dial({peer, addresses});
    }
    if (reachable() >= set_.quorum()) {
      below_since_ = never;
    } else if (below_since_ == never) {
      below_since_ = now;
    }
    minority_ = below_since_ != never && now - below_since_ >= config_.quorum_grace;
  }

  [[nodiscard]] std::size_t reachable() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        set_.voters(), [&](const PeerId& peer) { return peer == self_ || links_.find(peer); }));
  }
  [[nodiscard]] bool uses(const PeerId& peer) const { return due_ != never && set_.has(peer); }
  // Fewer than a quorum are, and were not for a while.
  [[nodiscard]] bool minority() const { return minority_; }

 private:
  const ReplicaLinksConfig& config_;
  const wire::ReplicaSet& set_;
  const PeerId self_;
  const LinkTable& links_;
  Time due_ = never, below_since_ = never;
  bool minority_ = false;
};

}  // namespace boato
