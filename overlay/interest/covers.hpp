// SPDX-License-Identifier: Apache-2.0
// Whether one interest takes all that another takes, as far as that can be proven cheaply, and one interest
// for several. True is a proof; false says nothing. Compared are relations and IN of a name with constants,
// LIKE by its prefix, and IS NOT NULL; other conditions only cover themselves.
#pragma once

#include "overlay/interest/predicate.hpp"

#include <span>
#include <string>

namespace boato {

// Every subject for which `narrow` is true makes `wide` true.
[[nodiscard]] bool covers(const Predicate& wide, const Predicate& narrow);

// A change of interest that only lets go: it may wait, while any other counts as widening.
[[nodiscard]] inline bool provably_narrower(const Predicate& before, const Predicate& after) {
  return covers(before, after);
}

// The canonical text of a predicate that takes all that any of them takes: their OR without those that others
// cover; TRUE if that is above a limit of predicates, FALSE if there are none.
[[nodiscard]] std::string merged(std::span<const Predicate* const> interests);

}  // namespace boato
