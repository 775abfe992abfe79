// SPDX-License-Identifier: Apache-2.0
// How two peers become neighbours, and cease to be.
#include "overlay/base/mutant.hpp"
#include "overlay/membership/membership_pick.hpp"

#include <algorithm>

namespace boato {

Membership::Ask* Membership::ask_of(const PeerId& peer) {
  const auto at = std::ranges::find(asks_, peer, &Ask::peer);
  return at != asks_.end() ? &*at : nullptr;
}

void Membership::end_ask(const PeerId& peer) {
  std::erase_if(asks_, [&](const Ask& a) { return a.peer == peer; });
}

bool Membership::ask(Time now, const PeerId& peer, const wire::AddressList& addresses, Why why, Effects& fx) {
  if (peer == self_.id || is_active(peer) || asks_.size() >= config_.asks_max) return false;
  if (Ask* known = ask_of(peer)) {
    if (why != Why::splice && why != Why::heal) return false;
    known->why = why;
    if (known->link != LinkId{}) send_neighbor(known->link, why, fx);
    return true;
  }
  const LinkInfo* link = links_.find(peer);
  if (!link && addresses.empty()) return false;
  asks_.push_back({peer, link ? link->id : LinkId{}, now + config_.ask_within, why});
  if (link) {
    send_neighbor(link->id, why, fx);
  } else {
    fx.dial({peer, addresses});
  }
  return true;
}

void Membership::send_neighbor(LinkId link, Why why, Effects& fx) {
  wire::Neighbor m;
  m.degree = degree();
  switch (why) {
    case Why::splice: m.want = wire::Want::splice; break;
    case Why::heal: m.want = wire::Want::heal; break;
    default: m.want = active_.size() < minimum() ? wire::Want::urgent : wire::Want::normal; break;
  }
  fx.send(link, Flow::control, m);
}

void Membership::expire_asks(Time now) {
  std::erase_if(asks_, [&](const Ask& a) { return a.until <= now; });
}

// A seed hands out and does not hold: thousands come through it.
void Membership::release_served(Time now, Effects& fx) {
  std::erase_if(served_, [&](const Served& s) {
    if (now - s.since < config_.served_after) return false;
    const LinkInfo* link = links_.find(s.link);
    if (link && !uses(s.link) && !liveness_.busy(s.link) && !liveness_.used_there(s.link))
      say_disconnect(now, *link, CloseReason::full, fx);
    return true;
  });
}

void Membership::hurry_fill(Time now) {
  fill_pause_ = Duration{0};
  if (active_.size() < target()) next_fill_ = std::min(next_fill_, now);
  if (active_.size() < minimum() && !seeds_.empty())
    next_join_ = std::min(next_join_, now + config_.join_retry);
}

// Looks for what is missing. A few at a time, so that no more come than are wanted; all at once when hardly
// any are left.
void Membership::fill(Time now, Effects& fx) {
  next_fill_ = never;
  if (active_.size() >= target()) return;
  const bool urgent = active_.size() < minimum();
  fill_pause_ =
      fill_pause_ == Duration{0} ? config_.fill_every : std::min(2 * fill_pause_, config_.fill_every_max);
  if (urgent) fill_pause_ = config_.fill_every;
  next_fill_ = now + rng_.jitter(fill_pause_);

  const std::size_t missing = target() - active_.size();
  std::size_t wanted = urgent ? missing : std::min<std::size_t>(missing, 2);
  if (mass_death(now)) wanted = 2 * missing;  // most of what we know is dead
  if (active_.empty()) wanted = config_.asks_lonely_max;
  const std::size_t open = asks_.size();
  if (wanted <= open) return;
  std::size_t more = std::min(wanted - open, config_.asks_max - open);
  while (more > 0 && fill_one(now, passive_, mass_death(now), fx)) --more;
  if (!active_.empty()) return;
  while (more > 0 && fill_one(now, ghosts_, true, fx)) --more;
  if (!seeds_.empty() && next_join_ == never) next_join_ = now;
}

// Asks one more of the set; false: none is left that may be asked now.
bool Membership::fill_one(Time now, const PeerSet& from, bool newest_first, Effects& fx) {
  const KnownPeer* best = nullptr;
  const auto better = [&](const KnownPeer& p) {
    if (!best) return true;
    const bool fresh = now - p.heard <= config_.stale_after,
               best_fresh = now - best->heard <= config_.stale_after;
    if (fresh != best_fresh) return fresh;
    return newest_first && p.heard > best->heard;
  };
  const auto known = from.all();
  if (known.empty()) return false;
  const std::size_t first = rng_.below(known.size());
  for (std::size_t i = 0; i < known.size(); ++i) {
    const KnownPeer& p = known[(first + i) % known.size()];
    if (resting(now, p.id) || ask_of(p.id) || is_active(p.id) || !better(p)) continue;
    best = &p;
    if (!newest_first && now - p.heard <= config_.stale_after) break;  // a random fresh one
  }
  if (!best) return false;
  const KnownPeer chosen = *best;
  return ask(now, chosen.id, chosen.addresses, Why::fill, fx);
}

// Two ends that both have more than they want give each other up; the lower key does it, one at a time.
void Membership::trim(Time now, Effects& fx) {
  LinkId spare{};
  for (ActivePeer& a : active_) {
    const bool crowded = active_.size() > target() && a.degree > config_.active_target;
    if (!crowded) {
      a.crowded_since = never;
    } else if (a.crowded_since == never) {
      a.crowded_since = now;
    } else if (now - a.crowded_since >= config_.trim_after && self_.id < a.peer && a.spliced_until < now) {
      spare = a.link;
    }
  }
  if (const LinkInfo* link = spare == LinkId{} ? nullptr : links_.find(spare))
    say_disconnect(now, *link, CloseReason::full, fx);
}

void Membership::accept(Time now, const LinkInfo& from, std::uint32_t their_degree, Effects& fx) {
  if (!activate(now, from, their_degree)) return refuse(now, from, fx);
  fx.send(from.id, Flow::control, wire::Accept{degree()});
  splice_linked(now, from.peer, fx);
}

void Membership::refuse(Time now, const LinkInfo& from, Effects& fx) {
  wire::Refuse m;
  pick_samples(now, from.peer, 4, m.samples);
  fx.send(from.id, Flow::control, m);
}

// At the cap and asked urgently: the neighbour that has most can spare us. Nobody near its minimum is given
// up.
void Membership::make_room(Time now, Effects& fx) {
  if (active_.size() < cap()) return;  // so it is not empty
  const auto most = std::ranges::max_element(active_, {}, &ActivePeer::degree);
  // membership: a neighbour at its minimum is evicted too
  if (most->degree <= config_.active_target && !BOATO_MUTANT(101)) return;
  const auto victim = BOATO_MUTANT(101) ? std::ranges::min_element(active_, {}, &ActivePeer::degree) : most;
  BOATO_CHECK(victim->degree > config_.active_target);  // nobody near its minimum
  if (const LinkInfo* link = links_.find(victim->link)) say_disconnect(now, *link, CloseReason::full, fx);
}

void Membership::on(Time now, const LinkInfo& from, const wire::Neighbor& m, Effects& fx) {
  if (leaving_) return;
  saw(now, from);
  if (ActivePeer* known = active_at(from.id)) {
    known->degree = m.degree;
    fx.send(from.id, Flow::control, wire::Accept{degree()});
    return;
  }
  if (Ask* a = ask_of(from.peer); a && a->link == from.id && active_.size() < cap())
    return accept(now, from, m.degree, fx);  // both asked
  if (self_.flags & wire::flag_guest) {
    if (active_.size() < target()) return accept(now, from, m.degree, fx);
    return refuse(now, from, fx);
  }
  const bool healing = last_heal_ != Time::min() && now - last_heal_ < 2 * config_.splice_within;
  switch (m.want) {
    case wire::Want::splice:
      if (active_.size() <= target() || healing) return accept(now, from, m.degree, fx);
      return refuse(now, from, fx);
    case wire::Want::heal:
      accept(now, from, m.degree, fx);
      if (is_active(from.peer)) healed(now, from, fx);
      return;
    case wire::Want::urgent:
      if (m.degree == 0) make_room(now, fx);
      if (active_.size() < target() || m.degree == 0) return accept(now, from, m.degree, fx);
      if (begin_splice(now, sample_of(from), true, fx)) return;
      make_room(now, fx);
      return accept(now, from, m.degree, fx);
    case wire::Want::normal:
    default:
      if (active_.size() < target()) return accept(now, from, m.degree, fx);
      if (m.degree + 2 <= config_.active_target && begin_splice(now, sample_of(from), true, fx)) return;
      return refuse(now, from, fx);
  }
}

// Confirmed only: a peer enters the view by an answer to our own question, never otherwise.
void Membership::on(Time now, const LinkInfo& from, const wire::Accept& m, Effects& fx) {
  if (leaving_) return;
  if (ActivePeer* known = active_at(from.id)) {
    known->degree = m.degree;
    return;
  }
  const Ask* a = ask_of(from.peer);
  const bool asked =
      (a && a->link == from.id) || BOATO_MUTANT(104);  // membership: whoever claims it is a neighbour
  const bool heals = a && a->why == Why::heal;
  if (!asked || !activate(now, from, m.degree)) return say_disconnect(now, from, CloseReason::full, fx);
  splice_linked(now, from.peer, fx);
  if (heals) healed(now, from, fx);
}

void Membership::on(Time now, const LinkInfo& from, const wire::Refuse& m, Effects& fx) {
  learn(now, m.samples);
  end_ask(from.peer);
  rest(now, from.peer, config_.relink_after);
  for (std::size_t i = splices_.size(); i-- > 0;)
    if (splices_[i].newcomer == from.peer && !splices_[i].self_linked) end_splice(now, i, fx);
  if (active_.size() < minimum()) next_fill_ = std::min(next_fill_, now + config_.fill_every / 4);
}

void Membership::on_dial_failed(Time now, const DialWish& dial, Effects& fx) {
  if (leaving_) return;
  for (Seed& seed : seeds_) {
    const bool named = dial.peer != PeerId{};
    if (named ? seed.peer != dial.peer
              : std::ranges::find(dial.addresses.span(), seed.address) == dial.addresses.span().end())
      continue;
    seed.failed = true;
    seed.dialed = never;
    if (named) seed.peer = PeerId{};  // perhaps another peer lives there now
  }
  if (dial.peer == PeerId{}) return;
  end_ask(dial.peer);
  bury(now, dial.peer);
  for (const Doubt& d : doubts_)
    if (d.peer == dial.peer && d.asker != LinkId{})
      fx.send(d.asker, Flow::control, wire::ProbeResult{d.token, false});
  std::erase_if(doubts_, [&](const Doubt& d) { return d.peer == dial.peer && d.asker != LinkId{}; });
  for (Doubt& d : doubts_)
    if (d.peer == dial.peer && std::exchange(d.dialing, false)) on_refused(now, d);
  if (active_.size() < minimum()) next_fill_ = std::min(next_fill_, now);
}

}  // namespace boato
