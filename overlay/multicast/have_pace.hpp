// SPDX-License-Identifier: Apache-2.0
// When a topic's frontiers are told to its mesh neighbours. In a stream that flows the next number shows a
// hole sooner than any HAVE, so a calm topic speaks when the flow pauses, or once in have_flow; and politely
// (Trickle, RFC 6206): to a few neighbours, and to nobody once enough of them have it; the others are left
// for later. As soon as something had to be repaired it hurries for a while: every neighbour is told, at
// once. Decides when, not what.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/multicast/config.hpp"

#include <algorithm>

namespace boato {

class HavePace {
 public:
  HavePace(const MulticastConfig& config, Rng rng) : config_{config}, rng_{rng} { draw(); }

  void on_change(Time now) {
    if (flush_at_ == never) first_ = now;
    if (now < hurry_until_) return soon(now + config_.have_after);
    // Each event puts the word off, but never beyond have_flow, and never what was to be said soon.
    const Time calm = std::max(now, std::min(first_ + config_.have_flow, now + pause_));
    flush_at_ = soon_ ? std::min(flush_at_, calm) : calm;
  }
  // Events come by other ways than the tree, or a neighbour has gone.
  void on_trouble(Time now) {
    hurry_until_ = now + config_.have_hurry;
    if (flush_at_ != never) soon(now + config_.have_after);
    if (late_at_ != never) late_at_ = std::min(late_at_, now + config_.have_after);
  }
  void soon(Time at) {
    flush_at_ = std::min(flush_at_, at);
    soon_ = true;
  }
  // A neighbour was left for later.
  void put_off(Time now) {
    if (late_at_ == never) late_at_ = now + rng_.jitter(config_.have_late);
  }

  [[nodiscard]] bool hurries(Time now) const { return now < hurry_until_; }
  [[nodiscard]] bool due(Time now) const { return flush_at_ <= now; }
  [[nodiscard]] bool late_due(Time now) const { return late_at_ <= now; }
  [[nodiscard]] Time next_deadline() const { return std::min(flush_at_, late_at_); }
  void flushed() {
    flush_at_ = never;
    soon_ = false;
    draw();
  }
  void flushed_late() { late_at_ = never; }

 private:
  void draw() {
    const auto spread = static_cast<std::uint64_t>(config_.have_pause_spread.count());
    pause_ = config_.have_pause + Duration{static_cast<Duration::rep>(rng_.below(spread + 1))};
  }

  const MulticastConfig& config_;
  Rng rng_;
  Duration pause_{};  // of this round: neighbours that wait differently say everything once, not twice
  Time first_{};
  bool soon_ = false;  // flush_at_ is not put off
  Time flush_at_ = never, late_at_ = never, hurry_until_{};
};

}  // namespace boato
