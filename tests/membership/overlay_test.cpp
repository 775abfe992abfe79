// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/membership_messages.hpp"
#include "tests/membership/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace boato {
namespace {

using test::World;
using testing::Each;
using namespace std::chrono_literals;

void join_all(World& world, std::size_t n, Duration apart = 20ms) {
  world.add({});
  for (std::size_t i = 1; i < n; ++i) {
    world.add({0});
    world.run(apart);
  }
}

TEST(Overlay, SixtyFourPeersThroughOneSeedAreOneComponentWithFiveToTwelveNeighbours) {
  World world{1};

  join_all(world, 64);
  world.run(30s);

  EXPECT_EQ(world.components(), 1u);
  EXPECT_GE(world.degrees().first, 5u);
  EXPECT_LE(world.degrees().second, 12u);
  EXPECT_TRUE(world.symmetric());
}

}  // namespace
}  // namespace boato
