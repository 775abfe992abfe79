// SPDX-License-Identifier: Apache-2.0
#include "tools/topo/print.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>
#include <map>
#include <optional>

namespace boato {
namespace {

using Json = nlohmann::ordered_json;

std::string line_of(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace) + '\n';
}

// Names come from other peers: only letters that neither a terminal nor Graphviz obeys.
std::string tame(const std::string& text) {
  std::string out;
  for (const char c : text)
    out += c >= ' ' && c < 0x7f && c != '"' && c != '\\' && c != '<' && c != '>' ? c : '?';
  return out;
}

std::string roles(const GraphLink& link) {
  std::string text;
  if (link.active) text += "active ";
  if (link.mesh) text += "mesh ";
  if (link.finger) text += "finger ";
  if (!text.empty()) text.pop_back();
  return text;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3g", value);
  return text;
}

// Links of one peer by role.
struct Roles {
  std::size_t view = 0, mesh = 0, fingers = 0;
};

std::map<std::string, Roles> roles_of(const Graph& graph) {
  std::map<std::string, Roles> out;
  for (const auto& [ends, link] : graph.links)
    for (const std::string& end : {ends.first, ends.second}) {
      Roles& roles = out[end];
      roles.view += link.active;
      roles.mesh += link.mesh;
      roles.fingers += link.finger;
    }
  return out;
}

}  // namespace

std::string name_of(const std::string& id, const GraphPeer& peer) {
  return peer.name.empty() ? id.substr(0, 8) : tame(peer.name);
}

std::string summary(const Graph& graph, const Tree& tree) {
  const std::size_t have = tree.own + tree.tree + tree.repair;
  return "topic " + tame(graph.event->topic) + ", event " + std::to_string(graph.event->seq) + " of " +
         tame(graph.event->publisher.substr(0, 12)) + ": " + std::to_string(have) + " of " +
         std::to_string(have + tree.without.size()) + " peers have it (" + std::to_string(tree.own) +
         " own, " + std::to_string(tree.tree) + " tree, " + std::to_string(tree.repair) + " repair), depth " +
         std::to_string(tree.depth) + ", mean " + number(tree.depth_mean);
}

std::string tree_text(const Graph& graph, bool json) {
  const Tree tree = grow(graph);
  const auto roles = roles_of(graph);
  std::string text;
  if (json) {
    text = line_of(Json{{"t", "tree"},
                        {"topic", graph.event->topic},
                        {"publisher", graph.event->publisher},
                        {"incarnation", graph.event->incarnation},
                        {"seq", graph.event->seq},
                        {"own", tree.own},
                        {"tree", tree.tree},
                        {"repair", tree.repair},
                        {"missing", tree.without.size()},
                        {"depth", tree.depth},
                        {"depth_mean", tree.depth_mean}});
  } else {
    text = summary(graph, tree) + "\nHOW      HOPS  VIEW  MESH  FINGERS  PEER\n";
  }
  const auto row = [&](const std::string& id, std::optional<std::size_t> depth) {
    const auto found = graph.peers.find(id);
    const GraphPeer peer = found == graph.peers.end() ? GraphPeer{} : found->second;
    const auto at = roles.find(id);
    const Roles own = at == roles.end() ? Roles{} : at->second;
    if (json) {
      Json line{
          {"t", "peer"},           {"id", id},          {"name", peer.name}, {"way", to_string(peer.way)},
          {"from", peer.from},     {"hops", peer.hops}, {"view", own.view},  {"mesh", own.mesh},
          {"fingers", own.fingers}};
      if (depth) line["depth"] = *depth;
      text += line_of(line);
      return;
    }
    char columns[80];
    std::snprintf(columns, sizeof columns, "%-8s %4s  %4zu  %4zu  %7zu  ",
                  !peer.answered ? "silent" : to_string(peer.way).data(),
                  peer.way == Way::tree ? std::to_string(peer.hops).c_str() : "-", own.view, own.mesh,
                  own.fingers);
    text += columns + std::string(2 * depth.value_or(0), ' ') + name_of(id, peer) + "  " +
            tame(id.substr(0, 12)) + '\n';
  };
  for (const Tree::Row& each : tree.rows) row(each.id, each.depth);
  const auto others = [&](const char* title, const std::vector<std::string>& ids) {
    if (ids.empty()) return;
    if (!json) text += title;
    for (const std::string& id : ids) row(id, std::nullopt);
  };
  others("from a peer that is not linked any more:\n", tree.unlinked);
  others("do not have it (events are kept for limits.cache_age_max):\n", tree.without);
  return text;
}

std::string json_text(const Graph& graph) {
  std::map<std::string, Json> links;
  for (const auto& [ends, link] : graph.links) {
    const auto told = [&](const std::string& other) {
      return Json{{"peer", other},         {"active", link.active},
                  {"mesh", link.mesh},     {"finger", link.finger},
                  {"rtt_us", link.rtt_us}, {"addresses", graph.peers.at(other).addresses}};
    };
    links[ends.first].push_back(told(ends.second));
    links[ends.second].push_back(told(ends.first));
  }
  Json peers = Json::array();
  for (const auto& [id, peer] : graph.peers) {
    if (!peer.answered) continue;
    Json entry{{"id", id},
               {"name", peer.name},
               {"addresses", peer.addresses},
               {"topics", peer.topics},
               {"passive", peer.passive},
               {"links", links[id].is_null() ? Json::array() : links[id]}};
    if (peer.way != Way::none) entry["way"] = to_string(peer.way);
    if (!peer.from.empty()) entry["from"] = peer.from;
    if (peer.hops > 0) entry["hops"] = peer.hops;
    peers.push_back(std::move(entry));
  }
  Json document{{"t", "topology"}};
  if (graph.event) {
    document["topic"] = graph.event->topic;
    document["event"] = Json{{"publisher", graph.event->publisher},
                             {"incarnation", graph.event->incarnation},
                             {"seq", graph.event->seq}};
  }
  document["peers"] = std::move(peers);
  return line_of(document);
}

