// SPDX-License-Identifier: Apache-2.0
// Do the judges find planted faults? A binary of its own, in builds with BOATO_MUTANTS. All of them, with
// hunting for seeds: boato-sim mutants.
#include "tools/sim/mutants.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <set>
#include <string_view>
#include <utility>

namespace boato::sim {

void PrintTo(const PlantedFault& fault, std::ostream* out) { *out << fault.number << ", " << fault.what; }

namespace {

class Planted : public ::testing::TestWithParam<PlantedFault> {};

TEST_P(Planted, IsFound) {
  const PlantedFault& fault = GetParam();

  const FaultVerdict verdict = hunt(fault, fault.seed, 1);

  EXPECT_TRUE(verdict.caught) << "no judge saw fault " << fault.number << " (" << fault.what << ") with seed "
                              << fault.seed;
}

std::vector<PlantedFault> with_known_seed() {
  std::vector<PlantedFault> known;
  for (const PlantedFault& fault : planted_faults())
    if (fault.seed != 0) known.push_back(fault);
  return known;
}

INSTANTIATE_TEST_SUITE_P(Faults, Planted, ::testing::ValuesIn(with_known_seed()),
                         [](const auto& planted) { return std::to_string(planted.param.number); });

TEST(PlantedFaults, AtLeastThirtyAreKnownToBeFound) { EXPECT_GE(with_known_seed().size(), 30U); }

TEST(PlantedFaults, WithoutOneTheSameWorldsAreClean) {
  std::set<std::pair<std::string_view, std::uint64_t>> worlds;
  for (const PlantedFault& fault : with_known_seed()) worlds.emplace(fault.scene, fault.seed);
  for (const auto& [scene, seed] : worlds) {
    const FaultVerdict verdict = hunt({0, "", "nothing", scene, seed}, seed, 1);
    EXPECT_FALSE(verdict.caught) << scene << " seed " << seed << " " << verdict.judge << ": "
                                 << verdict.words;
  }
}

}  // namespace
}  // namespace boato::sim
