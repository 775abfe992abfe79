// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/conditions.hpp"

#include "overlay/base/mix.hpp"

#include <algorithm>
#include <utility>

namespace boato::sim {

Duration Conditions::base_delay(std::uint32_t from, std::uint32_t to) const {
  // One draw per pair, the same both ways, without a table of all pairs.
  const auto [low, high] = std::minmax(from, to);
  const std::uint64_t x = mix(salt_ ^ (std::uint64_t{low} << 32 | high));
  const auto spread = static_cast<std::uint64_t>((dials.delay_max - dials.delay_min).count()) + 1;
  const Duration own{dials.delay_min.count() + static_cast<std::int64_t>(x % spread)};
  return own + peers_[from].extra + peers_[to].extra;
}

Duration Conditions::one_way(std::uint32_t from, std::uint32_t to, Rng& rng) const {
  Duration total = base_delay(from, to);
  if (dials.jitter.count() > 0)
    total +=
        Duration{static_cast<std::int64_t>(rng.below(static_cast<std::uint64_t>(dials.jitter.count()) + 1))};
  // Retransmission doubles its timeout; six tries in a row are the longest silence that is drawn here.
  Duration wait = dials.retransmit_after;
  for (int tries = 0; tries < 6 && dials.loss > 0 && rng.chance(dials.loss); ++tries, wait *= 2)
    total += wait;
  return total;
}

void Conditions::heal() {
  blocked_ = {};
  for (Place& place : peers_) place = {};
  dials.loss = dials.vanish = dials.duplicate = dials.forge = dials.reset = 0;
}

}  // namespace boato::sim
