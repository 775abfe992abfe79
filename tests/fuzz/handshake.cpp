// SPDX-License-Identifier: Apache-2.0
// Handshake bytes for both roles in any state: the first byte chooses the role, the network and how far an
// honest handshake goes before the fuzzer takes over; the rest arrives in pieces.
#include "tests/link/lab.hpp"

#include <cstdint>

namespace {

using namespace boato;

void attack(bool listener, bool closed, unsigned honest_flights, Bytes wire, std::size_t piece) {
  lab::Peer a{1, toy_crypto()}, b{2, toy_crypto()};
  if (closed) a.network_key = b.network_key = lab::key(40);
  lab::Pair pair{a, b};
  for (unsigned flight = 0; flight < honest_flights; ++flight) {
    if (flight % 2 == 0)
      pair.listener.receive(lab::drain(pair.dialler), lab::at(0), pair.listener_got);
    else
      pair.dialler.receive(lab::drain(pair.listener), lab::at(0), pair.dialler_got);
  }
  Link& victim = listener ? pair.listener : pair.dialler;
  lab::Sink& got = listener ? pair.listener_got : pair.dialler_got;
  lab::drain(victim);
  while (!wire.empty() && !victim.over()) {
    const std::size_t n = std::min(piece, wire.size());
    victim.receive(wire.first(n), lab::at(1), got);
    wire = wire.subspan(n);
  }
  lab::drain(victim);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const unsigned choice = data[0];
  const std::size_t piece = data[1] == 0 ? size : data[1];
  attack((choice & 1) != 0, (choice & 2) != 0, choice >> 2 & 3, std::as_bytes(std::span{data + 2, size - 2}),
         piece);
  return 0;
}
