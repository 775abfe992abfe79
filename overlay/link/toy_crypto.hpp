// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "overlay/base/crypto.hpp"

namespace boato {

// Protects nothing. For simulations of ten thousand peers: deterministic, cheap, and every bit of the input
// still matters, so altered bytes are refused as with real keys. Anyone can forge a signature, and sealed
// bytes are readable.
[[nodiscard]] const Crypto& toy_crypto();

}  // namespace boato
