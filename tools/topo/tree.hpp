// SPDX-License-Identifier: Apache-2.0
// How one event went: peers below the one that brought it to them.
#pragma once

#include "tools/topo/graph.hpp"

#include <string>
#include <vector>

namespace boato {

struct Tree {
  struct Row {
    std::string id;
    std::size_t depth = 0;  // links from the publisher, as peers tell who brought it
  };
  std::vector<Row> rows;              // the publisher first, each peer's children behind it
  std::vector<std::string> unlinked;  // have it, from somebody who is not known (any more)
  std::vector<std::string> without;   // take part, and do not have it
  std::size_t own = 0, tree = 0, repair = 0;
  std::size_t depth = 0;
  double depth_mean = 0;  // of all rows but the publisher's
};
[[nodiscard]] Tree grow(const Graph& graph);

}  // namespace boato
