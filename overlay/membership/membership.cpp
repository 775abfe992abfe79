// SPDX-License-Identifier: Apache-2.0
// The views: who is a neighbour, who is known, who is gone.
#include "overlay/membership/membership.hpp"

#include "overlay/base/mutant.hpp"
#include "overlay/membership/membership_pick.hpp"

#include <algorithm>

namespace boato {

Membership::Membership(const MembershipConfig& config, const Self& self, const LinkTable& links, Rng rng)
    : config_{config},
      self_{self},
      links_{links},
      rng_{rng},
      liveness_{config_, self, links},
      passive_{config.passive_max},
      ghosts_{config.ghosts_max} {}

std::size_t Membership::cap() const {
  return started_ && seeds_.empty() ? config_.active_seed_max : config_.active_max;
}

std::size_t Membership::target() const {
  return self_.flags & wire::flag_guest ? config_.guest_target : config_.active_target;
}

std::size_t Membership::minimum() const { return std::min(target(), config_.active_min); }

ActivePeer* Membership::active_at(LinkId link) {
  const auto at = std::ranges::find(active_, link, &ActivePeer::link);
  return at != active_.end() ? &*at : nullptr;
}

bool Membership::is_active(const PeerId& peer) const {
  return std::ranges::find(active_, peer, &ActivePeer::peer) != active_.end();
}

bool Membership::may_meet(LinkId link) const {
  const LinkInfo* info = links_.find(link);
  return info && !(info->flags & wire::flag_guest);
}

bool Membership::uses(LinkId link) const {
  return std::ranges::find(active_, link, &ActivePeer::link) != active_.end() ||
         std::ranges::find(asks_, link, &Ask::link) != asks_.end();
}

bool Membership::resting(Time now, const PeerId& peer) const {
  const auto at = std::ranges::find(rests_, peer, &Rest::peer);
  return at != rests_.end() && now < at->until;
}

void Membership::rest(Time now, const PeerId& peer, Duration how_long) {
  std::erase_if(rests_, [&](const Rest& r) { return r.until <= now || r.peer == peer; });
  if (rests_.size() >= config_.rests_max) rests_.erase(rests_.begin());
  rests_.push_back({peer, now + how_long});
}

bool Membership::activate(Time now, const LinkInfo& link, std::uint32_t their_degree) {
  end_ask(link.peer);
  if (ActivePeer* known = active_at(link.id)) {
    known->degree = their_degree;
    return true;
  }
  if (active_.size() >= cap() && !BOATO_MUTANT(100)) return false;  // membership: the view has no cap
  active_.push_back({link.peer, link.id, their_degree});
  passive_.remove(link.peer);
  ghosts_.remove(link.peer);
  liveness_.set_active(link.id, true);
  if (active_.size() >= target()) next_fill_ = never;
  if (active_.size() >= minimum()) next_join_ = never;
  static_cast<void>(now);
  return true;
}

void Membership::deactivate(Time now, LinkId link) {
  if (std::erase_if(active_, [&](const ActivePeer& a) { return a.link == link; }) == 0) return;
  liveness_.set_active(link, false);
  if (const LinkInfo* info = links_.find(link)) saw(now, *info);
  hurry_fill(now);
}

void Membership::learn(Time now, const wire::PeerSample& sample) {
  constexpr std::uint32_t unfit = wire::flag_guest | wire::flag_no_inbound | wire::flag_leaving;
  if (sample.id == self_.id || sample.addresses.empty() || (sample.flags & unfit) || is_active(sample.id))
    return;
  const KnownPeer peer{sample.id, sample.incarnation, now - std::chrono::seconds{sample.age_s}, sample.flags,
                       sample.addresses};
  if (now - peer.heard > config_.ghost_life) return;
  if (const KnownPeer* ghost = ghosts_.find(sample.id)) {
    // It was given up here; only news from after that, or of a later start, brings it back.
    if (peer.heard <= ghost->heard && peer.incarnation <= ghost->incarnation) return;
    ghosts_.remove(sample.id);
  }
  if (auto evicted = passive_.put(peer)) ghosts_.put(*evicted);
}

template <std::size_t Max>
void Membership::learn(Time now, const wire::List<wire::PeerSample, Max>& samples) {
  for (const wire::PeerSample& sample : samples) learn(now, sample);
}
template void Membership::learn(Time, const wire::List<wire::PeerSample, wire::goodbye_samples_max>&);
template void Membership::learn(Time, const wire::List<wire::PeerSample, wire::shuffle_samples_max>&);
template void Membership::learn(Time, const wire::List<wire::PeerSample, wire::join_samples_max>&);

wire::PeerSample Membership::sample_of(const LinkInfo& link) {
  return {link.peer, link.incarnation, 0, link.flags, link.addresses};
}

void Membership::saw(Time now, const LinkInfo& link) {
  ghosts_.remove(link.peer);
  learn(now, sample_of(link));
}

void Membership::bury(Time now, const PeerId& peer) {
  last_loss_ = now;
  next_heal_ = std::min(next_heal_, now + config_.heal_every);
  auto gone = passive_.remove(peer);
  if (!gone || ghosts_.find(peer)) return;
  gone->heard = now;
  ghosts_.put(*gone);
}

wire::PeerSample Membership::own_sample() const {
  return {self_.id, self_.incarnation, 0, self_.flags, self_.addresses};
}

void Membership::say_disconnect(Time now, const LinkInfo& link, CloseReason why, Effects& fx) {
  wire::Disconnect m;
  m.reason = static_cast<std::uint8_t>(why);
  pick_samples(now, link.peer, 2, m.samples);
  fx.send(link.id, Flow::control, m);
  deactivate(now, link.id);
  rest(now, link.peer, config_.relink_after);
}

void Membership::on_link_up(Time now, const LinkInfo& link, Effects& fx) {
  liveness_.on_link_up(now, link);
  if (leaving_) return;
  found_alive(link.peer, fx);
  Seed* seed = seed_of(now, link);
  const bool was_ghost = ghosts_.find(link.peer) != nullptr;
  const bool was_failing = seed && std::exchange(seed->failed, false);
  saw(now, link);
  Ask* asked = ask_of(link.peer);
  if (asked) {
    asked->link = link.id;
    asked->until = now + config_.ask_within;
    send_neighbor(link.id, asked->why, fx);
    if (was_ghost && asked->why == Why::heal) shuffle(now, link.id, fx);
  } else if (seed && active_.size() < minimum()) {
    send_join(now, link, fx);
  } else if (was_failing) {
    ask(now, link.peer, link.addresses, Why::heal, fx);
    shuffle(now, link.id, fx);
  }
}

void Membership::on_link_down(Time now, const LinkInfo& link, CloseReason why, Effects& fx) {
  liveness_.on_link_down(link.id);
  for (std::size_t i = splices_.size(); i-- > 0;)
    if (i < splices_.size() && splices_[i].other == link.id) end_splice(now, i, fx);
  std::erase_if(asks_, [&](const Ask& a) { return a.link == link.id; });
  std::erase_if(doubts_, [&](const Doubt& d) { return d.asker != LinkId{} && d.asker == link.id; });
  const bool was_active = active_at(link.id) != nullptr;
  std::erase_if(active_, [&](const ActivePeer& a) { return a.link == link.id; });
  if (leaving_) return;
  if (was_active) hurry_fill(now);
  switch (why) {
    case CloseReason::leaving: passive_.remove(link.peer); break;
    case CloseReason::protocol:
    case CloseReason::denied:
      passive_.remove(link.peer);
      rest(now, link.peer, std::chrono::seconds{60});
      break;
    case CloseReason::dead:
      saw(now, link);
      if (was_active) last_death_ = now;
      note_death(now);
      found_dead(now, link.peer, fx);
      break;
    case CloseReason::duplicate:  // all that was agreed belonged to the old link
      saw(now, link);
      if (was_active) ask(now, link.peer, link.addresses, Why::fill, fx);
      break;
    case CloseReason::cut:
    case CloseReason::timeout:
      saw(now, link);
      if (why == CloseReason::cut) {
        if (was_active) last_death_ = now;
        note_death(now);
        if (was_active || !mass_death(now)) doubt(now, link, fx);
      }
      if (was_active) ask(now, link.peer, link.addresses, Why::fill, fx);
      break;
    default:
      saw(now, link);
      if (was_active) rest(now, link.peer, config_.relink_after);
      break;
  }
}

void Membership::on(Time now, const LinkInfo& from, const wire::Disconnect& m, Effects&) {
  learn(now, m.samples);
  end_ask(from.peer);
  deactivate(now, from.id);
  const auto why = static_cast<CloseReason>(m.reason);
  rest(now, from.peer,
       why == CloseReason::protocol ? Duration{std::chrono::seconds{60}} : config_.relink_after);
  if (why == CloseReason::leaving) passive_.remove(from.peer);
}

void Membership::leave(Time now, Effects& fx) {
  if (leaving_) return;
  for (const LinkInfo& link : links_.all()) {
    wire::Disconnect m;
    m.reason = static_cast<std::uint8_t>(CloseReason::leaving);
    pick_samples(now, link.peer, 4, m.samples);
    fx.send(link.id, Flow::control, m);
  }
  leaving_ = true;
  active_.clear();
  asks_.clear();
  splices_.clear();
  doubts_.clear();
}

void Membership::on_deadline(Time now, Effects& fx) {
  if (leaving_ || !started_) return;
  if (expected_ != never && now > expected_) liveness_.on_lateness(now - expected_);
  watch(now, fx);
  expire_doubts(now, fx);
  expire_splices(now, fx);
  expire_asks(now);
  release_served(now, fx);
  if (now >= next_join_) {
    dial_seed(now, fx);
    join_pause_ = active_.empty()
                      ? config_.join_retry
                      : std::clamp<Duration>(2 * join_pause_, config_.join_retry, config_.fill_every_max);
    next_join_ = now + rng_.jitter(join_pause_);
  }
  if (now >= next_fill_) fill(now, fx);
  if (now >= next_shuffle_) {
    if (ActivePeer* neighbour = random_active([](const ActivePeer&) { return true; }))
      shuffle(now, neighbour->link, fx);
    const bool lively = now - started_at_ < config_.young ||
                        (last_death_ != Time::min() && now - last_death_ < config_.unsettled);
    next_shuffle_ = now + rng_.jitter(lively ? config_.shuffle_every_young : config_.shuffle_every);
  }
  if (now >= next_heal_) {
    if (!BOATO_MUTANT(103)) heal(now, fx);  // membership: nobody looks for the other half
    const bool lively = now - started_at_ < config_.young ||
                        (last_loss_ != Time::min() && now - last_loss_ < config_.heal_lively);
    next_heal_ = now + rng_.jitter(lively ? config_.heal_every : config_.heal_every_calm);
  }
  if (now >= next_trim_) {
    trim(now, fx);
    next_trim_ = now + rng_.jitter(config_.trim_every);
  }
  expected_ = std::max(now, next_deadline());
}

Time Membership::next_deadline() const {
  if (leaving_ || !started_) return never;
  Time at =
      std::min({next_join_, next_fill_, next_shuffle_, next_heal_, next_trim_, liveness_.next_deadline()});
  for (const Ask& a : asks_) at = std::min(at, a.until);
  for (const Splicing& s : splices_) at = std::min(at, s.until);
  for (const Doubt& d : doubts_) at = std::min(at, d.until);
  for (const Served& s : served_) at = std::min(at, s.since + config_.served_after);
  return at;
}

void Membership::check_invariants() const {
  BOATO_CHECK(active_.size() <= std::max(cap(), config_.active_max));
  BOATO_CHECK(asks_.size() <= config_.asks_max && splices_.size() <= config_.splices_max);
  BOATO_CHECK(doubts_.size() <= config_.helping_max && rests_.size() <= config_.rests_max);
  BOATO_CHECK(passive_.size() <= config_.passive_max && ghosts_.size() <= config_.ghosts_max);
  BOATO_CHECK(seeds_.size() <= config_.seeds_max && served_.size() <= config_.served_max);
  for (std::size_t i = 0; i < active_.size(); ++i) {
    const LinkInfo* link = links_.find(active_[i].link);
    BOATO_CHECK(link && link->peer == active_[i].peer);
    for (std::size_t k = i + 1; k < active_.size(); ++k)
      BOATO_CHECK(active_[i].peer != active_[k].peer && active_[i].link != active_[k].link);
    BOATO_DCHECK(!passive_.find(active_[i].peer));
  }
#ifdef BOATO_INVARIANTS
  BOATO_CHECK(!passive_.find(self_.id) && !ghosts_.find(self_.id));
  for (const KnownPeer& p : passive_.all()) BOATO_CHECK(!ghosts_.find(p.id));
#endif
}

}  // namespace boato
