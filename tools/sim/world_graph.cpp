// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/world_graph.hpp"

#include "overlay/base/text.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace boato::sim {
namespace {

static_assert(static_cast<int>(Way::repair) == static_cast<int>(wire::ViewWay::repair));

void add(boato::Graph& graph, std::uint32_t number, const PeerView& view) {
  const std::string id = to_text(view.peer);
  GraphPeer& peer = graph.peers[id];
  peer.answered = true;
  peer.name = "peer " + std::to_string(number);
  peer.topics = view.topics;
  peer.passive = view.passive;
  peer.way = static_cast<Way>(view.way);
  if (view.from != PeerId{}) peer.from = to_text(view.from);
  peer.hops = view.hops;
  for (const PeerView::Link& link : view.links) {
    const std::string other = to_text(link.peer);
    static_cast<void>(graph.peers[other]);
    graph.tell(id, other,
               {.active = (link.roles & wire::view_active) != 0,
                .mesh = (link.roles & wire::view_mesh) != 0,
                .finger = (link.roles & wire::view_finger) != 0,
                .rtt_us = link.rtt.count()});
  }
}

boato::Graph survey(World& world, const ViewQuestion& question) {
  boato::Graph graph;
  for (std::uint32_t i = 0; i < world.peers(); ++i)
    if (world.up(i)) add(graph, i, world.core(i).own_view(question));
  return graph;
}

std::optional<StreamHead> newest_of(World& world, std::uint32_t publisher, TopicTag topic) {
  std::vector<StreamHead> told;
  for (std::uint32_t i = 0; i < world.peers(); ++i) {
    if (!world.up(i)) continue;
    for (const StreamHead& head : world.core(i).own_view({topic, {world.id(publisher), {}}, {}}).streams)
      if (head.stream.publisher == world.id(publisher)) told.push_back(head);
  }
  return settled_event(std::move(told));
}

}  // namespace

boato::Graph graph_of(World& world) { return survey(world, {}); }

boato::Graph graph_of(World& world, std::uint32_t topic) {
  for (std::uint32_t i = 0; i < world.peers(); ++i) {
    if (!world.up(i) || !world.publishes(i) || !world.wants(i, topic)) continue;
    const auto head = newest_of(world, i, world.tag(topic));
    if (!head) continue;
    boato::Graph graph = survey(world, {world.tag(topic), head->stream, head->newest});
    graph.event = {world.topic_name(topic), to_text(world.id(i)), head->stream.incarnation.raw(),
                   head->newest.raw()};
    return graph;
  }
  return graph_of(world);
}

}  // namespace boato::sim
