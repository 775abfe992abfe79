// SPDX-License-Identifier: Apache-2.0
// The baselines over a graph that is given, and beside our peers in a simulated world.
#include "tools/sim/baselines.hpp"

#include "tools/sim/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace boato::sim {
namespace {

using ::testing::HasSubstr;

// Peers that all subscribe to one topic, on a graph: a ring and random links, `degree` at each peer.
class Lab final : public BaselineHost {
 public:
  explicit Lab(std::uint32_t peers, std::uint32_t degree = 8, std::uint64_t seed = 1)
      : of_peer_(peers),
        life_(peers, Life::up),
        conditions{NetworkDials{}, Rng{seed}},
        baselines{*this, conditions, Rng{seed + 1}} {
    Rng rng{seed + 2};
    for (std::uint32_t i = 0; i < peers; ++i) conditions.add_peer();
    std::vector<std::uint32_t> order(peers);
    for (std::uint32_t i = 0; i < peers; ++i) order[i] = i;
    for (std::uint32_t ring = 0; ring < degree / 2; ++ring) {
      for (std::uint32_t i = 0; i < peers; ++i) connect(order[i], order[(i + 1) % peers]);
      rng.shuffle(std::span{order});
    }
  }

  void publish(std::uint32_t peer) {
    baselines.run_until(now);
    baselines.publish(now, {0, peer, ++published_, 1, 200, now});
  }
  void pass(Duration span) {
    now += span;
    baselines.run_until(now);
  }
  void crash(std::uint32_t peer) {
    life_[peer] = Life::down;
    baselines.ended(peer);
  }
  // Everybody's views lose the dead.
  void notice_crashes() {
    for (Link& link : links_) link.open &= life_[link.a] != Life::down && life_[link.b] != Life::down;
  }
  void pause(std::uint32_t peer) { life_[peer] = Life::paused; }
  void resume(std::uint32_t peer) {
    life_[peer] = Life::up;
    baselines.resumed(now, peer);
  }

  [[nodiscard]] std::uint64_t links() const { return links_.size(); }
  // Living peers that lack the publication.
  [[nodiscard]] std::uint32_t without(const Baseline& baseline, std::uint32_t publication) const {
    std::uint32_t n = 0;
    for (std::uint32_t i = 0; i < life_.size(); ++i)
      n += life_[i] != Life::down && !baseline.tally().has(i, publication);
    return n;
  }
  [[nodiscard]] static double redundancy(const Baseline& baseline, std::uint32_t publication) {
    const BaselineTally::Spread& s = baseline.tally().spreads()[publication];
    return static_cast<double>(s.receptions) / static_cast<double>(s.deliveries) - 1;
  }

  // BaselineHost
  [[nodiscard]] bool takes_part(std::uint32_t peer) const override { return life_[peer] != Life::down; }
  [[nodiscard]] bool paused(std::uint32_t peer) const override { return life_[peer] == Life::paused; }
  [[nodiscard]] bool holds(std::uint32_t /*peer*/, LinkId link) const override {
    return links_[link.raw() - 1].open;
  }
  void neighbours(std::uint32_t peer, std::vector<Neighbour>& out) const override {
    out.clear();
    for (const LinkId id : of_peer_[peer]) {
      const Link& link = links_[id.raw() - 1];
      if (link.open) out.push_back({link.a == peer ? link.b : link.a, id});
    }
  }
  [[nodiscard]] Time subscribed_since(std::uint32_t /*peer*/, std::uint32_t /*topic*/) const override {
    return Time{};
  }

 private:
  enum class Life : std::uint8_t { up, paused, down };
  struct Link {
    std::uint32_t a = 0, b = 0;
    bool open = true;
  };
  void connect(std::uint32_t a, std::uint32_t b) {
    for (const LinkId id : of_peer_[a])
      if (links_[id.raw() - 1].a == b || links_[id.raw() - 1].b == b) return;
    links_.push_back({a, b});
    const LinkId id{static_cast<std::uint32_t>(links_.size())};
    of_peer_[a].push_back(id);
    of_peer_[b].push_back(id);
  }

  std::vector<Link> links_;
  std::vector<std::vector<LinkId>> of_peer_;
  std::vector<Life> life_;
  std::uint64_t published_ = 0;

