// SPDX-License-Identifier: Apache-2.0
// Messages of the topic directory. All travel in the control flow. Each comment states the receiver's duty.
#pragma once

#include "overlay/wire/fields.hpp"
#include "overlay/wire/kind.hpp"

#include <cstdint>
#include <string_view>
#include <tuple>

namespace boato::wire {

inline constexpr std::size_t topic_names_max = 256;

// Body of a statement of type topic_genesis. The topic id is not in it: it follows from name and life.
struct TopicGenesis {
  std::string_view name;
  Bytes contract;                // wire/contract.hpp
  std::uint64_t life = 0;        // how often the name had been deleted before
  std::uint64_t created_us = 0;  // the creator's clock, raised above all it knew
  std::uint64_t nonce = 0;
  static constexpr auto fields = std::tuple{&TopicGenesis::name, &TopicGenesis::contract, &TopicGenesis::life,
                                            &TopicGenesis::created_us, &TopicGenesis::nonce};
};

// The same of a topic that replicas keep: who they are stands behind. Another founding is another body, so
// topics without replicas keep the one they have.
struct ReplicatedGenesis {
  std::string_view name;
  Bytes contract;
  std::uint64_t life = 0, created_us = 0, nonce = 0;
  Bytes replicas;  // wire/replica_set.hpp
  static constexpr auto fields =
      std::tuple{&ReplicatedGenesis::name,       &ReplicatedGenesis::contract, &ReplicatedGenesis::life,
                 &ReplicatedGenesis::created_us, &ReplicatedGenesis::nonce,    &ReplicatedGenesis::replicas};
};

// Body of a statement of type topic_tombstone: the creator deletes its topic.
struct TopicTombstone {
  TopicId topic;
  std::uint64_t removed_us = 0;
  static constexpr auto fields = std::tuple{&TopicTombstone::topic, &TopicTombstone::removed_us};
};

// Receiver: check each signature, merge, and tell its other neighbours what was new. An unknown topic without
// its genesis: fetch it.
struct TopicPush {
  static constexpr Kind kind = Kind::topic_push;
  TopicTag topic;
  std::uint64_t version = 0;  // of the sender's whole record
  Bytes statements;           // one behind the other: the whole record, or what changed in it
  static constexpr auto fields = std::tuple{&TopicPush::topic, &TopicPush::version, &TopicPush::statements};
};

struct TopicVersion {
  TopicTag topic;
  std::uint64_t version = 0;
  static constexpr auto fields = std::tuple{&TopicVersion::topic, &TopicVersion::version};
};

// Receiver: fetch those it has not, or has in another version.
struct TopicNames {
  static constexpr Kind kind = Kind::topic_names;
  List<TopicVersion, topic_names_max> topics;
  static constexpr auto fields = std::tuple{&TopicNames::topics};
};

// Receiver: answer each with TOPIC_PUSH of the whole record, as far as it has it.
struct TopicFetch {
  static constexpr Kind kind = Kind::topic_fetch;
  List<TopicTag, topic_names_max> topics;
  static constexpr auto fields = std::tuple{&TopicFetch::topics};
};

// Claims and lists of base/ranges.hpp over the sorted map topic tag -> version. Receiver: answer with what
// differs, empty if nothing does; fetch and push the differences. An empty frame gets no answer.
struct DirectoryRanges {
  static constexpr Kind kind = Kind::directory_ranges;
  Bytes items;
  static constexpr auto fields = std::tuple{&DirectoryRanges::items};
};

}  // namespace boato::wire
