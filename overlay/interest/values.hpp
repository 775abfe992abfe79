// SPDX-License-Identifier: Apache-2.0
// Comparing and calculating with attribute values. Nothing here fails or depends on the machine: what has no
// answer is `unknown`, or the empty value (std::monostate). Integers and doubles compare by their exact
// values; strings and bytes compare as bytes, which for UTF-8 is the order of code points; values of
// different kinds, and a NaN with anything, are unknown. Integer arithmetic that leaves 64 bits, a division
// by zero and a double that is not finite are the empty value.
#pragma once

#include <boato/types.hpp>

#include "overlay/interest/truth.hpp"

#include <cstdint>
#include <string>
#include <variant>
#include <vector>

namespace boato {

enum class Relation : std::uint8_t { equal, unequal, below, at_most, above, at_least };
enum class Operation : std::uint8_t { add, subtract, multiply, divide };

[[nodiscard]] Truth compare(Relation relation, const Value& a, const Value& b);
[[nodiscard]] Value calculate(Operation operation, const Value& a, const Value& b);
[[nodiscard]] Value negate(const Value& a);

[[nodiscard]] constexpr Relation complement(Relation r) {  // NOT (a r b) is a complement(r) b
  constexpr Relation other[] = {Relation::unequal, Relation::equal,   Relation::at_least,
                                Relation::above,   Relation::at_most, Relation::below};
  return other[static_cast<std::size_t>(r)];
}
[[nodiscard]] constexpr Relation mirror(Relation r) {  // a r b is b mirror(r) a
  constexpr Relation other[] = {Relation::equal,    Relation::unequal, Relation::above,
                                Relation::at_least, Relation::below,   Relation::at_most};
  return other[static_cast<std::size_t>(r)];
}

// A value that owns its memory: a constant of a predicate.
struct Literal {
  std::variant<std::monostate, bool, std::int64_t, double, std::string> held{};
  bool bytes = false;  // the string is bytes

  [[nodiscard]] Value view() const;
};

[[nodiscard]] Literal literal_of(const Value& value);

// As it stands in a predicate: 'it''s', 12, 1.5, X'00ff', TRUE.
[[nodiscard]] std::string to_text(const Literal& literal);
// Of one kind, by value, each once; of equal numbers the integer stays.
void sort_values(std::vector<Literal>& list);
// The shortest text that reads back to the same number.
[[nodiscard]] std::string shortest(double number);

}  // namespace boato
