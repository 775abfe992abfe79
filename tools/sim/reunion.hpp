// SPDX-License-Identifier: Apache-2.0
// What happens after a partition is healed: when the world is one again, when the last event of before has
// come, and what that cost.
#pragma once

#include "overlay/wire/kind.hpp"
#include "tools/sim/collector.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <utility>

namespace boato::sim {

class Reunion {
 public:
  static constexpr Duration lasts = std::chrono::minutes{1};  // what is sent within it counts

  // `alone`: the one peer that had been cut off; ~0: there were several.
  void healed(Time now, std::uint32_t alone) {
    healed_ = now;
    one_ = never;
    alone_ = alone;
    late_ = Duration{0};
    late_events_ = repair_bytes_ = roster_bytes_ = 0;
    sessions_.clear();
  }
  void one_component(Time now) { one_ = std::min(one_, now); }

  void carried(Time now, const Carried& carried, wire::Kind kind) {
    if (healed_ == never || now > healed_ + lasts) return;
    const std::uint64_t bytes = std::uint64_t{carried.envelope_bytes} + carried.overhead_bytes;
    if (kind >= wire::Kind::roster_join && kind < wire::Kind::cast) roster_bytes_ += bytes;
    if (carried.from != alone_ && carried.to != alone_) return;
    Session& with = sessions_[carried.from ^ carried.to ^ alone_];
    if (kind == wire::Kind::reconcile) with.claim = bytes;
    if (kind == wire::Kind::frontiers) {
      repair_bytes_ += bytes + std::exchange(with.claim, 0);
      with.last = now;
      with.differed = true;
    }
    const bool repairs = kind >= wire::Kind::have && kind <= wire::Kind::have_not;
    if (repairs && with.differed && now <= with.last + session_rest) repair_bytes_ += bytes;
  }
  void delivered(Time now, Time published, std::uint32_t peer, std::uint32_t events) {
    if (healed_ == never || published >= healed_) return;
    late_ = std::max(late_, now - healed_);
    if (peer == alone_) late_events_ += events;
  }

  [[nodiscard]] bool was() const { return healed_ != never; }
  [[nodiscard]] bool one() const { return one_ != never; }
  [[nodiscard]] Duration until_one() const { return one_ - healed_; }
  [[nodiscard]] Duration until_last_event() const { return late_; }
  [[nodiscard]] std::uint64_t roster_bytes() const { return roster_bytes_; }  // sent by all
  // Sessions of anti-entropy that found a difference, from and to the one that was alone: RECONCILE,
  // FRONTIERS, and the HAVE, PULL, HAVE_NOT and envelopes of REPAIR that follow; and what it got for them.
  [[nodiscard]] std::uint64_t repair_bytes() const { return repair_bytes_; }
  // The others with whom that one found that they differ.
  [[nodiscard]] std::uint64_t sessions() const {
    return static_cast<std::uint64_t>(
        std::ranges::count_if(sessions_, [](const auto& s) { return s.second.differed; }));
  }
  [[nodiscard]] std::uint64_t late_events() const { return late_events_; }

 private:
  Time healed_ = never, one_ = never;
  std::uint32_t alone_ = ~std::uint32_t{0};
  Duration late_{0};
  std::uint64_t late_events_ = 0, repair_bytes_ = 0, roster_bytes_ = 0;
  struct Session {
    std::uint64_t claim = 0;  // bytes of a RECONCILE that has found nothing yet
    Time last{};              // FRONTIERS
    bool differed = false;
  };
  static constexpr Duration session_rest = std::chrono::seconds{2};
  std::map<std::uint32_t, Session> sessions_;  // by the other one
};

}  // namespace boato::sim
