// SPDX-License-Identifier: Apache-2.0
// A roster entry as its subject signs it, and the answer to members that take us for one of them. A goodbye
// is spread without receipts, and by relays that may leave with us: who leaves while it joins may be entered
// by others after it has gone. Its neighbours on the ring ask it for their mesh, so each wrong entry is
// found.
#pragma once

#include "overlay/base/slab.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/effects/self.hpp"
#include "overlay/wire/records.hpp"

#include <span>

namespace boato {

// Returns the statement, in `room` (at least wire::statement_bytes_max). Entry within the limits (checked).
[[nodiscard]] Bytes sign_entry(const Self& self, const wire::RosterEntry& entry, std::uint64_t version,
                               std::span<std::byte> room);

class Farewell {
 public:
  Farewell(const Self& self, SlabPool& slabs) : self_{self}, slabs_{slabs} {}

  // `to` asked us as a member of `topic`, which we are not: it is sent a leaving entry. One signature in
  // 100 ms; who gets none asks again.
  void say(Time now, const TopicId& topic, LinkId to, Effects& fx);

 private:
  const Self& self_;
  SlabPool& slabs_;
  Time next_{};
};

}  // namespace boato
