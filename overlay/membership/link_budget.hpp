// SPDX-License-Identifier: Apache-2.0
// Which links to give up: those that neither end has a use for, once they have been quiet for long; sooner
// where there are too many, and then also those that only the other end uses: thousands that came in through
// one peer find others. Young ones stay, for a use may be on its way. Knows uses as others tell them; does
// not know why a link is used, and closes nothing itself.
#pragma once

#include "overlay/base/strong.hpp"

#include <chrono>
#include <cstddef>
#include <vector>

namespace boato {

struct LinkBudgetConfig {
  std::size_t soft_max = 128;                        // above it links go that we do not use, quietest first
  Duration young = std::chrono::seconds{30};         // no link is given up before ...
  Duration young_crowded = std::chrono::seconds{2};  // ... or, where there are too many, before ...
  Duration young_theirs = std::chrono::seconds{10};  // ... and those that the other end uses, before
  Duration quiet = std::chrono::seconds{60};         // no events for so long
};

struct LinkUse {
  LinkId link;
  Time since{};
  Time last_work{};     // LinkInfo::last_work
  bool ours = false;    // used here, or bytes wait in it
  bool theirs = false;  // used at the other end
};

// The links to close now. `uses`: all links of the peer, in any order; it is sorted.
[[nodiscard]] std::vector<LinkId> spare_links(Time now, const LinkBudgetConfig& config,
                                              std::vector<LinkUse>& uses);

}  // namespace boato
