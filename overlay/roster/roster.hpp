// SPDX-License-Identifier: Apache-2.0
// The members of one topic as one peer knows them: data only, no time but what is passed in, no messages.
// Members lie in the order of their keys, which is the same in every topic, so that what is computed from a
// roster (parts, neighbours) is the same at every peer with the same roster. Our own entry is a member too.
// A conflict-free replicated map: of two entries of one peer the greater (incarnation, version) wins, and
// only the peer itself makes entries. Looking up allocates nothing.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/roster/member.hpp"
#include "overlay/roster/record_pool.hpp"
#include "overlay/roster/roster_config.hpp"
#include "overlay/roster/split.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace boato {

enum class Merge : std::uint8_t {
  added,    // a new member
  updated,  // a newer entry of a member
  left,     // a newer entry that ends a membership
  older,    // nothing new
  gone,     // the peer is known to have gone or left with this entry or a later one
  full,     // no room
};

// Those who say that a member is not reachable; up to three are kept.
struct Accusers {
  std::array<const Accusation*, 3> by{};
  [[nodiscard]] std::size_t size() const {
    return static_cast<std::size_t>((by[0] != nullptr) + (by[1] != nullptr) + (by[2] != nullptr));
  }
};

// A member under suspicion: not chosen for work, gone at `gone_at` unless a newer entry comes.
struct Suspect {
  std::uint64_t place = 0;
  PeerId id;
  EntryVersion of;
  Time gone_at{};
  Accusers accusers;
  bool asked = false;  // others, whether they know a newer entry
};

// A member that is no more: `last` and older entries of it are not news.
struct Gone {
  const MemberRecord* last = nullptr;
  Time since{};
  Accusers accusers;  // none: it left, or its entry expired
};

enum class Side : std::uint8_t { before, after };  // of a place on the ring

struct Neighbours {
  const MemberRecord* before = nullptr;  // null: there is no other live member
  const MemberRecord* after = nullptr;
};

class Roster {
 public:
  Roster(RecordPool& pool, const RosterConfig& config);
  ~Roster();
  Roster(const Roster&) = delete;
  Roster& operator=(const Roster&) = delete;

  // Members whose interest is not `nothing`, and all members; both by rising place.
  [[nodiscard]] std::span<const RingMember> receivers() const { return receivers_; }
  [[nodiscard]] std::span<const RingMember> all() const { return others_ == 0 ? receivers_ : all_; }
  [[nodiscard]] std::size_t size() const { return receivers_.size() + others_; }
  // Members with a predicate. None: nobody need ask what an event says.
  [[nodiscard]] std::size_t filtered() const { return filtered_; }
  [[nodiscard]] const MemberRecord* find(const PeerId& peer) const;
  // Nearest members on the ring that are not suspected, other than `peer` itself, which need not be a member.
  [[nodiscard]] Neighbours neighbours(const PeerId& peer) const;
  // The same on one side, nearest first, as many as `out` has room for; returns how many.
  std::size_t nearest(const PeerId& peer, Side side, std::span<const MemberRecord*> out) const;
  // Any member but `except`; null if there is none.
  [[nodiscard]] const MemberRecord* random(Rng& rng, const PeerId& except) const;

  // Changes with every change of members or suspects: what was computed from a roster holds while it stands.
  [[nodiscard]] std::uint64_t revision() const { return revision_; }
  // The sum of the hashes of all entries: equal at two peers = the same members with the same entries.
  [[nodiscard]] std::uint64_t digest() const { return digest_; }
  // Merges a batch and calls told(const MemberRecord&, Merge) for each; cheaper than one by one, since new
  // members move the vector once.
  template <class Told>
  void merge(Time now, std::span<const RecordRef> batch, Told&& told) {
    for (const RecordRef& record : batch) told(*record, merge_one(now, record.get()));
    settle();
  }
  Merge merge(Time now, const RecordRef& record) {
    const Merge result = merge_one(now, record.get());
    settle();
    return result;
  }
  // Sets the whole roster at once; `records` in any order, of distinct peers.
  void set(std::span<const MemberRecord* const> records);

  // A member is no more (unreachable, or its entry expired). Its suspicion, if any, becomes the reason.
  void remove(Time now, const PeerId& peer);
  // Removes entries that this process learnt before `before`, except those of `except`; calls told(record).
  template <class Told>
  void expire(Time now, Time before, const PeerId& except, Told&& told) {
    for (std::size_t i = all().size(); i-- > 0;) {
      const MemberRecord* record = all()[i].record;
      if (record->learnt >= before || record->id == except) continue;
      const RecordRef hold{pool_, record};
      remove(now, record->id);
      told(*record);
      if (i > all().size()) i = all().size();
    }
  }

  // Suspicions. A suspect is always a member with exactly the entry it is suspected of.
  [[nodiscard]] bool suspected(const PeerId& peer) const { return find_suspect(peer) != nullptr; }
  [[nodiscard]] const Suspect* find_suspect(const PeerId& peer) const;
  [[nodiscard]] std::span<const Suspect> suspects() const { return suspects_; }
  // Notes that `accusation` speaks of a member's present entry; the deadline is kept if it is a suspect
  // already. Null: no room, no such member, another entry, or this accuser was noted before.
  const Suspect* suspect(const AccusationRef& accusation, Time gone_at);
  void clear_suspicion(const PeerId& peer);
  // It is gone at `gone_at` at the earliest.
  void put_off(const PeerId& suspect, Time gone_at, bool asked);

  [[nodiscard]] const Gone* find_gone(const PeerId& peer) const;
  [[nodiscard]] std::span<const Gone> gone() const { return gone_; }  // by place
  void forget_gone(Time before);

  void check_invariants() const;

 private:
  Merge merge_one(Time now, const MemberRecord* record);
  void settle();  // folds added_ into the vectors
  void replace(const MemberRecord* before, const MemberRecord* after);
  void take_out(const MemberRecord* record);
  void insert(std::vector<RingMember>& ring, std::span<const RingMember> sorted);
  void bury(Time now, const MemberRecord* last, const Accusers& accusers);
  void unbury(std::size_t at);
  void drop(const Accusers& accusers);
  [[nodiscard]] std::size_t gone_at(const PeerId& peer) const;  // index, or gone_.size()

  RecordPool& pool_;
  const RosterConfig& config_;
  std::vector<RingMember> receivers_;
  std::vector<RingMember> all_;  // empty while every member is a receiver
  std::size_t others_ = 0;
  std::size_t filtered_ = 0;
  std::vector<RingMember> added_;  // by merge_one, until settle
  std::vector<Suspect> suspects_;
  std::vector<Gone> gone_;
  std::uint64_t revision_ = 1;
  std::uint64_t digest_ = 0;
};

}  // namespace boato
