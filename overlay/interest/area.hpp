// SPDX-License-Identifier: Apache-2.0
// Areas of the earth, in degrees: latitude -90 to 90, longitude -180 to 180. A circle is measured along great
// circles of a sphere of 6,371,008.8 m (IUGG mean radius; the ellipsoid differs by up to 0.5 %), by the
// haversine, which is exact for short distances too. The edges of a polygon are straight in degrees, each the
// short way round, so it may cross the date line but not hold a pole. A box whose west is greater than its
// east crosses the date line.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

struct Place {
  double latitude = 0, longitude = 0;
};

[[nodiscard]] bool on_earth(Place place);  // finite and within the ranges above
[[nodiscard]] double metres_between(Place a, Place b);

class Area {
 public:
  enum class Kind : unsigned char { circle, box, polygon };
  static constexpr double earth_metres = 6'371'008.8;  // the radius
  static constexpr std::size_t corners_max = 32;

  // circle: latitude, longitude, metres. box: south, west, north, east. polygon: latitude and longitude of 3
  // to 32 corners. Empty answer: they are no such area; `why` says so and `which` is the number to blame.
  static std::optional<Area> make(Kind kind, std::vector<double> numbers, std::string& why,
                                  std::size_t& which);

  [[nodiscard]] bool holds(Place place) const;  // of a place on earth
  [[nodiscard]] Kind kind() const { return kind_; }
  [[nodiscard]] std::span<const double> numbers() const { return numbers_; }
  [[nodiscard]] std::size_t corners() const { return kind_ == Kind::polygon ? numbers_.size() / 2 : 0; }

 private:
  [[nodiscard]] bool in_circle(Place place) const;
  [[nodiscard]] bool in_box(Place place) const;
  [[nodiscard]] bool in_polygon(Place place) const;

  Kind kind_ = Kind::circle;
  std::vector<double> numbers_;
  double haversine_max_ = 0, cosine_ = 0;  // of a circle: of its radius, of its latitude
};

[[nodiscard]] std::string_view to_string(Area::Kind kind);
[[nodiscard]] std::string to_text(const Area& area);  // circle(38.661, -9.203, 500)

}  // namespace boato
