// SPDX-License-Identifier: Apache-2.0
// The two clocks of the real world; everything else gets the time as an argument.
#pragma once

#include "overlay/base/strong.hpp"

#include <uv.h>

#include <chrono>
#include <cstdint>

namespace boato {

// Protocol time: the machine's monotonic clock.
[[nodiscard]] inline Time monotonic_now() {
  return Time{Duration{static_cast<std::int64_t>(uv_hrtime() / 1000)}};
}

// Microseconds since 1970.
[[nodiscard]] inline std::uint64_t wall_now_us() {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<Duration>(std::chrono::system_clock::now().time_since_epoch()).count());
}

}  // namespace boato
