// SPDX-License-Identifier: Apache-2.0
// The overlay as a graph: peers, and the links they told of. A link counts once, whoever told of it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boato {

// How a peer came by the event; see Topology::Way of the library.
enum class Way : std::uint8_t { none, member, missing, own, tree, repair };
[[nodiscard]] std::string_view to_string(Way way);

struct GraphPeer {
  std::string name{};
  std::vector<std::string> addresses{};
  std::uint64_t topics = 0, passive = 0;
  bool answered = false;  // false: only others tell of it
  Way way = Way::none;
  std::string from{};      // who brought it the event; empty: nobody, or not known any more
  std::uint64_t hops = 0;  // links it had crossed by then, as the event itself says; Way::tree only
};

struct GraphLink {
  bool active = false, mesh = false, finger = false;
  unsigned told_by = 0;  // 1 or 2 of its ends
  std::int64_t rtt_us = 0;
};

struct GraphEvent {
  std::string topic, publisher;
  std::uint64_t incarnation = 0, seq = 0;
};

struct Graph {
  std::map<std::string, GraphPeer> peers;                          // by id
  std::map<std::pair<std::string, std::string>, GraphLink> links;  // smaller id first

  std::optional<GraphEvent> event;  // whose way the peers told; then links have their roles in its topic

  static std::optional<Graph> parse(std::string_view json);
  // One end tells of a link.
  void tell(const std::string& from, const std::string& other, const GraphLink& told);
};

struct GraphStats {
  std::size_t peers = 0, answered = 0, links = 0, active = 0, one_sided = 0;
  std::size_t components = 0, largest = 0;  // over active links
  std::size_t degree_min = 0, degree_max = 0;
  double degree_mean = 0;
  std::size_t diameter = 0;  // of the largest component
  double path_mean = 0, clustering = 0;
  std::int64_t rtt_p50_us = 0, rtt_max_us = 0;
};
[[nodiscard]] GraphStats measure(const Graph& graph);

struct Difference {
  std::vector<std::string> peers_gone, peers_come;
  std::vector<std::pair<std::string, std::string>> links_gone, links_come;
  [[nodiscard]] bool empty() const {
    return peers_gone.empty() && peers_come.empty() && links_gone.empty() && links_come.empty();
  }
};
[[nodiscard]] Difference compare(const Graph& before, const Graph& after);

}  // namespace boato
