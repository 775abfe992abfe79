// SPDX-License-Identifier: Apache-2.0
// How long deliveries take before something goes wrong, while it is wrong, and in the part of the tree that a
// relay left behind. An event belongs to the window in which it was published. Peers that are slow themselves
// do not count: the question is what they do to others.
#pragma once

#include "overlay/base/strong.hpp"
#include "overlay/effects/effects.hpp"
#include "tools/sim/collector.hpp"
#include "tools/sim/window.hpp"

#include <cstdint>
#include <vector>

namespace boato::sim {

// The interval of the ring that a CAST handed to a child.
struct RingPart {
  std::uint64_t lo = 0, hi = 0;  // hi = 0 stands for 2^64
  [[nodiscard]] bool has(std::uint64_t place) const {
    return hi == 0 || lo < hi ? place >= lo && (hi == 0 || place < hi) : place >= lo || place < hi;
  }
};

class Latencies {
 public:
  Latencies(Window calm, Window trouble) : calm_window_{calm}, trouble_window_{trouble} {}

  // The child that had this part of one event of `publisher`, published now, is dead.
  void orphaned(Time now, std::uint32_t publisher, const RingPart& part) {
    orphans_.push_back({now, publisher, part});
  }
  void delivered(Time now, Time published, std::uint32_t publisher, std::uint64_t place,
                 std::uint32_t events) {
    const auto us = static_cast<std::uint64_t>((now - published).count());
    if (calm_window_.has(published)) calm_.add(us, events);
    if (trouble_window_.has(published)) trouble_.add(us, events);
    for (const Orphans& o : orphans_)
      if (o.at == published && o.publisher == publisher && o.part.has(place)) orphan_.add(us, events);
  }

  [[nodiscard]] const Histogram& calm() const { return calm_; }
  [[nodiscard]] const Histogram& trouble() const { return trouble_; }
  [[nodiscard]] const Histogram& orphan() const { return orphan_; }

 private:
  struct Orphans {
    Time at{};
    std::uint32_t publisher = 0;
    RingPart part;
  };
  Window calm_window_, trouble_window_;
  Histogram calm_, trouble_, orphan_;  // us
  std::vector<Orphans> orphans_;
};

}  // namespace boato::sim
