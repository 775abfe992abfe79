// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster/roster.hpp"

#include "overlay/base/check.hpp"
#include "overlay/base/mutant.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>
#include <utility>

namespace boato {
namespace {

bool before(const RingMember& a, const RingMember& b) {
  return a.place != b.place ? a.place < b.place : a.record->id < b.record->id;
}

// Index of the first member at or behind `peer`; *found tells whether it is `peer`.
std::size_t locate(std::span<const RingMember> ring, const PeerId& peer, bool* found) {
  auto at = std::ranges::lower_bound(ring, ring_place(peer), {}, &RingMember::place);
  while (at != ring.end() && at->place == ring_place(peer) && at->record->id < peer) ++at;
  *found = at != ring.end() && at->record->id == peer;
  return static_cast<std::size_t>(at - ring.begin());
}

std::size_t locate(std::span<const Suspect> suspects, const PeerId& peer, bool* found) {
  auto at = std::ranges::lower_bound(suspects, ring_place(peer), {}, &Suspect::place);
  while (at != suspects.end() && at->place == ring_place(peer) && at->id < peer) ++at;
  *found = at != suspects.end() && at->id == peer;
  return static_cast<std::size_t>(at - suspects.begin());
}

bool receives(const MemberRecord& record) { return record.interest != Interest::nothing; }
bool has_predicate(const MemberRecord& record) { return record.interest == Interest::predicate; }
bool leaving(const MemberRecord& record) { return (record.flags & wire::flag_leaving) != 0; }

// Equal versions with other bytes are a fault of their maker; the greater hash wins, so that all agree.
bool newer(const MemberRecord& a, const MemberRecord& b) {
  if (BOATO_MUTANT(141)) return true;                   // whatever comes last wins
  if (BOATO_MUTANT(147)) return a.version > b.version;  // an earlier incarnation counts as well
  return a.entry_version() != b.entry_version() ? a.entry_version() > b.entry_version() : a.hash > b.hash;
}

RingMember member_of(const MemberRecord* record) { return {ring_place(record->id), record}; }

}  // namespace

Roster::Roster(RecordPool& pool, const RosterConfig& config) : pool_{pool}, config_{config} {}

Roster::~Roster() {
  for (const RingMember& m : all()) pool_.drop(m.record);
  for (const Suspect& s : suspects_) drop(s.accusers);
  for (const Gone& g : gone_) {
    pool_.drop(g.last);
    drop(g.accusers);
  }
}

const MemberRecord* Roster::find(const PeerId& peer) const {
  bool found = false;
  const std::size_t at = locate(all(), peer, &found);
  return found ? all()[at].record : nullptr;
}

Neighbours Roster::neighbours(const PeerId& peer) const {
  Neighbours result;
  nearest(peer, Side::before, std::span{&result.before, 1});
  nearest(peer, Side::after, std::span{&result.after, 1});
  return result;
}

std::size_t Roster::nearest(const PeerId& peer, Side side, std::span<const MemberRecord*> out) const {
  const auto ring = all();
  bool found = false;
  const std::size_t at = locate(ring, peer, &found);
  std::size_t count = 0;
  for (std::size_t i = 0; i < ring.size() && count < out.size(); ++i) {
    const std::size_t step = side == Side::after ? at + i : at + ring.size() - 1 - i;
    const MemberRecord* record = ring[step % ring.size()].record;
    if (record->id != peer && !suspected(record->id)) out[count++] = record;
  }
  return count;
}

const MemberRecord* Roster::random(Rng& rng, const PeerId& except) const {
  bool found = false;
  const std::size_t skip = locate(all(), except, &found);
  const std::size_t count = all().size() - (found ? 1 : 0);
  if (count == 0) return nullptr;
  std::size_t i = rng.below(count);
  if (found && i >= skip) ++i;
  return all()[i].record;
}

Merge Roster::merge_one(Time now, const MemberRecord* record) {
  bool found = false;
  const std::size_t at = locate(all(), record->id, &found);
  if (found) {
    const MemberRecord* known = all()[at].record;
    if (known == record || !newer(*record, *known)) return Merge::older;
    clear_suspicion(record->id);
    if (leaving(*record) && !BOATO_MUTANT(150)) {  // 150: a goodbye is one more entry
      pool_.keep(record);
      take_out(known);
      bury(now, record, {});
      return Merge::left;
    }
    replace(known, record);
    return Merge::updated;
  }
  const auto twin =
      std::ranges::find_if(added_, [&](const RingMember& m) { return m.record->id == record->id; });
  if (twin != added_.end()) {
    if (!newer(*record, *twin->record)) return Merge::older;
    if (!leaving(*record)) {
      pool_.keep(record);
      pool_.drop(std::exchange(twin->record, record));
      return Merge::updated;
    }
    pool_.drop(twin->record);
    added_.erase(twin);
    pool_.keep(record);
    bury(now, record, {});
    return Merge::left;
  }
  const std::size_t grave = gone_at(record->id);
  if (grave < gone_.size()) {
    if (!BOATO_MUTANT(142) &&  // the dead come back with their old entries
        !newer(*record, *gone_[grave].last))
      return Merge::gone;
    unbury(grave);
  }
  if (leaving(*record)) {
    pool_.keep(record);
    bury(now, record, {});
    return Merge::older;
  }
  if (size() + added_.size() >= config_.members_max) return Merge::full;
  pool_.keep(record);
  added_.push_back(member_of(record));
  return Merge::added;
}

void Roster::settle() {
  if (added_.empty()) return;
  std::ranges::sort(added_, before);
  const auto fresh_others = static_cast<std::size_t>(
      std::ranges::count_if(added_, [](const RingMember& m) { return !receives(*m.record); }));
  if (others_ == 0 && fresh_others > 0) all_ = receivers_;
  if (others_ + fresh_others > 0) insert(all_, added_);
  others_ += fresh_others;
  for (const RingMember& m : added_) {
    digest_ += m.record->hash;
    filtered_ += has_predicate(*m.record) ? 1 : 0;
  }
  std::erase_if(added_, [](const RingMember& m) { return !receives(*m.record); });
  insert(receivers_, added_);
  added_.clear();
  ++revision_;
}

void Roster::insert(std::vector<RingMember>& ring, std::span<const RingMember> sorted) {
  std::size_t from = ring.size(), left = sorted.size();
  ring.resize(from + left);
  for (std::size_t to = ring.size(); left > 0;) {  // from behind: what stands behind all new ones stays
    const bool old = from > 0 && before(sorted[left - 1], ring[from - 1]);
    ring[--to] = old ? ring[--from] : sorted[--left];
  }
}

void Roster::replace(const MemberRecord* known, const MemberRecord* record) {
  pool_.keep(record);
  bool found = false;
  const bool was = receives(*known), is = receives(*record);
  if (was && !is && others_ == 0) all_ = receivers_;
  if (!all_.empty()) all_[locate(all_, record->id, &found)].record = record;
  const std::size_t at = locate(receivers_, record->id, &found);
  if (was && is) receivers_[at].record = record;
  if (was && !is) receivers_.erase(receivers_.begin() + static_cast<std::ptrdiff_t>(at)), ++others_;
  if (!was && is) {
    receivers_.insert(receivers_.begin() + static_cast<std::ptrdiff_t>(at), member_of(record));
    if (--others_ == 0) all_ = {};
  }
  digest_ += record->hash - known->hash;
  filtered_ += has_predicate(*record) ? 1 : 0;
  filtered_ -= has_predicate(*known) ? 1 : 0;
  pool_.drop(known);
  ++revision_;
}

void Roster::take_out(const MemberRecord* record) {
  bool found = false;
  digest_ -= record->hash;
  filtered_ -= has_predicate(*record) ? 1 : 0;
  ++revision_;
  if (others_ > 0) {
    const std::size_t at = locate(all_, record->id, &found);
    all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  if (receives(*record)) {
    const std::size_t at = locate(receivers_, record->id, &found);
    receivers_.erase(receivers_.begin() + static_cast<std::ptrdiff_t>(at));
  } else if (--others_ == 0) {
    all_ = {};
  }
  pool_.drop(record);
}

void Roster::set(std::span<const MemberRecord* const> records) {
  for (const MemberRecord* record : records) pool_.keep(record);
  for (const Suspect& s : suspects_) drop(s.accusers);
  suspects_.clear();
  for (const RingMember& m : all()) pool_.drop(m.record);
  receivers_ = {};
  all_ = {};
  others_ = 0;
  filtered_ = 0;
  digest_ = 0;
  std::vector<RingMember> ring;
  ring.reserve(records.size());
  for (const MemberRecord* record : records) {
    ring.push_back(member_of(record));
    others_ += receives(*record) ? 0 : 1;
    filtered_ += has_predicate(*record) ? 1 : 0;
    digest_ += record->hash;
  }
  std::ranges::sort(ring, before);
  if (others_ > 0) {
    receivers_.reserve(ring.size() - others_);
    for (const RingMember& m : ring)
      if (receives(*m.record)) receivers_.push_back(m);
    all_ = std::move(ring);
  } else {
    receivers_ = std::move(ring);
  }
  ++revision_;
}

void Roster::remove(Time now, const PeerId& peer) {
  const MemberRecord* record = find(peer);
  BOATO_CHECK(record);
  Accusers accusers;
  bool found = false;
  if (const std::size_t at = locate(suspects_, peer, &found); found) {
    accusers = suspects_[at].accusers;
    suspects_.erase(suspects_.begin() + static_cast<std::ptrdiff_t>(at));
  }
  pool_.keep(record);
  take_out(record);
  bury(now, record, accusers);
}

const Suspect* Roster::find_suspect(const PeerId& peer) const {
  if (suspects_.empty()) return nullptr;
  bool found = false;
  const std::size_t at = locate(suspects_, peer, &found);
  return found ? &suspects_[at] : nullptr;
}

void Roster::put_off(const PeerId& suspect, Time gone_at, bool asked) {
  bool found = false;
  const std::size_t at = locate(suspects_, suspect, &found);
  if (!found) return;
  suspects_[at].gone_at = std::max(suspects_[at].gone_at, gone_at);
  suspects_[at].asked = asked;
}

const Suspect* Roster::suspect(const AccusationRef& accusation, Time gone_at) {
  const MemberRecord* record = find(accusation->accused);
  if (!record || record->entry_version() != accusation->of) return nullptr;
  bool found = false;
  const std::size_t at = locate(suspects_, record->id, &found);
  if (!found) {
    if (suspects_.size() >= config_.suspicions_max) return nullptr;
    suspects_.insert(suspects_.begin() + static_cast<std::ptrdiff_t>(at),
                     Suspect{ring_place(record->id), record->id, accusation->of, gone_at, {}, false});
    ++revision_;
  }
  Suspect& suspect = suspects_[at];
  for (const Accusation*& slot : suspect.accusers.by) {
    if (slot && slot->accuser == accusation->accuser && !BOATO_MUTANT(143))
      return nullptr;  // one voice counts thrice
    if (slot) continue;
    slot = accusation.get();
    ++slot->refs;
    return &suspect;
  }
  return nullptr;
}

void Roster::clear_suspicion(const PeerId& peer) {
  bool found = false;
  const std::size_t at = locate(suspects_, peer, &found);
  if (!found) return;
  drop(suspects_[at].accusers);
  suspects_.erase(suspects_.begin() + static_cast<std::ptrdiff_t>(at));
  ++revision_;
}

std::size_t Roster::gone_at(const PeerId& peer) const {
  const auto place = [](const Gone& g) { return ring_place(g.last->id); };
  auto at = std::ranges::lower_bound(gone_, ring_place(peer), {}, place);
  while (at != gone_.end() && place(*at) == ring_place(peer) && at->last->id != peer) ++at;
  if (at == gone_.end() || at->last->id != peer) return gone_.size();
  return static_cast<std::size_t>(at - gone_.begin());
}

const Gone* Roster::find_gone(const PeerId& peer) const {
  const std::size_t at = gone_at(peer);
  return at < gone_.size() ? &gone_[at] : nullptr;
}

void Roster::bury(Time now, const MemberRecord* last, const Accusers& accusers) {
  if (const std::size_t grave = gone_at(last->id); grave < gone_.size()) unbury(grave);
  if (gone_.size() >= config_.gone_max) {
    const auto oldest = std::ranges::min_element(gone_, {}, &Gone::since);
    unbury(static_cast<std::size_t>(oldest - gone_.begin()));
  }
  const auto place = [](const Gone& g) { return ring_place(g.last->id); };
  gone_.insert(std::ranges::upper_bound(gone_, ring_place(last->id), {}, place), Gone{last, now, accusers});
}

void Roster::unbury(std::size_t at) {
  pool_.drop(gone_[at].last);
  drop(gone_[at].accusers);
  gone_.erase(gone_.begin() + static_cast<std::ptrdiff_t>(at));
}

void Roster::forget_gone(Time before) {
  for (std::size_t i = gone_.size(); i-- > 0;)
    if (gone_[i].since < before) unbury(i);
}

void Roster::drop(const Accusers& accusers) {
  for (const Accusation* accusation : accusers.by)
    if (accusation) pool_.drop(accusation);
}

void Roster::check_invariants() const {
  BOATO_CHECK(added_.empty());
  BOATO_CHECK(size() <= config_.members_max);
  BOATO_CHECK(suspects_.size() <= config_.suspicions_max && gone_.size() <= config_.gone_max);
  BOATO_CHECK(all_.empty() == (others_ == 0));
  BOATO_CHECK(std::ranges::is_sorted(all(), before) && std::ranges::is_sorted(receivers_, before));
  BOATO_CHECK(all().size() == size());
  std::uint64_t sum = 0;
  std::size_t others = 0, with_predicate = 0;
  for (const RingMember& m : all()) {
    BOATO_CHECK(m.place == ring_place(m.record->id) && m.record->refs > 0);
    sum += m.record->hash;
    others += receives(*m.record) ? 0 : 1;
    with_predicate += has_predicate(*m.record) ? 1 : 0;
  }
  BOATO_CHECK(sum == digest_ && others == others_ && with_predicate == filtered_);
  for (const Suspect& s : suspects_) {
    const MemberRecord* record = find(s.id);
    BOATO_CHECK(record && record->entry_version() == s.of && s.accusers.size() > 0);
    const auto& by = s.accusers.by;  // one voice each
    for (std::size_t i = 0; i < by.size(); ++i)
      for (std::size_t k = 0; k < i; ++k) BOATO_CHECK(!by[i] || !by[k] || by[i]->accuser != by[k]->accuser);
  }
  for (const Gone& g : gone_) BOATO_CHECK(!find(g.last->id));
}

}  // namespace boato
