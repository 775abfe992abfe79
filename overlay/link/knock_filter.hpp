// SPDX-License-Identifier: Apache-2.0
// Remembers valid knocks (first handshake messages under the network key), so that a recorded one that is
// played again costs us one AEAD and no DH. It saves work only: safety comes from our own fresh ephemeral.
// Only holders of the network key can fill it. Two generations of 65,536 places; the older one is forgotten
// every 10 min or when the younger is full. 1 MiB, taken at the first knock.
#pragma once

#include "overlay/base/crypto.hpp"

#include <array>
#include <vector>

namespace boato {

class KnockFilter {
 public:
  static constexpr std::size_t places = 65536;            // per generation
  static constexpr std::size_t full_at = places / 8 * 7;  // keeps the search short
  static constexpr Duration turn_every = std::chrono::minutes{10};

  // `key` is fresh randomness: nobody outside can choose ephemeral keys whose tags collide.
  KnockFilter(const Crypto& crypto, const Key32& key) : crypto_{&crypto}, key_{key} {}

  // True if this ephemeral key knocked before; else it is remembered.
  [[nodiscard]] bool seen(const Key32& ephemeral, Time now);
  [[nodiscard]] std::uint64_t replays() const { return replays_; }

 private:
  struct Generation {
    std::vector<std::uint64_t> tags;  // 0 = free
    std::size_t used = 0;
  };
  void turn(Time now);

  const Crypto* crypto_;
  Key32 key_;
  Generation young_, old_;
  Time turned_{};
  std::uint64_t replays_ = 0;
};

}  // namespace boato
