// SPDX-License-Identifier: Apache-2.0
// Why a link ends. The first group travels as the code of a CLOSE record, so its values never change; the
// second is known only to the side that finds out, and before CONFIRM nothing at all is told to the other
// side.
#pragma once

#include <cstdint>
#include <string_view>

namespace boato {

enum class CloseReason : std::uint8_t {
  none = 0,
  // Told to the other side.
  leaving = 1,    // the peer stops, cleanly
  full = 2,       // no room for this link
  duplicate = 3,  // another link to the same peer stays
  splice = 4,     // a newcomer was spliced in between
  idle = 5,       // nobody needs this link any more
  dead = 6,       // probes were not answered
  protocol = 7,   // malformed bytes or a forged record
  slow = 8,       // lagging without progress, or control over its budget
  denied = 9,     // the id is on the deny list
  overload = 10,  // the sum over all links is over its budget, and this link holds the most
  renewed = 11,   // replaced by a fresh link with fresh keys
  other = 31,     // a code of a later version
  // Never told.
  handshake_failed = 64,  // other network, wrong network key, open against closed, or altered on the way
  other_version = 65,     // the preface says another version or suite
  wrong_peer = 66,        // not the peer that was expected at this address
  self = 67,              // we dialled ourselves
  timeout = 68,           // the handshake, a record or a frame was not finished in time
  cut = 69,               // the stream ended without CLOSE
};

[[nodiscard]] std::string_view to_string(CloseReason reason);

// The code of a CLOSE record; reasons that are never told become `other`.
[[nodiscard]] constexpr std::uint16_t close_code(CloseReason reason) {
  const auto value = static_cast<std::uint8_t>(reason);
  return value >= 1 && value <= 31 ? value : static_cast<std::uint16_t>(CloseReason::other);
}
[[nodiscard]] constexpr CloseReason close_reason(std::uint16_t code) {
  return code >= 1 && code <= 11 ? static_cast<CloseReason>(code) : CloseReason::other;
}

}  // namespace boato
