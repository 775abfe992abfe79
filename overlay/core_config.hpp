// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "overlay/membership/config.hpp"
#include "overlay/membership/dialer.hpp"
#include "overlay/membership/directory.hpp"
#include "overlay/membership/link_budget.hpp"
#include "overlay/multicast/config.hpp"
#include "overlay/order/fifo.hpp"
#include "overlay/order/hold_budget.hpp"
#include "overlay/roster/roster_config.hpp"
#include "overlay/stream/event_cache.hpp"
#include "overlay/stream/stream_set.hpp"

namespace boato {

// All limits and times of one peer, by room. The defaults are those of the design and have every limit on.
struct CoreConfig {
  MembershipConfig membership;
  DialerConfig dialer;
  DirectoryConfig directory;
  RosterConfig roster;
  StreamSetConfig streams;
  EventCacheConfig cache;
  FifoConfig fifo;
  MulticastConfig multicast;
  std::size_t hold_bytes_max = std::size_t{64} << 20;  // events held back for order, all topics together
  Duration narrow_after = std::chrono::seconds{10};    // an interest that only lets go is told so late
  std::size_t topics_max = 1024;                       // open at one peer
  std::size_t patterns_max = 256;
  std::size_t views_max = 16384;                           // answers of topology tools that nobody has taken
  Duration stay_after_founding = std::chrono::seconds{1};  // news of a topic spreads in hundreds of ms
  Duration sweep_every = std::chrono::seconds{1};
  Duration slept_least = std::chrono::seconds{1};  // so late comes no deadline in a process that runs
  LinkBudgetConfig links;
};

}  // namespace boato
