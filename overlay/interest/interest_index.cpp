// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/interest_index.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/check.hpp"

#include <algorithm>
#include <bit>

namespace boato {
namespace {

// 5 and 5.0 are one value: a whole double is looked for as an integer.
Value one_form(const Value& value) {
  const auto* d = std::get_if<double>(&value);
  if (!d || !(*d >= -0x1p63 && *d < 0x1p63) || static_cast<double>(static_cast<std::int64_t>(*d)) != *d)
    return value;
  return static_cast<std::int64_t>(*d);
}

bool same(const Value& a, const Value& b) {
  return a.index() == b.index() && compare(Relation::equal, a, b) == Truth::yes;
}

std::uint32_t take_number(std::vector<std::uint32_t>& free, std::size_t next) {
  if (free.empty()) return static_cast<std::uint32_t>(next);
  const std::uint32_t number = free.back();
  free.pop_back();
  return number;
}

}  // namespace

std::uint64_t InterestIndex::hash_of_value(std::uint32_t slot, const Value& value) const {
  const std::uint64_t seed = mix(seed_ + slot * 8 + value.index());
  if (const auto* text = std::get_if<std::string_view>(&value)) return hash_of(seed, *text);
  if (const auto* raw = std::get_if<Bytes>(&value)) return hash_of(seed, text(*raw));
  if (const auto* i = std::get_if<std::int64_t>(&value)) return mix(seed ^ static_cast<std::uint64_t>(*i));
  if (const auto* d = std::get_if<double>(&value)) return mix(seed ^ std::bit_cast<std::uint64_t>(*d));
  return mix(seed ^ (std::get<bool>(value) ? 1 : 0));
}

std::uint32_t InterestIndex::find_slot(std::string_view name) const {
  return slot_table_.find(hash_of(seed_, name), [&](std::uint32_t s) { return slots_[s].name == name; });
}

std::uint32_t InterestIndex::find_value(std::uint32_t slot, const Value& value, std::uint64_t hash) const {
  return value_table_.find(
      hash, [&](std::uint32_t v) { return values_[v].slot == slot && same(values_[v].value, value); });
}

// --- adding and removing

InterestId InterestIndex::add(Predicate predicate) {
  const std::uint32_t number = take_number(free_predicates_, predicates_.size());
  if (number == predicates_.size()) {
    predicates_.emplace_back();
    looked_.push_back(0);
  }
  Kept& kept = predicates_[number];
  kept.predicate = std::move(predicate);
  for (const Conjunction& conjunction : conjunctions(kept.predicate->program())) file(number, conjunction);
  if (kept.entries.size() == 1) entries_[kept.entries[0]].only = true;
  return InterestId{number};
}

void InterestIndex::remove(InterestId id) {
  Kept& kept = predicates_[id.raw()];
  BOATO_CHECK(kept.predicate.has_value());
  for (const std::uint32_t entry : kept.entries) unfile(entry);
  for (const std::uint32_t value : kept.values) drop_value(value);
  for (const std::uint32_t slot : kept.slots) drop_slot(slot);
  kept = Kept{};
  free_predicates_.push_back(id.raw());
}

void InterestIndex::file(std::uint32_t predicate, const Conjunction& c) {
  Kept& kept = predicates_[predicate];
  const auto names = kept.predicate->program().names();
  Entry entry;
  entry.predicate = predicate;
  entry.evaluate = !c.exact;
  std::size_t checks = 0;
  const auto check = [&](std::uint32_t coordinate, double low, double high) {
    if (checks == entry.coordinate.size()) {
      entry.evaluate = true;
      return;
    }
    entry.coordinate[checks] = coordinate;
    entry.low[checks] = low;
    entry.high[checks++] = high;
  };
  Filing filing;
  filing.access = access(c);
  // The value with the shortest bucket; an IN only if there is nothing else.
  std::vector<std::uint32_t> homes;
  std::uint32_t home_slot = 0;
  for (std::size_t i = 0; i < c.values.size(); ++i) {
    const auto& demand = c.values[i];
    if (demand.values.size() > 1 && i > 0) {
      entry.evaluate = true;  // too much for a check
      continue;
    }
    std::uint32_t slot = hold_slot(kept, names[demand.name]);
    std::vector<std::uint32_t> held;
    for (const Value& value : demand.values) held.push_back(hold_value(kept, slot, value));
    if (i == 0) {
      homes = std::move(held);
      home_slot = slot;
      continue;
    }
    if (values_[held[0]].bucket.size() < values_[homes[0]].bucket.size()) {
      std::swap(homes, held);
      std::swap(home_slot, slot);
    }
    check(value_of(slot), held[0], held[0]);  // what is not the home is checked
  }
  for (std::size_t i = 0; i < c.ranges.size(); ++i) {
    const std::uint32_t slot = hold_slot(kept, names[c.ranges[i].name]);
    if (i == 0 && filing.access == Access::range)
      filing = {Access::range, slot, 0, c.ranges[0].low, c.ranges[0].high};
    else
      check(number_of(slot), c.ranges[i].low, c.ranges[i].high);
  }
  if (filing.access == Access::presence) filing.home = hold_slot(kept, names[c.names[0]]);
  if (filing.access != Access::value) return file_entry(entry, filing);
  for (const std::uint32_t home : homes) {
    filing.home = home;
    file_entry(entry, filing);
  }
}

void InterestIndex::file_entry(const Entry& entry, const Filing& given) {
  const std::uint32_t number = take_number(free_entries_, entries_.size());
  if (number == entries_.size()) {
    entries_.emplace_back();
    filings_.emplace_back();
  }
  entries_[number] = entry;
  Filing& filing = filings_[number] = given;
  predicates_[entry.predicate].entries.push_back(number);
  if (filing.access == Access::range) {
    const bool below = &list_of(filing) == &slots_[filing.home].below;
    return list_of(filing).add(below ? -filing.high : filing.low, below ? -filing.low : filing.high, number);
  }
  Bucket& bucket = bucket_of(filing);
  filing.place = static_cast<std::uint32_t>(bucket.size());
  bucket.push_back(number);
}

void InterestIndex::unfile(std::uint32_t number) {
  const Filing& filing = filings_[number];
  if (filing.access == Access::range) {
    const bool below = &list_of(filing) == &slots_[filing.home].below;
    list_of(filing).remove(below ? -filing.high : filing.low, number);
  } else {
    Bucket& bucket = bucket_of(filing);
    filings_[bucket.back()].place = filing.place;
    bucket[filing.place] = bucket.back();
    bucket.pop_back();
  }
  free_entries_.push_back(number);
}

InterestIndex::Bucket& InterestIndex::bucket_of(const Filing& filing) {
  if (filing.access == Access::value) return values_[filing.home].bucket;
  return filing.access == Access::presence ? slots_[filing.home].present : always_;
}

RangeList& InterestIndex::list_of(const Filing& filing) {
  Slot& slot = slots_[filing.home];
  if (Conjunction::Range{0, filing.low, filing.high}.two_sided()) return slot.both;
  return filing.low > -endless_ ? slot.above : slot.below;
}

std::uint32_t InterestIndex::hold_slot(Kept& kept, const FieldName& name) {
  std::uint32_t number = find_slot(name.text);
  if (number == none_) {
    number = take_number(free_slots_, slots_.size());
    if (number == slots_.size()) {
      slots_.emplace_back();
      has_.resize(value_of(number) + 1);
    }
    Slot& slot = slots_[number];
    slot.name = name.text;
    slot.reserved = name.reserved;
    slot.hash = hash_of(seed_, name.text);
    slot_table_.insert(slot.hash, number);
    if (name.reserved != Reserved::none) reserved_slots_.push_back(number);
  }
  if (std::ranges::find(kept.slots, number) == kept.slots.end()) {
    kept.slots.push_back(number);
    ++slots_[number].uses;
  }
  return number;
}

std::uint32_t InterestIndex::hold_value(Kept& kept, std::uint32_t slot, const Value& given) {
  const Value value = one_form(given);
  const std::uint64_t hash = hash_of_value(slot, value);
  std::uint32_t number = find_value(slot, value, hash);
  if (number == none_) {
    number = take_number(free_values_, values_.size());
    if (number == values_.size()) values_.emplace_back();
    KeptValue& made = values_[number];
    made.slot = slot;
    made.hash = hash;
    made.value = value;
    if (const auto* s = std::get_if<std::string_view>(&value)) {
      made.text = *s;
      made.value = std::string_view{made.text};
    } else if (const auto* raw = std::get_if<Bytes>(&value)) {
      made.text = text(*raw);
      made.value = bytes(made.text);
    }
    value_table_.insert(hash, number);
    ++slots_[slot].values;
  }
  ++values_[number].uses;
  kept.values.push_back(number);
  return number;
}

void InterestIndex::drop_value(std::uint32_t number) {
  KeptValue& value = values_[number];
  if (--value.uses > 0) return;
  BOATO_CHECK(value.bucket.empty());
  value_table_.erase(value.hash, number);
  --slots_[value.slot].values;
  value = KeptValue{};
  free_values_.push_back(number);
}

void InterestIndex::drop_slot(std::uint32_t number) {
  Slot& slot = slots_[number];
  if (--slot.uses > 0) return;
  slot_table_.erase(slot.hash, number);
  std::erase(reserved_slots_, number);
  slot = Slot{};
  free_slots_.push_back(number);
}

}  // namespace boato
