// SPDX-License-Identifier: Apache-2.0
// Which members of a topic want a batch: their interests as their roster entries say, each distinct predicate
// once in one index, so that an event costs what it matches and not how many members there are. Follows the
// roster when it is asked, not with every change: only who hands out batches of its own asks.
// Knows entries and predicates; does not know links, streams or what was sent to whom.
// Invariant: after sync() there is one entry per receiver, in the order of the roster.
#pragma once

#include "overlay/interest/interest_index.hpp"
#include "overlay/multicast/batch_reader.hpp"
#include "overlay/multicast/recipients.hpp"
#include "overlay/roster/roster.hpp"

#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

namespace boato {

class RosterInterests {
 public:
  // The roster outlives this.
  RosterInterests(const Roster& roster, std::uint64_t seed);

  // Becomes what the roster is. changed(place) for each receiver that is new or has another interest.
  template <class Changed>
  void sync(Changed&& changed) {
    if (seen_ == roster_.revision()) return;
    seen_ = roster_.revision();
    news_.clear();
    rebuild();
    for (const std::uint64_t place : news_) changed(place);
  }
  // Two members share a name (recipients.hpp): nobody can be chosen by it.
  [[nodiscard]] bool twins() const { return twins_; }
  [[nodiscard]] std::size_t receivers() const { return entries_.size(); }
  [[nodiscard]] std::size_t predicates() const { return index_.size(); }  // distinct ones

  // How many members want some event of the batch.
  std::size_t match(BatchReader& reader, const wire::BatchView& batch);
  // Those that match() has counted, and all receivers; both by rising place, tagged.
  struct Chosen {
    std::uint64_t place = 0;
    std::uint16_t tag = 0;
  };
  void gather(std::vector<Chosen>& out) const;
  void gather_all(std::vector<Chosen>& out) const;
  // Whether the member at this place wants some event of the batch. False if it is no receiver.
  [[nodiscard]] bool wants(BatchReader& reader, std::uint64_t place, const wire::BatchView& batch) const;
  [[nodiscard]] std::uint16_t tag_of(std::uint64_t place) const;  // 0: no receiver

  void check_invariants() const;

 private:
  static constexpr InterestId everything_{~std::uint32_t{0}};
  struct Entry {
    std::uint64_t place = 0, hash = 0;  // hash: of the roster entry
    InterestId interest;                // or everything_
    std::uint16_t tag = 0;
  };
  struct Group {                        // members with one predicate
    std::vector<std::uint64_t> places;  // sorted
    std::uint16_t tag = 0;
    std::uint64_t matched = 0;  // the last round in which it did
  };
  void rebuild();
  void enter(const RingMember& member);
  void leave(const Entry& entry);
  [[nodiscard]] const Entry* find(std::uint64_t place) const;

  const Roster& roster_;
  InterestIndex index_;
  std::map<std::string, InterestId, std::less<>> by_text_;
  std::vector<Group> groups_;  // by id
  std::vector<Entry> entries_, next_;
  std::vector<std::uint64_t> everything_places_;
  std::vector<std::uint64_t> news_;
  std::vector<InterestId> found_, matched_;
  std::uint64_t round_ = 0;
  std::uint64_t seen_ = 0;
  bool twins_ = false;
};

}  // namespace boato
