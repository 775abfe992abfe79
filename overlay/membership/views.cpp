// SPDX-License-Identifier: Apache-2.0
#include "overlay/membership/views.hpp"

#include <algorithm>

namespace boato {

wire::PeerSample to_sample(Time now, const KnownPeer& peer) {
  wire::PeerSample sample;
  sample.id = peer.id;
  sample.incarnation = peer.incarnation;
  const auto age = std::chrono::duration_cast<std::chrono::seconds>(now - peer.heard).count();
  sample.age_s = static_cast<std::uint32_t>(std::clamp<std::int64_t>(age, 0, 0xffffffffLL));
  sample.flags = peer.flags;
  sample.addresses = peer.addresses;
  return sample;
}

const KnownPeer* PeerSet::find(const PeerId& id) const {
  const auto at = std::ranges::find(peers_, id, &KnownPeer::id);
  return at != peers_.end() ? &*at : nullptr;
}

std::optional<KnownPeer> PeerSet::put(const KnownPeer& peer) {
  if (const auto at = std::ranges::find(peers_, peer.id, &KnownPeer::id); at != peers_.end()) {
    // An older start's addresses must not replace a newer one's, whatever the evidence says.
    if (peer.incarnation < at->incarnation) return std::nullopt;
    const Time heard = std::max(peer.heard, at->heard);
    if (peer.incarnation > at->incarnation || peer.heard >= at->heard) *at = peer;
    at->heard = heard;
    return std::nullopt;
  }
  if (peers_.size() < max_) {
    peers_.push_back(peer);
    return std::nullopt;
  }
  const auto oldest = std::ranges::min_element(peers_, {}, &KnownPeer::heard);
  if (oldest == peers_.end() || peer.heard < oldest->heard) return peer;
  const KnownPeer out = *oldest;
  *oldest = peer;
  return out;
}

std::optional<KnownPeer> PeerSet::remove(const PeerId& id) {
  const auto at = std::ranges::find(peers_, id, &KnownPeer::id);
  if (at == peers_.end()) return std::nullopt;
  const KnownPeer out = *at;
  *at = peers_.back();
  peers_.pop_back();
  return out;
}

void PeerSet::drop_older_than(Time limit) {
  std::erase_if(peers_, [&](const KnownPeer& p) { return p.heard < limit; });
}

const KnownPeer* PeerSet::random(Rng& rng) const {
  return peers_.empty() ? nullptr : &peers_[rng.below(peers_.size())];
}

}  // namespace boato
