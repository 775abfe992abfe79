// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/area.hpp"

#include <gtest/gtest.h>

#include <numbers>

namespace boato {
namespace {

bool holds(Area::Kind kind, std::vector<double> numbers, Place place) {
  std::string why;
  std::size_t which = 0;
  const auto area = Area::make(kind, std::move(numbers), why, which);
  EXPECT_TRUE(area.has_value()) << why;
  return area && area->holds(place);
}
bool in_circle(std::vector<double> numbers, Place place) {
  return holds(Area::Kind::circle, std::move(numbers), place);
}
bool in_box(std::vector<double> numbers, Place place) {
  return holds(Area::Kind::box, std::move(numbers), place);
}
bool in_polygon(std::vector<double> numbers, Place place) {
  return holds(Area::Kind::polygon, std::move(numbers), place);
}

TEST(Distance, IsThatOfGreatCircles) {
  const double degree = Area::earth_metres * std::numbers::pi / 180;
  EXPECT_NEAR(metres_between({0, 0}, {0, 1}), degree, 1e-6);
  EXPECT_NEAR(metres_between({0, 0}, {1, 0}), degree, 1e-6);
  EXPECT_NEAR(metres_between({60, 0}, {60, 0.001}), degree / 2000, 1e-4);
  EXPECT_NEAR(metres_between({0, 179.5}, {0, -179.5}), degree, 1e-6);
  EXPECT_NEAR(metres_between({90, 0}, {-90, 0}), 180 * degree, 1e-6);
  EXPECT_NEAR(metres_between({38.7223, -9.1393}, {41.1579, -8.6291}), 274'000, 1000);  // Lisbon, Porto
}

TEST(Circle, HoldsWhatIsAsNearAsItsRadius) {
  EXPECT_TRUE(in_circle({38.66, -9.20, 500}, {38.66, -9.2057}));
  EXPECT_FALSE(in_circle({38.66, -9.20, 500}, {38.66, -9.2059}));
  EXPECT_TRUE(in_circle({5, 5, 0}, {5, 5}));
}

TEST(Circle, CrossesTheDateLineAndThePoles) {
  EXPECT_TRUE(in_circle({0, 179.9, 50'000}, {0, -179.9}));
  EXPECT_TRUE(in_circle({89.9, 0, 50'000}, {89.9, 180}));
}

TEST(Circle, OfHalfTheWayRoundIsAllOfTheEarth) {
  EXPECT_TRUE(in_circle({0, 0, 20'100'000}, {0, 180}));
  EXPECT_TRUE(in_circle({0, 0, 1e300}, {-90, 7}));
}

TEST(Box, HoldsItsEdges) {
  EXPECT_TRUE(in_box({38, -10, 39, -9}, {38, -10}));
  EXPECT_TRUE(in_box({38, -10, 39, -9}, {39, -9}));
  EXPECT_FALSE(in_box({38, -10, 39, -9}, {39.01, -9.5}));
  EXPECT_FALSE(in_box({38, -10, 39, -9}, {38.5, -8.9}));
}

TEST(Box, CrossesTheDateLineWhereWestIsGreaterThanEast) {
  EXPECT_TRUE(in_box({-20, 170, 0, -170}, {-10, 179}));
  EXPECT_TRUE(in_box({-20, 170, 0, -170}, {-10, -179}));
  EXPECT_FALSE(in_box({-20, 170, 0, -170}, {-10, 0}));
}

TEST(Box, HoldsTheDateLineUnderBothItsLongitudes) {
  EXPECT_TRUE(in_box({-20, 170, 0, 180}, {-10, -180}));
  EXPECT_TRUE(in_box({-20, -180, 0, -170}, {-10, 180}));
  EXPECT_TRUE(in_box({-20, 170, 0, -180}, {-10, 180}));
  EXPECT_FALSE(in_box({-20, 170, 0, 179}, {-10, -180}));
}

TEST(Polygon, HoldsWhatItsEdgesEnclose) {
  const std::vector<double> hook{0, 0, 0, 10, 10, 10, 10, 8, 2, 8, 2, 0};  // an L
  EXPECT_TRUE(in_polygon(hook, {1, 1}));
  EXPECT_TRUE(in_polygon(hook, {9, 9}));
  EXPECT_FALSE(in_polygon(hook, {5, 5}));
  EXPECT_FALSE(in_polygon(hook, {-1, 5}));
  EXPECT_FALSE(in_polygon(hook, {1, 11}));
}

TEST(Polygon, CountsACornerBelowAPlaceOnce) {
  const std::vector<double> diamond{0, 5, 5, 10, 10, 5, 5, 0};
  EXPECT_TRUE(in_polygon(diamond, {5, 5}));
  EXPECT_FALSE(in_polygon(diamond, {-1, 5}));
  EXPECT_FALSE(in_polygon(diamond, {11, 5}));
  EXPECT_FALSE(in_polygon(diamond, {0.1, 10}));
}

TEST(Polygon, CrossesTheDateLine) {
  const std::vector<double> fiji{-20, 176, -20, -178, -15, -178, -15, 176};
  EXPECT_TRUE(in_polygon(fiji, {-17, 179}));
  EXPECT_TRUE(in_polygon(fiji, {-17, -179}));
  EXPECT_FALSE(in_polygon(fiji, {-17, 175}));
  EXPECT_FALSE(in_polygon(fiji, {-17, 0}));
}

TEST(Area, RefusesNumbersThatAreNoneOnEarth) {
  std::string why;
  std::size_t which = 0;
  EXPECT_FALSE(Area::make(Area::Kind::circle, {91, 0, 5}, why, which));
  EXPECT_EQ(which, 0U);
  why.clear();
  EXPECT_FALSE(Area::make(Area::Kind::circle, {0, 0, -5}, why, which));
  EXPECT_EQ(which, 2U);
  why.clear();
  EXPECT_FALSE(Area::make(Area::Kind::box, {5, 0, 4, 1}, why, which));
  EXPECT_EQ(which, 2U);
  why.clear();
  EXPECT_FALSE(Area::make(Area::Kind::polygon, {0, 0, 1, 1}, why, which));
  EXPECT_NE(why, "");
}

}  // namespace
}  // namespace boato
