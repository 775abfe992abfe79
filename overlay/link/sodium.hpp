// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "overlay/base/crypto.hpp"

namespace boato {

// The reference: everything by libsodium.
[[nodiscard]] const Crypto& sodium_crypto();

// The same bytes on the wire, with seal and open by libcrypto where the build has it (BOATO_OPENSSL); else
// sodium_crypto().
[[nodiscard]] const Crypto& fast_crypto();

}  // namespace boato
