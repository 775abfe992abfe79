// SPDX-License-Identifier: Apache-2.0
#include "overlay/stream/ring.hpp"

#include "overlay/base/rng.hpp"

#include <gtest/gtest.h>

#include <deque>

namespace boato {
namespace {

TEST(Ring, AgreesWithADeque) {
  Rng rng{3};
  for (int round = 0; round < 50; ++round) {
    Ring<int> ring;
    std::deque<int> oracle;
    for (int step = 0; step < 400; ++step) {
      const auto place = static_cast<std::size_t>(rng.below(oracle.size() + 1));
      switch (rng.below(oracle.size() < 60 ? 4 : 6)) {
        case 0:
        case 1:
          ring.push_back(step);
          oracle.push_back(step);
          break;
        case 2:
          ring.insert(place, step);
          oracle.insert(oracle.begin() + static_cast<std::ptrdiff_t>(place), step);
          break;
        default:
          if (place >= oracle.size()) break;
          if (place % 3 == 0) {
            ring.pop_front();
            oracle.pop_front();
          } else {
            ring.erase(place);
            oracle.erase(oracle.begin() + static_cast<std::ptrdiff_t>(place));
          }
      }
      ASSERT_EQ(ring.size(), oracle.size());
      for (std::size_t i = 0; i < oracle.size(); ++i) ASSERT_EQ(ring[i], oracle[i]);
    }
  }
}

}  // namespace
}  // namespace boato
