// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/membership_messages.hpp"
#include "tests/membership/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace boato {
namespace {

using test::Node;
using test::World;
using namespace std::chrono_literals;

void join_all(World& world, std::size_t n, Duration apart = 20ms) {
  world.add({});
  for (std::size_t i = 1; i < n; ++i) {
    world.add({0});
    world.run(apart);
  }
}

bool knows(std::span<const KnownPeer> set, const PeerId& id) {
  return std::ranges::find(set, id, &KnownPeer::id) != set.end();
}

TEST(Overlay, SixtyFourPeersThroughOneSeedAreOneComponentWithFiveToTwelveNeighbours) {
  World world{1};

  join_all(world, 64);
  world.run(30s);

  EXPECT_EQ(world.components(), 1u);
  EXPECT_GE(world.degrees().first, 5u);
  EXPECT_LE(world.degrees().second, 12u);
  EXPECT_TRUE(world.symmetric());
  EXPECT_LE(world.degree(0), 16u);
}

TEST(Overlay, SettlesAtTheTargetDegree) {
  World world{2};

  join_all(world, 64);
  world.run(150s);

  std::size_t sum = 0;
  for (const auto& node : world.nodes) sum += node->membership->active().size();
  EXPECT_NEAR(static_cast<double>(sum) / 64.0, 8.0, 0.24);
  EXPECT_GE(world.degrees().first, 7u);
}

TEST(Overlay, ASeedHandsOutAndDoesNotHold) {
  World world{3};

  join_all(world, 100, 5ms);
  world.run(150s);

  EXPECT_LE(world.degree(0), 9u);
}

TEST(Overlay, TwoPeersAreNeighboursAndJoined) {
  World world{4};
  world.add({});
  Node& second = world.add({0});
  EXPECT_TRUE(world[0].membership->joined());
  EXPECT_FALSE(second.membership->joined());

  world.run(1s);

  EXPECT_TRUE(second.membership->joined());
  EXPECT_EQ(world.degree(0), 1u);
  EXPECT_EQ(world.degree(1), 1u);
}

TEST(Overlay, ThePassiveViewFillsByShuffling) {
  World world{5};

  join_all(world, 64);
  world.run(300s);

  for (const auto& node : world.nodes)
    EXPECT_GE(node->membership->passive().size() + node->membership->active().size(), 60u) << node->index;
}

TEST(Overlay, ViewsHealWhenHalfOfThePeersCrash) {
  World world{6};
  join_all(world, 64);
  world.run(60s);

  for (std::size_t i = 1; i < 64; i += 2) world.crash(i);
  world.run(30s);

  EXPECT_EQ(world.components(), 1u);
  EXPECT_GE(world.degrees().first, 5u);
  EXPECT_TRUE(world.symmetric());
}

TEST(Overlay, ViewsHealWhenPeersLeaveAndNobodyIsCalledDead) {
  World world{7};
  join_all(world, 64);
  world.run(60s);

  for (std::size_t i = 0; i < 64; i += 2) world.leave(i);
  world.run(30s);

  EXPECT_EQ(world.components(), 1u);
  EXPECT_GE(world.degrees().first, 5u);
  EXPECT_TRUE(world.symmetric());
  for (const auto& node : world.nodes) EXPECT_TRUE(!node->up || node->deaths.empty()) << node->index;
}

TEST(Overlay, AQuietOverlayAccusesNobodyAndCostsLittle) {
  World world{8};
  join_all(world, 64);
  world.run(400s);

  world.bytes = 0;
  world.run(100s);

  for (const auto& node : world.nodes) EXPECT_TRUE(node->deaths.empty()) << node->index;
  EXPECT_LT(static_cast<double>(world.bytes) / 64 / 100, 120.0);  // bytes a peer and second, before sealing
}

TEST(Overlay, ARestartUnderTheSameKeyIsANeighbourAgainAtOnce) {
  World world{9};
  join_all(world, 32);
  world.run(60s);
  const Incarnation before = world[5].self.incarnation;

  world.crash(5);
  world.run(1s);
  world.restart(5, {0});
  world.run(3s);

  EXPECT_GT(world[5].self.incarnation, before);
  EXPECT_GE(world.degree(5), 5u);
  world.run(10s);
  EXPECT_EQ(world.components(), 1u);
  EXPECT_TRUE(world.symmetric());
  for (const auto& node : world.nodes) {
    const LinkInfo* link = node->links.find(world[5].self.id);
    EXPECT_TRUE(!link || link->incarnation == world[5].self.incarnation) << node->index;
  }
}

TEST(Overlay, TwoHalvesFindEachOtherThroughGhosts) {
  World world{10};
  join_all(world, 48);
  world.run(60s);
  const auto half = [](std::size_t i) { return static_cast<int>(i % 2); };

  world.split(half);
  world.run(600s);
  EXPECT_EQ(world.components(), 2u);
  world.split([](std::size_t) { return 0; });
  world.run(60s);

  EXPECT_EQ(world.components(), 1u);
  EXPECT_GE(world.degrees().first, 5u);
}

TEST(Overlay, APeerThatLostAllItsLinksComesBack) {
  World world{11};
  join_all(world, 16);
  world.run(60s);

  world.split([](std::size_t i) { return i == 3 ? 1 : 0; });
  world.run(120s);
  EXPECT_EQ(world.degree(3), 0u);
  world.split([](std::size_t) { return 0; });
  world.run(30s);

  EXPECT_GE(world.degree(3), 5u);
}

TEST(Overlay, ACrashIsToldAsADeathWithinSeconds) {
  World world{12};
  join_all(world, 32);
  world.run(120s);
  std::vector<std::size_t> neighbours;
  for (const ActivePeer& a : world[7].membership->active())
    neighbours.push_back(world[7].far.at(a.link).first);

  world.crash(7);
  world.run(12s);

  for (const std::size_t i : neighbours)
    EXPECT_THAT(world[i].deaths, testing::Contains(world[7].self.id)) << i;
}

TEST(Overlay, AResetConnectionOfALivingPeerIsNoDeath) {
  World world{13};
  join_all(world, 16);
  world.run(60s);
  const LinkId link = world[2].membership->active()[0].link;
  const std::size_t other = world[2].far.at(link).first;

  world.close(world[2], link, CloseReason::cut);
  world.run(10s);

  for (const auto& node : world.nodes) EXPECT_TRUE(node->deaths.empty()) << node->index;
  EXPECT_NE(world[other].links.find(world[2].self.id), nullptr);
}

TEST(Overlay, ManyDeathsAtOnceAreAMassDeathForAWhile) {
  World world{14};
  join_all(world, 32);
  world.run(60s);

  for (std::size_t i = 1; i < 32; ++i)
    if (i % 4 != 0) world.kill(i);
  world.run(500ms);
  EXPECT_TRUE(world[0].membership->mass_death(world.now));
  world.run(20s);

  EXPECT_FALSE(world[0].membership->mass_death(world.now));
  EXPECT_EQ(world.components(), 1u);
}

TEST(Overlay, AGuestKeepsTwoLinksAndIsNobodysSample) {
  World world{15};
  join_all(world, 32);
  world.run(30s);

  Node& guest = world.add({0}, wire::flag_guest);
  world.run(60s);

  EXPECT_EQ(guest.membership->active().size(), 2u);
  for (const auto& node : world.nodes) EXPECT_FALSE(knows(node->membership->passive(), guest.self.id));
}

TEST(Overlay, APeerThatCannotBeDialledFindsNeighboursItself) {
  World world{16};
  join_all(world, 32);
  world.run(30s);

  Node& shy = world.add({0}, wire::flag_no_inbound);
  world.run(60s);

  EXPECT_GE(shy.membership->active().size(), 5u);
  for (const auto& node : world.nodes) EXPECT_FALSE(knows(node->membership->passive(), shy.self.id));
}

TEST(Overlay, DyingSeedsDoNotStopTheOverlay) {
  World world{17};
  join_all(world, 32);
  world.run(30s);

  world.crash(0);
  world.run(60s);

  EXPECT_EQ(world.components(), 1u);
  EXPECT_GE(world.degrees().first, 5u);
}

TEST(Overlay, TheSameSeedGivesTheSameWorld) {
  const auto trace = [] {
    World world{18};
    join_all(world, 24);
    world.run(20s);
    return std::pair{world.frames, world.bytes};
  };

  EXPECT_EQ(trace(), trace());
}

}  // namespace
}  // namespace boato
