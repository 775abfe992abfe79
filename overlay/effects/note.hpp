// SPDX-License-Identifier: Apache-2.0
// Notes: what a machine tells its observer. Counters in the node's status and metrics, collectors in the
// simulator.
#pragma once

#include "overlay/base/strong.hpp"

#include <cstdint>
#include <string_view>

namespace boato {

// X(name): the name is the counter's name in status and metrics.
// Not formatted, because each new name would reflow the list.
// clang-format off
#define BOATO_COUNTERS(X) \
  X(frames_received) X(frames_unknown) X(frames_malformed) X(frames_no_topic) X(events_published) \
  X(events_received) X(events_duplicate) X(events_forwarded) X(events_delivered) X(events_pulled) \
  X(events_lost) X(events_refused) X(casts_received) X(casts_sent) X(takeovers) X(casts_undeliverable) \
  X(hops_exceeded) X(signatures_checked) X(signatures_bad) X(pulls_sent) X(pulls_answered) \
  X(pulls_put_off) X(have_sent) X(reconciled) X(comparisons) X(topic_deadlines) X(streams_refused) X(cache_evicted) X(held_overflow) X(links_up) X(links_down) \
  X(dials) X(dials_failed) X(links_duplicate) X(suspicions) X(members_gone) X(refutations) \
  X(roster_refused) X(directory_refused) X(directory_conflicts) X(probes) X(splices) X(shuffles) \
  X(lagging) X(events_late) X(casts_selective) X(events_carried) X(vouches_asked) X(vouches_answered)
// clang-format on

enum class Counter : std::uint8_t {
#define BOATO_COUNTER_NAME(name) name,
  BOATO_COUNTERS(BOATO_COUNTER_NAME)
#undef BOATO_COUNTER_NAME
};
#define BOATO_COUNTER_ONE(name) +1
inline constexpr std::size_t counters = 0 BOATO_COUNTERS(BOATO_COUNTER_ONE);
#undef BOATO_COUNTER_ONE

[[nodiscard]] constexpr std::string_view to_string(Counter counter) {
  constexpr std::string_view names[] = {
#define BOATO_COUNTER_TEXT(name) #name,
      BOATO_COUNTERS(BOATO_COUNTER_TEXT)
#undef BOATO_COUNTER_TEXT
  };
  return names[static_cast<std::size_t>(counter)];
}

struct Note {
  Counter counter{};
  std::uint64_t n = 1;
};

}  // namespace boato
