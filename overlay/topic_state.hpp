// SPDX-License-Identifier: Apache-2.0
// The machines of one open topic, side by side. Composition only: peer_core passes between them.
#pragma once

#include "overlay/core_config.hpp"
#include "overlay/multicast/multicast.hpp"
#include "overlay/order/delivery.hpp"
#include "overlay/replica/replication.hpp"
#include "overlay/roster/roster_machine.hpp"

#include <memory>
#include <string>
#include <vector>

namespace boato {

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
        streams{of_topic(world.config.streams, record), record.id, *world.self.crypto},
        delivery{world.config.fifo, record.tag, record.contract, world.holds},
        replication{record.replicas.empty()
                        ? nullptr
                        : std::make_unique<Replication>(world.config.replication, record.replicas, record.tag,
                                                        world.self, world.links)},
        multicast{MulticastContext{world.config.multicast, world.self, world.links, roster.roster(), streams,
                                   world.cache, record.tag, record.id, topic_slot,
                                   record.contract.reliability != Reliability::unreliable,
                                   replication ? &replication->set : nullptr},
                  world.casts, rng.fork("multicast")} {}

  [[nodiscard]] static StreamSetConfig of_topic(StreamSetConfig config, const TopicRecord& record) {
    if (!record.replicas.empty()) config.open_max = config.open_max_kept;
    return config;
  }

  TopicTag tag;
  TopicId id;
  TopicSlot slot;
  std::string name;
  Contract contract;
  std::uint32_t subscribers = 0, publishers = 0, patterns = 0;
  bool started = false;  // takes part in the roster
  bool outside = false;  // publishes through an entry, is no member
  bool told_ready = false;
  bool delivering = false;  // the application has been handed events since it asked for them
  Seq next_own{1};
  Time queued = never;  // the deadline that stands in peer_core's heap
  std::uint64_t delivered = 0;
  RosterMachine roster;
  StreamSet streams;
  DeliveryQueue delivery;
  std::unique_ptr<Replication> replication;  // null: nobody keeps the topic
  Multicast multicast;
  std::uint64_t active_at = 0;      // activity() when the reconciler was last told of it ...
  std::uint64_t reconciled_at = 0;  // ... and when a round began here
  std::vector<LinkId> mesh_told;
  std::vector<Puller::Lost> lost;

  [[nodiscard]] bool delivers() const { return subscribers + patterns > 0; }
  [[nodiscard]] bool replica() const { return replication && replication->holder; }
  [[nodiscard]] bool wants_events() const { return delivers() || replica(); }
  // Changes with every frontier and every member.
  [[nodiscard]] std::uint64_t activity() const { return streams.version() + roster.roster().revision(); }
  [[nodiscard]] bool in_use() const { return subscribers + publishers + patterns > 0 || replica(); }
  [[nodiscard]] Time next_deadline() const {
    return std::min({roster.next_deadline(), multicast.next_deadline(), delivery.next_deadline(),
                     replication ? replication->next_deadline() : never});
  }
};

}  // namespace boato
