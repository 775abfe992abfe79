// SPDX-License-Identifier: Apache-2.0
#include "tools/topo/graph.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
#include <queue>

namespace boato {
namespace {

using Json = nlohmann::json;

constexpr std::array<std::string_view, 6> way_names{"none", "member", "missing", "own", "tree", "repair"};

Way way_of(const std::string& name) {
  const auto at = std::find(way_names.begin(), way_names.end(), name);
  return at == way_names.end() ? Way::none : static_cast<Way>(at - way_names.begin());
}

std::vector<std::string> texts(const Json& list) {
  std::vector<std::string> out;
  for (const Json& text : list) {
    if (text.is_string()) out.push_back(text.get<std::string>());
  }
  return out;
}

using Neighbours = std::map<std::string, std::vector<std::string>>;

Neighbours active_neighbours(const Graph& graph) {
  Neighbours neighbours;
  for (const auto& [id, peer] : graph.peers) neighbours[id];
  for (const auto& [ends, link] : graph.links) {
    if (!link.active) continue;
    neighbours[ends.first].push_back(ends.second);
    neighbours[ends.second].push_back(ends.first);
  }
  return neighbours;
}

// Steps from one peer to each that it reaches.
std::map<std::string, std::size_t> distances(const Neighbours& neighbours, const std::string& from) {
  std::map<std::string, std::size_t> steps{{from, 0}};
  std::queue<std::string> todo;
  todo.push(from);
  while (!todo.empty()) {
    const std::string at = todo.front();
    todo.pop();
    for (const std::string& next : neighbours.at(at)) {
      if (steps.try_emplace(next, steps.at(at) + 1).second) todo.push(next);
    }
  }
  return steps;
}

// How many pairs of a peer's neighbours are neighbours themselves, averaged over peers with two or more.
double clustering(const Graph& graph, const Neighbours& neighbours) {
  double sum = 0;
  std::size_t counted = 0;
  for (const auto& [id, around] : neighbours) {
    if (around.size() < 2) continue;
    std::size_t closed = 0;
    for (std::size_t i = 0; i < around.size(); ++i) {
      for (std::size_t j = i + 1; j < around.size(); ++j) {
        const auto link = graph.links.find(std::minmax(around[i], around[j]));
        if (link != graph.links.end() && link->second.active) ++closed;
      }
    }
    const auto pairs = static_cast<double>(around.size() * (around.size() - 1)) / 2;
    sum += static_cast<double>(closed) / pairs;
    ++counted;
  }
  return counted == 0 ? 0 : sum / static_cast<double>(counted);
}

}  // namespace

std::string_view to_string(Way way) { return way_names[static_cast<std::size_t>(way)]; }

std::optional<Graph> Graph::parse(std::string_view json) {
  const Json document = Json::parse(json, nullptr, false);
  if (!document.is_object() || !document.contains("peers") || !document["peers"].is_array())
    return std::nullopt;
  Graph graph;
  if (const Json event = document.value("event", Json{}); event.is_object())
    graph.event = {document.value("topic", ""), event.value("publisher", ""),
                   event.value("incarnation", std::uint64_t{0}), event.value("seq", std::uint64_t{0})};
  for (const Json& entry : document["peers"]) {
    if (!entry.is_object() || !entry.contains("id") || !entry["id"].is_string()) return std::nullopt;
    const std::string id = entry["id"];
    GraphPeer& peer = graph.peers[id];
    peer.answered = true;
    peer.name = entry.value("name", "");
    peer.addresses = texts(entry.value("addresses", Json::array()));
    peer.topics = entry.value("topics", std::uint64_t{0});
    peer.passive = entry.value("passive", std::uint64_t{0});
    peer.way = way_of(entry.value("way", ""));
    peer.from = entry.value("from", "");
    peer.hops = entry.value("hops", std::uint64_t{0});
    for (const Json& told : entry.value("links", Json::array())) {
      if (!told.is_object() || !told.contains("peer") || !told["peer"].is_string()) return std::nullopt;
      const std::string other = told["peer"];
      GraphPeer& end = graph.peers[other];
      if (end.addresses.empty()) end.addresses = texts(told.value("addresses", Json::array()));
      graph.tell(id, other,
                 {.active = told.value("active", false),
                  .mesh = told.value("mesh", false),
                  .finger = told.value("finger", false),
                  .rtt_us = told.value("rtt_us", std::int64_t{0})});
    }
  }
  return graph;
}

void Graph::tell(const std::string& from, const std::string& other, const GraphLink& told) {
  GraphLink& link = links[std::minmax(from, other)];
  ++link.told_by;
  link.active |= told.active;
  link.mesh |= told.mesh;
  link.finger |= told.finger;
  link.rtt_us = std::max(link.rtt_us, told.rtt_us);
}

GraphStats measure(const Graph& graph) {
  GraphStats stats;
  stats.peers = graph.peers.size();
  stats.links = graph.links.size();
  for (const auto& [id, peer] : graph.peers) stats.answered += peer.answered ? 1 : 0;
  std::vector<std::int64_t> rtts;
  for (const auto& [ends, link] : graph.links) {
    stats.active += link.active ? 1 : 0;
    const bool both_answered = graph.peers.at(ends.first).answered && graph.peers.at(ends.second).answered;
    stats.one_sided += both_answered && link.told_by < 2 ? 1 : 0;
    if (link.rtt_us > 0) rtts.push_back(link.rtt_us);
  }
  std::sort(rtts.begin(), rtts.end());
  if (!rtts.empty()) stats.rtt_p50_us = rtts[rtts.size() / 2], stats.rtt_max_us = rtts.back();

  const Neighbours neighbours = active_neighbours(graph);
  std::size_t degrees = 0;
  stats.degree_min = neighbours.empty() ? 0 : neighbours.begin()->second.size();
  for (const auto& [id, around] : neighbours) {
    stats.degree_min = std::min(stats.degree_min, around.size());
    stats.degree_max = std::max(stats.degree_max, around.size());
    degrees += around.size();
  }
  if (stats.peers > 0) stats.degree_mean = static_cast<double>(degrees) / static_cast<double>(stats.peers);
  stats.clustering = clustering(graph, neighbours);

  // Every pair: a survey has at most some thousands of peers.
  std::set<std::string> seen;
  std::uint64_t pairs = 0, steps_sum = 0;
  for (const auto& [id, around] : neighbours) {
    const auto steps = distances(neighbours, id);
    if (seen.insert(id).second) {
      ++stats.components;
      for (const auto& [other, distance] : steps) seen.insert(other);
    }
    if (steps.size() < stats.largest) continue;
    if (steps.size() > stats.largest) stats.diameter = 0;
    stats.largest = steps.size();
    for (const auto& [other, distance] : steps) stats.diameter = std::max(stats.diameter, distance);
  }
  for (const auto& [id, around] : neighbours) {
    for (const auto& [other, distance] : distances(neighbours, id)) {
      pairs += distance > 0 ? 1 : 0;
      steps_sum += distance;
    }
  }
  if (pairs > 0) stats.path_mean = static_cast<double>(steps_sum) / static_cast<double>(pairs);
  return stats;
}

Difference compare(const Graph& before, const Graph& after) {
  Difference difference;
  for (const auto& [id, peer] : before.peers) {
    if (after.peers.count(id) == 0) difference.peers_gone.push_back(id);
  }
  for (const auto& [id, peer] : after.peers) {
    if (before.peers.count(id) == 0) difference.peers_come.push_back(id);
  }
  for (const auto& [ends, link] : before.links) {
    if (after.links.count(ends) == 0) difference.links_gone.push_back(ends);
  }
  for (const auto& [ends, link] : after.links) {
    if (before.links.count(ends) == 0) difference.links_come.push_back(ends);
  }
  return difference;
}

}  // namespace boato
