// SPDX-License-Identifier: Apache-2.0
// Warm fingers: for each level of the cut around this peer's own place one link into each slice, and links to
// all members of the lowest slice, so that the first copy of any event finds a link and no hop waits for a
// dial. The cut starts at zero for every source, so one set of fingers serves all streams, and topics with
// common members share links.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/multicast/context.hpp"
#include "overlay/multicast/warm_links.hpp"
#include "overlay/roster/split.hpp"

#include <vector>

namespace boato {

class Fingers {
 public:
  Fingers(const MulticastContext& context, Rng rng) : context_{context}, rng_{rng} {}

  void start(Time now) {
    next_care_ = seen_at_ = now;
    seen_ = context_.roster.receivers().size();
  }
  void stop() { next_care_ = never; }
  void on_change(Time now) { next_care_ = std::min(next_care_, now + context_.config.finger_every); }
  void on_link_down(Time now, LinkId link) {
    if (uses(link)) on_change(now);
  }
  [[nodiscard]] bool uses(LinkId link) const;
  [[nodiscard]] std::size_t size() const { return links_.size(); }
  [[nodiscard]] Time next_deadline() const { return next_care_; }
  void on_deadline(Time now, const WarmLinks& warm, Effects& fx);

 private:
  bool dial_one_of(const Part& part, Effects& fx);
  bool try_another(const Part& slowest, Effects& fx);  // true: look again soon

  const MulticastContext& context_;
  Rng rng_;
  std::vector<LinkId> links_;   // sorted
  std::vector<LinkId> before_;  // of the round before
  // While the roster grows by the second its slices are others a moment later, and links into them wasted.
  std::size_t seen_ = 0;  // members at seen_at_
  Time seen_at_{};
  bool growing_ = true;
  std::size_t tries_ = 0;       // links still to be tried in the hope of a faster one
  std::size_t tried_with_ = 0;  // members when the tries began
  Time next_care_ = never;
};

}  // namespace boato
