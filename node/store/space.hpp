// SPDX-License-Identifier: Apache-2.0
// How much room the device of the data folder has, and when that is too little for new events.
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace boato {

struct Space {
  std::uint64_t free = 0;   // for this user
  std::uint64_t total = 0;  // 0: not known, so never too little
};

struct SpaceLimits {
  std::uint64_t free_min = std::uint64_t{256} << 20;
  unsigned used_max_percent = 90;
  // Held back in a file of its own, and let go when a write finds no room: promises, configurations and
  // cursors go in there. Others may fill the device at any time.
  std::uint64_t reserve = std::uint64_t{64} << 20;

  [[nodiscard]] bool too_little(const Space& space) const {
    return space.total > 0 &&
           (space.free < free_min || space.free < space.total / 100 * (100 - used_max_percent));
  }
};

// Asked before each commit; tests say what it answers.
using SpaceProbe = std::function<Space()>;
[[nodiscard]] Space space_of(const std::string& folder);

}  // namespace boato
