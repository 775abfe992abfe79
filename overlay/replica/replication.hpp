// SPDX-License-Identifier: Apache-2.0
// The machines of one replicated topic, side by side: composition only, peer_core passes between them.
#pragma once

#include "overlay/replica/holder.hpp"
#include "overlay/replica/replica_links.hpp"
#include "overlay/replica/settling.hpp"

#include <algorithm>
#include <optional>

namespace boato {

struct Replication {
  Replication(const ReplicationConfig& config, const wire::ReplicaSet& replicas, TopicTag tag,
              const Self& self, const LinkTable& table)
      : set{replicas},
        settling{config.settling, set, tag, self.id, table},
        links{config.links, set, self.id, table} {}
  Replication(const Replication&) = delete;
  Replication& operator=(const Replication&) = delete;

  wire::ReplicaSet set;
  Settling settling;
  ReplicaLinks links;
  std::optional<Holder> holder;  // this peer keeps the topic
  bool told_minority = false;    // publishers were

  [[nodiscard]] Time next_deadline() const {
    return std::min(
        {settling.next_deadline(), links.next_deadline(), holder ? holder->next_deadline() : never});
  }
  void check_invariants() const {
    settling.check_invariants();
    if (holder) holder->check_invariants();
  }
};

}  // namespace boato
