// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/gate_table.hpp"

#include "tools/sim/gate_play.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <map>
#include <string>
#include <vector>

namespace boato::sim {
namespace {

using ::testing::HasSubstr;

GateMeasured measured(Gate::Is is, double goal, std::vector<double> values) {
  GateMeasured m;
  m.gate = {"lost", is, goal};
  m.values = std::move(values);
  return m;
}

TEST(GateTable, EveryRowThatIsNotOpenIsAGateOfAScenarioOfTheTree) {
  for (const GateRow& row : gate_rows()) {
    if (row.open()) continue;
    ScenarioError error;
    const auto scenario = load_scenario(std::string{row.scenario}, "tools/sim/scenarios", error);
    ASSERT_TRUE(scenario) << error.text;
    EXPECT_TRUE(gate_of(row, *scenario)) << row.scenario << " does not name " << row.figure;
  }
}

TEST(GateTable, TheWorstSeedIsTheFarthestFromTheGoal) {
  EXPECT_EQ(measured(Gate::Is::at_least, 1, {0.5, 0.9, 1}).worst(), 0.5);
  EXPECT_EQ(measured(Gate::Is::at_most, 1, {0.5, 0.9, 1}).worst(), 1);
  EXPECT_EQ(measured(Gate::Is::equal, 1, {0.5, 0.9, 1.2}).worst(), 0.5);
  EXPECT_EQ(measured(Gate::Is::equal, 1, {0.9, 1, 1.2}).worst(), 1.2);
}

TEST(GateTable, OneMissedSeedMissesTheGoal) {
  EXPECT_TRUE(measured(Gate::Is::at_most, 1, {0, 0, 1}).held());
  EXPECT_FALSE(measured(Gate::Is::at_most, 1, {0, 0, 2}).held());
  EXPECT_FALSE(measured(Gate::Is::equal, 1, {0, 1}).held());
}

TEST(GateTable, ARunThatBrokeAClaimMissesTheGoalAndIsTold) {
  GateMeasured m = measured(Gate::Is::at_most, 1, {0});
  m.broken = 1;

  EXPECT_FALSE(m.held());
  EXPECT_THAT(line_of(gate_rows().front(), m), HasSubstr("1 runs broke a claim"));
  EXPECT_FALSE(measured(Gate::Is::at_most, 1, {}).held());
}

TEST(GatePlay, AsManyJobsAsOneWishGiveTheSameFigures) {
  ScenarioError error;
  const auto small = parse_scenario(
      "peers = 5\njoining = 1s\nduration = 8s\nquiet = 2s\n[topic news]\nmembers = all\npublish = 4s .. 8s\n",
      "x.sim", error);
  ASSERT_TRUE(small) << error.text;
  const auto play = [&](std::size_t jobs) {
    std::map<std::uint64_t, double> frames;
    GatePlan plan;
    plan.from = 3;
    plan.seeds = 4;
    plan.jobs = jobs;
    play_for_gates({*small}, plan, [&](const GateRun& run) {
      EXPECT_TRUE(run.ended);
      frames[run.seed] = run.get("frames");
    });
    return frames;
  };

  const auto alone = play(1);

  EXPECT_EQ(alone.size(), 4U);
  EXPECT_GT(alone.at(3), 0);
  EXPECT_NE(alone.at(3), alone.at(4));
  EXPECT_EQ(play(3), alone);
}

TEST(GatePlay, ARunThatEndsItsProcessHasNotEnded) {
  GatePlan plan;
  plan.seeds = 2;
  plan.prepare = [](const GateRun& run) {
    if (run.seed == 2) _exit(7);
  };
  Scenario nothing;
  nothing.peers = 1;
  nothing.duration = std::chrono::seconds{1};
  nothing.quiet = Duration{0};
  std::map<std::uint64_t, bool> ended;

  play_for_gates({nothing}, plan, [&](const GateRun& run) { ended[run.seed] = run.ended; });

  EXPECT_TRUE(ended.at(1));
  EXPECT_FALSE(ended.at(2));
}

}  // namespace
}  // namespace boato::sim
