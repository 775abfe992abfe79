// SPDX-License-Identifier: Apache-2.0
// BLAKE2b-256 (RFC 7693) with personalisation, without key: the hash of everything that is signed. Written
// for speed: libsodium 1.0.18 hashes one message at a time, and on recent processors its vector code for that
// is slower than plain code. Several messages at once take one vector lane each, where the processor has
// vectors of 256 or 512 bits. The bytes are the same as libsodium's (tests/link/crypto_test.cpp).
#pragma once

#include "overlay/base/crypto.hpp"

namespace boato {

// Over the concatenation of `parts`.
[[nodiscard]] Digest blake2b(const Personal& personal, std::span<const Bytes> parts);
// out[i] over messages[i]. Pays from three messages of like length on.
void blake2b_each(const Personal& personal, std::span<const Bytes> messages, std::span<Digest> out);

// How many messages this processor takes at once: 8, 4, or 1 after the other.
[[nodiscard]] std::size_t blake2b_lanes();
// blake2b_each with as many, or fewer of these numbers.
void blake2b_each(std::size_t lanes, const Personal& personal, std::span<const Bytes> messages,
                  std::span<Digest> out);

}  // namespace boato
