// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace boato {

// Why a link ends: travels in CLOSE and DISCONNECT. Wire values: never renumber. Values we do not know are
// treated as `protocol`.
enum class CloseReason : std::uint8_t {
  none = 0,
  full = 1,       // no room: do not ask again for 10 s
  leaving = 2,    // the peer ends
  duplicate = 3,  // another link to the same peer stays
  splice = 4,     // made room for a newcomer
  idle = 5,       // no role left
  dead = 6,       // no sign of life
  protocol = 7,   // malformed bytes, or a bad signature
  slow = 8,       // lagging without progress, or control over its budget
  denied = 9,     // not admitted
  // local only, never sent:
  handshake_failed = 64,  // other network, wrong key, open against closed
  wrong_peer = 65,        // not the id that was dialled
  self = 66,              // we dialled ourselves
  timeout = 67,           // a handshake, record or frame took too long
  cut = 68,               // the connection ended without CLOSE
};

[[nodiscard]] constexpr std::string_view to_string(CloseReason reason) {
  switch (reason) {
    case CloseReason::none: return "none";
    case CloseReason::full: return "full";
    case CloseReason::leaving: return "leaving";
    case CloseReason::duplicate: return "duplicate";
    case CloseReason::splice: return "splice";
    case CloseReason::idle: return "idle";
    case CloseReason::dead: return "dead";
    case CloseReason::protocol: return "protocol";
    case CloseReason::slow: return "slow";
    case CloseReason::denied: return "denied";
    case CloseReason::handshake_failed: return "handshake_failed";
    case CloseReason::wrong_peer: return "wrong_peer";
    case CloseReason::self: return "self";
    case CloseReason::timeout: return "timeout";
    case CloseReason::cut: return "cut";
  }
  return "protocol";
}

}  // namespace boato
