// SPDX-License-Identifier: Apache-2.0
// Any bytes as a batch: what parses is tiled exactly by its events, and their parts decode or are refused.
#include "overlay/wire/batch.hpp"

#include "overlay/wire/attributes.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace boato;
  using namespace boato::wire;
  const Bytes input = std::as_bytes(std::span{data, size});
  static std::vector<Attribute> attributes;
  static std::array<std::byte, attribute_bytes_max> room;

  const auto check = [&](Bytes packed) {
    const bool sound = decode_attributes(packed, attributes);
    if (sound != attributes_valid(packed)) std::abort();
    if (!sound) return;
    const auto back = encode_attributes(attributes, room);
    if (!back || !std::ranges::equal(Bytes{room}.first(*back), packed)) std::abort();
  };
  check(input);
  EventExt ext;
  static_cast<void>(decode_ext(input, ext));

  const auto batch = parse_batch(input);
  if (!batch) return 0;
  EventCursor events{batch->events};
  EventView event;
  std::size_t count = 0, bytes = 0;
  while (events.next(event)) {
    ++count;
    bytes += BatchBuilder::event_bytes(event);
    check(event.attributes);
    static_cast<void>(decode_ext(event.ext, ext));
  }
  if (count != batch->count || bytes != batch->events.size() || batch->last() < batch->first) std::abort();
  return 0;
}
