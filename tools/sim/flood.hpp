// SPDX-License-Identifier: Apache-2.0
// The simplest baseline: whoever gets a publication for the first time sends it to all its neighbours but the
// one it came from. Takes the shortest ways there are and survives what leaves the graph connected, at degree
// - 2 copies too many per peer. Repairs nothing: who was cut off when it passed does not get it.
#pragma once

#include "tools/sim/baseline.hpp"

namespace boato::sim {

class Flood final : public Baseline {
 public:
  using Baseline::Baseline;

 private:
  void on_publish(Time now, std::uint32_t peer, std::uint32_t publication) override;
  void on_packet(Time now, const Packet& packet) override;
  void forward(Time now, std::uint32_t peer, std::uint32_t publication, std::uint8_t hops, LinkId but);

  std::vector<Neighbour> neighbours_;  // reused
};

}  // namespace boato::sim
