// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/topo/graph.hpp"

#include <string>

namespace boato {

[[nodiscard]] std::string show_text(const Graph& graph, bool json);
[[nodiscard]] std::string dot_text(const Graph& graph);
[[nodiscard]] std::string stats_text(const GraphStats& stats, bool json);
[[nodiscard]] std::string diff_text(const Difference& difference, bool json);

}  // namespace boato
