// SPDX-License-Identifier: Apache-2.0
// Which topics there are: one small record per topic, known to every peer. It says what the topic promises
// and names a few members to begin with. Changes spread over the active view: whole to a few neighbours at
// once, by name to the others, who fetch what they lack; range fingerprints with a neighbour now and then
// find what was lost. Everything in a record is a signed statement, checked before it is kept or passed on.
// Two geneses of one topic are decided alike by everybody, from the records alone: the earlier `created`,
// then the smaller hash. Contacts are the greatest (incarnation, version) per peer, and of those the newest
// few. Knows topics, statements and the links it is given as active; does not know rosters, nor who chose the
// links.
#pragma once

#include <boato/result.hpp>

#include "overlay/base/ranges.hpp"
#include "overlay/base/rng.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/effects/self.hpp"
#include "overlay/membership/topic_record.hpp"
#include "overlay/wire/directory_messages.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace boato {

struct DirectoryConfig {
  std::size_t records_max = 65536;
  std::size_t records_bytes_max = std::size_t{64} << 20;  // statements of all records
  std::size_t per_creator_max = 4096;
  std::size_t push_at_once = 3;
  Duration names_after = std::chrono::milliseconds{50};
  Duration compare_every = std::chrono::seconds{60};
  Duration compare_every_young = std::chrono::seconds{10};
  Duration young = std::chrono::minutes{5};
  Duration fetch_within = std::chrono::seconds{2};  // before another neighbour is asked for the same
  std::size_t fetches_max = 1024;
  std::size_t spreads_max = 1024;                         // beyond it, comparing finds the rest
  std::size_t answer_bytes_max = std::size_t{512} << 10;  // of one fetch; the rest is asked for again
  std::size_t names_per_answer = 1024;                    // of one comparison
  std::size_t push_unasked_max = 8;                       // so few records are pushed, more are named
  Duration tombstone_life = std::chrono::hours{24 * 7};
};

struct DirectoryChange {
  enum class Kind : std::uint8_t {
    added,          // a topic that was not known
    contacts,       // its contacts are others now
    conflict_lost,  // the founding known so far lost to one with another contract or other replicas: the
                    // record has it
    removed,        // deleted by its creator
  };
  TopicTag topic;
  Kind kind{};
};

class Directory {
 public:
  using Active = std::span<const LinkId>;  // the overlay's neighbours at this moment

  Directory(const DirectoryConfig& config, const Self& self, Rng rng);

  // A topic by name: the one there is, or a new one with this contract (the default if none is given).
  // The record stays where it is until it is removed. `choose` names the replicas of a new topic of
  // durability disk. Errors: bad_name; conflict (the topic has another contract); too_large (a contract
  // beyond its limits, or no room for another record); no_quorum (nobody is known who could be a replica).
  using Choose = std::function<wire::ReplicaSet(const TopicId&)>;
  Result<const TopicRecord*, Errc> declare(Time now, std::string_view name,
                                           const std::optional<Contract>& contract, Active active,
                                           const Choose& choose, Effects& fx);
  // A founding that this peer kept over its restart. What is no statement, or does not hold, is passed over.
  void recover(Time now, Bytes genesis);
  // Puts a roster entry of ours among the topic's contacts.
  void announce_contact(Time now, TopicTag topic, Bytes statement, Active active, Effects& fx);
  // Names a newcomer as a contact while the topic has few: the member that lets it in does, so that a
  // thousand that join at once do not all name themselves. `flags`: wire::PeerFlags of its entry.
  void offer_contact(Time now, TopicTag topic, Bytes statement, std::uint32_t flags, Active active,
                     Effects& fx);
  // Takes us out of the topic's contacts, if we are one: `goodbye` is our entry with flag_leaving. Who is no
  // contact leaves without a word here, or every departure would be a change of a record that all peers hold.
  void withdraw_contact(Time now, TopicTag topic, Bytes goodbye, Active active, Effects& fx);
  // Deletes a topic that this peer created. Errors: no_such, not_allowed.
  Result<void, Errc> remove(Time now, TopicTag topic, Active active, Effects& fx);

