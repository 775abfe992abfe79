// SPDX-License-Identifier: Apache-2.0
// Random choices of the membership machine. Included by its .cpp files only.
#pragma once

#include "overlay/membership/membership.hpp"

#include <algorithm>
#include <chrono>

namespace boato {

template <class Ok>
ActivePeer* Membership::random_active(Ok&& ok) {
  if (active_.empty()) return nullptr;
  const std::size_t first = rng_.below(active_.size());
  for (std::size_t i = 0; i < active_.size(); ++i) {
    ActivePeer& a = active_[(first + i) % active_.size()];
    if (ok(a)) return &a;
  }
  return nullptr;
}

// Ourselves, up to `actives` neighbours, and random others up to the list's size; never the reader itself.
template <std::size_t Max>
void Membership::pick_samples(Time now, const PeerId& reader, std::size_t actives,
                              wire::List<wire::PeerSample, Max>& out) {
  constexpr std::uint32_t unfit = wire::flag_guest | wire::flag_no_inbound;
  const auto held = [&](const PeerId& id) {
    return id == reader || std::ranges::any_of(out, [&](const wire::PeerSample& s) { return s.id == id; });
  };
  if (!self_.addresses.empty() && !(self_.flags & unfit) && !leaving_) out.push_back(own_sample());
  if (!active_.empty()) {
    const std::size_t first = rng_.below(active_.size());
    for (std::size_t i = 0; i < std::min(actives, active_.size()) && !out.full(); ++i) {
      const LinkInfo* link = links_.find(active_[(first + i) % active_.size()].link);
      if (!link || link->addresses.empty() || (link->flags & unfit) || held(link->peer)) continue;
      wire::PeerSample sample = sample_of(*link);
      sample.age_s = static_cast<std::uint32_t>(std::clamp<std::int64_t>(
          std::chrono::duration_cast<std::chrono::seconds>(now - link->last_heard).count(), 0, 0xffffffffLL));
      out.push_back(sample);
    }
  }
  const auto known = passive_.all();
  if (known.size() <= Max) {
    for (const KnownPeer& peer : known)
      if (!out.full() && !held(peer.id)) out.push_back(to_sample(now, peer));
    return;
  }
  for (std::size_t tries = 0; tries < 3 * Max && !out.full(); ++tries) {
    const KnownPeer& peer = known[rng_.below(known.size())];
    if (!held(peer.id)) out.push_back(to_sample(now, peer));
  }
}

}  // namespace boato
