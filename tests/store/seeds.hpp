// SPDX-License-Identifier: Apache-2.0
// Property tests run some seeds each time, and as many as BOATO_SEEDS says (`first` or `first-last`) when one
// is to be played again or many are to be tried. A failure prints its seed.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <string>

namespace boato {

template <class Play>
void for_seeds(std::uint64_t usual, Play&& play) {
  std::uint64_t first = 1, last = usual;
  // NOLINTNEXTLINE(concurrency-mt-unsafe): read before any thread is made
  if (const char* wanted = std::getenv("BOATO_SEEDS")) {
    char* end = nullptr;
    first = last = std::strtoull(wanted, &end, 10);
    if (*end == '-') last = std::strtoull(end + 1, nullptr, 10);
  }
  for (std::uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE("BOATO_SEEDS=" + std::to_string(seed) + " plays it again");
    play(seed);
    if (::testing::Test::HasFailure()) return;
  }
}

}  // namespace boato
