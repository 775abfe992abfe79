// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/roster_interests.hpp"

#include "overlay/base/mutant.hpp"

#include <algorithm>
#include <utility>

namespace boato {
namespace {

void insert_sorted(std::vector<std::uint64_t>& places, std::uint64_t place) {
  places.insert(std::ranges::upper_bound(places, place), place);
}
void erase_sorted(std::vector<std::uint64_t>& places, std::uint64_t place) {
  const auto at = std::ranges::lower_bound(places, place);
  BOATO_CHECK(at != places.end() && *at == place);
  places.erase(at);
}

}  // namespace

RosterInterests::RosterInterests(const Roster& roster, std::uint64_t seed) : roster_{roster}, index_{seed} {}

// Walks both side by side: what is equal costs a comparison.
void RosterInterests::rebuild() {
  next_.clear();
  next_.reserve(roster_.receivers().size());
  twins_ = false;
  std::size_t old = 0;
  for (const RingMember& m : roster_.receivers()) {
    for (; old < entries_.size() && entries_[old].place < m.place; ++old) leave(entries_[old]);
    const bool known = old < entries_.size() && entries_[old].place == m.place;
    if (known &&
        (entries_[old].hash == m.record->hash || BOATO_MUTANT(220))) {  // 220: a change is not heard of
      next_.push_back(entries_[old++]);
    } else {
      const std::uint16_t before = known ? entries_[old].tag : std::uint16_t{0};
      if (known) leave(entries_[old++]);
      enter(m);
      if (next_.back().tag != before) news_.push_back(m.place);
    }
    twins_ = twins_ || (next_.size() > 1 && name_of(next_[next_.size() - 2].place) == name_of(m.place));
  }
  for (; old < entries_.size(); ++old) leave(entries_[old]);
  entries_.swap(next_);
}

void RosterInterests::enter(const RingMember& member) {
  Entry entry{member.place, member.record->hash, everything_, 0};
  if (member.record->interest == Interest::everything) {
    entry.tag = interest_tag(interest_everything);
    insert_sorted(everything_places_, member.place);
  } else {
    const std::string_view text = member.record->interest_text();
    entry.tag = interest_tag(text);
    const auto known = by_text_.find(text);
    if (known != by_text_.end()) {
      entry.interest = known->second;
    } else {
      auto predicate = Predicate::parse(text);
      BOATO_CHECK(predicate.has_value());  // it was checked when the record was made
      entry.interest = index_.add(std::move(*predicate));
      by_text_.emplace(text, entry.interest);
      if (groups_.size() <= entry.interest.raw()) groups_.resize(entry.interest.raw() + std::size_t{1});
      groups_[entry.interest.raw()] = Group{{}, entry.tag, 0};
    }
    insert_sorted(groups_[entry.interest.raw()].places, member.place);
  }
  next_.push_back(entry);
}

void RosterInterests::leave(const Entry& entry) {
  if (entry.interest == everything_) return erase_sorted(everything_places_, entry.place);
  Group& group = groups_[entry.interest.raw()];
  erase_sorted(group.places, entry.place);
  if (!group.places.empty()) return;
  by_text_.erase(index_.predicate(entry.interest).text());
  index_.remove(entry.interest);
}

std::size_t RosterInterests::match(BatchReader& reader, const wire::BatchView& batch) {
  ++round_;
  matched_.clear();
  std::size_t members = everything_places_.size();
  if (index_.size() == 0) return members;
  reader.each(batch, [&](const Subject& subject) {
    index_.match(subject, found_);
    for (const InterestId id : found_) {
      Group& group = groups_[id.raw()];
      if (std::exchange(group.matched, round_) == round_) continue;
      matched_.push_back(id);
      members += group.places.size();
    }
    return matched_.size() < index_.size();
  });
  return members;
}

void RosterInterests::gather(std::vector<Chosen>& out) const {
  out.clear();
  const std::uint16_t all = interest_tag(interest_everything);
  for (const std::uint64_t place : everything_places_) out.push_back({place, all});
  for (const InterestId id : matched_)
    for (const std::uint64_t place : groups_[id.raw()].places) out.push_back({place, groups_[id.raw()].tag});
  std::ranges::sort(out, {}, &Chosen::place);
}

void RosterInterests::gather_all(std::vector<Chosen>& out) const {
  out.clear();
  for (const Entry& entry : entries_) out.push_back({entry.place, entry.tag});
}

const RosterInterests::Entry* RosterInterests::find(std::uint64_t place) const {
  const auto at = std::ranges::lower_bound(entries_, place, {}, &Entry::place);
  return at != entries_.end() && at->place == place ? &*at : nullptr;
}

bool RosterInterests::wants(BatchReader& reader, std::uint64_t place, const wire::BatchView& batch) const {
  const Entry* entry = find(place);
  if (!entry) return false;
  if (entry->interest == everything_) return true;
  const Predicate& predicate = index_.predicate(entry->interest);
  bool wanted = false;
  reader.each(batch, [&](const Subject& subject) { return !(wanted = predicate.matches(subject)); });
  return wanted;
}

std::uint16_t RosterInterests::tag_of(std::uint64_t place) const {
  const Entry* entry = find(place);
  return entry ? entry->tag : std::uint16_t{0};
}

void RosterInterests::check_invariants() const {
  index_.check_invariants();
  std::size_t members = everything_places_.size();
  for (const auto& [text, id] : by_text_) {
    BOATO_CHECK(index_.predicate(id).text() == text && !groups_[id.raw()].places.empty());
    members += groups_[id.raw()].places.size();
  }
  BOATO_CHECK(members == entries_.size() && std::ranges::is_sorted(entries_, {}, &Entry::place));
}

}  // namespace boato
