// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/baseline_tally.hpp"

#include <algorithm>

namespace boato::sim {

BaselineTally::Spread& BaselineTally::spread(std::uint32_t publication) {
  if (spreads_.size() <= publication) spreads_.resize(publication + std::size_t{1});
  return spreads_[publication];
}

void BaselineTally::got(std::uint32_t peer, std::uint32_t publication, std::uint8_t hops) {
  if (reached_.size() <= peer) reached_.resize(peer + std::size_t{1});
  if (reached_[peer].size() <= publication) reached_[peer].resize(publication + std::size_t{1});
  reached_[peer][publication] = static_cast<std::uint8_t>(std::min(hops, hops_max) + 1);
}

void BaselineTally::delivered(std::uint32_t publication, std::uint32_t events, std::uint8_t hops,
                              Duration after) {
  Spread& s = spread(publication);
  s.deliveries += events;
  s.last_hop = std::max(s.last_hop, hops);
  if (after < Duration{0}) return;
  s.last_after = std::max(s.last_after, after);
  latency_.add(static_cast<std::uint64_t>(after.count()), events);
  hops_.add(hops, events);
}

void BaselineTally::sent_payload(std::uint32_t from, std::size_t header_bytes) {
  if (payload_sends_.size() <= from) payload_sends_.resize(from + std::size_t{1});
  ++payload_sends_[from];
  control_bytes_ += header_bytes;
}

void BaselineTally::forget(std::uint32_t peer) {
  if (peer < reached_.size()) reached_[peer].clear();
}

}  // namespace boato::sim
