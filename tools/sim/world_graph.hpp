// SPDX-License-Identifier: Apache-2.0
// A world as the topology tools see it: what each peer would answer to a survey, as `boato topo` prints and
// draws it.
#pragma once

#include "tools/sim/world.hpp"
#include "tools/topo/graph.hpp"

namespace boato::sim {

[[nodiscard]] boato::Graph graph_of(World& world);
// With the way of the newest event of the first publisher that takes the topic too and has one that settled;
// without an event if there is none.
[[nodiscard]] boato::Graph graph_of(World& world, std::uint32_t topic);

}  // namespace boato::sim
