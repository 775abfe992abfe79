// SPDX-License-Identifier: Apache-2.0
// The two baselines that a run of ours is compared with, side by side in one world. The world tells them what
// happens; they tell the world nothing, and have random numbers of their own, so that the run of our peers is
// the same with and without them.
#pragma once

#include "tools/sim/flood.hpp"
#include "tools/sim/plumtree.hpp"

#include <cstdint>
#include <vector>

namespace boato::sim {

class Baselines {
 public:
  Baselines(const BaselineHost& host, const Conditions& conditions, Rng rng)
      : flood_{host, conditions, publications_, rng.fork("flood")},
        plumtree_{host, conditions, publications_, rng.fork("plumtree"),
                  PlumtreeConfig::for_network(conditions.dials)} {}

  void publish(Time now, const Publication& publication);
  void run_until(Time until);
  void ended(std::uint32_t peer);
  void resumed(Time now, std::uint32_t peer);
  void released(Time now);

  [[nodiscard]] const std::vector<Publication>& publications() const { return publications_; }
  [[nodiscard]] const Flood& flood() const { return flood_; }
  [[nodiscard]] const Plumtree& plumtree() const { return plumtree_; }

 private:
  std::vector<Publication> publications_;  // ids are indexes into it
  Flood flood_;
  Plumtree plumtree_;
};

}  // namespace boato::sim
