// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "tools/topo/graph.hpp"

#include <string>

namespace boato {

// A page of its own that any browser shows: peers on a ring in the order of their keys, as the tree splits
// them; links by their role; with an event, its way.
[[nodiscard]] std::string svg_text(const Graph& graph);

}  // namespace boato
