// SPDX-License-Identifier: Apache-2.0
// One event against the index.
#include "overlay/base/check.hpp"
#include "overlay/interest/interest_index.hpp"

#include <algorithm>
#include <cmath>

namespace boato {
// What the event has in this attribute, in the forms in which demands are tested.
void InterestIndex::see(std::uint32_t slot, const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return;
  seen_.push_back(slot);
  Interval& number = has_[number_of(slot)];
  Value form = value;
  if (const auto* i = std::get_if<std::int64_t>(&value)) {
    number.low = number.high = static_cast<double>(*i);
    if (*i > exact_integer_max || *i < -exact_integer_max) {
      number = {std::nextafter(number.low, -endless_), std::nextafter(number.high, endless_)};
      inexact_ = true;
    }
  } else if (const auto* d = std::get_if<double>(&value); d && !std::isnan(*d)) {
    number = {*d, *d};
    if (*d >= -0x1p63 && *d < 0x1p63 && std::trunc(*d) == *d) form = static_cast<std::int64_t>(*d);
  }
  if (slots_[slot].values == 0) return;
  const std::uint32_t found = find_value(slot, form, hash_of_value(slot, form));
  if (found != none_) has_[value_of(slot)] = {static_cast<double>(found), static_cast<double>(found)};
}

// Everything that is filed under what the event has; the end of what was written.
std::uint32_t* InterestIndex::bring_up(std::uint32_t* out) {
  for (const std::uint32_t number : seen_) {
    const Slot& slot = slots_[number];
    const Interval& value = has_[value_of(number)];
    if (value.low <= value.high)
      out = std::ranges::copy(values_[static_cast<std::size_t>(value.low)].bucket, out).out;
    out = std::ranges::copy(slot.present, out).out;
    const Interval& at = has_[number_of(number)];
    if (at.low > at.high) continue;
    out = slot.both.find(at.low, at.high, out);
    out = slot.above.find(at.low, at.high, out);
    out = slot.below.find(-at.high, -at.low, out);
  }
  return std::ranges::copy(always_, out).out;
}

void InterestIndex::match(const Subject& subject, std::vector<InterestId>& out) {
  out.clear();
  ++epoch_;
  inexact_ = false;
  for (const Attribute& attribute : subject.attributes)
    if (const std::uint32_t slot = find_slot(attribute.name);
        slot != none_ && slots_[slot].reserved == Reserved::none)
      see(slot, attribute.value);
  for (const std::uint32_t slot : reserved_slots_)
    see(slot, find(subject, {slots_[slot].name, slots_[slot].reserved}));
  candidates_.resize(entries_.size() + 1);
  std::uint32_t* const begin = candidates_.data();
  std::uint32_t* passed = begin;
  // Most candidates fail, and nobody can guess which: both checks of each, without a branch.
  const std::uint32_t* const end = bring_up(begin);
  for (const std::uint32_t* at = begin; at != end; ++at) {
    const Entry& entry = entries_[*at];
    const Interval& a = has_[entry.coordinate[0]];
    const Interval& b = has_[entry.coordinate[1]];
    *passed = *at;
    passed += static_cast<int>(entry.low[0] <= a.high) & static_cast<int>(entry.high[0] >= a.low) &
              static_cast<int>(entry.low[1] <= b.high) & static_cast<int>(entry.high[1] >= b.low);
  }
  for (const std::uint32_t* at = begin; at != passed; ++at) {
    const Entry& entry = entries_[*at];
    const bool evaluate = entry.evaluate || inexact_;
    if (!entry.only && looked_[entry.predicate] == epoch_) continue;
    // Evaluated, it is decided for all its conjunctions; taken, too.
    if (!entry.only) looked_[entry.predicate] = epoch_;
    if (evaluate && !predicates_[entry.predicate].predicate->matches(subject)) continue;
    out.push_back(InterestId{entry.predicate});
  }
  for (const std::uint32_t slot : seen_) has_[number_of(slot)] = has_[value_of(slot)] = Interval{};
  seen_.clear();
}

void InterestIndex::check_invariants() const {
  std::size_t filed = always_.size();
  for (const Slot& slot : slots_) {
    slot.both.check_invariants();
    slot.above.check_invariants();
    slot.below.check_invariants();
    filed += slot.present.size() + slot.both.size() + slot.above.size() + slot.below.size();
  }
  for (const KeptValue& value : values_) filed += value.bucket.size();
  BOATO_CHECK(filed == entries_.size() - free_entries_.size());
  BOATO_CHECK(slot_table_.size() == slots_.size() - free_slots_.size());
  BOATO_CHECK(value_table_.size() == values_.size() - free_values_.size());
}

}  // namespace boato
