// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/plumtree.hpp"

#include <algorithm>
#include <utility>

namespace boato::sim {

namespace {
std::uint8_t one_more(std::uint8_t hops) { return hops == 255 ? hops : static_cast<std::uint8_t>(hops + 1); }
}  // namespace

PlumtreeConfig PlumtreeConfig::for_network(const NetworkDials& network) {
  PlumtreeConfig config;
  config.graft_after = 8 * network.delay_max;
  config.graft_next_after = 2 * network.delay_max + std::chrono::milliseconds{10};
  return config;
}

Plumtree::Edge* Plumtree::Branches::edge(LinkId link) {
  const auto it = std::ranges::find(edges, link, [](const Edge& e) { return e.to.link; });
  return it == edges.end() ? nullptr : &*it;
}

Plumtree::Missing* Plumtree::Branches::find_missing(std::uint32_t publication) {
  const auto it = std::ranges::find(missing, publication, &Missing::publication);
  return it == missing.end() ? nullptr : &*it;
}

// NeighborUp and NeighborDown of the paper, noticed when the peer next acts: nothing depends on the moment.
Plumtree::Branches& Plumtree::branches(std::uint32_t peer, std::uint32_t topic) {
  if (peers_.size() <= peer) peers_.resize(peer + std::size_t{1});
  Branches& b = peers_[peer][topic];
  host_.neighbours(peer, neighbours_);
  if (std::ranges::equal(b.edges, neighbours_, {}, &Edge::to)) return b;

  const auto gone = [&](const Neighbour& n) { return std::ranges::count(neighbours_, n) == 0; };
  std::erase_if(b.edges, [&](const Edge& e) { return gone(e.to); });
  for (Missing& m : b.missing) std::erase_if(m.sources, [&](const Source& s) { return gone(s.to); });
  for (const Neighbour& n : neighbours_)
    if (b.edge(n.link) == nullptr) b.edges.push_back({n, true, {}});
  return b;
}

void Plumtree::ended(std::uint32_t peer) {
  Baseline::ended(peer);
  if (peer < peers_.size()) peers_[peer].clear();
}

void Plumtree::on_publish(Time now, std::uint32_t peer, std::uint32_t publication) {
  push(now, peer, publication, 1, {}, branches(peer, publications_[publication].topic));
}

void Plumtree::on_packet(Time now, const Packet& p) {
  Branches& b = branches(p.to, p.topic);
  switch (p.what) {
    case Packet::What::payload: return on_payload(now, p, b);
    case Packet::What::announce: return on_announce(now, p, b);
    case Packet::What::graft: return on_graft(now, p, b);
    case Packet::What::prune:
      if (Edge* from = b.edge(p.link)) from->eager = false;
      return;
    case Packet::What::timer:
      if (p.publication != Packet::none) return on_missing(now, p, b);
      return flush(now, p.to, p.topic, b);
  }
}

void Plumtree::on_payload(Time now, const Packet& p, Branches& b) {
  Edge* from = b.edge(p.link);
  if (has(p.to, p.publication)) {
    if (from != nullptr) from->eager = false;
    return prune(now, p.to, p.topic, {p.from, p.link});
  }
  accept(now, p);
  Missing announced;  // its timer finds nothing any more
  if (Missing* m = b.find_missing(p.publication)) {
    announced = std::move(*m);
    std::swap(*m, b.missing.back());
    b.missing.pop_back();
  }
  if (from != nullptr) from->eager = true;
  push(now, p.to, p.publication, one_more(p.hops), p.link, b);
  optimise(now, p, announced, b);
}

void Plumtree::optimise(Time now, const Packet& p, const Missing& announced, Branches& b) {
  if (config_.optimise_at == 0) return;
  const auto nearer = std::ranges::find_if(
      announced.sources, [&](const Source& s) { return s.hops + config_.optimise_at <= p.hops; });
  if (nearer == announced.sources.end()) return;
  if (Edge* better = b.edge(nearer->to.link)) better->eager = true;
  if (Edge* from = b.edge(p.link)) from->eager = false;
  graft(now, p.to, p.topic, nearer->to, Packet::none);
  prune(now, p.to, p.topic, {p.from, p.link});
}

void Plumtree::on_announce(Time now, const Packet& p, Branches& b) {
  if (b.edge(p.link) == nullptr) return;  // no neighbour any more: it could not be grafted
  for (const Packet::Announced& a : p.announced) {
    if (has(p.to, a.publication)) continue;
    Missing* m = b.find_missing(a.publication);
    if (m == nullptr) {
      if (b.missing.size() >= config_.missing_max) continue;
      m = &b.missing.emplace_back();
      m->publication = a.publication;
      plan(now + config_.graft_after, p.to, p.topic, a.publication);
    }
    m->sources.push_back({{p.from, p.link}, a.hops});  // a link announces an id once
  }
}

void Plumtree::on_missing(Time now, const Packet& timer, Branches& b) {
  Missing* m = b.find_missing(timer.publication);
  if (m == nullptr) return;  // it came
  if (m->sources.empty()) {
    std::swap(*m, b.missing.back());
    b.missing.pop_back();
    return;
  }
  const Neighbour to = m->sources.front().to;
  m->sources.erase(m->sources.begin());
  if (Edge* edge = b.edge(to.link)) edge->eager = true;
  graft(now, timer.to, timer.topic, to, timer.publication);
  plan(now + config_.graft_next_after, timer.to, timer.topic, timer.publication);
}

void Plumtree::on_graft(Time now, const Packet& p, Branches& b) {
  if (Edge* from = b.edge(p.link)) from->eager = true;
  if (p.publication == Packet::none || !has(p.to, p.publication)) return;
  if (now - publications_[p.publication].at > config_.payloads_kept) return;
  send_payload(now, p.to, {p.from, p.link}, p.publication, one_more(tally_.hops(p.to, p.publication)));
}

void Plumtree::push(Time now, std::uint32_t peer, std::uint32_t publication, std::uint8_t hops, LinkId but,
                    Branches& b) {
  const std::uint32_t topic = publications_[publication].topic;
  bool fresh = false;
  for (Edge& edge : b.edges) {
    if (edge.to.link == but) continue;
    if (edge.eager) {
      send_payload(now, peer, edge.to, publication, hops);
      continue;
    }
    edge.fresh.push_back({publication, hops});
    fresh = true;
    if (edge.fresh.size() >= config_.announced_max) announce(now, peer, topic, edge);
  }
  if (!fresh || b.flush_planned) return;
  b.flush_planned = true;
  plan(now + config_.announce_after, peer, topic, Packet::none);
}

void Plumtree::flush(Time now, std::uint32_t peer, std::uint32_t topic, Branches& b) {
  b.flush_planned = false;
  for (Edge& edge : b.edges)
    if (!edge.fresh.empty()) announce(now, peer, topic, edge);
}

void Plumtree::announce(Time now, std::uint32_t peer, std::uint32_t topic, Edge& edge) {
  Packet packet;
  packet.what = Packet::What::announce;
  packet.topic = topic;
  packet.announced = std::exchange(edge.fresh, {});
  const std::size_t ids = packet.announced.size() * (id_bytes + hops_bytes);
  send_control(now, peer, edge.to, std::move(packet), link_overhead_bytes + topic_head_bytes + ids);
}

void Plumtree::graft(Time now, std::uint32_t peer, std::uint32_t topic, const Neighbour& to,
                     std::uint32_t publication) {
  Packet packet;
  packet.what = Packet::What::graft;
  packet.topic = topic;
  packet.publication = publication;
  ++grafts_;
  send_control(now, peer, to, std::move(packet), link_overhead_bytes + topic_head_bytes + id_bytes);
}

void Plumtree::prune(Time now, std::uint32_t peer, std::uint32_t topic, const Neighbour& to) {
  Packet packet;
  packet.what = Packet::What::prune;
  packet.topic = topic;
  send_control(now, peer, to, std::move(packet), link_overhead_bytes + topic_head_bytes);
}

void Plumtree::plan(Time at, std::uint32_t peer, std::uint32_t topic, std::uint32_t publication) {
  Packet timer;
  timer.what = Packet::What::timer;
  timer.to = peer;
  timer.topic = topic;
  timer.publication = publication;
  net_.plan(at, std::move(timer));
}

}  // namespace boato::sim
