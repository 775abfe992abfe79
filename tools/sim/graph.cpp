// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/graph.hpp"

#include <algorithm>
#include <numeric>
#include <span>

namespace boato::sim {

std::size_t components(const Graph& graph) {
  std::vector<std::uint32_t> root(graph.size());
  std::iota(root.begin(), root.end(), 0U);
  const auto find = [&](std::uint32_t i) {
    while (root[i] != i) i = root[i] = root[root[i]];
    return i;
  };
  std::size_t left = graph.size();
  for (std::uint32_t i = 0; i < graph.size(); ++i)
    for (const std::uint32_t other : graph[i]) {
      const std::uint32_t a = find(i), b = find(other);
      if (a == b) continue;
      root[a] = b;
      --left;
    }
  return left;
}

double mean_path(const Graph& graph, std::size_t sources) {
  std::uint64_t pairs = 0, steps = 0;
  const std::size_t stride = std::max<std::size_t>(1, graph.size() / std::max<std::size_t>(1, sources));
  std::vector<std::uint32_t> far, front, next;
  for (std::size_t from = 0; from < graph.size(); from += stride) {
    far.assign(graph.size(), ~std::uint32_t{0});
    far[from] = 0;
    front.assign(1, static_cast<std::uint32_t>(from));
    for (std::uint32_t hops = 1; !front.empty(); ++hops, front.swap(next)) {
      next.clear();
      for (const std::uint32_t i : front)
        for (const std::uint32_t other : graph[i]) {
          if (far[other] != ~std::uint32_t{0}) continue;
          far[other] = hops;
          next.push_back(other);
          ++pairs;
          steps += hops;
        }
    }
  }
  return pairs == 0 ? 0 : static_cast<double>(steps) / static_cast<double>(pairs);
}

// Each peer `degree` times in a bag, drawn in pairs; what cannot be a link is drawn again, and swapped into
// other links where nothing else is left.
Graph random_regular(std::size_t peers, std::size_t degree, Rng rng) {
  Graph graph(peers);
  if (peers <= degree) return graph;
  std::vector<std::uint32_t> bag;
  for (std::uint32_t i = 0; i < peers; ++i) bag.insert(bag.end(), degree, i);
  if (bag.size() % 2 != 0) bag.pop_back();
  const auto linked = [&](std::uint32_t a, std::uint32_t b) {
    return a == b || std::ranges::find(graph[a], b) != graph[a].end();
  };
  const auto link = [&](std::uint32_t a, std::uint32_t b) {
    graph[a].push_back(b);
    graph[b].push_back(a);
  };
  for (int tries = 0; !bag.empty() && tries < 100; ++tries) {
    rng.shuffle(std::span{bag});
    std::vector<std::uint32_t> rest;
    for (std::size_t i = 0; i + 1 < bag.size(); i += 2) {
      if (!linked(bag[i], bag[i + 1])) {
        link(bag[i], bag[i + 1]);
        continue;
      }
      // a-b cannot be a link: an existing c-d becomes a-c and b-d.
      const auto c = static_cast<std::uint32_t>(rng.below(peers));
      const std::uint32_t a = bag[i], b = bag[i + 1];
      const std::uint32_t d = graph[c].empty() ? c : graph[c][rng.below(graph[c].size())];
      if (c == d || linked(a, c) || linked(b, d)) {
        rest.insert(rest.end(), {a, b});
        continue;
      }
      std::erase(graph[c], d);
      std::erase(graph[d], c);
      link(a, c);
      link(b, d);
    }
    bag = std::move(rest);
  }
  return graph;
}

}  // namespace boato::sim
