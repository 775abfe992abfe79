// SPDX-License-Identifier: Apache-2.0
// What a predicate may be at most. Strangers write predicates, and every member of a topic evaluates them.
#pragma once

#include <cstddef>
#include <cstdint>

namespace boato {

inline constexpr std::size_t predicate_bytes_max = 1024;  // as written, and in canonical form
inline constexpr std::size_t predicate_terms_max = 64;    // conditions and arithmetic operators
inline constexpr std::size_t predicate_depth_max = 6;     // of AND and OR inside each other
inline constexpr std::size_t predicate_nesting_max = 64;  // parentheses, NOT and signs: the parser's stack
// Nanoseconds at the worst, by the table in program.cpp.
inline constexpr std::uint32_t predicate_cost_max = 20'000;
// Of an event's string or bytes: what a cost counts on (wire::attribute_value_bytes_max).
inline constexpr std::size_t predicate_value_bytes = 1024;
inline constexpr std::size_t predicate_name_bytes_max = 64;  // as of attributes

}  // namespace boato
