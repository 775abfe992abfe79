// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/flood.hpp"

namespace boato::sim {

void Flood::on_publish(Time now, std::uint32_t peer, std::uint32_t publication) {
  forward(now, peer, publication, 1, {});
}

void Flood::on_packet(Time now, const Packet& packet) {
  if (has(packet.to, packet.publication)) return;
  accept(now, packet);
  forward(now, packet.to, packet.publication, static_cast<std::uint8_t>(packet.hops + 1), packet.link);
}

void Flood::forward(Time now, std::uint32_t peer, std::uint32_t publication, std::uint8_t hops, LinkId but) {
  host_.neighbours(peer, neighbours_);
  for (const Neighbour& to : neighbours_)
    if (to.link != but) send_payload(now, peer, to, publication, hops);
}

}  // namespace boato::sim
