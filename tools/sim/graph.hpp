// SPDX-License-Identifier: Apache-2.0
// The overlay as a graph: in how many pieces it lies, and how far peers are from each other, beside a random
// regular graph of the same size, which is the best that random links can be.
#pragma once

#include "overlay/base/rng.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace boato::sim {

using Graph = std::vector<std::vector<std::uint32_t>>;  // neighbours of each; an arrow counts both ways

[[nodiscard]] std::size_t components(const Graph& graph);
// Mean over pairs that reach each other, from `sources` peers at most.
[[nodiscard]] double mean_path(const Graph& graph, std::size_t sources);
[[nodiscard]] Graph random_regular(std::size_t peers, std::size_t degree, Rng rng);

}  // namespace boato::sim
