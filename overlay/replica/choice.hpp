// SPDX-License-Identifier: Apache-2.0
// Who will be the replicas of a new topic: its creator chooses once, among peers with a store that it knows.
// First as many places as possible (a place is a network address: one host), then by rendezvous rank of topic
// and peer, so that topics spread evenly. Whoever chooses elsewhere may choose otherwise: what counts is the
// founding (ordering.md 1).
#pragma once

#include "overlay/base/crypto.hpp"
#include "overlay/wire/replica_set.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace boato {

struct Candidate {
  PeerId id;
  std::uint64_t place = 0;  // equal for peers that fail together
  bool linked = false;      // known to live; the others are hearsay, and come behind
};

// At most `wanted` of them; none if there is no candidate.
[[nodiscard]] wire::ReplicaSet choose_replicas(const Crypto& crypto, const TopicId& topic,
                                               std::span<const Candidate> candidates, std::uint32_t wanted);

}  // namespace boato
