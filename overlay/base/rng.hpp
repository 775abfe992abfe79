// SPDX-License-Identifier: Apache-2.0
// Our own frozen generator, a small value: std distributions differ between libraries, and a seed must replay
// for ever. Source: xoshiro256** (Blackman and Vigna 2018), seeded by splitmix64. Never used for keys (see
// base/crypto.hpp).
#pragma once

#include "overlay/base/mix.hpp"
#include "overlay/base/strong.hpp"

#include <array>
#include <bit>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace boato {

class Rng {
 public:
  constexpr explicit Rng(std::uint64_t seed) {
    for (auto& word : state_) word = split_mix(seed);
  }

  constexpr std::uint64_t next() {
    const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
    const std::uint64_t t = state_[1] << 17;
    state_[2] ^= state_[0];
    state_[3] ^= state_[1];
    state_[1] ^= state_[2];
    state_[0] ^= state_[3];
    state_[2] ^= t;
    state_[3] = std::rotl(state_[3], 45);
    return result;
  }

  // Uniform in [0, n); 0 if n is 0. Multiply-shift: the bias of 2^-32 and less is of no interest to
  // protocols.
  constexpr std::uint64_t below(std::uint64_t n) {
    if (n <= 0xffffffffULL) return (next() >> 32) * n >> 32;
    return next() % n;
  }

  // True with probability p.
  constexpr bool chance(double p) { return static_cast<double>(next() >> 11) * 0x1.0p-53 < p; }

  // d +- 20 %: what all pages call jitter.
  constexpr Duration jitter(Duration d) {
    const auto fifth = d.count() / 5;
    return Duration{d.count() - fifth +
                    static_cast<std::int64_t>(below(static_cast<std::uint64_t>(2 * fifth + 1)))};
  }

  template <class T>
  constexpr void shuffle(std::span<T> items) {
    for (std::size_t i = items.size(); i > 1; --i) std::swap(items[i - 1], items[below(i)]);
  }

  // An independent generator for a named part of the world.
  [[nodiscard]] constexpr Rng fork(std::string_view label) {
    std::uint64_t h = 0xcbf29ce484222325ULL;
    for (char c : label) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
    return Rng{next() ^ h};
  }

 private:
  static constexpr std::uint64_t split_mix(std::uint64_t& x) { return mix(x += 0x9e3779b97f4a7c15ULL); }
  std::array<std::uint64_t, 4> state_{};
};

}  // namespace boato
