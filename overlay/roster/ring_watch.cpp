// SPDX-License-Identifier: Apache-2.0
// A dead member whom nobody had a link to is found by those next to it on the ring, who dial it (mesh). In a
// mass death whole runs of the ring lie between two survivors: then one failed dial is enough, and several
// members are tested at once. The design's joint record for a run of dead members is not needed: each of
// them is accused, 64 statements to a frame.
#include "overlay/base/mutant.hpp"
#include "overlay/roster/roster_machine.hpp"

#include <algorithm>
#include <array>

namespace boato {

bool RosterMachine::mass_death(Time now) const {
  const auto lately = std::ranges::count_if(roster_.gone(), [&](const Gone& g) {
    return g.accusers.size() > 0 && g.since + config_.mass_death_within > now;
  });
  const std::size_t dead = roster_.suspects().size() + static_cast<std::size_t>(lately);
  if (BOATO_MUTANT(153)) return false;  // the many dead are found one by one
  return dead > config_.mass_death_least && dead * config_.mass_death_share > roster_.size();
}

void RosterMachine::on_neighbour_failed(Time now, const PeerId& peer, Effects& fx) {
  const bool mass = mass_death(now);
  std::array<const MemberRecord*, RosterConfig::tested_max> room;
  for (const Side side : {Side::before, Side::after}) {
    const auto near = std::span{room}.first(mass ? config_.tested_in_mass_death : 1);
    const auto tested = near.first(roster_.nearest(self_.id, side, near));
    if (std::ranges::none_of(tested, [&](const MemberRecord* m) { return m->id == peer; })) continue;
    if (mass) {
      on_unreachable(now, peer, fx);
      for (const MemberRecord* m : tested)
        if (m->id != peer && !linked(m->id)) fx.dial({m->id, m->addresses()});
    } else if (std::ranges::find(failed_once_, peer) != failed_once_.end()) {
      on_unreachable(now, peer, fx);
    } else {  // one failure may be a restart
      failed_once_[1] = failed_once_[0];
      failed_once_[0] = peer;
    }
    return;
  }
}

}  // namespace boato
