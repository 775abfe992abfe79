// SPDX-License-Identifier: Apache-2.0
// Plays a swarm: one drawn world per seed, side by side, and tells what was broken and how to see it again.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace boato::sim {

struct SwarmOptions {
  std::uint64_t from = 1, seeds = 100;
  bool disks = false;  // see with_disks
  std::uint32_t peers_min = 8, peers_max = 24;
  unsigned jobs = 1;
  bool json = false;                                 // a line for each seed
  bool show = false;                                 // each world as a scenario first
  bool trace = false;                                // every effect of every peer
  std::function<void(const std::string&)> progress;  // now and then
};

// The command that plays one seed again.
[[nodiscard]] std::string replay_of(const SwarmOptions& options, std::uint64_t seed);
// False: some seed failed. What comes out goes to stdout, in the order of the seeds. A lone seed
// is played in this process, where a debugger sees it.
[[nodiscard]] bool play_swarm(const SwarmOptions& options);

}  // namespace boato::sim
