// SPDX-License-Identifier: Apache-2.0
// Putting a newcomer into an edge: the edge Z-Y becomes Z-newcomer-Y, so nobody's degree but the newcomer's
// changes and nobody is evicted. Source: random regular graphs, Law and Siu, INFOCOM 2003.
//
//   Z                Y               newcomer
//   |--SPLICE------->|                  |      Y: is the edge free, is the newcomer not my neighbour yet?
//   |<-----agreed----|                  |
//   |--NEIGHBOR{splice}---------------->|
//   |                |--NEIGHBOR{splice}>|
//   |<-----linked----|<-------ACCEPT----|
//   |--DISCONNECT{splice}->             |      only when both links are confirmed
//
// What is not done within splice_within is void: nothing was lost, at worst a link is left over.
#include "overlay/base/mutant.hpp"
#include "overlay/membership/membership_pick.hpp"

#include <algorithm>

namespace boato {

// `asked`: the newcomer waits on an own link for our answer.
bool Membership::begin_splice(Time now, const wire::PeerSample& newcomer, bool asked, Effects& fx) {
  if (splices_.size() >= config_.splices_max) return false;
  if (newcomer.addresses.empty() || (newcomer.flags & (wire::flag_no_inbound | wire::flag_guest)))
    return false;
  const auto doubled = [&](const Splicing& s) { return s.newcomer == newcomer.id; };
  if (std::ranges::any_of(splices_, doubled)) return false;
  ActivePeer* other = random_active([&](const ActivePeer& a) {
    return a.peer != newcomer.id && a.spliced_until < now && may_meet(a.link);
  });
  if (!other) return false;
  Splicing s;
  s.token = next_token_++;
  s.newcomer = newcomer.id;
  s.other = other->link;
  s.until = now + config_.splice_within;
  s.ours = true;
  s.asked = asked;
  s.self_linked = is_active(newcomer.id);
  other->spliced_until = s.until;
  splices_.push_back(s);
  wire::Splice m;
  m.token = s.token;
  m.peer.push_back(newcomer);
  fx.send(other->link, Flow::control, m);
  return true;
}

void Membership::on(Time now, const LinkInfo& from, const wire::Splice& m, Effects& fx) {
  if (leaving_ || m.peer.empty()) return;
  const wire::PeerSample& newcomer = m.peer[0];
  ActivePeer* edge = active_at(from.id);
  const bool free = edge && edge->spliced_until < now && splices_.size() < config_.splices_max;
  const bool fits = newcomer.id != self_.id && !is_active(newcomer.id) && active_.size() < cap() &&
                    !(self_.flags & wire::flag_guest);
  const bool agrees = free && fits && ask(now, newcomer.id, newcomer.addresses, Why::splice, fx);
  fx.send(from.id, Flow::control,
          wire::SpliceAnswer{m.token, agrees ? wire::SpliceState::agreed : wire::SpliceState::refused});
  if (!agrees) return;
  edge->spliced_until = now + config_.splice_within;
  Splicing s;
  s.token = m.token;
  s.newcomer = newcomer.id;
  s.other = from.id;
  s.until = edge->spliced_until;
  splices_.push_back(s);
}

void Membership::on(Time now, const LinkInfo& from, const wire::SpliceAnswer& m, Effects& fx) {
  if (leaving_) return;
  const auto at = std::ranges::find_if(
      splices_, [&](const Splicing& s) { return s.ours && s.token == m.token && s.other == from.id; });
  if (at == splices_.end()) return;
  const auto index = static_cast<std::size_t>(at - splices_.begin());
  switch (m.state) {
    case wire::SpliceState::agreed:
      if (!at->self_linked) {
        const LinkInfo* link = links_.find(at->newcomer);
        const KnownPeer* known = passive_.find(at->newcomer);
        const wire::AddressList addresses = link    ? link->addresses
                                            : known ? known->addresses
                                                    : wire::AddressList{};
        if (!ask(now, at->newcomer, addresses, Why::splice, fx)) end_splice(now, index, fx);
      }
      return;
    case wire::SpliceState::linked: {
      at->other_linked = true;
      const Splicing s = *at;
      if (finish_splice(now, s, fx))
        std::erase_if(splices_, [&](const Splicing& x) { return x.token == s.token && x.ours; });
      return;
    }
    case wire::SpliceState::refused:
    default: return end_splice(now, index, fx);
  }
}

// Our link with the newcomer is confirmed.
void Membership::splice_linked(Time now, const PeerId& newcomer, Effects& fx) {
  for (std::size_t i = splices_.size(); i-- > 0;) {
    if (splices_[i].newcomer != newcomer || splices_[i].self_linked) continue;
    splices_[i].self_linked = true;
    const Splicing s = splices_[i];
    if (!s.ours) {
      fx.send(s.other, Flow::control, wire::SpliceAnswer{s.token, wire::SpliceState::linked});
      splices_.erase(splices_.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (finish_splice(now, s, fx)) {
      splices_.erase(splices_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

bool Membership::finish_splice(Time now, const Splicing& s, Effects& fx) {
  const bool both = s.self_linked && s.other_linked;
  // membership: the edge is cut when only one of the two new links is there
  if (!both && !(BOATO_MUTANT(102) && s.self_linked)) return false;
  const LinkInfo* link = links_.find(s.other);
  if (!link || !active_at(s.other)) return true;
  BOATO_CHECK(s.self_linked && s.other_linked);  // else somebody's degree would fall
  fx.count(Counter::splices);
  say_disconnect(now, *link, CloseReason::splice, fx);
  return true;
}

void Membership::end_splice(Time now, std::size_t index, Effects& fx) {
  const Splicing s = splices_[index];
  splices_.erase(splices_.begin() + static_cast<std::ptrdiff_t>(index));
  if (ActivePeer* edge = active_at(s.other)) edge->spliced_until = Time{};
  const LinkInfo* newcomer = links_.find(s.newcomer);
  if (!newcomer) return;
  const auto linked = std::ranges::find(active_, s.newcomer, &ActivePeer::peer);
  if (linked != active_.end()) {
    // Half done: the new link is given up again, if neither end needs it.
    if (s.ours && active_.size() > target() && linked->degree > config_.active_target)
      say_disconnect(now, *newcomer, CloseReason::full, fx);
    return;
  }
  if (!s.asked) return;
  // It asked, and inserting it failed: take it in while there is room, one link too many is trimmed later.
  if (active_.size() < cap()) return accept(now, *newcomer, 0, fx);
  refuse(now, *newcomer, fx);
}

void Membership::expire_splices(Time now, Effects& fx) {
  for (std::size_t i = splices_.size(); i-- > 0;)
    if (i < splices_.size() && splices_[i].until <= now) end_splice(now, i, fx);
}

}  // namespace boato
