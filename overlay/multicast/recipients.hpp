// SPDX-License-Identifier: Apache-2.0
// The members that a batch is for, as a CAST_TO names them:
//   | name - last name before, varint | tag u16 BE | skip varint, if the tag is not 0 |   by rising name
// A name is the upper 40 bits of the member's place. `tag` says by which interest the publisher chose the
// member, and `skip` how many numbers right before the batch are then not for it; 0: nothing is claimed.
// Knows no rosters and no links.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/base/slab.hpp"
#include "overlay/base/strong.hpp"
#include "overlay/stream/stream_key.hpp"

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace boato {

struct Recipient {
  std::uint64_t name = 0;
  std::uint16_t tag = 0;
  std::uint64_t skip = 0;
};

[[nodiscard]] constexpr std::uint64_t name_of(std::uint64_t place) { return place >> 24; }
inline constexpr std::uint64_t name_end = std::uint64_t{1} << 40;

// Of an interest in canonical form; never 0.
[[nodiscard]] std::uint16_t interest_tag(std::string_view interest);

// How far two names lie apart on the ring.
[[nodiscard]] constexpr std::uint64_t apart(std::uint64_t a, std::uint64_t b) {
  const std::uint64_t d = a > b ? a - b : b - a;
  return d < name_end - d ? d : name_end - d;
}

// At most so many bytes each.
inline constexpr std::size_t recipient_bytes_max = 6 + 2 + 10;
// `list` by rising name, each once (checked).
void write_recipients(std::span<const Recipient> list, ByteWriter& out);
// False: malformed, empty, or more than wire::recipients_max. `out` is cleared first.
[[nodiscard]] bool read_recipients(Bytes bytes, std::vector<Recipient>& out);

}  // namespace boato
