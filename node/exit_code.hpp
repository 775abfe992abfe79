// SPDX-License-Identifier: Apache-2.0
// What the exit codes of the program mean. A promise: codes only grow.
#pragma once

#include <boato/result.hpp>

namespace boato {

enum class Exit : int {
  done = 0,
  fault = 1,      // a fault in boato: report it
  usage = 2,      // arguments or configuration
  no_node = 3,    // no local node, joining failed, or no quorum
  refused = 4,    // conflict, not_allowed, expect_failed, too_large, fenced
  no_such = 5,    // no such topic, peer or group; no responders
  time_over = 6,  // outcome open, or count not reached
  check_failed = 7,
  lost = 8,  // lost gaps on a reliable topic, or events unsent at close
  interrupted = 130,
  terminated = 143,
};

[[nodiscard]] constexpr int code(Exit exit) { return static_cast<int>(exit); }

[[nodiscard]] constexpr Exit exit_for(Errc errc) {
  switch (errc) {
    case Errc::would_block:
    case Errc::timeout: return Exit::time_over;
    case Errc::closed:
    case Errc::unreachable:
    case Errc::no_quorum: return Exit::no_node;
    case Errc::expect_failed:
    case Errc::conflict:
    case Errc::not_allowed:
    case Errc::too_large:
    case Errc::disk_full:
    case Errc::fenced: return Exit::refused;
    case Errc::no_such:
    case Errc::no_responders: return Exit::no_such;
    case Errc::bad_name:
    case Errc::bad_predicate:
    case Errc::bad_config: return Exit::usage;
    case Errc::wrong_thread:
    case Errc::internal: return Exit::fault;
  }
  return Exit::fault;
}

}  // namespace boato
