// SPDX-License-Identifier: Apache-2.0
// The finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): every bit of the input moves half of the
// output's. A bijection, no hash against an adversary.
#pragma once

#include <cstdint>

namespace boato {

constexpr std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

}  // namespace boato
