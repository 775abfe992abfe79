// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/close_reason.hpp"

namespace boato {

std::string_view to_string(CloseReason reason) {
  switch (reason) {
    case CloseReason::none: return "none";
    case CloseReason::leaving: return "leaving";
    case CloseReason::full: return "full";
    case CloseReason::duplicate: return "duplicate";
    case CloseReason::splice: return "splice";
    case CloseReason::idle: return "idle";
    case CloseReason::dead: return "dead";
    case CloseReason::protocol: return "protocol";
    case CloseReason::slow: return "slow";
    case CloseReason::denied: return "denied";
    case CloseReason::overload: return "overload";
    case CloseReason::renewed: return "renewed";
    case CloseReason::other: return "other";
    case CloseReason::handshake_failed: return "handshake_failed";
    case CloseReason::other_version: return "other_version";
    case CloseReason::wrong_peer: return "wrong_peer";
    case CloseReason::self: return "self";
    case CloseReason::timeout: return "timeout";
    case CloseReason::cut: return "cut";
  }
  return "unknown";
}

}  // namespace boato
