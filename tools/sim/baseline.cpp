// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/baseline.hpp"

#include "overlay/base/check.hpp"

#include <utility>

namespace boato::sim {

void Baseline::publish(Time now) {
  BOATO_CHECK(!publications_.empty());
  const auto publication = static_cast<std::uint32_t>(publications_.size() - 1);
  const std::uint32_t peer = publications_[publication].publisher;
  tally_.got(peer, publication, 0);
  static_cast<void>(tally_.spread(publication));
  on_publish(now, peer, publication);
}

void Baseline::run_until(Time until) {
  Packet packet;
  Time now{};
  while (net_.take(until, now, packet)) {
    if (packet.what == Packet::What::payload && packet.to != publications_[packet.publication].publisher)
      tally_.received(packet.publication, publications_[packet.publication].events);
    if (!packet.useless) on_packet(now, packet);
  }
}

void Baseline::ended(std::uint32_t peer) {
  net_.ended(peer);
  tally_.forget(peer);
}

void Baseline::accept(Time now, const Packet& packet) {
  const Publication& p = publications_[packet.publication];
  tally_.got(packet.to, packet.publication, packet.hops);
  const Time since = host_.subscribed_since(packet.to, p.topic);
  if (packet.to == p.publisher || since == never) return;
  tally_.delivered(packet.publication, p.events, packet.hops, since > p.at ? Duration{-1} : now - p.at);
}

void Baseline::send_payload(Time now, std::uint32_t from, const Neighbour& to, std::uint32_t publication,
                            std::uint8_t hops) {
  Packet packet;
  packet.what = Packet::What::payload;
  packet.from = from;
  packet.to = to.peer;
  packet.link = to.link;
  packet.topic = publications_[publication].topic;
  packet.publication = publication;
  packet.hops = hops;
  tally_.sent_payload(from, payload_head_bytes);
  net_.send(now, std::move(packet), payload_head_bytes + publications_[publication].bytes);
}

void Baseline::send_control(Time now, std::uint32_t from, const Neighbour& to, Packet packet,
                            std::size_t bytes) {
  packet.from = from;
  packet.to = to.peer;
  packet.link = to.link;
  tally_.sent_control(bytes);
  net_.send(now, std::move(packet), bytes);
}

}  // namespace boato::sim