  // Compares with neighbours that are new. Call whenever the active view has changed.
  void on_active(Time now, Active active, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::TopicPush& m, Active active, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::TopicNames& m, Active active, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::TopicFetch& m, Active active, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::DirectoryRanges& m, Active active, Effects& fx);
  void on_deadline(Time now, Active active, Effects& fx);
  [[nodiscard]] Time next_deadline() const;

  [[nodiscard]] const TopicRecord* find(TopicTag topic) const;  // null: unknown, or removed
  [[nodiscard]] const TopicRecord* find(std::string_view name) const;
  // Calls f(const TopicRecord&) for every topic that is not removed, by rising tag.
  template <class F>
  void each(F&& f) const {
    for (const auto& r : records_)
      if (r->alive()) f(*r);
  }
  [[nodiscard]] std::size_t size() const { return records_.size(); }  // tombstones included
  // Whether a comparison with a neighbour has ended equal since the start: a name that is not found then
  // is most likely not in use.
  [[nodiscard]] bool compared() const { return compared_ && fetches_.empty(); }
  [[nodiscard]] std::span<const DirectoryChange> changes() const { return changes_; }
  void clear_changes() { changes_.clear(); }
  void check_invariants() const;

 private:
  struct Spread {  // a version on its way to the neighbours
    TopicTag topic;
    Time names_at{};
    std::vector<LinkId> have;
  };
  struct Fetch {
    TopicTag topic;
    LinkId from;
    Time until{};
  };
  struct Creator {
    std::uint64_t place = 0;  // ring_place of its key
    std::size_t records = 0;
  };
  enum class Merge : std::uint8_t { same, changed, refused, forged };

  [[nodiscard]] TopicRecord* at(TopicTag topic) const;
  // directory_merge.cpp
  Merge merge_genesis(const wire::StatementView& statement, TopicTag topic);
  Merge merge_contact(TopicRecord& record, const wire::StatementView& statement);
  Merge merge_tombstone(TopicRecord& record, const wire::StatementView& statement);
  [[nodiscard]] bool long_dead(Time now, Bytes statements) const;
  [[nodiscard]] bool expired(Time now, std::uint64_t removed_us) const;
  TopicRecord* insert(std::unique_ptr<TopicRecord> record);
  void drop(TopicRecord& record);
  std::size_t& count_of(const PeerId& creator);
  void changed(TopicRecord& record);  // its version, the ranges and the total size
  void tell(TopicTag topic, DirectoryChange::Kind kind);
  // directory_spread.cpp
  void spread(Time now, const TopicRecord& record, Bytes what, std::optional<LinkId> from, Active active,
              Effects& fx);
  void send_whole(LinkId to, const TopicRecord& record, Effects& fx);
  [[nodiscard]] bool wanted(Time now, TopicTag topic, std::uint64_t version, LinkId from);
  void fetched(TopicTag topic, LinkId from, Effects& fx);
  void send_names(Time now, Active active, Effects& fx);
  void compare(LinkId with, Effects& fx);
  void expire_tombstones(Time now);

  const DirectoryConfig config_;
  const Self& self_;
  Rng rng_;
  std::vector<std::unique_ptr<TopicRecord>> records_;  // by tag
  std::vector<RangeEntry> ranges_;                     // tag -> version, beside records_
  std::vector<Creator> creators_;                      // by place
  std::vector<Spread> spreads_;
  std::vector<Fetch> fetches_;
  std::vector<LinkId> known_active_;  // sorted
  std::vector<DirectoryChange> changes_;
  std::vector<std::byte> packed_;  // reused
  std::size_t bytes_ = 0;
  std::uint64_t greatest_created_ = 0;
  std::uint64_t news_ = 0;           // changes of records, ever
  std::uint64_t news_compared_ = 0;  // when the last comparison began
  Time next_compare_ = never;
  Time young_until_ = never;
  bool compared_ = false;
};

}  // namespace boato
