// SPDX-License-Identifier: Apache-2.0
// A predicate as a tree: what the parser builds and the normal form rewrites. Lives only that long; what is
// kept and evaluated is a Program.
#pragma once

#include "overlay/interest/area.hpp"
#include "overlay/interest/like.hpp"
#include "overlay/interest/values.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace boato {

enum class NodeKind : std::uint8_t {
  // conditions
  truth,    // a constant
  all,      // AND of parts
  any,      // OR of parts
  compare,  // parts[0] relation parts[1]
  in,       // parts[0] IN list
  like,     // name LIKE pattern
  null,     // name IS NULL
  flag,     // an attribute that is true
  within,   // the place `name` lies in the area
  not_,     // only until it is normal
  // values
  literal,
  name,
  negate,
  calculate,  // parts[0] operation parts[1]
};

struct Expression {
  NodeKind kind = NodeKind::truth;
  Relation relation = Relation::equal;
  Operation operation = Operation::add;
  bool negated = false;         // in, like, null, flag, within
  bool holds = true;            // truth
  bool enclosed = false;        // stood in parentheses
  std::size_t at = 0;           // the byte where it begins
  std::string name{};           // of an attribute, or a place
  std::vector<Literal> list{};  // literal: one
  std::optional<LikePattern> pattern{};
  std::optional<Area> area{};
  std::vector<Expression> parts{};
};

[[nodiscard]] constexpr bool is_condition(NodeKind kind) { return kind < NodeKind::literal; }

// Canonical if the expression is in normal form.
[[nodiscard]] std::string to_text(const Expression& expression);
// As it stands in a predicate: in backticks unless it is a plain word.
[[nodiscard]] std::string name_text(const std::string& name);
// The attributes of a place: `geo` is lat and lon, any other name P is P.lat and P.lon.
[[nodiscard]] std::string latitude_name(const std::string& place);
[[nodiscard]] std::string longitude_name(const std::string& place);

}  // namespace boato
