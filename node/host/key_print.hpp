// SPDX-License-Identifier: Apache-2.0
// What may be shown of a secret, for programs that have no business with cryptography.
#pragma once

#include <boato/types.hpp>

#include "overlay/base/crypto.hpp"

#include <string>

namespace boato {

// The peer whose seed this is.
[[nodiscard]] PeerId peer_of(const Key32& seed);

// Eight bytes of a hash, in hexadecimal: enough to see that two hosts have the same network key, useless for
// anything else.
[[nodiscard]] std::string fingerprint(const Key32& key);

// Fresh from the system.
[[nodiscard]] Key32 fresh_key();

}  // namespace boato
