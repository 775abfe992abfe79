// SPDX-License-Identifier: Apache-2.0
// Planted faults: rules of the core that a build with BOATO_MUTANTS can break one at a time, to measure
// whether the judges find what they should.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace boato::sim {

struct PlantedFault {
  int number = 0;
  std::string rule;  // what is broken
  // For tests: a seed of the swarm that is known to show it. 0: none is known.
  std::uint64_t seed = 0;
};
// Those that show in a world; faults that only hostile bytes can reach are judged by the tests of their room.
[[nodiscard]] const std::vector<PlantedFault>& planted_faults();

struct FaultVerdict {
  bool caught = false;
  std::string oracle;  // the rule that found it, or "invariant"
  std::uint64_t seed = 0;
};
// Tries seeds until a judge finds the fault. Each try is a child process, since a broken claim of the core
// ends it. In builds without planted faults nothing is ever caught.
[[nodiscard]] FaultVerdict hunt(const PlantedFault& fault, std::uint64_t first_seed, std::uint64_t seeds);

}  // namespace boato::sim
