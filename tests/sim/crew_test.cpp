// SPDX-License-Identifier: Apache-2.0
// Work in child processes: in order, and whatever a child does to itself.
#include "tools/sim/crew.hpp"

#include "overlay/base/check.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace boato::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::chrono::seconds most{60};

TEST(Crew, TellsInOrderWhateverEndsFirst) {
  std::vector<std::string> told;

  work_on(
      7, 4, 3, most,
      [](std::uint64_t i) { return std::string((11 - i) * 100'000, static_cast<char>('a' + i - 7)); },
      [&](std::uint64_t, const Outcome& o) {
        told.push_back(o.said.substr(0, 1));
        return true;
      });

  EXPECT_THAT(told, ElementsAre("a", "b", "c", "d"));
}

TEST(Crew, KeepsTheLastWordsOfABrokenClaim) {
  std::vector<Outcome> told;

  work_on(
      0, 2, 2, most,
      [](std::uint64_t i) {
        BOATO_CHECK(i != 0);
        return std::string{"well"};
      },
      [&](std::uint64_t, const Outcome& o) {
        told.push_back(o);
        return true;
      });

  ASSERT_EQ(told.size(), 2U);
  EXPECT_FALSE(told[0].ended);
  EXPECT_THAT(told[0].said, HasSubstr("claim does not hold: i != 0"));
  EXPECT_TRUE(told[1].ended);
  EXPECT_EQ(told[1].said, "well");
}

TEST(Crew, StopsWhoNeverEnds) {
  bool late = false;

  work_on(
      0, 1, 1, std::chrono::seconds{1},
      [](std::uint64_t) {
        for (volatile bool on = true; on;) continue;
        return std::string{};
      },
      [&](std::uint64_t, const Outcome& o) {
        late = o.late;
        return true;
      });

  EXPECT_TRUE(late);
}

TEST(Crew, StopsWhenToldSo) {
  std::vector<std::uint64_t> told;

  work_on(
      0, 1000, 2, most, [](std::uint64_t) { return std::string{}; },
      [&](std::uint64_t i, const Outcome&) {
        told.push_back(i);
        return i < 2;
      });

  EXPECT_THAT(told, ElementsAre(0, 1, 2));
}

}  // namespace
}  // namespace boato::sim
