// SPDX-License-Identifier: Apache-2.0
#include "overlay/replica/choice.hpp"

#include "overlay/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <set>

namespace boato {

wire::ReplicaSet choose_replicas(const Crypto& crypto, const TopicId& topic,
                                 std::span<const Candidate> candidates, std::uint32_t wanted) {
  struct Ranked {
    const Candidate* candidate;
    Digest rank;
  };
  std::vector<Ranked> ranked;
  for (const Candidate& c : candidates) {
    const std::array parts{view(topic), view(c.id)};
    ranked.push_back({&c, crypto.hash(personal("boato/1 replica"), parts)});
  }
  std::ranges::sort(ranked, [](const Ranked& a, const Ranked& b) {
    if (a.candidate->linked != b.candidate->linked) return a.candidate->linked;
    return a.rank != b.rank ? a.rank < b.rank : a.candidate->id < b.candidate->id;
  });
  std::vector<PeerId> chosen;
  std::set<std::uint64_t> places;
  std::set<PeerId> taken;
  for (const bool other_place : {true, false})
    for (const Ranked& r : ranked) {
      if (chosen.size() >= wanted) break;
      if (other_place && places.contains(r.candidate->place)) continue;
      if (!taken.insert(r.candidate->id).second) continue;
      places.insert(r.candidate->place);
      chosen.push_back(r.candidate->id);
    }
  return wire::ReplicaSet{chosen};
}

}  // namespace boato
