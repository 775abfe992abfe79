// SPDX-License-Identifier: Apache-2.0
// The all-knowing record of one baseline: who has which publication and after how many hops, what was sent
// for it, how long it took. A publication is a batch; figures count its events, as those of our peers do. The
// baselines also ask it what a peer has: a real one would remember ids for some time only, here it never
// takes an old copy for a new one, which is a favour to it. One byte per peer and publication.
#pragma once

#include "tools/sim/collector.hpp"

#include <cstdint>
#include <vector>

namespace boato::sim {

struct Publication {
  std::uint32_t topic = 0, publisher = 0;
  std::uint64_t first = 1;  // place of its first event in the stream of its publisher
  std::uint32_t events = 1;
  std::uint32_t bytes = 0;
  Time at{};
};

class BaselineTally {
 public:
  struct Spread {
    std::uint64_t receptions = 0;  // copies that reached a peer other than the publisher
    std::uint64_t deliveries = 0;  // first copies that reached subscribers other than the publisher
    std::uint8_t last_hop = 0;     // of those
    Duration last_after{0};        // until the last of them
  };

  [[nodiscard]] bool has(std::uint32_t peer, std::uint32_t publication) const {
    return peer < reached_.size() && publication < reached_[peer].size() && reached_[peer][publication] != 0;
  }
  [[nodiscard]] std::uint8_t hops(std::uint32_t peer, std::uint32_t publication) const {
    return static_cast<std::uint8_t>(reached_[peer][publication] - 1);
  }

  void got(std::uint32_t peer, std::uint32_t publication, std::uint8_t hops);
  void received(std::uint32_t publication, std::uint32_t events) { spread(publication).receptions += events; }
  // `after` is negative for one that was published before the peer subscribed.
  void delivered(std::uint32_t publication, std::uint32_t events, std::uint8_t hops, Duration after);
  void sent_payload(std::uint32_t from, std::size_t header_bytes);
  void sent_control(std::size_t bytes) { control_bytes_ += bytes; }
  void forget(std::uint32_t peer);  // its process ended

  [[nodiscard]] Spread& spread(std::uint32_t publication);
  [[nodiscard]] const std::vector<Spread>& spreads() const { return spreads_; }
  [[nodiscard]] const Histogram& latency() const { return latency_; }  // us
  [[nodiscard]] const Histogram& hops() const { return hops_; }
  [[nodiscard]] const std::vector<std::uint64_t>& payload_sends() const { return payload_sends_; }  // by peer
  [[nodiscard]] std::uint64_t control_bytes() const { return control_bytes_; }  // all but event bytes

 private:
  static constexpr std::uint8_t hops_max = 254;
  std::vector<std::vector<std::uint8_t>> reached_;  // by peer and publication: hops + 1, 0 = not yet
  std::vector<Spread> spreads_;
  std::vector<std::uint64_t> payload_sends_;
  Histogram latency_, hops_;
  std::uint64_t control_bytes_ = 0;
};

}  // namespace boato::sim
