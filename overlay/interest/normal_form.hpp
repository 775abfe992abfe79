// SPDX-License-Identifier: Apache-2.0
// One form for predicates that say the same in other words, as far as that is cheap: no NOT but on IN, LIKE,
// IS NULL, attributes and within (De Morgan's laws and the complements of comparisons hold in three-valued
// logic, since a comparison is unknown exactly when its complement is); AND and OR flat, sorted, without
// repetition; constants on the right and calculated; x = 1 OR x = 2 as x IN (1, 2). It never changes for
// which events a predicate is true, false or unknown. Normal form is a fixed point: an expression that is in
// it stays as it is.
#pragma once

#include <boato/result.hpp>

#include "overlay/interest/expression.hpp"

#include <cstddef>
#include <string>

namespace boato {

struct Fault {
  std::string what;
  std::size_t at = 0;  // the byte
};

// Fault: a calculation of constants has no value.
[[nodiscard]] Result<Expression, Fault> normal_form(Expression expression);

}  // namespace boato
