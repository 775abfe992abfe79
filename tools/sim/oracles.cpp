// SPDX-License-Identifier: Apache-2.0
// Rules about the whole world that hold at rest: no fault is on, nothing is published, and some time has
// passed. What peers are doing just now (a splice, a change of mesh) may look crooked for a moment, so only
// what stays crooked over several looks is a violation.
#include "overlay/base/text.hpp"
#include "overlay/roster/roster.hpp"
#include "overlay/wire/view_messages.hpp"
#include "tools/sim/world.hpp"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <tuple>

namespace boato::sim {

namespace {
constexpr int looks = 4;
constexpr Duration between_looks = std::chrono::seconds{3};
constexpr double calm_frames_most = 4;                // per second and peer, and one more for every two links
constexpr std::uint32_t rosters_compared_max = 2000;  // members() of n peers costs n * n

using Crooked = std::set<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>>;  // peer, other, role
}  // namespace

void World::judge_rest() {
  // Views and mesh links: whatever role one end sees, the other sees too.
  Crooked bad;
  for (int look = 0; look < looks; ++look) {
    if (look > 0) run_for(between_looks);
    std::vector<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>> roles;
    for (std::uint32_t i = 0; i < peers(); ++i) {
      if (!up(i)) continue;
      for (const PeerView::Link& link : core(i).own_view().links)
        roles.emplace_back(i, peer_of(link.peer), link.roles & (wire::view_active | wire::view_mesh));
    }
    std::ranges::sort(roles);
    Crooked found;
    for (const auto& [peer, other, mask] : roles) {
      const auto back = std::ranges::lower_bound(roles, std::tuple{other, peer, std::uint32_t{0}});
      const std::uint32_t theirs =
          back != roles.end() && std::get<0>(*back) == other && std::get<1>(*back) == peer
              ? std::get<2>(*back)
              : 0;
      for (const std::uint32_t role : {wire::view_active, wire::view_mesh})
        if ((mask & role) != 0 && (theirs & role) == 0) found.emplace(peer, other, role);
    }
    if (look == 0) {
      bad = std::move(found);
    } else {
      Crooked both;
      std::ranges::set_intersection(bad, found, std::inserter(both, both.end()));
      bad = std::move(both);
    }
    if (bad.empty()) break;
  }
  for (const auto& [peer, other, role] : bad)
    verdicts_.add(now_, role == wire::view_active ? "views" : "mesh",
                  "peer " + std::to_string(peer) + " sees peer " + std::to_string(other) +
                      " as a neighbour, which does not see it so");

  // One component: nobody is left on an island.
  std::vector<std::uint32_t> root(peers());
  std::iota(root.begin(), root.end(), 0U);
  const auto find = [&](std::uint32_t i) {
    while (root[i] != i) i = root[i] = root[root[i]];
    return i;
  };
  std::uint32_t alive = 0, first = ~std::uint32_t{0};
  for (std::uint32_t i = 0; i < peers(); ++i) {
    if (!up(i)) continue;
    ++alive;
    first = std::min(first, i);
    for (const PeerView::Link& link : core(i).own_view().links) {
      const std::uint32_t other = peer_of(link.peer);
      if ((link.roles & wire::view_active) != 0 && other < peers() && up(other)) root[find(i)] = find(other);
    }
  }
  if (alive > 1)
    for (std::uint32_t i = 0; i < peers(); ++i)
      if (up(i) && find(i) != find(first)) {
        verdicts_.add(now_, "island",
                      "peer " + std::to_string(i) + " is not connected with peer " + std::to_string(first));
        break;
      }

  // Rosters: every member knows exactly the members there are.
  for (std::uint32_t t = 0; t < topics(); ++t) {
    if (!topics_[t].known) continue;
    std::vector<std::pair<PeerId, bool>> expected;
    std::vector<std::uint32_t> members;
    for (std::uint32_t i = 0; i < peers(); ++i) {
      if (!up(i) || peers_[i].leaving) continue;
      bool member = false, subscribes = false;
      for (const Want& want : peers_[i].wants)
        if (want.topic == t) {
          member = true;
          subscribes = want.subscribe;
        }
      for (const std::string& pattern : peers_[i].patterns)
        if (pattern_takes(pattern, topics_[t].name)) member = subscribes = true;
      if (keeps(i, t)) member = subscribes = true;
      if (!member) continue;
      expected.emplace_back(id(i), subscribes);
      members.push_back(i);
    }
    std::ranges::sort(expected);
    const std::size_t step = members.size() / rosters_compared_max + 1;
    for (std::size_t i = 0; i < members.size(); i += step) {
      // Of those that are listed, the entry of the start that runs, not of one before.
      if (const Roster* roster = core(members[i]).roster(topics_[t].tag))
        for (const RingMember& m : roster->all())
          if (const std::uint32_t peer = peer_of(m.record->id);
              peer < peers() && up(peer) && id(peer) == m.record->id &&
              m.record->incarnation != peers_[peer].self.incarnation)
            verdicts_.add(now_, "roster",
                          "peer " + std::to_string(members[i]) + " in " + topics_[t].name +
                              ": an entry of an earlier start of peer " + std::to_string(peer));
      auto known = core(members[i]).members(topics_[t].tag);
      std::ranges::sort(known);
      if (known == expected) continue;
      std::string missing, extra;
      for (const auto& m : expected)
        if (!std::ranges::binary_search(known, m)) missing += " " + std::to_string(peer_of(m.first));
      for (const auto& m : known)
        if (!std::ranges::binary_search(expected, m)) {
          const Roster* roster = core(members[i]).roster(topics_[t].tag);
          extra += " " + std::to_string(peer_of(m.first)) +
                   (roster && roster->suspected(m.first) ? " (suspected)" : "");
        }
      if (missing.size() > 60) missing = missing.substr(0, 60) + " ...";
      if (extra.size() > 60) extra = extra.substr(0, 60) + " ...";
      verdicts_.add(now_, "roster",
                    "peer " + std::to_string(members[i]) + " in " + topics_[t].name + ": missing" +
                        (missing.empty() ? " none" : missing) + ", too many" +
                        (extra.empty() ? " none" : extra));
    }
  }
}

// Directories: every peer knows the same topics, with the same founding and the same contacts.
void World::judge_directories() {
  const auto known = [&](std::uint32_t peer) {
    std::vector<std::pair<TopicTag, std::uint64_t>> records;
    core(peer).directory().each([&](const TopicRecord& r) { records.emplace_back(r.tag, r.version); });
    return records;
  };
  std::map<std::vector<std::pair<TopicTag, std::uint64_t>>, std::vector<std::uint32_t>> groups;
  for (std::uint32_t i = 0; i < peers(); ++i)
    if (up(i) && !peers_[i].leaving) groups[known(i)].push_back(i);
  if (groups.size() < 2) return;
  const auto most = std::ranges::max_element(groups, {}, [](const auto& g) { return g.second.size(); });
  for (const auto& [records, who] : groups)
    if (&records != &most->first)
      verdicts_.add(now_, "directory",
                    "peer " + std::to_string(who.front()) + " and " + std::to_string(who.size() - 1) +
                        " more know other topics or contacts than peer " +
                        std::to_string(most->second.front()) + " and most others");
}

// Little is said where nothing happens.
void World::judge_calm(const Traffic& said, Duration span) {
  double alive = 0, links = 0;
  for (std::uint32_t i = 0; i < peers(); ++i) {
    if (!up(i)) continue;
    ++alive;
    links += static_cast<double>(core(i).links().size());
  }
  if (alive == 0) return;
  const double rate =
      static_cast<double>(said.total_frames()) / (static_cast<double>(span.count()) / 1e6) / alive;
  if (rate <= calm_frames_most + links / alive / 2) return;
  const auto loudest = std::ranges::max_element(said.frames) - said.frames.begin();
  verdicts_.add(now_, "storm",
                std::to_string(static_cast<std::uint64_t>(rate)) +
                    " frames/s of each peer at rest, most of them " +
                    std::string{name_of(static_cast<wire::Kind>(loudest))});
}

void World::judge_end() {
  ghost_.judge(now_);
  judge_disks();
  for (std::uint32_t i = 0; i < peers(); ++i) {
    if (!up(i)) continue;
    PeerCore& core = *peers_[i].core;
    core.check_invariants();
    const auto over = [&](const char* what, std::size_t is, std::size_t most) {
      if (is > most)
        verdicts_.add(now_, "caps",
                      "peer " + std::to_string(i) + ": " + what + " " + std::to_string(is) + " > " +
                          std::to_string(most));
    };
    over("links", core.links().size(), links_max);
    over("cache bytes", core.cache().bytes(), options_.core.cache.bytes_max);
    over("cache batches", core.cache().batches(), options_.core.cache.batches_max);
  }
}

}  // namespace boato::sim
