// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/fingers.hpp"

#include <algorithm>

namespace boato {

bool Fingers::uses(LinkId link) const { return std::ranges::binary_search(links_, link); }

void Fingers::on_deadline(Time now, const WarmLinks& warm, Effects& fx) {
  if (next_care_ > now) return;
  const std::size_t members = context_.roster.receivers().size();
  if (members > tried_with_ + tried_with_ / 16) {
    tries_ = context_.config.finger_tries;
    tried_with_ = members;
  }
  if (now - seen_at_ >= context_.config.finger_growth) {
    growing_ = members > seen_ + seen_ / 16;
    seen_ = members;
    seen_at_ = now;
  }
  const bool growing = growing_ && members > parts_max + 1;
  before_.swap(links_);
  links_.clear();
  const std::uint64_t me = context_.own_place();
  std::size_t missing = 0, dials = 0;
  Part slowest{};
  Duration slowest_rtt{};
  const auto nobody = [](const RingMember&) { return false; };

  // The lowest round trip of the links into the slice, or the one of before if it is not much worse; else up
  // to 3 random members are looked at for one to dial.
  const auto want = [&](const Part& part) {
    const auto better = [](const LinkInfo& a, const LinkInfo* b) {
      return !b || (a.crowded != b->crowded ? b->crowded : a.rtt < b->rtt);
    };
    const LinkInfo* best = nullptr;
    const LinkInfo* kept = nullptr;
    for (const WarmLink& w : warm.in(part.interval)) {
      const LinkInfo* link = context_.links.find(w.link);
      if (!link) continue;
      if (better(*link, best)) best = link;
      if (std::ranges::binary_search(before_, w.link) && better(*link, kept)) kept = link;
    }
    if (best) {
      if (part.members.size() > 1 && (slowest.members.empty() || best->rtt > slowest_rtt)) {
        slowest = part;
        slowest_rtt = best->rtt;
      }
      const bool keep = kept && kept->crowded == best->crowded && kept->rtt * 2 <= best->rtt * 3;
      links_.push_back(keep ? kept->id : best->id);
      return;
    }
    ++missing;
    if (growing) return;  // the slices will be others in a moment
    if (dials < context_.config.finger_dials && dial_one_of(part, fx)) ++dials;
  };

  Interval mine{};  // shrinks around our place until its members are served one by one
  for (int level = 0; level < 24; ++level) {
    const auto ring = members_in(context_.roster.receivers(), mine);
    if (ring.size() <= parts_max + 1) {
      for (const RingMember& m : ring)
        if (m.place != me) want(Part{{m.place, m.place + 1}, std::span{&m, 1}});
      break;
    }
    Interval next = mine;
    split(context_.roster.receivers(), mine, context_.config.fan_out, nobody, [&](const Part& part) {
      if (part.interval.holds(me))
        next = part.interval;
      else
        want(part);
    });
    if (next == mine) break;
    mine = next;
  }
  std::ranges::sort(links_);
  links_.erase(std::unique(links_.begin(), links_.end()), links_.end());
  const Duration every = context_.config.finger_every;
  if (!growing && missing > 0) {
    next_care_ = now + rng_.jitter(every);
  } else if (growing || try_another(slowest, fx)) {
    next_care_ = now + rng_.jitter(4 * every);
  } else {  // nothing to do until a member or a link changes
    next_care_ = never;
  }
}

bool Fingers::dial_one_of(const Part& part, Effects& fx) {
  for (int attempt = 0; attempt < 3; ++attempt) {
    const RingMember& m = part.members[rng_.below(part.members.size())];
    if (m.place == context_.own_place() || !m.record->dialable) continue;
    if (context_.roster.suspected(m.record->id) || context_.links.find(m.record->id)) continue;
    fx.dial({m.record->id, m.record->addresses()});
    return true;
  }
  return false;
}

// An event comes as late as the slowest hop on its way. So the slice with the slowest link gets another one,
// a limited number of times; the better link stays, the other is closed when it has been idle.
bool Fingers::try_another(const Part& slowest, Effects& fx) {
  if (tries_ == 0 || slowest.members.empty()) return false;
  if (context_.links.all().size() >= context_.config.finger_links_max) return false;
  --tries_;
  dial_one_of(slowest, fx);
  return true;
}

}  // namespace boato
