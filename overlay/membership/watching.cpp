// SPDX-License-Identifier: Apache-2.0
// Liveness: pings, probes for others, and what follows from a death.
#include "overlay/membership/membership_pick.hpp"

#include <algorithm>
#include <array>

namespace boato {

void Membership::watch(Time now, Effects& fx) {
  liveness_.on_deadline(now, steps_);
  for (const LivenessStep& step : steps_) {
    const LinkInfo* link = links_.find(step.link);
    if (!link) continue;
    switch (step.kind) {
      case LivenessStep::Kind::ping: {
        fx.send(step.link, Flow::control, wire::Ping{step.token, degree(), roles_of(step.link)});
        break;
      }
      case LivenessStep::Kind::probe:
        fx.count(Counter::probes);
        ask_helpers(*link, step.token, fx);
        break;
      case LivenessStep::Kind::dead: fx.close(step.link, CloseReason::dead); break;
      case LivenessStep::Kind::stuck: fx.close(step.link, CloseReason::timeout); break;
    }
  }
}

void Membership::on(Time now, const LinkInfo& from, const wire::Ping& m, Effects& fx) {
  fx.send(from.id, Flow::control, wire::Pong{m.token, degree(), roles_of(from.id)});
  compare_roles(now, from, m.degree, m.roles, fx);
}

Duration Membership::on(Time now, const LinkInfo& from, const wire::Pong& m, Effects& fx) {
  for (const Doubt& d : doubts_)
    if (d.ping_token != 0 && d.ping_token == m.token && d.peer == from.peer) {
      found_alive(from.peer, fx);
      return Duration{0};
    }
  const Duration rtt = liveness_.on_pong(now, from.id, m.token);
  if (rtt.count() > 0) compare_roles(now, from, m.degree, m.roles, fx);
  return rtt;
}

std::uint32_t Membership::roles_of(LinkId link) const {
  const bool active = std::ranges::find(active_, link, &ActivePeer::link) != active_.end();
  return (active ? wire::role_active : 0U) | (liveness_.busy(link) ? wire::role_used : 0U) |
         (links_.size() > config_.links_aim ? wire::role_crowded : 0U);
}

// Both ends must agree that they are neighbours. One frame may cross with a change; two in a row may not.
void Membership::compare_roles(Time now, const LinkInfo& from, std::uint32_t their_degree,
                               std::uint32_t roles, Effects& fx) {
  if (leaving_) return;
  liveness_.set_used_there(from.id, (roles & wire::role_used) != 0);
  const bool theirs = (roles & wire::role_active) != 0;
  ActivePeer* ours = active_at(from.id);
  if (!ours) {
    if (theirs && !ask_of(from.peer)) say_disconnect(now, from, CloseReason::full, fx);
    return;
  }
  ours->degree = their_degree;
  ours->unequal = theirs ? 0 : ours->unequal + 1;
  if (ours->unequal < 2) return;
  deactivate(now, from.id);
  ask(now, from.peer, from.addresses, Why::fill, fx);
}

Membership::Helpers Membership::ask_helpers(const LinkInfo& target, std::uint32_t token, Effects& fx) {
  wire::Probe m;
  m.token = token;
  m.target.push_back(sample_of(target));
  std::array<LinkId, 16> others;
  std::size_t n = 0;
  for (const ActivePeer& a : active_)
    if (a.link != target.id && may_meet(a.link) && n < others.size()) others[n++] = a.link;
  rng_.shuffle(std::span{others}.first(n));
  Helpers helpers;
  for (std::size_t i = 0; i < std::min({n, config_.helpers, helpers_most}); ++i) helpers.push_back(others[i]);
  fx.send(helpers.span(), Flow::control, m);
  return helpers;
}

// Somebody suspects the target. A link of ours is asked with a ping; without one a fresh dial tests the peer
// itself.
void Membership::on(Time now, const LinkInfo& from, const wire::Probe& m, Effects& fx) {
  if (leaving_ || m.target.empty() || doubts_.size() >= config_.helping_max) return;
  const wire::PeerSample& target = m.target[0];
  if (target.id == self_.id) {
    fx.send(from.id, Flow::control, wire::ProbeResult{m.token, true});
    return;
  }
  Doubt d{target.id, from.id, m.token, 0, now + config_.answer_least, {}, false, {}};
  if (const LinkInfo* link = links_.find(target.id)) {
    d.ping_token = 0x80000000u | next_token_++;
    fx.send(link->id, Flow::control, wire::Ping{d.ping_token, degree(), roles_of(link->id)});
  } else if (!target.addresses.empty()) {
    fx.dial({target.id, target.addresses});
  } else {
    return;
  }
  doubts_.push_back(d);
}

void Membership::on(Time now, const LinkInfo& from, const wire::ProbeResult& m, Effects&) {
  liveness_.on_probe_result(m.token, m.alive);
  const auto ours = std::ranges::find_if(
      doubts_, [&](const Doubt& d) { return d.asker == LinkId{} && d.token == m.token; });
  if (ours == doubts_.end()) return;
  if (m.alive) {
    doubts_.erase(ours);
    return;
  }
  Helpers left;
  for (const LinkId helper : ours->helpers)
    if (helper != from.id) left.push_back(helper);
  ours->helpers = left;
  on_refused(now, *ours);
}

// Nobody is left who could still reach it: waiting longer tells nothing.
void Membership::on_refused(Time now, Doubt& doubt) {
  if (!doubt.dialing && doubt.helpers.empty())
    doubt.until = std::min(doubt.until, std::max(now, doubt.refused_at));
}

// A cut link may mean a cut connection only: the peer is dialled once more, by us and by others, before
// anybody says that it is dead.
void Membership::doubt(Time now, const LinkInfo& gone, Effects& fx) {
  if (doubts_.size() >= config_.helping_max) return;
  const auto same = [&](const Doubt& d) { return d.asker == LinkId{} && d.peer == gone.peer; };
  if (std::ranges::any_of(doubts_, same)) return;
  const std::uint32_t token = 0x40000000u | next_token_++;
  if (!gone.addresses.empty()) fx.dial({gone.peer, gone.addresses});
  fx.count(Counter::probes);
  const Helpers helpers = ask_helpers(gone, token, fx);
  const Duration wait = (config_.answer_least + config_.probe_within) * liveness_.health();
  doubts_.push_back({gone.peer, LinkId{}, token, 0, now + wait,
                     now + config_.refused_within * liveness_.health(), !gone.addresses.empty(), helpers});
}

void Membership::found_alive(const PeerId& peer, Effects& fx) {
  for (const Doubt& d : doubts_)
    if (d.peer == peer && d.asker != LinkId{})
      fx.send(d.asker, Flow::control, wire::ProbeResult{d.token, true});
  std::erase_if(doubts_, [&](const Doubt& d) { return d.peer == peer; });
}

void Membership::found_dead(Time now, const PeerId& peer, Effects&) {
  bury(now, peer);
  end_ask(peer);
  if (deaths_.size() < config_.passive_max) deaths_.push_back(peer);
}

void Membership::expire_doubts(Time now, Effects& fx) {
  for (std::size_t i = doubts_.size(); i-- > 0;) {
    if (now < doubts_[i].until) continue;
    const Doubt d = doubts_[i];
    doubts_.erase(doubts_.begin() + static_cast<std::ptrdiff_t>(i));
    if (d.asker != LinkId{}) {
      fx.send(d.asker, Flow::control, wire::ProbeResult{d.token, false});
    } else if (liveness_.health() <= 3) {  // too unwell to accuse anybody
      found_dead(now, d.peer, fx);
    }
  }
}

void Membership::note_death(Time now) {
  std::erase_if(recent_deaths_, [&](Time at) { return now - at > config_.mass_window; });
  if (recent_deaths_.size() < 512) recent_deaths_.push_back(now);
  const std::size_t open = links_.size() + recent_deaths_.size();
  const bool mass = recent_deaths_.size() >= config_.mass_least && 5 * recent_deaths_.size() >= open;
  if (mass || mass_death(now)) mass_until_ = now + config_.mass_for;
}

}  // namespace boato
