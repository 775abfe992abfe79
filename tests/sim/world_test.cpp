// SPDX-License-Identifier: Apache-2.0
// Real peers in simulated worlds. A failure prints the command that replays it.
#include "tools/sim/run.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

namespace boato::sim {
namespace {

Report play(const Scenario& scenario, std::uint64_t seed) {
  RunOptions options;
  options.seed = seed;
  return Run{scenario, options}.finish();
}

Scenario small(const std::string& name, std::uint32_t peers) {
  ScenarioError error;
  auto s = load_scenario(name, "tools/sim/scenarios", error);
  EXPECT_TRUE(s) << error.text;
  if (!s) return {};
  s->peers = peers;
  s->check_every = 16;
  return *s;
}

void expect_good(const std::string& name, std::uint32_t peers, std::uint64_t seed = 1) {
  const Report report = play(small(name, peers), seed);
  EXPECT_TRUE(report.good()) << to_text(report) << "replay: boato-sim run " << name << " --seed " << seed
                             << " --peers " << peers;
  EXPECT_GT(report.figures.get("deliveries"), 0);
}

TEST(World, SameSeedSameTrace) {
  const Scenario s = draw_scenario(5, 12, 12);

  const Report first = play(s, 5), second = play(s, 5);

  EXPECT_EQ(first.trace_hash, second.trace_hash);
  EXPECT_EQ(first.figures.get("frames"), second.figures.get("frames"));
}

TEST(World, SameSeedSameTraceOverRealLinks) {
  const Scenario s = small("full-links", 10);

  EXPECT_EQ(play(s, 3).trace_hash, play(s, 3).trace_hash);
}

TEST(World, OtherSeedOtherTrace) {
  const Scenario s = draw_scenario(5, 12, 12);

  EXPECT_NE(play(s, 5).trace_hash, play(s, 6).trace_hash);
}

TEST(World, OnePeerAloneIsAWorld) {
  Scenario s = small("quiet-1000", 1);

  const Report report = play(s, 1);

  EXPECT_EQ(report.figures.get("violations"), 0);
  EXPECT_EQ(report.figures.get("deliveries"), report.figures.get("events"));
}

TEST(Scenarios, Quiet) {
  Scenario s = small("quiet-1000", 100);
  s.gates.clear();

  const Report report = play(s, 1);

  EXPECT_TRUE(report.good()) << to_text(report);
  EXPECT_LE(report.figures.get("redundancy"), 0.01);
  EXPECT_LE(report.figures.get("last_hop"), 5);
}
TEST(Scenarios, LossAndCrash) { expect_good("loss-crash-1000", 60); }
TEST(Scenarios, VanishingFramesAndCrash) { expect_good("vanish-crash-1000", 60); }
TEST(Scenarios, SilentCrash) { expect_good("silent-crash", 40); }
TEST(Scenarios, Churn) { expect_good("churn", 40); }
TEST(Scenarios, PartitionHeals) { expect_good("partition-heal", 40); }
TEST(Scenarios, OneWayCut) { expect_good("one-way-cut", 40); }
TEST(Scenarios, SlowMembers) { expect_good("slow-members", 40); }
TEST(Scenarios, RestartUnderTheSameKey) { expect_good("restart-same-key", 32); }
TEST(Scenarios, ManyTopics) { expect_good("many-topics", 32); }
TEST(Scenarios, FirstEvent) { expect_good("first-event", 32); }
TEST(Scenarios, Durable) { expect_good("durable", 24); }
TEST(Scenarios, DurableWithDiskTroubles) { expect_good("durable-faults", 24); }
TEST(Scenarios, HalvesApartOnDisk) { expect_good("partition-disk", 40); }
TEST(Scenarios, FullLinks) { expect_good("full-links", 16); }

// One test per seed, so that a failure names it and they run side by side.
class SwarmOf : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(SwarmOf, KeepsEveryRule) {
  const std::uint64_t seed = GetParam();
  const Report report = play(draw_scenario(seed, 8, 24), seed);

  EXPECT_TRUE(report.good()) << to_text(report) << "replay: boato-sim swarm --seeds 1 --from " << seed
                             << " --peers 8-24";
}
INSTANTIATE_TEST_SUITE_P(Slice, SwarmOf, ::testing::Range<std::uint64_t>(1000, 1040));

class DiskSwarmOf : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(DiskSwarmOf, KeepsEveryRule) {
  const std::uint64_t seed = GetParam();
  const Report report = play(with_disks(draw_scenario(seed, 8, 24), seed), seed);

  EXPECT_TRUE(report.good()) << to_text(report) << "replay: boato-sim swarm --disks --seeds 1 --from " << seed
                             << " --peers 8-24";
}
INSTANTIATE_TEST_SUITE_P(Slice, DiskSwarmOf, ::testing::Range<std::uint64_t>(2000, 2016));

// tests/sim/regressions.txt: seeds that once found something, each with a line on what it was.
TEST(Regressions, EverySeedThatOnceFailedHolds) {
  std::ifstream in{"tests/sim/regressions.txt"};
  ASSERT_TRUE(in);
  std::size_t played = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words{line};
    std::uint64_t seed = 0;
    std::uint32_t least = 0, most = 0;
    ASSERT_TRUE(words >> seed >> least >> most) << line;
    const Report report = play(draw_scenario(seed, least, most), seed);
    EXPECT_TRUE(report.good()) << line << "\n" << to_text(report);
    ++played;
  }
  EXPECT_GT(played, 0U);
}

}  // namespace
}  // namespace boato::sim
