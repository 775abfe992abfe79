// SPDX-License-Identifier: Apache-2.0
// Asks peer after peer for its view of the overlay, breadth first, a few at a time. Loop thread only.
#pragma once

#include <boato/peer.hpp>

#include "node/host/answer.hpp"
#include "overlay/peer_core.hpp"

#include <map>
#include <memory>
#include <vector>

namespace boato {

[[nodiscard]] Topology to_topology(const PeerView& view, const std::vector<Address>& addresses);

class Survey {
 public:
  using Done = std::shared_ptr<Answer<std::vector<Topology>>>;
  Survey(Time until, std::size_t peers_max, std::uint32_t token, const ViewQuestion& question, Done done)
      : until_{until}, peers_max_{peers_max}, token_{token}, question_{question}, done_{std::move(done)} {}

  void start(Time now, PeerCore& core, const std::vector<Address>& own_addresses);
  // True if it was for this survey.
  bool on_view(Time now, PeerCore& core, const PeerView& view);
  // True: finished and answered.
  bool on_tick(Time now, PeerCore& core);
  void finish();

 private:
  static constexpr std::size_t asked_max = 16;  // at a time
  static constexpr Duration answer_within = std::chrono::seconds{2};
  enum class State : std::uint8_t { known, asked, answered, silent };
  struct Entry {
    State state = State::known;
    wire::AddressList addresses;
    Time asked{};
  };
  void learn(const PeerView& view);
  void ask_more(Time now, PeerCore& core);

  const Time until_;
  const std::size_t peers_max_;
  const std::uint32_t token_;
  const ViewQuestion question_;
  Done done_;
  std::map<PeerId, Entry> peers_;
  std::size_t asked_ = 0;
  std::vector<Topology> found_;
};

}  // namespace boato
