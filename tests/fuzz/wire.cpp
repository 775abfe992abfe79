// SPDX-License-Identifier: Apache-2.0
// Any bytes as a frame, a record, a set of frontiers. What decodes encodes back to the same bytes, and
// msgpack reads it too.
#include "overlay/stream/have_codec.hpp"
#include "overlay/wire/records.hpp"
#include "tests/wire/all_messages.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace boato;
  using namespace boato::wire;
  const Bytes input = std::as_bytes(std::span{data, size});
  static std::vector<std::byte> room(1 << 20);

  Cursor skipping{input};
  if (skipping.skip()) {
    std::size_t used = 0;
    msgpack::unpack(reinterpret_cast<const char*>(data), size, used);
    if (used != skipping.used()) std::abort();
  }

  Cursor in{input};
  Kind kind{};
  std::uint32_t fields = 0;
  if (open_frame(in, kind, fields)) {
    for_each_message([&]<class M>() {
      static M m;
      Bytes body;
      if (kind != M::kind || fields != width<M> || !decode(input, m, &body)) return;
      const auto back = encode(m, room);
      if (!back || *back + body.size() != size ||
          !std::equal(room.begin(), room.begin() + *back, input.begin()))
        std::abort();
    });
  }

  PeerRecord peer;
  static_cast<void>(decode_record(input, peer));
  RosterEntry entry;
  static_cast<void>(decode_record(input, entry));

  HaveReader reader{input};
  HaveWriter writer{room};
  static HaveEntry have;
  while (reader.next(have))
    if (!writer.add(have.tag, have.upto, have.runs.span())) std::abort();
  const Bytes written = writer.written();
  if (written.size() > size || !std::ranges::equal(written, input.first(written.size()))) std::abort();
  return 0;
}
