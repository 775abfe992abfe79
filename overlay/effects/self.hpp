// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "overlay/base/crypto.hpp"
#include "overlay/base/strong.hpp"
#include "overlay/wire/fields.hpp"

#include <algorithm>
#include <cstdint>
#include <string_view>

namespace boato {

// Who we are, the same for every machine of one peer. Owned by peer_core's owner, which outlives the
// machines.
struct Self {
  PeerId id;
  Incarnation incarnation;      // boot epoch: rises from start to start
  wire::AddressList addresses;  // where we can be dialled; may be filled in until start()
  std::uint32_t flags = 0;      // wire::PeerFlags
  std::string_view name;        // for people
  Bytes attributes;             // encoded, as in wire::PeerRecord
  NetworkId network;
  const Crypto* crypto = nullptr;
  const SignSecret* secret = nullptr;
  std::uint64_t started_us = 0;  // wall-clock time when protocol time was zero: information only, never order

  [[nodiscard]] std::uint64_t wall_us(Time now) const {
    return started_us + static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0));
  }
};

}  // namespace boato
