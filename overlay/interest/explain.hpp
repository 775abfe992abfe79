// SPDX-License-Identifier: Apache-2.0
// A predicate in words for people: how an index finds it, and why it is true, false or unknown of something.
#pragma once

#include "overlay/interest/predicate.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace boato {

struct ExplainedPart {
  std::string text;  // canonical; AND and OR alone, their parts follow one deeper
  Truth truth = Truth::unknown;
  std::size_t depth = 0;
  std::string read;  // "price = 120, sym is missing"; of AND and OR nothing
};

[[nodiscard]] std::vector<ExplainedPart> explain(const Predicate& predicate, const Subject& subject);

// One line for each conjunction: "by the value of room, then the range of price".
[[nodiscard]] std::vector<std::string> index_in_words(const Predicate& predicate);

}  // namespace boato
