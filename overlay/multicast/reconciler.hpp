// SPDX-License-Identifier: Apache-2.0
// Anti-entropy of a whole peer: one round at a time covers all topics that it has in common with another, so
// an idle topic costs nothing of its own. A round is one claim over the digests of the common topics, which
// ends it when they are equal; else ranges (base/ranges.hpp) find the topics that differ, and those compare
// frontiers (frontiers.cpp) and rosters (roster/sync.cpp). Rounds come every reconcile_every while topics
// change, and ever more rarely, down to reconcile_rest, while nothing does.
// Decides when, and finds which topics; with whom and what of them to compare is the caller's.
#pragma once

#include "overlay/base/ranges_answer.hpp"
#include "overlay/base/rng.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/multicast/config.hpp"
#include "overlay/wire/event_messages.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>
#include <vector>

namespace boato {

// One topic in which we and the other peer are members.
struct CommonTopic {
  TopicTag topic;
  std::uint64_t streams = 0;  // digest; 0 if one of the two takes no events
  std::uint64_t rosters = 0;
};

class Reconciler {
 public:
  Reconciler(const MulticastConfig& config, Rng rng)
      : config_{config}, rng_{rng}, every_{config.reconcile_every} {}

  // A frontier or a roster has changed.
  void on_change(Time now) {
    if (std::exchange(changed_, true)) return;  // a round is due soon: nothing to do for each event
    due_ = std::min(due_, now + rng_.jitter(config_.reconcile_every));
  }
  [[nodiscard]] Time next_deadline() const { return due_; }
  // A round is due: counts it, and says when the next one is.
  std::uint64_t next_round(Time now) {
    every_ = std::exchange(changed_, false) ? config_.reconcile_every
                                            : std::min(2 * every_, config_.reconcile_rest);
    due_ = now + rng_.jitter(every_);
    return round_++;
  }
  [[nodiscard]] std::size_t pick(std::size_t of) { return static_cast<std::size_t>(rng_.below(of)); }

  // Begins a round. `common`, here and below: by rising tag.
  void begin(const LinkInfo& with, wire::Compared what, std::span<const CommonTopic> common, Effects& fx);
  // Answers, and calls differs(TopicTag, streams or rosters) for what is now known to differ. False:
  // malformed.
  template <class Differs>
  bool on(Time now, const LinkInfo& from, const wire::Reconcile& m, std::span<const CommonTopic> common,
          Effects& fx, Differs&& differs) {
    const auto mine = entries(from, m.what, common);
    std::array<std::byte, ranges_bytes_max> room;
    ByteWriter out{room};
    differences_.clear();
    const auto differ = [&](const RangeEntry& theirs) {
      const auto at = std::ranges::lower_bound(mine, theirs.place, {}, &RangeEntry::place);
      const bool here = at != mine.end() && at->place == theirs.place;
      note(theirs.place, here ? at->hash ^ theirs.hash : ~std::uint64_t{0});
    };
    // What both list, with two hashes, is told by the other call, too, and there with theirs.
    const auto lacks = [&](const RangeEntry& ours) { note(ours.place, 0); };
    if (!answer_ranges(mine, m.items, out, ListedRanges{differ, lacks})) return false;
    if (out.used() > 0) fx.send(from.id, Flow::control, wire::Reconcile{m.what, out.written()});
    if (!differences_.empty()) on_change(now);
    for (const auto& [place, halves] : differences_) {
      const bool streams = asks(m.what, wire::Compared::streams) && (halves & 0xffffffff) != 0;
      const bool rosters = asks(m.what, wire::Compared::rosters) && (halves == 0 || (halves >> 32) != 0);
      if (streams) differs(TopicTag{place}, wire::Compared::streams);
      if (rosters) differs(TopicTag{place}, wire::Compared::rosters);
    }
    return true;
  }

 private:
  [[nodiscard]] static bool asks(wire::Compared what, wire::Compared half) {
    return (static_cast<unsigned>(what) & static_cast<unsigned>(half)) != 0;
  }
  struct Difference {
    std::uint64_t place = 0, halves = 0;
  };
  [[nodiscard]] static std::vector<RangeEntry> entries(const LinkInfo& with, wire::Compared what,
                                                       std::span<const CommonTopic> common);
  void note(std::uint64_t place, std::uint64_t halves);

  const MulticastConfig& config_;
  Rng rng_;
  std::vector<Difference> differences_;  // of the message at hand
  Duration every_;
  std::uint64_t round_ = 0;
  bool changed_ = false;
  Time due_ = never;
};

}  // namespace boato
