// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/scenario.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
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
  EXPECT_THAT(error_of("[timeline]\neach 1h until 3s crash 1\n"), HasSubstr("each 1h from 20s to 60s"));
  EXPECT_THAT(error_of("[timeline]\nonce 3s crash 1\n"), HasSubstr("'at', 'every' or 'each'"));
  EXPECT_THAT(error_of("[timeline]\nat 3s pause 1 for 9s..1s\n"), HasSubstr("upside down"));
}

TEST(ScenarioFile, WhoSubscribesNamesATopicOfTheFile) {
  EXPECT_EQ(error_of("[timeline]\nat 3s subscribe 10%\n"),
            "x.sim:2: 'subscribe' needs a topic: subscribe 10% topic NAME");
  EXPECT_THAT(error_of("[timeline]\nat 3s unsubscribe 10%\n"), HasSubstr("'unsubscribe' needs a topic"));
  EXPECT_EQ(error_of("[timeline]\nat 3s subscribe 10% topic new\nat 4s heal\n[topic news]\n"),
            "x.sim:2: no section [topic new]");
  EXPECT_EQ(error_of("[timeline]\nat 3s subscribe 10% topic news\n[topic news]\n"), "");
  EXPECT_EQ(error_of("[topic news]\ncopies = 3\n[timeline]\nat 3s subscribe 10% topic news/2\n"), "");
}

TEST(ScenarioFile, ReadsMomentsAtRandomAndWhoIsMeant) {
  ScenarioError error;

  const auto s = parse_scenario(
      "about = \"all of it\"\ncalm = 10s .. 20s\ntrouble = 20s .. 30s\nwatch_deaths = true\n"
      "[timeline]\neach 2h from 10s to 3600s crash 1 spare-seeds\n"
      "every 3s from 4s to 9s crash 1 among-seeds\nat 5s pause 1% for 500ms..30s\nat 6s crash-relay 1\n"
      "at 7s publish 1000\n[gates]\nadded_p99 <= 300\ngone_healthy = 0\n",
      "x.sim", error);

  ASSERT_TRUE(s) << error.text;
  EXPECT_EQ(s->trouble.until, std::chrono::seconds{30});
  EXPECT_TRUE(s->watch_deaths);
  ASSERT_EQ(s->actions.size(), 5U);
  EXPECT_EQ(s->actions[0].each, std::chrono::hours{2});
  EXPECT_EQ(s->actions[0].last, std::chrono::hours{1});
  EXPECT_EQ(s->actions[0].among, Action::Among::others);
  EXPECT_EQ(s->actions[1].among, Action::Among::seeds);
  EXPECT_EQ(s->actions[2].lasting, std::chrono::milliseconds{500});
  EXPECT_EQ(s->actions[2].lasting_max, std::chrono::seconds{30});
  EXPECT_EQ(s->actions[3].verb, Action::Verb::crash_relay);
  EXPECT_EQ(s->actions[4].who.count, 1000U);
  EXPECT_EQ(to_text(*parse_scenario(to_text(*s), "again.sim", error)), to_text(*s));
}

TEST(ScenarioFile, AGateNeedsWhatMeasuresIt) {
  EXPECT_THAT(error_of("[gates]\ngone_p99 <= 3\n"), HasSubstr("gone_p99 needs 'watch_deaths = true'"));
  EXPECT_THAT(error_of("[gates]\nadded_p99 <= 3\n"), HasSubstr("needs 'calm = 20s .. 40s'"));
  EXPECT_THAT(error_of("calm = 1s .. 2s\n[gates]\nadded_p99 <= 3\n"), HasSubstr("needs 'trouble = "));
  EXPECT_THAT(error_of("[gates]\nroster_bytes <= 3\n"), HasSubstr("needs 'idle = 30s .. 40s'"));
  EXPECT_THAT(error_of("[gates]\nlast_over_flood <= 2\n"), HasSubstr("needs 'baselines = true'"));
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
  std::size_t found = 0;
  for (const auto& file : std::filesystem::directory_iterator{"tools/sim/scenarios"}) {
    if (file.path().extension() != ".sim") continue;
    ScenarioError error;
    const auto s = load_scenario(file.path().stem(), "tools/sim/scenarios", error);
    ASSERT_TRUE(s) << error.text;
    EXPECT_FALSE(s->about.empty() || s->gates.empty()) << file.path();
    ++found;
  }
  EXPECT_GT(found, 40U);
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
