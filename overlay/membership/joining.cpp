// SPDX-License-Identifier: Apache-2.0
// Coming in, mixing, and finding what was torn apart.
#include "overlay/membership/membership_pick.hpp"

#include <algorithm>

namespace boato {

void Membership::on_start(Time now, std::span<const Address> seeds, Effects& fx) {
  started_ = true;
  started_at_ = now;
  next_shuffle_ = now + rng_.jitter(config_.shuffle_every_young);
  next_heal_ = now + rng_.jitter(config_.heal_every);
  next_trim_ = now + rng_.jitter(config_.trim_every);
  next_fill_ = now + rng_.jitter(config_.fill_first);  // walks come first: they disturb nobody's degree
  add_seeds(now, seeds, fx);
}

void Membership::add_seeds(Time now, std::span<const Address> seeds, Effects&) {
  const bool had = !seeds_.empty();
  for (const Address& address : seeds) {
    const bool known = std::ranges::any_of(seeds_, [&](const Seed& s) { return s.address == address; });
    if (known || is_own(address) || seeds_.size() >= config_.seeds_max) continue;
    seeds_.push_back({address, {}});
  }
  if (seeds_.empty()) return;
  if (!had) next_seed_ = rng_.below(seeds_.size());
  if (active_.size() < minimum()) next_join_ = now;
}

bool Membership::is_own(const Address& address) const {
  return std::ranges::find(self_.addresses.span(), address) != self_.addresses.span().end();
}

// One seed in turn, beginning with a random one. A seed that is linked already is asked again.
void Membership::dial_seed(Time now, Effects& fx) {
  if (seeds_.empty()) return;
  Seed& seed = seeds_[next_seed_++ % seeds_.size()];
  if (const LinkInfo* link = seed.peer != PeerId{} ? links_.find(seed.peer) : nullptr) {
    if (active_.size() < minimum()) send_join(now, *link, fx);
    return;
  }
  DialWish wish;
  wish.peer = seed.peer;
  wish.addresses.push_back(seed.address);
  if (seed.dialed == never) seed.dialed = now;
  fx.dial(wish);
}

// The seed that this link leads to. A link that we dialled, to a peer we did not ask for by name, is the
// answer to the eldest dial of a bare address.
Membership::Seed* Membership::seed_of(Time, const LinkInfo& link) {
  for (Seed& seed : seeds_)
    if (seed.peer == link.peer ||
        std::ranges::find(link.addresses.span(), seed.address) != link.addresses.span().end()) {
      seed.peer = link.peer;
      seed.dialed = never;
      return &seed;
    }
  if (!link.dialed || ask_of(link.peer)) return nullptr;
  Seed* eldest = nullptr;
  for (Seed& seed : seeds_)
    if (seed.peer == PeerId{} && seed.dialed != never && (!eldest || seed.dialed < eldest->dialed))
      eldest = &seed;
  if (!eldest) return nullptr;
  eldest->peer = link.peer;
  eldest->dialed = never;
  return eldest;
}

void Membership::send_join(Time now, const LinkInfo& link, Effects& fx) {
  if (is_active(link.peer)) {
    // A neighbour already: what is wanted is walks and samples.
  } else if (!ask_of(link.peer) && asks_.size() < config_.asks_max) {
    asks_.push_back({link.peer, link.id, now + config_.ask_within, Why::join});
  }
  if (self_.flags & wire::flag_guest) return send_neighbor(link.id, Why::join, fx);
  wire::Join m;
  m.self.push_back(own_sample());
  fx.send(link.id, Flow::control, m);
}

void Membership::on(Time now, const LinkInfo& from, const wire::Join& m, Effects& fx) {
  if (leaving_ || m.self.empty() || m.self[0].id != from.peer) return;
  const auto before = std::ranges::find(served_, from.peer, &Served::peer);
  if (before != served_.end()) {
    if (now - before->since < config_.join_retry / 2) return;
    served_.erase(before);
  }
  if (served_.size() >= config_.served_max) return;
  served_.push_back({from.peer, from.id, now});
  saw(now, from);
  wire::Samples samples;
  pick_samples(now, from.peer, config_.active_target, samples.samples);
  fx.send(from.id, Flow::control, samples);
  if (active_.size() < target()) ask(now, from.peer, from.addresses, Why::walk, fx);
  const wire::PeerSample& origin = m.self[0];
  if (origin.addresses.empty() || (origin.flags & (wire::flag_no_inbound | wire::flag_guest))) return;
  for (std::uint32_t i = 0; i < config_.walks; ++i) {
    const ActivePeer* next =
        random_active([&](const ActivePeer& a) { return a.link != from.id && may_meet(a.link); });
    if (!next) return;
    wire::Walk walk;
    walk.origin = m.self;
    walk.steps = config_.walk_steps - 1;
    fx.send(next->link, Flow::control, walk);
  }
}

void Membership::on(Time now, const LinkInfo& from, const wire::Samples& m, Effects&) {
  if (!ask_of(from.peer) && !is_active(from.peer)) return;  // not asked for
  learn(now, m.samples);
}

void Membership::on(Time now, const LinkInfo& from, const wire::Walk& m, Effects& fx) {
  if (leaving_ || m.origin.empty() || m.origin[0].id == self_.id || m.origin[0].addresses.empty()) return;
  if (!active_at(from.id)) return;  // walks go along the overlay's edges
  const wire::PeerSample& origin = m.origin[0];
  learn(now, origin);
  if (m.steps > 0) {
    const ActivePeer* next = random_active(
        [&](const ActivePeer& a) { return a.link != from.id && a.peer != origin.id && may_meet(a.link); });
    if (next) {
      wire::Walk walk = m;
      walk.steps = std::min(m.steps, config_.walk_steps) - 1;
      fx.send(next->link, Flow::control, walk);
      return;
    }
  }
  end_walk(now, origin, fx);
}

void Membership::end_walk(Time now, const wire::PeerSample& origin, Effects& fx) {
  if (is_active(origin.id) || (self_.flags & wire::flag_guest)) return;
  if (active_.size() + asks_.size() < target()) {
    ask(now, origin.id, origin.addresses, Why::walk, fx);
  } else {
    begin_splice(now, origin, false, fx);
  }
}

void Membership::shuffle(Time now, LinkId link, Effects& fx) {
  const LinkInfo* info = links_.find(link);
  if (!info) return;
  wire::Shuffle m;
  pick_samples(now, info->peer, 3, m.samples);
  fx.count(Counter::shuffles);
  fx.send(link, Flow::control, m);
}

void Membership::on(Time now, const LinkInfo& from, const wire::Shuffle& m, Effects& fx) {
  if (leaving_) return;
  wire::ShuffleReply reply;
  pick_samples(now, from.peer, 3, reply.samples);
  fx.send(from.id, Flow::control, reply);
  learn(now, m.samples);
}

void Membership::on(Time now, const LinkInfo&, const wire::ShuffleReply& m, Effects&) {
  learn(now, m.samples);
}

// A ghost or a seed in turn, for ever: however long two halves were apart, both sides look.
void Membership::heal(Time now, Effects& fx) {
  ghosts_.drop_older_than(now - config_.ghost_life);
  seed_next_ = !seed_next_;
  if (!seed_next_ || ghosts_.empty()) {
    if (!seeds_.empty()) return dial_seed(now, fx);
  }
  if (const KnownPeer* ghost = ghosts_.random(rng_)) {
    const KnownPeer chosen = *ghost;
    ask(now, chosen.id, chosen.addresses, Why::heal, fx);
  }
}

// Linked with a peer that may come from another component: each puts the other into one of its edges, so that
// three new edges cross and no degree but theirs changes.
void Membership::healed(Time now, const LinkInfo& link, Effects& fx) {
  if (last_heal_ != Time::min() && now - last_heal_ < config_.heal_splice_every) return;
  last_heal_ = now;
  begin_splice(now, sample_of(link), false, fx);
}

}  // namespace boato
