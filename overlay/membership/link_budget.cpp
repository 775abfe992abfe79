// SPDX-License-Identifier: Apache-2.0
#include "overlay/membership/link_budget.hpp"

#include <algorithm>
#include <utility>

namespace boato {

std::vector<LinkId> spare_links(Time now, const LinkBudgetConfig& config, std::vector<LinkUse>& uses) {
  std::ranges::sort(uses, {}, [](const LinkUse& u) { return std::pair{u.theirs, u.last_work}; });
  std::size_t too_many = uses.size() > config.soft_max ? uses.size() - config.soft_max : 0;
  std::vector<LinkId> spare;
  for (const LinkUse& use : uses) {
    if (use.ours) continue;
    const bool idle = !use.theirs && now - use.since > config.young && now - use.last_work > config.quiet;
    if (!idle &&
        (too_many == 0 || now - use.since <= (use.theirs ? config.young_theirs : config.young_crowded)))
      continue;
    spare.push_back(use.link);
    if (too_many > 0) --too_many;
  }
  return spare;
}

}  // namespace boato
