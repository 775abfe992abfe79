// SPDX-License-Identifier: Apache-2.0
// The one file that includes sodium.h.
#include "overlay/link/sodium.hpp"

#include "overlay/base/check.hpp"
#include "overlay/link/blake2b.hpp"

#include <sodium.h>

#include <array>

namespace boato {
namespace {

const unsigned char* in(const std::byte* b) { return reinterpret_cast<const unsigned char*>(b); }
const unsigned char* in(Bytes b) { return in(b.data()); }
unsigned char* out(std::byte* b) { return reinterpret_cast<unsigned char*>(b); }

Hash64 hash512(std::span<const Bytes> parts) {
  Hash64 digest;
  crypto_generichash_blake2b_state state;
  crypto_generichash_blake2b_init(&state, nullptr, 0, digest.size());
  for (Bytes part : parts) crypto_generichash_blake2b_update(&state, in(part), part.size());
  crypto_generichash_blake2b_final(&state, digest.data(), digest.size());
  sodium_memzero(&state, sizeof state);  // HMAC feeds keys through here
  return digest;
}

Key32 keyed_hash(const Key32& key, Bytes message) {
  Key32 result;
  crypto_generichash_blake2b(result.data(), result.size(), in(message), message.size(), key.data(),
                             key.size());
  return result;
}

void sign_keypair(const Key32& seed, PeerId& id, SignSecret& secret) {
  crypto_sign_ed25519_seed_keypair(id.raw.data(), secret.data(), seed.data());
}

void sign(const SignSecret& secret, Bytes message, Signature& signature) {
  crypto_sign_ed25519_detached(signature.data(), nullptr, in(message), message.size(), secret.data());
}

bool verify(const PeerId& id, Bytes message, const Signature& signature) {
  return crypto_sign_ed25519_verify_detached(signature.data(), in(message), message.size(), id.raw.data()) ==
         0;
}

void dh_public(const Key32& secret, Key32& result) {
  crypto_scalarmult_curve25519_base(result.data(), secret.data());
}

bool dh(const Key32& secret, const Key32& theirs, Key32& result) {
  return crypto_scalarmult_curve25519(result.data(), secret.data(), theirs.data()) == 0;
}

using Nonce = std::array<unsigned char, crypto_aead_chacha20poly1305_ietf_NPUBBYTES>;

Nonce noise_nonce(std::uint64_t counter) {
  Nonce nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<unsigned char>(counter >> (8 * i));
  return nonce;
}

void seal(const Key32& key, std::uint64_t counter, Bytes ad, Bytes plain, std::byte* cipher) {
  const Nonce nonce = noise_nonce(counter);
  crypto_aead_chacha20poly1305_ietf_encrypt_detached(out(cipher), out(cipher) + plain.size(), nullptr,
                                                     in(plain), plain.size(), in(ad), ad.size(), nullptr,
                                                     nonce.data(), key.data());
}

bool open(const Key32& key, std::uint64_t counter, Bytes ad, Bytes cipher, std::byte* plain) {
  if (cipher.size() < seal_tag_bytes) return false;
  const Nonce nonce = noise_nonce(counter);
  const std::size_t size = cipher.size() - seal_tag_bytes;
  return crypto_aead_chacha20poly1305_ietf_decrypt_detached(out(plain), nullptr, in(cipher), size,
                                                            in(cipher) + size, in(ad), ad.size(),
                                                            nonce.data(), key.data()) == 0;
}

Crypto make() {
  BOATO_CHECK(sodium_init() >= 0);  // chooses the fastest implementations; safe to call again
  return {blake2b, blake2b_each, hash512, keyed_hash, sign_keypair, sign, verify, dh_public, dh, seal, open};
}

}  // namespace

const Crypto& sodium_crypto() {
  static const Crypto table = make();
  return table;
}

#ifndef BOATO_OPENSSL
const Crypto& fast_crypto() { return sodium_crypto(); }
#endif

}  // namespace boato
