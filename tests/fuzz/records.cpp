// SPDX-License-Identifier: Apache-2.0
// A member that holds the keys and sends whatever it likes: the input is a list of records (kind, length u16,
// bytes), sealed with the toy cipher, so that the fuzzer reaches the frames behind it. Afterwards every
// reference still shows the bytes it was given for.
#include "tests/link/lab.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace boato;
  static lab::Peer self{1, toy_crypto()};
  static lab::Peer victim{2, toy_crypto()};
  victim.knocks = KnockFilter{toy_crypto(), lab::key(200)};
  victim.limits.rekey_every = self.limits.rekey_every = 5;
  lab::Rogue rogue{self, victim};
  rogue.got.keep = true;
  ByteReader input{std::as_bytes(std::span{data, size})};
  const std::size_t piece = 1 + input.be<std::uint8_t>() * std::size_t{97};
  lab::Buffer wire;
  while (input.ok() && input.left() > 0) {
    const auto kind = input.be<std::uint8_t>();
    const auto claimed = input.be<std::uint16_t>();
    const Bytes bytes = input.bytes(std::min<std::size_t>(claimed, input.left()));
    // A few bytes may stand for a whole record, so that long frames are within reach of short inputs.
    lab::Buffer body{bytes.begin(), bytes.end()};
    if (claimed > body.size()) body.resize(std::min<std::size_t>(claimed, record_data_bytes_max));
    if (body.size() > record_data_bytes_max) body.resize(record_data_bytes_max);
    const lab::Buffer record = rogue.record(kind, body);
    wire.insert(wire.end(), record.begin(), record.end());
  }
  Bytes rest = wire;
  while (!rest.empty() && !rogue.link.over()) {
    const std::size_t n = std::min(piece, rest.size());
    rogue.link.receive(rest.first(n), lab::at(1), rogue.got);
    rest = rest.subspan(n);
  }
  std::size_t next = 0;
  for (const auto& frame : rogue.got.frames) {
    const EventRef& ref = rogue.got.refs[next++];
    if (frame.flow != Flow::control && !std::ranges::equal(ref.bytes(), frame.bytes)) std::abort();
  }
  if (!rogue.got.exact) std::abort();
  return 0;
}
