// SPDX-License-Identifier: Apache-2.0
// The weather of the simulated network: who reaches whom, how long a byte takes, what goes wrong on the way.
// Faults change it, transports ask it. Knows peers by their index only.
#pragma once

#include "overlay/base/rng.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace boato::sim {

struct NetworkDials {
  Duration delay_min =
      std::chrono::milliseconds{10};  // one way; each pair of peers draws its own from the range
  Duration delay_max = std::chrono::milliseconds{50};
  Duration jitter = std::chrono::milliseconds{2};  // more for each frame, uniform
  double loss = 0;       // of packets: TCP sends them again after a timeout, so the frame comes late
  double vanish = 0;     // of frames that carry events: gone without a trace, as no TCP would lose them
  double duplicate = 0;  // of events on their way: come twice
  double forge = 0;      // of events that a relay sends on: altered by it, as by a peer that lies
  double reset = 0;      // of frames: the link is cut instead
  Duration retransmit_after = std::chrono::milliseconds{200};
  std::uint64_t bandwidth = 0;  // bytes/s of each peer's way out; 0 = no limit
  std::size_t queue_max = std::size_t{3}
                          << 20;  // reliable and repair bytes that wait per link before frames are refused
};

class Conditions {
 public:
  static constexpr std::size_t sides_max = 8;

  Conditions(const NetworkDials& network, Rng rng) : dials{network}, rng_{rng}, salt_{rng_.next()} {}

  NetworkDials dials;

  void add_peer() { peers_.push_back({}); }

  // Whether a packet of `from` reaches `to` now.
  [[nodiscard]] bool passes(std::uint32_t from, std::uint32_t to) const {
    return !blocked_[peers_[from].side][peers_[to].side];
  }
  // Time for one frame from `from` to `to`, lost packets included.
  [[nodiscard]] Duration one_way(std::uint32_t from, std::uint32_t to) { return one_way(from, to, rng_); }
  // The same for one who has random numbers of its own.
  [[nodiscard]] Duration one_way(std::uint32_t from, std::uint32_t to, Rng& rng) const;
  // Without jitter and loss: what a round trip is made of.
  [[nodiscard]] Duration base_delay(std::uint32_t from, std::uint32_t to) const;
  [[nodiscard]] std::uint64_t bandwidth_of(std::uint32_t from) const {
    return peers_[from].bandwidth != 0 ? peers_[from].bandwidth : dials.bandwidth;
  }
  [[nodiscard]] bool chance(double p) { return p > 0 && rng_.chance(p); }
  [[nodiscard]] Duration up_to(Duration most) {
    return Duration{static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(most.count()) + 1))};
  }

  // Partitions: peers have a side, and sides are cut from each other in one direction or both.
  void set_side(std::uint32_t peer, std::uint8_t side) { peers_[peer].side = side; }
  void block(std::uint8_t from, std::uint8_t to, bool blocked) { blocked_[from][to] = blocked; }
  void slow_down(std::uint32_t peer, Duration extra, std::uint64_t bandwidth) {
    peers_[peer].extra = extra;
    peers_[peer].bandwidth = bandwidth;
  }
  [[nodiscard]] bool is_slow(std::uint32_t peer) const {
    return peers_[peer].extra.count() != 0 || peers_[peer].bandwidth != 0;
  }
  // No partition, no slow peer, no loss: the delays stay.
  void heal();

 private:
  struct Place {
    Duration extra{0};
    std::uint64_t bandwidth = 0;
    std::uint8_t side = 0;
  };
  std::vector<Place> peers_;
  std::array<std::array<bool, sides_max>, sides_max> blocked_{};
  Rng rng_;
  std::uint64_t salt_;
};

}  // namespace boato::sim