 public:
  Time now{};
  Conditions conditions;
  Baselines baselines;
};

constexpr Duration settled = std::chrono::seconds{5};

std::uint64_t sum(const std::vector<std::uint64_t>& counts) {
  return std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
}

TEST(Flood, ReachesEverybodyAndSendsOnEachLinkButTheOneItCameBy) {
  Lab lab{200};

  lab.publish(7);
  lab.pass(settled);

  const Flood& flood = lab.baselines.flood();
  EXPECT_EQ(lab.without(flood, 0), 0U);
  EXPECT_EQ(flood.tally().spreads()[0].deliveries, 199U);
  EXPECT_EQ(sum(flood.tally().payload_sends()), 2 * lab.links() - 199);
  EXPECT_NEAR(Lab::redundancy(flood, 0), 2.0 * static_cast<double>(lab.links()) / 200 - 2, 0.1);
}

TEST(Flood, GoesRoundTheDeadThatNobodyHasNoticed) {
  Lab lab{200};
  for (std::uint32_t peer = 0; peer < 200; peer += 4) lab.crash(peer);

  lab.publish(7);
  lab.pass(settled);

  EXPECT_EQ(lab.without(lab.baselines.flood(), 0), 0U);
}

TEST(Plumtree, FloodsTheFirstAndSendsTheOthersAlongATree) {
  Lab lab{200};

  for (int i = 0; i < 5; ++i) {
    lab.publish(7);
    lab.pass(settled);
  }

  const Plumtree& plumtree = lab.baselines.plumtree();
  EXPECT_NEAR(Lab::redundancy(plumtree, 0), Lab::redundancy(lab.baselines.flood(), 0), 0.2);
  for (std::uint32_t i = 1; i < 5; ++i) {
    EXPECT_LE(Lab::redundancy(plumtree, i), 0.01) << i;
    EXPECT_EQ(lab.without(plumtree, i), 0U) << i;
  }
}

TEST(Plumtree, KeepsOneTreeForAllPublishers) {
  Lab lab{200};
  lab.publish(7);
  lab.pass(settled);

  for (std::uint32_t i = 0; i < 50; ++i) {
    lab.publish(i * 4);
    lab.pass(std::chrono::milliseconds{50});
  }
  lab.pass(settled);

  for (std::uint32_t i = 1; i <= 50; ++i) {
    EXPECT_LE(Lab::redundancy(lab.baselines.plumtree(), i), 0.01) << i;
    EXPECT_EQ(lab.without(lab.baselines.plumtree(), i), 0U) << i;
  }
}

TEST(Plumtree, GraftsAroundTreeNodesThatCrashed) {
  Lab lab{200};
  lab.publish(7);
  lab.pass(settled);
  for (std::uint32_t peer = 0; peer < 200; peer += 4) lab.crash(peer);

  lab.publish(7);
  lab.pass(settled);

  EXPECT_EQ(lab.without(lab.baselines.plumtree(), 1), 0U);
  EXPECT_GT(lab.baselines.plumtree().grafts(), 0U);
}

TEST(Plumtree, HasATreeAgainOnceTheDeadAreNoticed) {
  Lab lab{200};
  lab.publish(7);
  lab.pass(settled);
  for (std::uint32_t peer = 0; peer < 200; peer += 4) lab.crash(peer);
  lab.notice_crashes();

  for (int i = 0; i < 5; ++i) {
    lab.publish(7);
    lab.pass(settled);
  }

  EXPECT_EQ(lab.without(lab.baselines.plumtree(), 5), 0U);
  EXPECT_LE(Lab::redundancy(lab.baselines.plumtree(), 5), 0.01);
}

TEST(Plumtree, AsksTheNextAnnouncerWhenTheAnswerVanishes) {
  Lab lab{200};
  lab.publish(7);
  lab.pass(settled);
  lab.conditions.dials.vanish = 0.2;

  for (int i = 0; i < 5; ++i) {
    lab.publish(7);
    lab.pass(settled);
  }

  for (std::uint32_t i = 1; i <= 5; ++i) EXPECT_EQ(lab.without(lab.baselines.plumtree(), i), 0U) << i;
}

TEST(Baselines, APausedPeerGetsWhatCameWhenItGoesOn) {
  Lab lab{50};
  lab.pause(3);
  lab.publish(7);
  lab.pass(settled);
  ASSERT_EQ(lab.without(lab.baselines.flood(), 0), 1U);

  lab.resume(3);
  lab.pass(settled);

  EXPECT_EQ(lab.without(lab.baselines.flood(), 0), 0U);
  EXPECT_EQ(lab.without(lab.baselines.plumtree(), 0), 0U);
}

TEST(Baselines, APartitionHoldsBackAndLosesNothing) {
  Lab lab{50};
  for (std::uint32_t peer = 25; peer < 50; ++peer) lab.conditions.set_side(peer, 1);
  lab.conditions.block(0, 1, true);
  lab.publish(7);
  lab.pass(settled);
  ASSERT_EQ(lab.without(lab.baselines.flood(), 0), 25U);

  lab.conditions.block(0, 1, false);
  lab.baselines.released(lab.now);
  lab.pass(settled);

  EXPECT_EQ(lab.without(lab.baselines.flood(), 0), 0U);
  EXPECT_EQ(lab.without(lab.baselines.plumtree(), 0), 0U);
}

TEST(Baselines, ANarrowWayOutDelaysNothingOnceItIsWideAgain) {
  Lab lab{50};
  for (std::uint32_t peer = 0; peer < 50; ++peer) lab.conditions.slow_down(peer, Duration{0}, 100);
  lab.publish(7);
  lab.pass(settled);
  ASSERT_GT(lab.without(lab.baselines.flood(), 0), 40U);

  for (std::uint32_t peer = 0; peer < 50; ++peer) lab.conditions.slow_down(peer, Duration{0}, 0);
  lab.pass(settled);

  EXPECT_EQ(lab.without(lab.baselines.flood(), 0), 0U);
  EXPECT_EQ(lab.without(lab.baselines.plumtree(), 0), 0U);
}

Report play(Scenario scenario, std::uint64_t seed, bool baselines) {
  scenario.baselines = baselines;
  RunOptions options;
  options.seed = seed;
  return Run{std::move(scenario), options}.finish();
}

Scenario stored(const std::string& name, std::uint32_t peers) {
  ScenarioError error;
  auto s = load_scenario(name, "tools/sim/scenarios", error);
  EXPECT_TRUE(s) << error.text;
  if (!s) return {};
  s->peers = peers;
  return *s;
}

// Worlds with every kind of fault: ours runs the same beside baselines and without.
class Beside : public ::testing::TestWithParam<std::uint64_t> {};

TEST_P(Beside, OursIsNotDisturbed) {
  const Scenario scenario = draw_scenario(GetParam(), 6, 12);

  const Report with = play(scenario, GetParam(), true), without = play(scenario, GetParam(), false);

  EXPECT_EQ(with.trace_hash, without.trace_hash);
  EXPECT_EQ(with.figures.get("frames"), without.figures.get("frames"));
}
INSTANTIATE_TEST_SUITE_P(Slice, Beside, ::testing::Range<std::uint64_t>(1, 5));

TEST(BesideOurs, TheReportComparesThem) {
  const Report report = play(stored("quiet-1000", 60), 1, true);

  EXPECT_GE(report.figures.get("flood_redundancy"), 4);
  EXPECT_LE(report.figures.get("plumtree_redundancy"), 0.2);
  EXPECT_EQ(report.figures.get("flood_missed"), 0);
  EXPECT_EQ(report.figures.get("plumtree_missed"), 0);
  EXPECT_THAT(to_text(report), HasSubstr("compared            ours        flood       plumtree"));
  EXPECT_THAT(to_json(report), HasSubstr("\"baselines\":{\"ours\":{\"redundancy\":"));
}

TEST(BesideOurs, EverybodyWhoLivesOnGetsItAfterACrash) {
  const Report report = play(stored("silent-crash", 60), 1, true);

  EXPECT_EQ(report.figures.get("plumtree_missed"), 0);
}

TEST(BesideOurs, AGateOnABaselineNeedsOne) {
  const std::string gate = "[gates]\nplumtree_last_hop <= 15\n";
  ScenarioError error;

  EXPECT_FALSE(parse_scenario(gate, "x.sim", error));
  EXPECT_THAT(error.text, HasSubstr("needs 'baselines = true'"));
  EXPECT_TRUE(parse_scenario("baselines = true\n" + gate, "x.sim", error)) << error.text;
}

}  // namespace
}  // namespace boato::sim
