// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/picture.hpp"

#include "overlay/wire/view_messages.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <numbers>
#include <utility>
#include <vector>

namespace boato::sim {

namespace {
struct Line {
  std::uint32_t a = 0, b = 0, roles = 0;
};
struct Drawing {
  std::vector<std::uint32_t> peers;  // in ring order
  std::vector<Line> lines;
};

Drawing draw(World& world) {
  Drawing d;
  std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> lines;
  for (std::uint32_t i = 0; i < world.peers(); ++i) {
    if (!world.up(i)) continue;
    d.peers.push_back(i);
    for (const PeerView::Link& link : world.core(i).own_view().links)
      if (const std::uint32_t other = world.peer_of(link.peer); other < world.peers())
        lines[std::minmax(i, other)] |= link.roles;
  }
  std::ranges::sort(d.peers, {}, [&](std::uint32_t i) { return ring_place(world.id(i)); });
  for (const auto& [ends, roles] : lines) d.lines.push_back({ends.first, ends.second, roles});
  return d;
}

template <class... Args>
std::string print(const char* format, Args... args) {
  std::array<char, 512> room;
  std::snprintf(room.data(), room.size(), format, args...);
  return room.data();
}

std::pair<double, double> place(const World& world, std::uint32_t peer, double radius) {
  const double turn =
      static_cast<double>(ring_place(world.id(peer))) / 18446744073709551616.0 * 2 * std::numbers::pi;
  return {radius * std::sin(turn), -radius * std::cos(turn)};
}
double ms(Time t) { return static_cast<double>(t.time_since_epoch().count()) / 1000; }
}  // namespace

std::string picture_json(World& world) {
  const Drawing d = draw(world);
  std::string out = print("{\"at_s\":%.3f,\"peers\":[", ms(world.now()) / 1000);
  bool first = true;
  for (const std::uint32_t i : d.peers) {
    const auto [x, y] = place(world, i, 1);
    out += print("%s{\"index\":%u,\"id\":\"%s\",\"x\":%.4f,\"y\":%.4f}", first ? "" : ",", i,
                 to_text(world.id(i)).c_str(), x, y);
    first = false;
  }
  out += "],\"links\":[";
  first = true;
  for (const Line& l : d.lines) {
    out += print("%s{\"a\":%u,\"b\":%u,\"active\":%s,\"mesh\":%s,\"finger\":%s}", first ? "" : ",", l.a, l.b,
                 l.roles & wire::view_active ? "true" : "false", l.roles & wire::view_mesh ? "true" : "false",
                 l.roles & wire::view_finger ? "true" : "false");
    first = false;
  }
  out += "],\"tree\":[";
  first = true;
  for (const World::Path& p : world.watched()) {
    out += print("%s{\"from\":%u,\"to\":%u,\"hops\":%u,\"ms\":%.3f}", first ? "" : ",", p.from, p.to, p.hops,
                 ms(p.at));
    first = false;
  }
  return out + "]}\n";
}

std::string picture_dot(World& world) {
  const Drawing d = draw(world);
  std::string out =
      "graph boato {\n  layout=neato; overlap=true; splines=false; node [shape=point width=0.08];\n";
  for (const std::uint32_t i : d.peers) {
    const auto [x, y] = place(world, i, 8);
    out += print("  p%u [pos=\"%.3f,%.3f!\" tooltip=\"%u\"];\n", i, x, -y, i);
  }
  for (const Line& l : d.lines) {
    const bool active = (l.roles & wire::view_active) != 0, mesh = (l.roles & wire::view_mesh) != 0;
    if (!active && !mesh) continue;
    out += print("  p%u -- p%u [color=\"%s\"];\n", l.a, l.b, mesh ? "#2a9d5580" : "#8888aa60");
  }
  for (const World::Path& p : world.watched())
    out += print("  p%u -- p%u [color=\"#d62828\" penwidth=2];\n", p.from, p.to);
  return out + "}\n";
}

std::string picture_svg(World& world) {
  const Drawing d = draw(world);
  constexpr double radius = 440;
  std::string out =
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"-500 -500 1000 1040\" "
      "font-family=\"sans-serif\">\n"
      "<rect x=\"-500\" y=\"-500\" width=\"1000\" height=\"1040\" fill=\"#ffffff\"/>\n";
  const auto line = [&](std::uint32_t a, std::uint32_t b, const char* style) {
    const auto [x1, y1] = place(world, a, radius);
    const auto [x2, y2] = place(world, b, radius);
    out += print("<path d=\"M%.1f %.1fQ0 0 %.1f %.1f\" fill=\"none\" %s/>\n", x1, y1, x2, y2, style);
  };
  for (const Line& l : d.lines)
    if ((l.roles & wire::view_active) != 0) line(l.a, l.b, "stroke=\"#8888aa\" stroke-opacity=\"0.35\"");
  for (const Line& l : d.lines)
    if ((l.roles & wire::view_mesh) != 0) line(l.a, l.b, "stroke=\"#2a9d55\" stroke-opacity=\"0.35\"");
  std::uint32_t hops = 0;
  for (const World::Path& p : world.watched()) {
    line(p.from, p.to, "stroke=\"#d62828\" stroke-width=\"1.6\" stroke-opacity=\"0.9\"");
    hops = std::max<std::uint32_t>(hops, p.hops);
  }
  for (const std::uint32_t i : d.peers) {
    const auto [x, y] = place(world, i, radius);
    out += print("<circle cx=\"%.1f\" cy=\"%.1f\" r=\"3\" fill=\"#222244\"><title>peer %u</title></circle>\n",
                 x, y, i);
  }
  out += print(
      "<text x=\"-480\" y=\"525\" font-size=\"16\" fill=\"#222244\">%zu peers at %.1f s: neighbours grey, "
      "mesh green, one event red "
      "(%zu deliveries, %u hops)</text>\n</svg>\n",
      d.peers.size(), ms(world.now()) / 1000, world.watched().size(), hops);
  return out;
}

}  // namespace boato::sim
