// SPDX-License-Identifier: Apache-2.0
// Which of many predicates take an event: of a roster's members, or of local subscriptions. Each conjunction
// of a predicate is filed once, under the demand that fewest events meet: a value (hashed), a range of
// numbers (sorted), an attribute's presence, or nothing. An event brings up the conjunctions that are filed
// under what it has; up to two further demands are tested beside it, and the predicate itself is evaluated
// only if there are demands of another sort. Source: access predicates, Fabret et al., SIGMOD 2001,
// section 3. Departs from counting (Yan and Garcia-Molina 1994), which touches every demand that an event
// meets; see DECISIONS.md for the figures. Knows predicates and subjects; does not know members,
// subscriptions or topics. Invariant: match() answers exactly the predicates whose matches() is true, each
// once, in an order that depends on nothing but the calls before.
#pragma once

#include "overlay/base/strong.hpp"
#include "overlay/interest/conjunctions.hpp"
#include "overlay/interest/hash_table.hpp"
#include "overlay/interest/predicate.hpp"
#include "overlay/interest/range_list.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace boato {

using InterestId = Strong<struct InterestIdTag, std::uint32_t>;  // reused after remove

class InterestIndex {
 public:
  explicit InterestIndex(std::uint64_t seed) : seed_{seed} {}

  InterestId add(Predicate predicate);
  void remove(InterestId id);
  // `out` is cleared first; warm, nothing is allocated.
  void match(const Subject& subject, std::vector<InterestId>& out);

  [[nodiscard]] std::size_t size() const { return predicates_.size() - free_predicates_.size(); }
  [[nodiscard]] const Predicate& predicate(InterestId id) const { return *predicates_[id.raw()].predicate; }
  void check_invariants() const;

 private:
  using Bucket = std::vector<std::uint32_t>;  // entries
  static constexpr std::uint32_t none_ = HashTable::none;
  static constexpr double endless_ = std::numeric_limits<double>::infinity();

  struct Slot {  // one attribute
    std::string name;
    Reserved reserved = Reserved::none;
    std::uint64_t hash = 0;
    std::uint32_t uses = 0;
    std::uint32_t values = 0;      // in the table
    RangeList both, above, below;  // below: mirrored at 0
    Bucket present;
  };
  struct KeptValue {  // one value of one attribute that some conjunction demands
    std::uint32_t slot = 0, uses = 0;
    std::uint64_t hash = 0;
    std::string text;  // of a string or bytes
    Value value;       // its view, or a number in its one form
    Bucket bucket;
  };
  // What an event has, at two coordinates for each slot: its number, and the number of its value in values_.
  // An interval, because integers beyond 2^53 are not known more exactly as doubles; empty where it has none.
  struct Interval {
    double low = endless_, high = -endless_;
  };
  // A conjunction, or one value of an IN: what a candidate is tested by, apart from how it is found.
  struct Entry {
    std::array<double, 2> low{-endless_, -endless_}, high{endless_, endless_};
    std::array<std::uint32_t, 2> coordinate{};  // 0: everything passes
    std::uint32_t predicate = 0;
    bool evaluate = false;
    bool only = false;  // of its predicate
  };
  struct Filing {
    Access access = Access::always;
    std::uint32_t home = 0, place = 0;  // value or slot, and where in its bucket
    double low = 0, high = 0;           // of a range
  };
  struct Kept {
    std::optional<Predicate> predicate;
    std::vector<std::uint32_t> entries, slots, values;  // what is held
  };
  static constexpr std::uint32_t number_of(std::uint32_t slot) { return 2 * slot + 1; }
  static constexpr std::uint32_t value_of(std::uint32_t slot) { return 2 * slot + 2; }

  void file(std::uint32_t predicate, const Conjunction& conjunction);
  void file_entry(const Entry& entry, const Filing& filing);
  void unfile(std::uint32_t entry);
  Bucket& bucket_of(const Filing& filing);
  RangeList& list_of(const Filing& filing);
  std::uint32_t hold_slot(Kept& kept, const FieldName& name);
  std::uint32_t hold_value(Kept& kept, std::uint32_t slot, const Value& value);
  void drop_slot(std::uint32_t slot);
  void drop_value(std::uint32_t value);
  [[nodiscard]] std::uint32_t find_slot(std::string_view name) const;
  [[nodiscard]] std::uint32_t find_value(std::uint32_t slot, const Value& value, std::uint64_t hash) const;
  [[nodiscard]] std::uint64_t hash_of_value(std::uint32_t slot, const Value& value) const;
  void see(std::uint32_t slot, const Value& value);
  std::uint32_t* bring_up(std::uint32_t* out);

  std::uint64_t seed_;
  std::vector<Kept> predicates_;
  std::vector<std::uint32_t> free_predicates_, free_entries_, free_slots_, free_values_;
  std::vector<Entry> entries_;
  std::vector<Filing> filings_;  // of the same number
  std::deque<Slot> slots_;
  std::deque<KeptValue> values_;
  HashTable slot_table_, value_table_;
  std::vector<std::uint32_t> reserved_slots_;
  Bucket always_;
  // Of match().
  std::vector<Interval> has_{{0, 0}};  // by coordinate; empty between events but the first
  std::uint64_t epoch_ = 0;
  std::vector<std::uint64_t> looked_;  // per predicate, the last epoch in which it was decided
  bool inexact_ = false;               // an integer beyond what doubles hold: each candidate is evaluated
  std::vector<std::uint32_t> seen_, candidates_;
};

}  // namespace boato
