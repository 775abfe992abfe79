// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace boato::wire {

// First field of every frame. Wire values: never renumber, never reuse. A kind that is not known is skipped
// and counted.
enum class Kind : std::uint8_t {
  // membership: the overlay graph
  neighbor = 1,
  accept = 2,
  refuse = 3,
  disconnect = 4,
  shuffle = 5,
  shuffle_reply = 6,
  join = 7,
  samples = 8,
  walk = 9,
  splice = 10,
  splice_answer = 11,
  ping = 12,
  pong = 13,
  probe = 14,
  probe_result = 15,
  // directory: which topics there are
  topic_push = 16,
  topic_names = 17,
  topic_fetch = 18,
  directory_ranges = 19,
  // roster: who is in a topic
  roster_join = 32,
  roster_welcome = 33,
  roster_page = 34,
  roster_fetch = 35,
  roster_ranges = 36,
  roster_spread = 37,
  roster_want = 39,
  // multicast: events and their repair
  cast = 48,
  taken = 49,
  mesh = 50,
  have = 51,
  pull = 52,
  repair = 53,
  have_not = 54,  // 55 was SUMMARY
  start_ask = 56,
  start_tell = 57,
  reconcile = 58,
  frontiers = 59,
  cast_to = 60,
  news = 61,
  vouch = 62,
  vouched = 63,
  // 64 to 95: replicas, order and receipts; 96 to 111: queues; 112 to 127: tools
  view_ask = 112,
  view_tell = 113,
};

}  // namespace boato::wire
