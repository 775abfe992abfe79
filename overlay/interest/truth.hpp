// SPDX-License-Identifier: Apache-2.0
// Three-valued logic: what SQL-92 says of conditions on values that may be missing. Source: Kleene's strong
// logic, ISO/IEC 9075:1992, 8.12. A predicate takes an event only when it is `yes`.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace boato {

enum class Truth : std::uint8_t { no, unknown, yes };  // in this order AND is the least, OR the greatest

[[nodiscard]] constexpr Truth truth_of(bool holds) { return holds ? Truth::yes : Truth::no; }
[[nodiscard]] constexpr Truth both(Truth a, Truth b) { return std::min(a, b); }
[[nodiscard]] constexpr Truth either(Truth a, Truth b) { return std::max(a, b); }
[[nodiscard]] constexpr Truth opposite(Truth t) {
  return static_cast<Truth>(2 - static_cast<std::uint8_t>(t));
}

[[nodiscard]] constexpr std::string_view to_string(Truth t) {
  return t == Truth::yes ? "true" : t == Truth::no ? "false" : "unknown";
}

}  // namespace boato
