// SPDX-License-Identifier: Apache-2.0
// Who this peer is: a long-lived Ed25519 key, and an X25519 link key drawn at each start that lives in memory
// only. The two are separate keys, never converted into each other (Noise rev 34, section 14: a static key
// serves Noise alone).
#pragma once

#include "overlay/base/crypto.hpp"

namespace boato {

// Overwrites memory in a way the compiler may not leave out.
void wipe(void* memory, std::size_t bytes) noexcept;

// Move-only; what is moved from or destroyed is wiped. Has no printer.
struct Identity {
  PeerId id;
  SignSecret secret{};
  Incarnation incarnation;
  Key32 link_secret{};
  Key32 link_public{};

  Identity() = default;
  Identity(Identity&& other) noexcept;
  Identity& operator=(Identity&& other) noexcept;
  ~Identity();
};

// `seed` comes from the identity file, `link_entropy` fresh from the host at each start.
[[nodiscard]] Identity make_identity(const Crypto& crypto, const Key32& seed, const Key32& link_entropy,
                                     Incarnation incarnation);

}  // namespace boato
