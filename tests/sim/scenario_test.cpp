// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace boato::sim {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string error_of(const std::string& text) {
  ScenarioError error;
  return parse_scenario(text, "x.sim", error) ? "" : error.text;
}

TEST(ScenarioFile, ReadsEverySection) {
  ScenarioError error;

  const auto s = parse_scenario(
      "about = \"a # in quotes\"  # and a comment\n"
      "peers = 12\njoining = 500ms\n"
      "[network]\ndelay = 1 ms .. 2 ms\nloss = 10%\n"
      "[topic news]\nmembers = 50%\npublishers = 2\nrate = 0.5 /s\npublish = 1s .. 2s\norder = none\n"
      "[timeline]\nat 3s crash 10% silent spare-publishers\nevery 2s from 4s to 8s pause 1 for 100ms\n"
      "[gates]\nlost = 0\nredundancy <= 1%\n",
      "x.sim", error);

  ASSERT_TRUE(s) << error.text;
  EXPECT_EQ(s->about, "a # in quotes");
  EXPECT_EQ(s->peers, 12U);
  EXPECT_EQ(s->network.delay_max, std::chrono::milliseconds{2});
  EXPECT_DOUBLE_EQ(s->network.loss, 0.1);
  ASSERT_EQ(s->topics.size(), 1U);
  EXPECT_EQ(s->topics[0].members.of(12), 6U);
  EXPECT_EQ(s->topics[0].publishers.of(6), 2U);
  EXPECT_EQ(s->topics[0].order, Order::none);
  ASSERT_EQ(s->actions.size(), 2U);
  EXPECT_TRUE(s->actions[0].silent && s->actions[0].spare_publishers);
  EXPECT_EQ(s->actions[1].every, std::chrono::seconds{2});
  EXPECT_EQ(s->actions[1].lasting, std::chrono::milliseconds{100});
  ASSERT_EQ(s->gates.size(), 2U);
  EXPECT_DOUBLE_EQ(s->gates[1].value, 0.01);
}

TEST(ScenarioFile, ErrorsNameFileAndLine) {
  EXPECT_THAT(error_of("peers = 12\nseats = 3\n"), StartsWith("x.sim:2: unknown key seats"));
  EXPECT_THAT(error_of("peers = many\n"), StartsWith("x.sim:1: 'many' is no value for peers"));
  EXPECT_THAT(error_of("\n\n[nets]\n"), StartsWith("x.sim:3: unknown section [nets]"));
  EXPECT_THAT(error_of("[network]\ndelay = 5ms .. 1ms\n"), HasSubstr("upside down"));
  EXPECT_THAT(error_of("[timeline]\nat 3s explode 10%\n"), StartsWith("x.sim:2: unknown action 'explode'"));
  EXPECT_THAT(error_of("[timeline]\nat noon crash 10%\n"), HasSubstr("needs a time"));
  EXPECT_THAT(error_of("[timeline]\nat 3s crash 10% loudly\n"), HasSubstr("unknown word 'loudly'"));
  EXPECT_THAT(error_of("[gates]\nbeauty = 1\n"), HasSubstr("unknown figure 'beauty'"));
  EXPECT_THAT(error_of("[topic a]\nrate = 5\n"), HasSubstr("no value for rate"));
  EXPECT_THAT(error_of("[network]\nloss = 120%\n"), HasSubstr("no value for loss"));
}

TEST(ScenarioFile, DrawnWorldsSurviveTheFormat) {
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const std::string text = to_text(draw_scenario(seed, 4, 40));
    ScenarioError error;

    const auto again = parse_scenario(text, "drawn", error);

    ASSERT_TRUE(again) << error.text << "\n" << text;
    EXPECT_EQ(to_text(*again), text);
  }
}

TEST(ScenarioFile, EveryScenarioOfTheTreeParses) {
  for (const char* name :
       {"quiet-1000", "loss-crash-1000", "vanish-crash-1000", "churn", "partition-heal", "one-way-cut",
        "slow-members", "restart-same-key", "many-topics", "first-event", "big-10000", "full-links"}) {
    ScenarioError error;
    EXPECT_TRUE(load_scenario(name, "tools/sim/scenarios", error)) << error.text;
  }
}

TEST(Swarm, LeavesMostFaultsOutOfMostWorlds) {
  std::size_t calm = 0, faulty = 0;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const Scenario s = draw_scenario(seed, 8, 24);
    calm += s.network.loss == 0 ? 1 : 0;
    faulty += s.actions.empty() ? 0 : 1;
    EXPECT_GE(s.peers, 8U);
    EXPECT_LE(s.peers, 24U);
  }
  EXPECT_GT(calm, 100U);
  EXPECT_GT(faulty, 100U);
}

}  // namespace
}  // namespace boato::sim
