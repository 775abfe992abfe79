// SPDX-License-Identifier: Apache-2.0
// All cryptography, as a plain table of functions, so that rooms that hash or sign need no library header and
// the simulator can pass a toy table (ten thousand peers of real cryptography do not fit on a laptop). Filled
// with libsodium by link/sodium.cpp, hashes by link/blake2b.cpp. Every function is pure: randomness comes in
// as an argument, so a handshake replays byte for byte.
#pragma once

#include "overlay/base/strong.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace boato {

using Hash64 = std::array<std::uint8_t, 64>;
using Key32 = std::array<std::uint8_t, 32>;
using Signature = std::array<std::uint8_t, 64>;
using Personal = std::array<char, 16>;  // BLAKE2b personalisation, padded with zeros

// "boato/1 leaf" -> 16 bytes.
template <std::size_t N>
[[nodiscard]] constexpr Personal personal(const char (&text)[N]) {
  static_assert(N <= 17, "a personalisation has at most 16 bytes");
  Personal p{};
  for (std::size_t i = 0; i + 1 < N; ++i) p[i] = text[i];
  return p;
}

// An Ed25519 secret key in libsodium's form: seed followed by public key.
using SignSecret = std::array<std::uint8_t, 64>;

struct Crypto {
  // BLAKE2b-256 over the concatenation of `parts`, personalised.
  Digest (*hash)(const Personal& personal, std::span<const Bytes> parts);
  // out[i] = that of messages[i] alone: several at once are faster than one after the other.
  void (*hash_each)(const Personal& personal, std::span<const Bytes> messages, std::span<Digest> out);
  // BLAKE2b-512 without key: Noise's HASH.
  Hash64 (*hash512)(std::span<const Bytes> parts);
  // BLAKE2b-256 keyed with 32 bytes: derived keys.
  Key32 (*keyed_hash)(const Key32& key, Bytes message);

  void (*sign_keypair)(const Key32& seed, PeerId& id, SignSecret& secret);
  void (*sign)(const SignSecret& secret, Bytes message, Signature& out);
  bool (*verify)(const PeerId& id, Bytes message, const Signature& signature);

  void (*dh_public)(const Key32& secret, Key32& out);
  bool (*dh)(const Key32& secret, const Key32& theirs, Key32& out);  // false: all-zero result, close the link

  // ChaCha20-Poly1305 (RFC 8439) with Noise's nonce: 4 zero bytes, then the counter in little-endian.
  // seal writes plain.size() + 16 bytes at out; open writes cipher.size() - 16. In-place is allowed (out ==
  // plain/cipher).
  void (*seal)(const Key32& key, std::uint64_t nonce, Bytes ad, Bytes plain, std::byte* out);
  bool (*open)(const Key32& key, std::uint64_t nonce, Bytes ad, Bytes cipher, std::byte* out);
};

inline constexpr std::size_t seal_tag_bytes = 16;

}  // namespace boato
