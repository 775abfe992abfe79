// SPDX-License-Identifier: Apache-2.0
// Which intervals of the ring were already accepted for a batch. Only these are subtracted from a later duty
// for the same batch: to hold the events is no reason not to forward them (a whole subtree would be lost),
// and to forward everything again would double it. Forgetting is harmless (the part is forwarded again), so
// this is a table of fixed size in which newer batches push out older ones.
#pragma once

#include "overlay/base/mutant.hpp"
#include "overlay/roster/member.hpp"
#include "overlay/stream/stream_key.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace boato {

class AcceptedIntervals {
 public:
  explicit AcceptedIntervals(std::size_t slots) : slots_max_{slots} {}

  struct Key {
    std::uint64_t stream = 0;  // any 64 bits of the stream's name
    Seq first;
    bool operator==(const Key&) const = default;
  };

  // What of `duty` is new for this batch, as disjoint intervals; it counts as accepted from now on.
  struct Pieces {
    std::array<Interval, 3> piece{};
    std::size_t count = 0;
  };
  [[nodiscard]] Pieces accept(const Key& key, Interval duty) {
    if (table_.empty()) table_.resize(slots_max_);
    const std::uint64_t mixed =
        (key.stream ^ key.first.raw() * 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL;
    Slot& slot = table_[(mixed >> 32) % table_.size()];
    Pieces fresh;
    fresh.piece[0] = duty;
    fresh.count = duty.empty() ? 0 : 1;
    // 211: what was accepted for one batch is for all that share its slot
    if (!(slot.key == key) && !BOATO_MUTANT(211)) slot = Slot{key, {}, 0};
    for (std::size_t i = 0; i < slot.count; ++i) fresh = subtract(fresh, slot.taken[i]);
    if (fresh.count > 0) {
      slot.taken[slot.count < slot.taken.size() ? slot.count : slot.count - 1] = duty;
      if (slot.count < slot.taken.size()) ++slot.count;
    }
    return fresh;
  }

 private:
  struct Slot {
    Key key;
    std::array<Interval, 2> taken{};
    std::uint32_t count = 0;
  };
  static Pieces subtract(const Pieces& from, Interval cut) {
    Pieces out;
    const auto keep = [&](Interval i) {
      if (!i.empty() && out.count < out.piece.size()) out.piece[out.count++] = i;
    };
    for (std::size_t i = 0; i < from.count; ++i) {
      const Interval whole = from.piece[i];
      const bool disjoint = (cut.hi != 0 && cut.hi <= whole.lo) || (whole.hi != 0 && whole.hi <= cut.lo);
      if (disjoint) {
        keep(whole);
        continue;
      }
      if (cut.lo > whole.lo) keep({whole.lo, cut.lo});
      if (cut.hi != 0 && (whole.hi == 0 || cut.hi < whole.hi)) keep({cut.hi, whole.hi});
    }
    return out;
  }
  std::size_t slots_max_;
  std::vector<Slot> table_;
};

}  // namespace boato
