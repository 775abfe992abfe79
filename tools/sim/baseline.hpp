// SPDX-License-Identifier: Apache-2.0
// A way of spreading events that ours is compared with: what all such have in common. It publishes what our
// peers publish, at the same moment and peer, and lives on the overlay graph of our peers: their neighbours,
// their crashes, pauses and partitions, delays drawn from the same range.
// Every running peer forwards, whether it subscribes or not: a baseline has no roster that would tell it who
// does. Deliveries are counted at subscribers only, so a topic with few members shows what that costs.
#pragma once

#include "tools/sim/baseline_net.hpp"
#include "tools/sim/baseline_tally.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace boato::sim {

// What baselines would write on our links, as our codec packs it. Favours them: an id is an index into the
// link's dictionary of streams (2 bytes) and a number in the stream (3), as in our HAVE, not a hash of 16.
inline constexpr std::size_t link_overhead_bytes = 23;  // lengths, kind and tag of one small frame
inline constexpr std::size_t topic_head_bytes = 11;     // array, kind and the topic's tag
inline constexpr std::size_t hops_bytes = 1;
inline constexpr std::size_t id_bytes = 5;
inline constexpr std::size_t payload_head_bytes = link_overhead_bytes + topic_head_bytes + hops_bytes;

class Baseline {
 public:
  Baseline(const BaselineHost& host, const Conditions& conditions,
           const std::vector<Publication>& publications, Rng rng)
      : host_{host}, publications_{publications}, net_{host, conditions, rng} {}
  virtual ~Baseline() = default;
  Baseline(const Baseline&) = delete;
  Baseline& operator=(const Baseline&) = delete;

  // The last of the publications.
  void publish(Time now);
  void run_until(Time until);
  virtual void ended(std::uint32_t peer);
  void resumed(Time now, std::uint32_t peer) { net_.resumed(now, peer); }
  void released(Time now) { net_.released(now); }

  [[nodiscard]] const BaselineTally& tally() const { return tally_; }

 protected:
  virtual void on_publish(Time now, std::uint32_t peer, std::uint32_t publication) = 0;
  virtual void on_packet(Time now, const Packet& packet) = 0;

  // The first copy that this peer gets: counted as delivered. Every copy has been counted as received.
  void accept(Time now, const Packet& packet);
  [[nodiscard]] bool has(std::uint32_t peer, std::uint32_t publication) const {
    return tally_.has(peer, publication);
  }
  void send_payload(Time now, std::uint32_t from, const Neighbour& to, std::uint32_t publication,
                    std::uint8_t hops);
  void send_control(Time now, std::uint32_t from, const Neighbour& to, Packet packet, std::size_t bytes);

  const BaselineHost& host_;
  const std::vector<Publication>& publications_;
  BaselineNet net_;
  BaselineTally tally_;
};

}  // namespace boato::sim
