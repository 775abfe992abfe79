// SPDX-License-Identifier: Apache-2.0
// The machines of one open topic, side by side. Composition only: peer_core passes between them.
#pragma once

#include "overlay/core_config.hpp"
#include "overlay/interest/predicate.hpp"
#include "overlay/multicast/multicast.hpp"
#include "overlay/order/delivery.hpp"
#include "overlay/roster/roster_machine.hpp"

#include <string>
#include <vector>

namespace boato {

// An interest as roster entries write it.
[[nodiscard]] std::string entry_text(const Predicate& wanted);

struct TopicState {
  struct World {  // what the topic shares with the others of its peer
    const CoreConfig& config;
    const Self& self;
    const LinkTable& links;
    RecordPool& records;
    SlabPool& slabs;
    EventCache& cache;
    CastLedger& casts;
    HoldBudget& holds;
  };
  TopicState(const World& world, const TopicRecord& record, TopicSlot topic_slot, Rng rng)
      : tag{record.tag},
        id{record.id},
        slot{topic_slot},
        name{record.name},
        contract{record.contract},
        roster{world.config.roster, record.id,   world.self,        world.records,
               world.slabs,         world.links, rng.fork("roster")},
        streams{world.config.streams, record.id, *world.self.crypto},
        delivery{world.config.fifo, record.tag, record.contract, world.holds},
        multicast{MulticastContext{world.config.multicast, world.self, world.links, roster.roster(), streams,
                                   world.cache, world.slabs, record.tag, record.id, topic_slot, name,
                                   record.contract.reliability != Reliability::unreliable},
                  world.casts, rng.fork("multicast")} {}

  TopicTag tag;
  TopicId id;
  TopicSlot slot;
  std::string name;
  Contract contract;
  std::uint32_t subscribers = 0, publishers = 0, patterns = 0;
  bool started = false;  // takes part in the roster
  bool outside = false;  // publishes through an entry, is no member
  bool told_ready = false;
  // What is wanted of it (canonical, or interest_everything or interest_nothing), and what our entry says:
  // the same, or something wider that is not wanted any more, until narrow_at.
  std::string interest{interest_everything}, announced{interest_everything};
  Time narrow_at = never;
  Seq next_own{1};
  Time queued = never;  // the deadline that stands in peer_core's heap
  std::uint64_t delivered = 0;
  RosterMachine roster;
  StreamSet streams;
  DeliveryQueue delivery;
  Multicast multicast;
  std::uint64_t active_at = 0;      // activity() when the reconciler was last told of it ...
  std::uint64_t reconciled_at = 0;  // ... and when a round began here
  std::vector<LinkId> mesh_told;
  std::vector<Puller::Lost> lost;

  [[nodiscard]] bool wants_events() const { return subscribers + patterns > 0; }
  // Changes with every frontier and every member.
  [[nodiscard]] std::uint64_t activity() const { return streams.version() + roster.roster().revision(); }
  [[nodiscard]] bool in_use() const { return subscribers + publishers + patterns > 0; }
  [[nodiscard]] Time next_deadline() const {
    return std::min({roster.next_deadline(), multicast.next_deadline(), delivery.next_deadline(), narrow_at});
  }
};

}  // namespace boato
