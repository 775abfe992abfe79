// SPDX-License-Identifier: Apache-2.0
// Do the judges find planted faults? A binary of its own, in builds with BOATO_MUTANTS. All of them, with
// hunting for seeds: boato-sim mutants.
#include "tools/sim/mutants.hpp"

#include <gtest/gtest.h>

#include <ostream>
#include <set>

namespace boato::sim {

void PrintTo(const PlantedFault& fault, std::ostream* out) { *out << fault.number << ", " << fault.rule; }

namespace {

class Planted : public ::testing::TestWithParam<PlantedFault> {};

TEST_P(Planted, IsFound) {
  const PlantedFault& fault = GetParam();

  const FaultVerdict verdict = hunt(fault, fault.seed, 1);

  EXPECT_TRUE(verdict.caught) << "no judge saw fault " << fault.number << " (" << fault.rule << ") with seed "
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

TEST(PlantedFaults, AtLeastTwelveAreKnownToBeFound) { EXPECT_GE(with_known_seed().size(), 12U); }

TEST(PlantedFaults, WithoutOneTheSameSeedsAreClean) {
  const PlantedFault none{0, "nothing", 0};
  std::set<std::uint64_t> seeds;
  for (const PlantedFault& fault : with_known_seed()) seeds.insert(fault.seed);
  for (const std::uint64_t seed : seeds) EXPECT_FALSE(hunt(none, seed, 1).caught) << "seed " << seed;
}

}  // namespace
}  // namespace boato::sim
