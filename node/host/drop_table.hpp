// SPDX-License-Identifier: Apache-2.0
// What a peer has let go of since its start, by reason, topic and peer. Rows are named as long as there is
// room; what comes later is added to one row per reason, so that nobody makes it grow. Loop thread only.
#pragma once

#include <boato/peer.hpp>

#include "overlay/effects/drop.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

class DropTable {
 public:
  static constexpr std::size_t rows_max = 256;  // x 88 B and long names: 24 KiB to 88 KiB

  void add(DropReason reason, std::string_view topic, const PeerId& peer, std::uint64_t n);
  // Most first.
  [[nodiscard]] std::vector<Dropped> rows() const;

 private:
  struct Row {
    DropReason reason{};
    PeerId peer;
    std::string topic;
    std::uint64_t count = 0;
  };
  std::vector<Row> rows_;  // by reason, peer and topic
  std::array<std::uint64_t, drop_reasons> other_{};
};

}  // namespace boato
