// SPDX-License-Identifier: Apache-2.0
// The replicas of a topic, as its founding names them: the voters of its first configuration. Packed as 32
// bytes each, strictly rising, an odd number of them: of two voters both would have to be there, so two are
// less available than one (ordering.md 1).
#pragma once

#include "overlay/base/strong.hpp"

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

namespace boato::wire {

inline constexpr std::size_t voters_max = 7;

class ReplicaSet {
 public:
  ReplicaSet() = default;
  // The first 1, 3, 5 or 7 of them are kept, whatever their order. None are no set.
  explicit ReplicaSet(std::span<const PeerId> voters);
  // Null: not the packed form of a set with at least one voter.
  [[nodiscard]] static std::optional<ReplicaSet> parse(Bytes packed);
  [[nodiscard]] std::vector<std::byte> packed() const;

  [[nodiscard]] std::span<const PeerId> voters() const { return voters_; }  // rising
  [[nodiscard]] std::size_t size() const { return voters_.size(); }
  [[nodiscard]] bool empty() const { return voters_.empty(); }
  [[nodiscard]] std::size_t quorum() const { return voters_.size() / 2 + 1; }
  [[nodiscard]] std::optional<std::size_t> index_of(const PeerId& peer) const;
  [[nodiscard]] bool has(const PeerId& peer) const { return index_of(peer).has_value(); }
  bool operator==(const ReplicaSet&) const = default;

 private:
  std::vector<PeerId> voters_;
};

}  // namespace boato::wire
