// SPDX-License-Identifier: Apache-2.0
// The ways out of peers whose bandwidth is limited. What a peer sends waits in one line and leaves piece by
// piece; how long a piece takes is found out when its turn comes, so a way that becomes wide empties at once.
// Knows sizes and turns; does not know what the pieces are.
#pragma once

#include "overlay/base/strong.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <utility>

namespace boato::sim {

class WayOut {
 public:
  struct Piece {
    std::uint32_t slot = 0;  // of the transport
    std::uint32_t line = 0;  // connection * 2 + sending end
    Flow flow{};
    std::size_t bytes = 0;
  };

  [[nodiscard]] bool busy(std::uint32_t peer) const { return peers_.contains(peer); }
  // True: it is the first one, so its leaving has to be planned.
  bool push(Time now, std::uint32_t peer, const Piece& piece);
  [[nodiscard]] const Piece& front(std::uint32_t peer) const { return peers_.at(peer).pieces.front(); }
  Piece pop(std::uint32_t peer);

  // Something overtook the line: the next piece leaves so much later.
  void hold_up(std::uint32_t peer, Duration by) { peers_.at(peer).held_up += by; }
  [[nodiscard]] Duration take_held_up(std::uint32_t peer) {
    return std::exchange(peers_.at(peer).held_up, Duration{0});
  }

  [[nodiscard]] bool waits(std::uint32_t line) const { return lines_.contains(line); }
  [[nodiscard]] std::size_t bytes(std::uint32_t line, Flow flow) const;
  // When the piece that waits longest came; `never` if none waits.
  [[nodiscard]] Time oldest(std::uint32_t line, Flow flow) const;

 private:
  struct Peer {
    std::deque<Piece> pieces;
    Duration held_up{0};
  };
  struct Line {
    std::size_t pieces = 0;
    std::array<std::size_t, flows> bytes{};
    std::array<std::deque<Time>, flows> since;
  };
  std::map<std::uint32_t, Peer> peers_;  // with something that waits
  std::map<std::uint32_t, Line> lines_;  // likewise
};

}  // namespace boato::sim
