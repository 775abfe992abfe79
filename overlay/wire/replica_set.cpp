// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/replica_set.hpp"

#include <algorithm>
#include <cstring>

namespace boato::wire {
namespace {
constexpr std::size_t id_bytes = sizeof(PeerId::raw);
}  // namespace

ReplicaSet::ReplicaSet(std::span<const PeerId> voters) {
  std::size_t n = std::min(voters.size(), voters_max);
  if (n % 2 == 0 && n > 0) --n;
  voters_.assign(voters.begin(), voters.begin() + static_cast<std::ptrdiff_t>(n));
  std::ranges::sort(voters_);
}

std::optional<ReplicaSet> ReplicaSet::parse(Bytes packed) {
  const std::size_t n = packed.size() / id_bytes;
  if (packed.size() % id_bytes != 0 || n % 2 == 0 || n > voters_max) return std::nullopt;
  ReplicaSet set;
  for (std::size_t i = 0; i < n; ++i) {
    PeerId id;
    std::memcpy(id.raw.data(), packed.data() + i * id_bytes, id_bytes);
    if (i > 0 && id <= set.voters_.back()) return std::nullopt;
    set.voters_.push_back(id);
  }
  return set;
}

std::vector<std::byte> ReplicaSet::packed() const {
  std::vector<std::byte> out(voters_.size() * id_bytes);
  for (std::size_t i = 0; i < voters_.size(); ++i)
    std::memcpy(out.data() + i * id_bytes, voters_[i].raw.data(), id_bytes);
  return out;
}

std::optional<std::size_t> ReplicaSet::index_of(const PeerId& peer) const {
  const auto at = std::ranges::lower_bound(voters_, peer);
  if (at == voters_.end() || *at != peer) return std::nullopt;
  return static_cast<std::size_t>(at - voters_.begin());
}

}  // namespace boato::wire
