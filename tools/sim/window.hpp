// SPDX-License-Identifier: Apache-2.0
// A span of virtual time, from its beginning until before its end.
#pragma once

#include <boato/types.hpp>

#include "overlay/base/strong.hpp"

namespace boato::sim {

struct Window {
  Duration from{0}, until{0};
  [[nodiscard]] bool empty() const { return until <= from; }
  [[nodiscard]] bool has(Time t) const {
    return t.time_since_epoch() >= from && t.time_since_epoch() < until;
  }
};

}  // namespace boato::sim
