// SPDX-License-Identifier: Apache-2.0
// Ours beside the baselines: the figures of the baselines, and one table of all.
#pragma once

#include "tools/sim/baselines.hpp"
#include "tools/sim/collector.hpp"
#include "tools/sim/figures.hpp"
#include "tools/sim/ghost.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace boato::sim {

// What of this traffic serves topics: rosters, events and their repair, bodies left out. Baselines have no
// rosters and live on the same overlay graph, whose upkeep counts for nobody.
[[nodiscard]] std::uint64_t topic_bytes(const Traffic& traffic);
// The greatest of the counts by their mean over so many peers.
[[nodiscard]] double most_by_mean(const std::vector<std::uint64_t>& counts, std::uint32_t peers);

// `ghost` says who ought to have had what: the same for ours and for the baselines.
void set_baseline_figures(Figures& figures, const Baselines& baselines, const Ghost& ghost,
                          std::uint32_t peers);

[[nodiscard]] std::string comparison_text(const Figures& figures);
[[nodiscard]] std::string comparison_json(const Figures& figures);

}  // namespace boato::sim
