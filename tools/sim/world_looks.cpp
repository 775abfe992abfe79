// SPDX-License-Identifier: Apache-2.0
// Looks at a simulated world while it runs, for figures: the graph of the overlay, rosters, and what members
// believe of each other.
#include "overlay/roster/roster.hpp"
#include "tools/sim/world.hpp"

#include <algorithm>

namespace boato::sim {

Graph World::overlay() const {
  std::vector<std::uint32_t> place(peers(), ~std::uint32_t{0});
  std::uint32_t n = 0;
  for (std::uint32_t i = 0; i < peers(); ++i)
    if (up(i)) place[i] = n++;
  Graph graph(n);
  for (std::uint32_t i = 0; i < peers(); ++i) {
    if (!up(i)) continue;
    for (const ActivePeer& active : peers_[i].core->membership().active()) {
      const auto ends = transport_->ends(active.link);
      const std::uint32_t other = ends[0] == i ? ends[1] : ends[0];
      if (!up(other)) continue;
      for (const auto& [a, b] : {std::pair{place[i], place[other]}, std::pair{place[other], place[i]}})
        if (std::ranges::find(graph[a], b) == graph[a].end()) graph[a].push_back(b);
    }
  }
  return graph;
}

double World::rosters_filled() const {
  std::uint64_t known = 0, all = 0;
  for (std::uint32_t t = 0; t < topics(); ++t) {
    std::uint64_t members = 0, listed = 0;
    for (std::uint32_t i = 0; i < peers(); ++i) {
      if (!up(i) || !wants(i, t)) continue;
      ++members;
      const Roster* roster = topics_[t].known ? peers_[i].core->roster(topics_[t].tag) : nullptr;
      if (roster) listed += roster->size();
    }
    all += members * members;
    known += std::min(listed, members * members);
  }
  return all == 0 ? 1 : static_cast<double>(known) / static_cast<double>(all);
}

bool World::lists(std::uint32_t member, std::uint32_t other) const {
  return std::ranges::any_of(topics_, [&](const SimTopic& topic) {
    const Roster* roster = topic.known ? peers_[member].core->roster(topic.tag) : nullptr;
    return roster && roster->find(id(other)) != nullptr;
  });
}

void World::look_for_dead() {
  std::vector<std::uint32_t> members;
  for (std::uint32_t i = 0; i < peers(); ++i)
    if (serves(i)) members.push_back(i);
  looking_for_dead_ = deaths_.look(
      now_, members, [this](std::uint32_t member, std::uint32_t dead) { return lists(member, dead); });
  if (looking_for_dead_) at(now_ + Deaths::look_every, [this] { look_for_dead(); });
}

void World::declared_by(std::uint32_t peer) {
  for (std::uint32_t i = 0; i < peers(); ++i) {
    const SimPeer& p = peers_[i];
    if (i == peer || !p.core || p.leaving || now_ < p.started + Deaths::incident || p.wants.empty()) continue;
    if (!lists(peer, i)) deaths_.declared(now_, i);
  }
}

void World::reunite(std::uint32_t alone) {
  reunion_.healed(now_, alone);
  conditions_changed();
  look_for_one_component();
}

void World::look_for_one_component() {
  constexpr Duration again = std::chrono::milliseconds{500};
  if (components(overlay()) == 1) return reunion_.one_component(now_);
  at(now_ + again, [this] { look_for_one_component(); });
}

}  // namespace boato::sim
