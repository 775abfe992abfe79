// SPDX-License-Identifier: Apache-2.0
// What topology tools see of a world: a tree that reaches everybody, and pictures of it.
#include "tools/sim/world_graph.hpp"

#include "tools/sim/run.hpp"
#include "tools/topo/print.hpp"
#include "tools/topo/svg.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace boato::sim {
namespace {

constexpr std::uint32_t peers = 40;

boato::Graph calm_world() {
  ScenarioError error;
  auto scenario = load_scenario("quiet-1000", "tools/sim/scenarios", error);
  EXPECT_TRUE(scenario) << error.text;
  scenario->peers = peers;
  Run run{*scenario, {}};
  run.until(std::chrono::seconds{62});  // it publishes until 60 s
  return graph_of(run.world(), 0);
}

TEST(WorldGraph, FollowsAnEventFromItsPublisherToEveryPeer) {
  const boato::Graph graph = calm_world();
  ASSERT_TRUE(graph.event);

  const Tree tree = grow(graph);

  EXPECT_EQ(tree.own, 1U);
  EXPECT_GE(tree.tree, peers / 2);  // the lower median: at least half have it
  EXPECT_EQ(tree.own + tree.tree + tree.repair + tree.without.size(), peers);
  EXPECT_EQ(tree.rows.front().id, graph.event->publisher);
  EXPECT_EQ(tree.rows.size() + tree.unlinked.size(), tree.own + tree.tree + tree.repair);
  for (const Tree::Row& row : tree.rows) {  // what the event counted is what the peers tell
    const GraphPeer& peer = graph.peers.at(row.id);
    EXPECT_EQ(peer.hops, peer.way == Way::tree ? row.depth : 0) << row.id;
  }
}

TEST(WorldGraph, EveryPeerTellsItsViewMeshAndFingers) {
  const boato::Graph graph = calm_world();

  EXPECT_EQ(boato::measure(graph).one_sided, 0U);
  std::size_t mesh = 0, fingers = 0;
  for (const auto& [ends, link] : graph.links) mesh += link.mesh, fingers += link.finger;
  EXPECT_GE(mesh, peers);
  EXPECT_GT(fingers, 0U);
}

TEST(WorldGraph, IsReadBackFromItsOwnDocument) {
  const boato::Graph graph = calm_world();

  const auto again = boato::Graph::parse(json_text(graph));

  ASSERT_TRUE(again);
  EXPECT_EQ(tree_text(*again, true), tree_text(graph, true));
  EXPECT_EQ(svg_text(*again), svg_text(graph));
}

TEST(Trees, APeerThatLiesDoesNotCloseACircle) {
  boato::Graph graph;
  graph.event = {"news", "a", 1, 1};
  graph.peers["a"] = {.answered = true, .way = Way::own};
  graph.peers["b"] = {.answered = true, .way = Way::tree, .from = "c", .hops = 1};
  graph.peers["c"] = {.answered = true, .way = Way::tree, .from = "b", .hops = 1};
  graph.peers["d"] = {.answered = true, .way = Way::repair, .from = "a"};
  graph.peers["e"] = {.answered = true, .way = Way::missing};

  const Tree tree = grow(graph);

  ASSERT_EQ(tree.rows.size(), 2U);
  EXPECT_EQ(tree.rows[1].id, "d");
  EXPECT_THAT(tree.unlinked, testing::ElementsAre("b", "c"));
  EXPECT_THAT(tree.without, testing::ElementsAre("e"));
}

TEST(Trees, NamesOfPeersAreTameInPictures) {
  boato::Graph graph;
  graph.event = {"a<b&c", "a", 1, 1};
  graph.peers["a"] = {.name = "<script>&\"", .answered = true, .way = Way::own};

  const std::string svg = svg_text(graph);

  EXPECT_EQ(svg.find("<script"), std::string::npos);
  EXPECT_EQ(svg.find("& "), std::string::npos);
  EXPECT_NE(svg.find("?script?&amp;?"), std::string::npos);
}

}  // namespace
}  // namespace boato::sim
