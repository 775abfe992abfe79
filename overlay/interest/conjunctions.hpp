// SPDX-License-Identifier: Apache-2.0
// What an index can know of a predicate: it is true where one of its conjunctions is, and each of those
// demands values and ranges of single attributes. Numbers become closed ranges of doubles, which hold all
// that the condition holds: x > 5 begins at the next double. Where that is not exact, or a condition is of
// another sort (LIKE, areas, calculations, <>), the conjunction says so, and the predicate itself decides.
#pragma once

#include "overlay/interest/program.hpp"

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace boato {

// Integers up to here are doubles exactly.
inline constexpr std::int64_t exact_integer_max = std::int64_t{1} << 53;

struct Conjunction {
  struct Range {
    std::uint16_t name = 0;  // in Program::names()
    double low = -std::numeric_limits<double>::infinity(), high = std::numeric_limits<double>::infinity();
    [[nodiscard]] bool two_sided() const {
      return low > -std::numeric_limits<double>::infinity() && high < std::numeric_limits<double>::infinity();
    }
  };
  struct Values {  // the attribute has one of them
    std::uint16_t name = 0;
    std::vector<Value> values{};  // views into the program
  };
  std::vector<Range> ranges{};         // one for each name
  std::vector<Values> values{};        // each of one value, then those of several
  std::vector<std::uint16_t> names{};  // other attributes that must be there
  bool exact = true;                   // ranges and values say all
};

inline constexpr std::size_t conjunctions_max = 16;

// Those that can be true. More than conjunctions_max: a single one that demands nothing and is not exact.
[[nodiscard]] std::vector<Conjunction> conjunctions(const Program& program);

// How an index finds a conjunction.
enum class Access : std::uint8_t { value, range, presence, always };
[[nodiscard]] Access access(const Conjunction& conjunction);
// "by the value of room, then the range of price", ...: for people.
[[nodiscard]] std::string in_words(const Conjunction& conjunction, const Program& program);

}  // namespace boato
