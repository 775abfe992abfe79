// SPDX-License-Identifier: Apache-2.0
// Planted faults: rules of the core that a build with BOATO_MUTANTS can break one at a time, to measure
// whether the judges find what they should.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace boato::sim {

struct PlantedFault {
  int number = 0;
  std::string_view room;  // of the core
  std::string_view what;  // goes wrong
  // The world that shows it (fault_scenes.hpp); none: worlds of the swarm.
  std::string_view scene;
  std::uint64_t seed = 0;  // that is known to show it, for tests; 0: none is
};
// Those that show in a world; faults that only hostile bytes can reach are judged by the tests of their room.
[[nodiscard]] const std::vector<PlantedFault>& planted_faults();

struct FaultVerdict {
  bool caught = false;
  std::string judge;  // the rule that found it, "invariant", or "never ends"
  std::string words;  // of that judge
  std::uint64_t seed = 0;
};
// Tries seeds until a judge finds the fault. Each try is a child process, since a broken claim of the core
// ends it. In builds without planted faults nothing is ever caught.
[[nodiscard]] FaultVerdict hunt(const PlantedFault& fault, std::uint64_t first_seed, std::uint64_t seeds,
                                unsigned jobs = 1);

struct HuntOptions {
  std::uint64_t from = 1, seeds = 500;
  unsigned jobs = 1;
  int only = 0;  // one fault by its number; 0: all
  bool json = false;
  std::function<void(const std::string&)> progress;  // now and then
};
// Hunts for each and prints a table. False: fewer than `found_least` of them were found.
inline constexpr double found_least = 0.95;
[[nodiscard]] bool hunt_all(const HuntOptions& options);

}  // namespace boato::sim
