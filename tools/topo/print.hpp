// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/topo/graph.hpp"
#include "tools/topo/tree.hpp"

#include <string>

namespace boato {

// A peer's name if it has one, else how its id begins; only letters that neither a terminal nor a picture
// obeys.
[[nodiscard]] std::string name_of(const std::string& id, const GraphPeer& peer);
// The document that Graph::parse reads.
[[nodiscard]] std::string json_text(const Graph& graph);
[[nodiscard]] std::string summary(const Graph& graph, const Tree& tree);
[[nodiscard]] std::string tree_text(const Graph& graph, bool json);
[[nodiscard]] std::string show_text(const Graph& graph, bool json);
[[nodiscard]] std::string dot_text(const Graph& graph);
[[nodiscard]] std::string stats_text(const GraphStats& stats, bool json);
[[nodiscard]] std::string diff_text(const Difference& difference, bool json);

}  // namespace boato
