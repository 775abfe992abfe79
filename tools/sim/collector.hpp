// SPDX-License-Identifier: Apache-2.0
// Figures of a run, taken from outside: what travelled, how long it took. Protocol code knows nothing of it.
#pragma once

#include "overlay/effects/note.hpp"
#include "overlay/wire/kind.hpp"
#include "tools/sim/transport.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <vector>

namespace boato::sim {

// Counts of values in buckets that are 1/16 of their power of two wide: percentiles are at most 6 % off.
class Histogram {
 public:
  void add(std::uint64_t value, std::uint64_t times = 1) {
    buckets_[bucket(value)] += times;
    count_ += times;
    sum_ += value * times;
    worst_ = value > worst_ ? value : worst_;
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] std::uint64_t worst() const { return worst_; }
  [[nodiscard]] double mean() const {
    return count_ == 0 ? 0 : static_cast<double>(sum_) / static_cast<double>(count_);
  }
  [[nodiscard]] std::uint64_t at(double share) const;

 private:
  static std::size_t bucket(std::uint64_t value) {
    if (value < 16) return static_cast<std::size_t>(value);
    const int shift = static_cast<int>(std::bit_width(value)) - 5;
    return static_cast<std::size_t>(shift) * 16 + static_cast<std::size_t>(value >> shift);
  }
  static std::uint64_t floor_of(std::size_t bucket);
  std::array<std::uint64_t, 1024> buckets_{};
  std::uint64_t count_ = 0, sum_ = 0, worst_ = 0;
};

struct Traffic {
  std::array<std::uint64_t, 128> frames{}, bytes{};  // by kind; bytes without bodies
  std::array<std::uint64_t, flows> flow_frames{}, flow_bytes{};
  std::uint64_t body_bytes = 0;
  [[nodiscard]] std::uint64_t total_frames() const;
  [[nodiscard]] std::uint64_t total_bytes() const;  // bodies included
};
[[nodiscard]] Traffic operator-(const Traffic& now, const Traffic& before);

class Collector {
 public:
  wire::Kind carried(const Carried& carried);  // says what it was
  void note(const Note& note) { notes_[static_cast<std::size_t>(note.counter)] += note.n; }
  void delivered(Duration after, std::uint32_t events, std::uint8_t hops) {
    latency_.add(static_cast<std::uint64_t>(after.count()), events);
    hops_.add(hops, events);
  }

  [[nodiscard]] const Traffic& traffic() const { return traffic_; }
  [[nodiscard]] const std::vector<std::uint64_t>& payload_sends() const { return payload_sends_; }  // by peer
  [[nodiscard]] const Histogram& latency() const {
    return latency_;
  }  // us, subscribers other than the publisher
  [[nodiscard]] const Histogram& hops() const { return hops_; }
  [[nodiscard]] std::uint64_t noted(Counter counter) const {
    return notes_[static_cast<std::size_t>(counter)];
  }

 private:
  Traffic traffic_;
  std::vector<std::uint64_t> payload_sends_;
  Histogram latency_, hops_;
  std::array<std::uint64_t, counters> notes_{};
};

// "cast", "have", ...; "kind 77" is never needed: unknown kinds have no name.
[[nodiscard]] std::string_view name_of(wire::Kind kind);

}  // namespace boato::sim
