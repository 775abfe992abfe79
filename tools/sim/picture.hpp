// SPDX-License-Identifier: Apache-2.0
// Pictures of a simulated world: neighbours of the overlay, mesh links, and the way of one event.
#pragma once

#include "tools/sim/world.hpp"

#include <string>

namespace boato::sim {

// {"at_s": .., "peers": [{"index", "id", "name", "x", "y"}], "links": [{"a", "b", "roles": [..]}],
//  "tree": [{"from", "to", "hops", "ms"}]}
[[nodiscard]] std::string picture_json(World& world);
// For Graphviz (dot, sfdp): grey = neighbours, green = mesh, red = the way of the watched event.
[[nodiscard]] std::string picture_dot(World& world);
// A page of its own, drawn on a ring in the order of keys: nothing else is needed to look at it.
[[nodiscard]] std::string picture_svg(World& world);

}  // namespace boato::sim
