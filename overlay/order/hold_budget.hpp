// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "overlay/base/check.hpp"

#include <cstddef>

namespace boato {

// Bytes that all delivery queues of one peer may hold back together. Outlives the queues.
struct HoldBudget {
  std::size_t bytes_max = std::size_t{64} << 20;
  std::size_t used = 0;

  bool take(std::size_t bytes) {
    if (bytes > bytes_max - used) return false;
    used += bytes;
    return true;
  }
  void give(std::size_t bytes) {
    BOATO_CHECK(bytes <= used);
    used -= bytes;
  }
};

}  // namespace boato
