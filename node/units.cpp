// SPDX-License-Identifier: Apache-2.0
#include "node/units.hpp"

#include <array>
#include <charconv>
#include <cstdlib>
#include <limits>
#include <utility>

namespace boato {
namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};
constexpr std::array<Unit, 6> time_units{{{"d", 86'400'000'000},
                                          {"h", 3'600'000'000},
                                          {"m", 60'000'000},
                                          {"s", 1'000'000},
                                          {"ms", 1000},
                                          {"us", 1}}};
constexpr std::array<Unit, 8> size_units{{{"GiB", std::uint64_t{1} << 30},
                                          {"MiB", std::uint64_t{1} << 20},
                                          {"KiB", std::uint64_t{1} << 10},
                                          {"GB", 1'000'000'000},
                                          {"MB", 1'000'000},
                                          {"kB", 1000},
                                          {"KB", 1000},
                                          {"B", 1}}};

template <std::size_t n>
std::optional<std::uint64_t> with_unit(std::string_view text, const std::array<Unit, n>& units) {
  std::uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end == text.data()) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  for (const Unit& known : units) {
    if (known.name != unit) continue;
    // Durations are signed 64 bits, so sizes keep to that too.
    constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
    if (value > most / known.factor) return std::nullopt;
    return value * known.factor;
  }
  return std::nullopt;
}

template <class Number>
std::optional<Number> whole_number(std::string_view text) {
  Number value{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || text.empty() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

template <std::size_t n>
std::string in_units(std::uint64_t value, const std::array<Unit, n>& units, std::string_view smallest) {
  for (const Unit& unit : units) {
    if (value != 0 && value % unit.factor == 0) return std::to_string(value / unit.factor).append(unit.name);
  }
  return std::to_string(value).append(smallest);
}

}  // namespace

std::optional<Duration> parse_duration(std::string_view text) {
  const auto micros = with_unit(text, time_units);
  if (!micros) return std::nullopt;
  return Duration{static_cast<std::int64_t>(*micros)};
}

std::optional<std::uint64_t> parse_size(std::string_view text) { return with_unit(text, size_units); }
std::optional<std::uint64_t> parse_count(std::string_view text) { return whole_number<std::uint64_t>(text); }
std::optional<std::int64_t> parse_integer(std::string_view text) { return whole_number<std::int64_t>(text); }
std::optional<double> parse_number(std::string_view text) { return whole_number<double>(text); }

std::string to_text(Duration duration) {
  return in_units(static_cast<std::uint64_t>(duration.count()), time_units, "s");
}

std::string size_text(std::uint64_t bytes) { return in_units(bytes, size_units, "B"); }

}  // namespace boato
