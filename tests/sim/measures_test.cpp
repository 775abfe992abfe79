// SPDX-License-Identifier: Apache-2.0
// What figures are made of: deaths as members see them, parts of the ring, reunions, graphs.
#include "overlay/wire/codec.hpp"
#include "overlay/wire/event_messages.hpp"
#include "tools/sim/deaths.hpp"
#include "tools/sim/graph.hpp"
#include "tools/sim/latencies.hpp"
#include "tools/sim/reunion.hpp"
#include "tools/sim/run.hpp"

#include <gtest/gtest.h>

#include <array>
#include <vector>

namespace boato::sim {
namespace {

using namespace std::chrono_literals;

Time at(Duration d) { return Time{} + d; }

TEST(Deaths, EachMemberIsCountedWhenItStrikesTheDead) {
  Deaths deaths;
  deaths.died(at(10s), 3);
  deaths.suspected(at(11s));
  deaths.suspected(at(12s));

  EXPECT_TRUE(deaths.look(at(13s), {0, 1}, [](std::uint32_t member, std::uint32_t) { return member == 1; }));
  EXPECT_FALSE(deaths.look(at(14s), {0, 1}, [](std::uint32_t, std::uint32_t) { return false; }));

  EXPECT_EQ(deaths.first_suspicion().count(), 1U);
  EXPECT_EQ(deaths.first_suspicion().worst(), 1'000'000U);
  EXPECT_EQ(deaths.struck().count(), 2U);
  EXPECT_EQ(deaths.struck().worst(), 4'000'000U);
}

TEST(Deaths, WhoIsNeverStruckCountsWithTheWholeTimeOfLooking) {
  Deaths deaths;
  deaths.died(at(0s), 3);

  EXPECT_FALSE(deaths.look(at(Deaths::look_for), {0}, [](std::uint32_t, std::uint32_t) { return true; }));

  EXPECT_EQ(deaths.struck().worst(), static_cast<std::uint64_t>(Deaths::look_for.count()));
}

TEST(Deaths, ADeclarationByManyIsOneAndThePausedAreNoHealthyOnes) {
  Deaths deaths;
  deaths.declared(at(100s), 1);
  deaths.declared(at(101s), 1);
  EXPECT_EQ(deaths.healthy_declared(), 1U);

  deaths.paused(at(200s), 2);
  deaths.declared(at(210s), 2);
  deaths.resumed(at(220s), 2);
  deaths.declared(at(209s) + Deaths::incident, 2);
  EXPECT_EQ(deaths.healthy_declared(), 1U);
  EXPECT_EQ(deaths.slow_declared_most(), 1U);

  deaths.declared(at(221s) + 2 * Deaths::slow_for, 2);
  EXPECT_EQ(deaths.healthy_declared(), 2U);
}

TEST(Latencies, APartMayReachOverTheEndOfTheRing) {
  EXPECT_TRUE((RingPart{10, 20}.has(10)));
  EXPECT_FALSE((RingPart{10, 20}.has(20)));
  EXPECT_TRUE((RingPart{10, 0}.has(~std::uint64_t{0})));
  EXPECT_FALSE((RingPart{10, 0}.has(9)));
  EXPECT_TRUE((RingPart{20, 10}.has(5)));
  EXPECT_FALSE((RingPart{20, 10}.has(15)));
}

TEST(Latencies, AnEventBelongsToTheWindowInWhichItWasPublished) {
  Latencies l{{10s, 20s}, {20s, 30s}};
  l.orphaned(at(25s), 7, {100, 200});

  l.delivered(at(21s), at(19s), 7, 150, 1);
  l.delivered(at(26s), at(25s), 7, 150, 1);
  l.delivered(at(26s), at(25s), 7, 300, 1);
  l.delivered(at(26s), at(25s), 8, 150, 1);

  EXPECT_EQ(l.calm().count(), 1U);
  EXPECT_EQ(l.trouble().count(), 3U);
  EXPECT_EQ(l.orphan().count(), 1U);
}

TEST(Reunion, CountsWithWhomItDifferedAndWhatCameLate) {
  Reunion reunion;
  const auto carry = [&](Duration when, std::uint32_t from, wire::Kind kind) {
    reunion.carried(at(when), {from, 2, Flow::control, 10, 0, 5, {}}, kind);
  };
  carry(9s, 1, wire::Kind::frontiers);
  reunion.healed(at(10s), 1);
  carry(11s, 1, wire::Kind::reconcile);
  carry(11s, 1, wire::Kind::frontiers);
  carry(12s, 1, wire::Kind::frontiers);
  carry(11s, 3, wire::Kind::frontiers);
  carry(13s, 1, wire::Kind::have);
  carry(20s, 1, wire::Kind::have);
  carry(21s, 1, wire::Kind::reconcile);
  carry(11s + Reunion::lasts, 1, wire::Kind::frontiers);
  reunion.delivered(at(15s), at(9s), 1, 4);
  reunion.delivered(at(16s), at(11s), 1, 4);
  reunion.one_component(at(12s));

  EXPECT_EQ(reunion.sessions(), 1U);
  EXPECT_EQ(reunion.repair_bytes(), 60U);  // no claim that found nothing, no HAVE of later
  EXPECT_EQ(reunion.late_events(), 4U);
  EXPECT_EQ(reunion.until_last_event(), Duration{5s});
  EXPECT_EQ(reunion.until_one(), Duration{2s});
}

TEST(Graph, CountsPiecesAndSteps) {
  const Graph line{{1}, {0, 2}, {1}, {}};

  EXPECT_EQ(components(line), 2U);
  EXPECT_DOUBLE_EQ(mean_path(line, 4), (1.0 + 2 + 1 + 1 + 2 + 1) / 6);
}

TEST(Graph, ARandomRegularOneIsWholeAndEverybodyHasTheDegree) {
  const Graph graph = random_regular(200, 8, Rng{1});

  EXPECT_EQ(components(graph), 1U);
  for (const auto& neighbours : graph) EXPECT_EQ(neighbours.size(), 8U);
}

// A small world with everything that the timeline can do about relays, and its figures.
TEST(Measures, ARelayThatCrashesWithItsPartIsFoundAndItsPartHasTheEventLate) {
  ScenarioError error;
  const auto s = parse_scenario(
      "peers = 60\njoining = 2s\nduration = 40s\nquiet = 30s\ncheck_every = 0\n"
      "calm = 20s .. 30s\ntrouble = 30s .. 40s\n[network]\ndelay = 25ms .. 25ms\n"
      "[topic news]\nmembers = all\npublish = 20s .. 40s\n[timeline]\nat 30s crash-relay 1\n",
      "x.sim", error);
  ASSERT_TRUE(s) << error.text;

  const Report report = sim::Run{*s, {}}.finish();

  EXPECT_EQ(report.figures.get("peers"), 59);
  EXPECT_EQ(report.figures.get("lost"), 0);
  EXPECT_GE(report.figures.get("orphans"), 1);
  EXPECT_GT(report.figures.get("orphans_added"), 50);
}

}  // namespace
}  // namespace boato::sim
