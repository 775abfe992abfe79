// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "overlay/effects/link_table.hpp"
#include "overlay/effects/self.hpp"
#include "overlay/multicast/config.hpp"
#include "overlay/roster/roster.hpp"
#include "overlay/stream/event_cache.hpp"
#include "overlay/stream/stream_set.hpp"

#include <string_view>

namespace boato {

// What the parts of one topic's multicast look at. All of it outlives them; the stream set and the cache are
// changed by Multicast only.
struct MulticastContext {
  const MulticastConfig& config;
  const Self& self;
  const LinkTable& links;
  const Roster& roster;
  StreamSet& streams;
  EventCache& cache;
  SlabPool& slabs;
  TopicTag tag;
  TopicId id;
  TopicSlot slot;
  std::string_view name;
  bool reliable = true;
  [[nodiscard]] std::uint64_t own_place() const { return ring_place(self.id); }
};

}  // namespace boato
