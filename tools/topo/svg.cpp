// SPDX-License-Identifier: Apache-2.0
#include "tools/topo/svg.hpp"

#include "tools/topo/print.hpp"
#include "tools/topo/tree.hpp"

#include <array>
#include <cmath>
#include <cstdio>
#include <numbers>

namespace boato {
namespace {

constexpr double radius = 420;
constexpr std::size_t named_max = 60;  // more names on the ring cannot be read

struct Point {
  double x = 0, y = 0;
};

// The place of a key on the ring, as a part of it: its id is base32, five bits a letter.
double ring_part(const std::string& id) {
  double part = 0, worth = 1.0 / 32;
  for (std::size_t i = 0; i < id.size() && i < 10; ++i, worth /= 32) {
    const char c = id[i];
    part += worth * (c >= 'a' && c <= 'z' ? c - 'a' : c >= '2' && c <= '7' ? c - '2' + 26 : 0);
  }
  return part;
}

Point at(const std::string& id, double distance) {
  const double turn = ring_part(id) * 2 * std::numbers::pi;
  return {distance * std::sin(turn), -distance * std::cos(turn)};
}

template <class... Args>
std::string format(const char* how, Args... args) {
  std::array<char, 320> room;
  std::snprintf(room.data(), room.size(), how, args...);
  return room.data();
}

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) out += c == '&' ? std::string{"&amp;"} : std::string(1, c);
  return out;
}

std::string arc(const std::string& a, const std::string& b, const char* style) {
  const Point p = at(a, radius), q = at(b, radius);
  return format("<path d=\"M%.1f %.1fQ%.1f %.1f %.1f %.1f\" fill=\"none\" %s/>\n", p.x, p.y, (p.x + q.x) / 4,
                (p.y + q.y) / 4, q.x, q.y, style);
}

constexpr const char* finger_style = "stroke=\"#4477cc\" stroke-opacity=\"0.25\" stroke-dasharray=\"4 3\"";
constexpr const char* active_style = "stroke=\"#555577\" stroke-opacity=\"0.35\"";
constexpr const char* mesh_style = "stroke=\"#2a9d55\" stroke-opacity=\"0.5\"";
constexpr const char* tree_style = "stroke=\"#d62828\" stroke-width=\"1.8\"";
constexpr const char* repair_style = "stroke=\"#e08a00\" stroke-width=\"1.8\" stroke-dasharray=\"6 3\"";

const char* fill(const Graph& graph, const GraphPeer& peer) {
  if (!peer.answered) return "#bbbbbb";
  if (!graph.event) return "#222244";
  switch (peer.way) {
    case Way::own:
    case Way::tree: return "#d62828";
    case Way::repair: return "#e08a00";
    case Way::missing: return "#ffffff";
    case Way::none:
    case Way::member: break;
  }
  return "#bbbbbb";
}

std::string legend(const Graph& graph) {
  std::string out;
  double y = 480;
  const auto line = [&](const std::string& text) {
    out += format("<text x=\"-480\" y=\"%.0f\" font-size=\"14\" fill=\"#222244\">", y) + escaped(text) +
           "</text>\n";
    y += 18;
  };
  if (graph.event) line(summary(graph, grow(graph)));
  line(std::to_string(graph.peers.size()) + " peers: view grey, mesh green, fingers blue" +
       (graph.event ? "; handed on red, repaired orange" : ""));
  return out;
}

}  // namespace

std::string svg_text(const Graph& graph) {
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-500 -500 1000 1020\" "
      "font-family=\"sans-serif\">\n"
      "<rect x=\"-500\" y=\"-500\" width=\"1000\" height=\"1020\" fill=\"#ffffff\"/>\n";
  const auto draw = [&](bool GraphLink::*role, const char* style) {
    for (const auto& [ends, link] : graph.links)
      if (link.*role) out += arc(ends.first, ends.second, style);
  };
  draw(&GraphLink::finger, finger_style);
  draw(&GraphLink::active, active_style);
  draw(&GraphLink::mesh, mesh_style);
  for (const auto& [id, peer] : graph.peers)
    if (graph.event && !peer.from.empty() && graph.peers.contains(peer.from))
      out += arc(peer.from, id, peer.way == Way::repair ? repair_style : tree_style);
  for (const auto& [id, peer] : graph.peers) {
    const Point p = at(id, radius);
    const bool source = graph.event && id == graph.event->publisher;
    out += format("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"%d\" fill=\"%s\" stroke=\"#222244\"><title>", p.x, p.y,
                  source ? 7 : 4, fill(graph, peer));
    out += escaped(name_of(id, peer)) + ' ' + id.substr(0, 12);
    if (graph.event) out += ": " + std::string{to_string(peer.way)};
    out += "</title></circle>\n";
    if (graph.peers.size() > named_max) continue;
    const Point label = at(id, radius + 14);
    out += format("<text x=\"%.1f\" y=\"%.1f\" font-size=\"11\" text-anchor=\"%s\">", label.x, label.y + 4,
                  label.x < 0 ? "end" : "start") +
           escaped(name_of(id, peer)) + "</text>\n";
  }
  return out + legend(graph) + "</svg>\n";
}

}  // namespace boato
