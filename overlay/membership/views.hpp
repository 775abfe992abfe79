// SPDX-License-Identifier: Apache-2.0
// The peers that a peer knows of without a link: the passive view, and the ghosts (peers that died or were
// evicted), its way back after a partition.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/base/strong.hpp"
#include "overlay/wire/fields.hpp"
#include "overlay/wire/records.hpp"

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace boato {

// 128 bytes.
struct KnownPeer {
  PeerId id;
  Incarnation incarnation;
  Time heard{};  // newest evidence that it lived, own or told
  std::uint32_t flags = 0;
  wire::AddressList addresses;
};

[[nodiscard]] wire::PeerSample to_sample(Time now, const KnownPeer& peer);

// Bounded; unordered but deterministic. A few hundred entries are searched by scanning.
class PeerSet {
 public:
  explicit PeerSet(std::size_t max) : max_{max} {}

  [[nodiscard]] const KnownPeer* find(const PeerId& id) const;
  // Takes a peer in, or newer evidence of one it holds. Full: the one with the oldest evidence makes room and
  // is returned, unless the newcomer's is older still (then the newcomer is returned).
  std::optional<KnownPeer> put(const KnownPeer& peer);
  std::optional<KnownPeer> remove(const PeerId& id);
  void drop_older_than(Time limit);
  [[nodiscard]] const KnownPeer* random(Rng& rng) const;
  [[nodiscard]] std::span<const KnownPeer> all() const { return peers_; }
  [[nodiscard]] std::size_t size() const { return peers_.size(); }
  [[nodiscard]] bool empty() const { return peers_.empty(); }
  [[nodiscard]] std::size_t max() const { return max_; }

 private:
  std::size_t max_;
  std::vector<KnownPeer> peers_;
};

}  // namespace boato
