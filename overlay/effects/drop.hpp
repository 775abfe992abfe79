// SPDX-License-Identifier: Apache-2.0
// What went no further here, and why. Duplicates are no drops: the redundancy of mesh and tree makes them.
#pragma once

#include "overlay/base/strong.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace boato {

// X(name): the name stands in status and metrics; names only grow. What is counted stands behind each.
// clang-format off
#define BOATO_DROP_REASONS(X) \
  X(malformed)         /* frames that do not parse or break a rule; the link is closed */ \
  X(forged)            /* frames with a signature that does not hold; the link is closed */ \
  X(unknown_kind)      /* frames of a later version */ \
  X(no_topic)          /* frames of a topic that this peer is not in */ \
  X(unwanted)          /* events for a peer that only publishes */ \
  X(stale)             /* events of a start of their publisher that is over */ \
  X(streams_full)      /* events of a stream that the topic has no room for */ \
  X(window)            /* events too far above a hole: fetched again when it has closed */ \
  X(hops)              /* frames that crossed too many links */ \
  X(undeliverable)     /* parts of a tree that no linked or dialled member takes: repair finds their members */ \
  X(put_off)           /* requests for more than is answered at a time: they are asked again */ \
  X(late)              /* events of an unreliable topic whose turn is over */ \
  X(hold_full)         /* events given up because those behind them filled what may be held back */ \
  X(evicted)           /* events that left the cache before their turn came */ \
  X(lost)              /* events that nobody asked has any more, or in time */ \
  X(roster_full)       /* statements of members that the roster has no room for */ \
  X(directory_full)    /* statements of topics that the directory or this peer has no room for */ \
  X(views_full)        /* answers to a survey beyond what is kept */ \
  X(link_lagging)      /* frames to a link that is over its budget: its peer fetches them later */ \
  X(queue_full)        /* frames that made room in the queue of a link: unreliable, or control, which closes it */ \
  X(too_large)         /* frames above the limit of a link */ \
  X(subscription_full) /* events that a full subscription gave up or could not fetch again */ \
  X(topic_closed)      /* own events of a topic that was removed or refused meanwhile */ \
  X(bad_event)         /* events whose publisher signed what is no event */ \
  X(store_refused)     /* events that the store of a replica had no room for, holds other bytes of, or came after it failed */
// clang-format on

enum class DropReason : std::uint8_t {
#define BOATO_DROP_NAME(name) name,
  BOATO_DROP_REASONS(BOATO_DROP_NAME)
#undef BOATO_DROP_NAME
};
#define BOATO_DROP_ONE(name) +1
inline constexpr std::size_t drop_reasons = 0 BOATO_DROP_REASONS(BOATO_DROP_ONE);
#undef BOATO_DROP_ONE

[[nodiscard]] constexpr std::string_view to_string(DropReason reason) {
  constexpr std::string_view names[] = {
#define BOATO_DROP_TEXT(name) #name,
      BOATO_DROP_REASONS(BOATO_DROP_TEXT)
#undef BOATO_DROP_TEXT
  };
  return names[static_cast<std::size_t>(reason)];
}

struct Drop {
  DropReason reason{};
  TopicTag topic;  // zero: none, or not known
  PeerId peer;     // whose link it is, or who published what had been taken in; zero: neither
  std::uint64_t n = 1;
};

}  // namespace boato