std::string show_text(const Graph& graph, bool json) {
  std::string text;
  for (const auto& [id, peer] : graph.peers) {
    Json around = Json::array();
    std::string words;
    for (const auto& [ends, link] : graph.links) {
      if (ends.first != id && ends.second != id) continue;
      const std::string& other = ends.first == id ? ends.second : ends.first;
      around.push_back(Json{{"peer", other}, {"roles", roles(link)}, {"rtt_us", link.rtt_us}});
      words += "    " + name_of(other, graph.peers.at(other)) + "  " + roles(link) + '\n';
    }
    if (json) {
      text += line_of(Json{{"t", "peer"},
                           {"id", id},
                           {"name", peer.name},
                           {"answered", peer.answered},
                           {"addresses", peer.addresses},
                           {"topics", peer.topics},
                           {"links", around}});
      continue;
    }
    text += name_of(id, peer) + "  " + id.substr(0, 12) + "  ";
    text += peer.addresses.empty() ? "-" : tame(peer.addresses.front());
    text += peer.answered ? "  " + std::to_string(peer.topics) + " topics\n" : "  (did not answer)\n";
    text += words;
  }
  return text;
}

std::string dot_text(const Graph& graph) {
  std::string text =
      "graph boato {\n  layout=neato; overlap=false; splines=true;\n  node [shape=box, style=rounded, "
      "fontname=\"sans-serif\", fontsize=10];\n";
  for (const auto& [id, peer] : graph.peers) {
    const std::string address = peer.addresses.empty() ? "" : "\\n" + tame(peer.addresses.front());
    text += "  \"" + tame(id.substr(0, 12)) + "\" [label=\"" + name_of(id, peer) + address + '"' +
            (peer.answered ? "" : ", color=gray, fontcolor=gray") + "];\n";
  }
  for (const auto& [ends, link] : graph.links) {
    // Neighbours of the overlay graph in black; links that only topics use in blue.
    text += "  \"" + tame(ends.first.substr(0, 12)) + "\" -- \"" + tame(ends.second.substr(0, 12)) +
            "\" [color=" +
            (link.active ? "black"
             : link.mesh ? "steelblue"
                         : "lightsteelblue") +
            (link.active ? "" : ", len=2") + "];\n";
  }
  return text + "}\n";
}

std::string stats_text(const GraphStats& stats, bool json) {
  if (json) {
    return line_of(Json{{"t", "stats"},
                        {"peers", stats.peers},
                        {"answered", stats.answered},
                        {"links", stats.links},
                        {"active_links", stats.active},
                        {"one_sided_links", stats.one_sided},
                        {"components", stats.components},
                        {"largest_component", stats.largest},
                        {"degree_min", stats.degree_min},
                        {"degree_mean", stats.degree_mean},
                        {"degree_max", stats.degree_max},
                        {"diameter", stats.diameter},
                        {"path_mean", stats.path_mean},
                        {"clustering", stats.clustering},
                        {"rtt_p50_us", stats.rtt_p50_us},
                        {"rtt_max_us", stats.rtt_max_us}});
  }
  const auto row = [](const std::string& name, const std::string& value) {
    return name + std::string(20 - name.size(), ' ') + value + '\n';
  };
  return row("peers", std::to_string(stats.peers) + " (" + std::to_string(stats.answered) + " answered)") +
         row("links", std::to_string(stats.links) + " (" + std::to_string(stats.active) + " active, " +
                          std::to_string(stats.one_sided) + " told by one end only)") +
         row("components", std::to_string(stats.components) + " (the largest has " +
                               std::to_string(stats.largest) + " peers)") +
         row("active neighbours", std::to_string(stats.degree_min) + " to " +
                                      std::to_string(stats.degree_max) + ", mean " +
                                      number(stats.degree_mean)) +
         row("diameter", std::to_string(stats.diameter) + ", mean path " + number(stats.path_mean)) +
         row("clustering", number(stats.clustering)) +
         row("round trip", "median " + number(static_cast<double>(stats.rtt_p50_us) / 1000) +
                               " ms, longest " + number(static_cast<double>(stats.rtt_max_us) / 1000) +
                               " ms");
}

std::string diff_text(const Difference& difference, bool json) {
  std::string text;
  const auto peers = [&](const char* sign, const char* change, const std::vector<std::string>& ids) {
    for (const std::string& id : ids)
      text += json ? line_of(Json{{"t", "peer"}, {"change", change}, {"id", id}})
                   : sign + std::string{" peer "} + id + '\n';
  };
  const auto links = [&](const char* sign, const char* change,
                         const std::vector<std::pair<std::string, std::string>>& ends) {
    for (const auto& [a, b] : ends) {
      text += json ? line_of(Json{{"t", "link"}, {"change", change}, {"ends", {a, b}}})
                   : sign + std::string{" link "} + a.substr(0, 12) + " -- " + b.substr(0, 12) + '\n';
    }
  };
  peers("-", "gone", difference.peers_gone);
  peers("+", "come", difference.peers_come);
  links("-", "gone", difference.links_gone);
  links("+", "come", difference.links_come);
  return text;
}

}  // namespace boato
