// SPDX-License-Identifier: Apache-2.0
#include "tools/topo/tree.hpp"

namespace boato {

Tree grow(const Graph& graph) {
  Tree tree;
  if (!graph.event) return tree;
  std::map<std::string, std::vector<std::string>> children;
  std::set<std::string> open;  // have it, and no place yet: a peer that lies may close a circle
  for (const auto& [id, peer] : graph.peers) {
    tree.own += peer.way == Way::own;
    tree.tree += peer.way == Way::tree;
    tree.repair += peer.way == Way::repair;
    if (peer.way == Way::missing) tree.without.push_back(id);
    if (peer.way != Way::tree && peer.way != Way::repair) continue;
    open.insert(id);
    if (!peer.from.empty()) children[peer.from].push_back(id);
  }
  std::vector<Tree::Row> todo{{graph.event->publisher, 0}};
  open.erase(graph.event->publisher);
  std::size_t sum = 0;
  while (!todo.empty()) {
    const Tree::Row at = todo.back();
    todo.pop_back();
    tree.rows.push_back(at);
    tree.depth = std::max(tree.depth, at.depth);
    sum += at.depth;
    const auto& below = children[at.id];
    for (auto child = below.rbegin(); child != below.rend(); ++child)
      if (open.erase(*child) > 0) todo.push_back({*child, at.depth + 1});
  }
  if (tree.rows.size() > 1)
    tree.depth_mean = static_cast<double>(sum) / static_cast<double>(tree.rows.size() - 1);
  tree.unlinked.assign(open.begin(), open.end());
  return tree;
}

}  // namespace boato
