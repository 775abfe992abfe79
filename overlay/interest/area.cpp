// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/area.hpp"

#include "overlay/interest/values.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace boato {
namespace {

constexpr double radian = std::numbers::pi / 180;

double squared_sine(double degrees) {
  const double s = std::sin(degrees * radian / 2);
  return s * s;
}

// Longitudes as seen from `origin`: -180 to 180, so that neighbours across the date line are neighbours.
double from(double origin, double longitude) {
  double d = longitude - origin;
  if (d > 180) d -= 360;
  if (d < -180) d += 360;
  return d;
}

}  // namespace

bool on_earth(Place p) { return std::abs(p.latitude) <= 90 && std::abs(p.longitude) <= 180; }

double metres_between(Place a, Place b) {
  const double h = squared_sine(a.latitude - b.latitude) + std::cos(a.latitude * radian) *
                                                               std::cos(b.latitude * radian) *
                                                               squared_sine(a.longitude - b.longitude);
  return 2 * Area::earth_metres * std::asin(std::min(1.0, std::sqrt(h)));
}

std::optional<Area> Area::make(Kind kind, std::vector<double> numbers, std::string& why, std::size_t& which) {
  const std::size_t n = numbers.size();
  which = n;
  if (kind == Kind::circle && n != 3) {
    why = "circle needs three numbers: latitude, longitude, metres";
  } else if (kind == Kind::box && n != 4) {
    why = "box needs four numbers: south, west, north, east";
  } else if (kind == Kind::polygon && (n % 2 != 0 || n < 6 || n > 2 * corners_max)) {
    why = "polygon needs a latitude and a longitude for each of its 3 to 32 corners";
  }
  if (!why.empty()) return std::nullopt;
  for (std::size_t i = 0; i < n; ++i) {
    which = i;
    if (kind == Kind::circle && i == 2) {
      if (numbers[i] < 0) why = "a radius is not negative";
    } else if (i % 2 == 0 ? std::abs(numbers[i]) > 90 : std::abs(numbers[i]) > 180) {
      why = i % 2 == 0 ? "a latitude is from -90 to 90" : "a longitude is from -180 to 180";
    }
    if (!why.empty()) return std::nullopt;
    if (numbers[i] == 0) numbers[i] = 0;  // -0 is 0
  }
  if (kind == Kind::box && numbers[0] > numbers[2]) {
    which = 2;
    why = "the north of a box is not south of its south: south, west, north, east";
    return std::nullopt;
  }
  Area area;
  area.kind_ = kind;
  if (kind == Kind::circle) {
    const double angle = numbers[2] / earth_metres;  // a half turn and more is all of the earth
    area.haversine_max_ = angle >= std::numbers::pi ? 1 : std::pow(std::sin(angle / 2), 2);
    area.cosine_ = std::cos(numbers[0] * radian);
  }
  area.numbers_ = std::move(numbers);
  return area;
}

bool Area::holds(Place place) const {
  switch (kind_) {
    case Kind::circle: return in_circle(place);
    case Kind::box: return in_box(place);
    case Kind::polygon: return in_polygon(place);
  }
  return false;
}

bool Area::in_circle(Place p) const {
  const double upright = squared_sine(p.latitude - numbers_[0]);
  if (upright > haversine_max_) return false;
  const double h =
      upright + cosine_ * std::cos(p.latitude * radian) * squared_sine(p.longitude - numbers_[1]);
  return h <= haversine_max_ || haversine_max_ == 1;
}

bool Area::in_box(Place p) const {
  const double south = numbers_[0], west = numbers_[1], north = numbers_[2], east = numbers_[3];
  if (p.latitude < south || p.latitude > north) return false;
  const auto between = [&](double longitude) {
    if (west <= east) return longitude >= west && longitude <= east;
    return longitude >= west || longitude <= east;
  };
  // The date line has two longitudes.
  return between(p.longitude) || (std::abs(p.longitude) == 180 && between(-p.longitude));
}

// Counts the edges that a ray to the north crosses. An edge owns its western end and not its eastern one, so
// a ray through a corner counts once.
bool Area::in_polygon(Place p) const {
  bool inside = false;
  const std::size_t n = numbers_.size();
  for (std::size_t i = 0, j = n - 2; i < n; j = i, i += 2) {
    const double a = from(p.longitude, numbers_[j + 1]);
    double b = from(p.longitude, numbers_[i + 1]);
    if (b - a > 180) b -= 360;  // the short way is round the back
    if (a - b > 180) b += 360;
    if ((a <= 0) == (b <= 0)) continue;
    const double crossing = numbers_[j] + a / (a - b) * (numbers_[i] - numbers_[j]);
    if (crossing > p.latitude) inside = !inside;
  }
  return inside;
}

std::string_view to_string(Area::Kind kind) {
  return kind == Area::Kind::circle ? "circle" : kind == Area::Kind::box ? "box" : "polygon";
}

std::string to_text(const Area& area) {
  std::string out{to_string(area.kind())};
  for (std::size_t i = 0; i < area.numbers().size(); ++i)
    out += (i == 0 ? "(" : ", ") + shortest(area.numbers()[i]);
  return out + ')';
}

}  // namespace boato
