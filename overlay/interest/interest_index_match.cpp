// SPDX-License-Identifier: Apache-2.0
// One event against the index.
#include "overlay/base/check.hpp"
#include "overlay/interest/interest_index.hpp"

#include <algorithm>
#include <cmath>

namespace boato {
namespace {

constexpr double endless = std::numeric_limits<double>::infinity();

}  // namespace

// What the event has in this attribute, in the forms in which demands are tested.
void InterestIndex::see(std::uint32_t number, const Value& value) {
  if (std::holds_alternative<std::monostate>(value)) return;
  Slot& slot = slots_[number];
  slot.epoch = epoch_;
  slot.low = 1;
  slot.high = 0;
  slot.value = none_;
  Value form = value;
  if (const auto* i = std::get_if<std::int64_t>(&value)) {
    slot.low = slot.high = static_cast<double>(*i);
    if (*i > exact_integer_max || *i < -exact_integer_max) {
      slot.low = std::nextafter(slot.low, -endless);
      slot.high = std::nextafter(slot.high, endless);
      inexact_ = true;
    }
  } else if (const auto* d = std::get_if<double>(&value); d && !std::isnan(*d)) {
    slot.low = slot.high = *d;
    if (*d >= -0x1p63 && *d < 0x1p63 && std::trunc(*d) == *d) form = static_cast<std::int64_t>(*d);
  }
  if (slot.values > 0) slot.value = find_value(number, form, hash_of_value(number, form));
  seen_.push_back(number);
}

// Everything that is filed under what the event has; the end of what was written.
std::uint32_t* InterestIndex::bring_up(std::uint32_t* out) {
  for (const std::uint32_t number : seen_) {
    const Slot& slot = slots_[number];
    if (slot.value != none_) out = std::ranges::copy(values_[slot.value].bucket, out).out;
    out = std::ranges::copy(slot.present, out).out;
    if (slot.low > slot.high) continue;
    out = slot.both.find(slot.low, slot.high, out);
    out = slot.above.find(slot.low, slot.high, out);
    out = slot.below.find(-slot.high, -slot.low, out);
  }
  return std::ranges::copy(always_, out).out;
}

bool InterestIndex::passes(const Entry& entry) const {
  for (std::size_t i = 0; i < entry.checks; ++i) {
    const Check& check = entry.check[i];
    const Slot& slot = slots_[check.slot];
    if (slot.epoch != epoch_) return false;
    if (check.value != none_ ? slot.value != check.value
                             : !(slot.low <= slot.high && check.low <= slot.high && check.high >= slot.low))
      return false;
  }
  return true;
}

void InterestIndex::match(const Subject& subject, std::vector<InterestId>& out) {
  out.clear();
  ++epoch_;
  inexact_ = false;
  seen_.clear();
  for (const Attribute& attribute : subject.attributes)
    if (const std::uint32_t slot = find_slot(attribute.name);
        slot != none_ && slots_[slot].reserved == Reserved::none)
      see(slot, attribute.value);
  for (const std::uint32_t slot : reserved_slots_)
    see(slot, find(subject, {slots_[slot].name, slots_[slot].reserved}));
  candidates_.resize(entries_.size() + 1);
  const std::uint32_t* const end = bring_up(candidates_.data());
  for (const std::uint32_t* at = candidates_.data(); at != end; ++at) {
    const Entry& entry = entries_[*at];
    if (!passes(entry)) continue;
    Kept& kept = predicates_[entry.predicate];
    if (kept.looked == epoch_) continue;
    if (entry.evaluate || inexact_) {
      kept.looked = epoch_;
      if (!kept.predicate->matches(subject)) continue;
    }
    kept.looked = epoch_;
    out.push_back(InterestId{entry.predicate});
  }
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
