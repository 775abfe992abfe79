// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/noise.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/check.hpp"
#include "overlay/link/identity.hpp"

#include <cstring>

namespace boato {
namespace {

constexpr std::size_t hash_block_bytes = 128;  // of BLAKE2b

// RFC 2104. Keyed BLAKE2b is something else, and not what Noise asks for.
Hash64 hmac(const Crypto& crypto, const Hash64& key, std::span<const Bytes> parts) {
  std::array<std::uint8_t, hash_block_bytes> pad;
  pad.fill(0x36);
  for (std::size_t i = 0; i < key.size(); ++i) pad[i] ^= key[i];
  std::array<Bytes, 3> inner_parts{view(pad)};
  BOATO_CHECK(parts.size() <= 2);
  for (std::size_t i = 0; i < parts.size(); ++i) inner_parts[i + 1] = parts[i];
  const Hash64 inner = crypto.hash512(std::span{inner_parts}.first(1 + parts.size()));
  for (std::uint8_t& byte : pad) byte ^= 0x36 ^ 0x5c;
  const std::array<Bytes, 2> outer_parts{view(pad), view(inner)};
  const Hash64 result = crypto.hash512(outer_parts);
  wipe(pad.data(), pad.size());
  return result;
}

// Section 4.3: the first two or three outputs of HKDF.
std::array<Hash64, 3> hkdf(const Crypto& crypto, const Hash64& chaining_key, Bytes input,
                           std::uint8_t outputs) {
  Hash64 temp = hmac(crypto, chaining_key, std::array{input});
  std::array<Hash64, 3> out{};
  for (std::uint8_t i = 0; i < outputs; ++i) {
    const std::array<std::uint8_t, 1> count{static_cast<std::uint8_t>(i + 1)};
    out[i] = i == 0 ? hmac(crypto, temp, std::array{view(count)})
                    : hmac(crypto, temp, std::array{view(out[i - 1U]), view(count)});
  }
  wipe(temp.data(), temp.size());
  return out;
}

Key32 first_half(const Hash64& hash) {
  Key32 key;
  std::memcpy(key.data(), hash.data(), key.size());
  return key;
}

}  // namespace

std::string_view protocol_name(NoisePattern pattern) {
  switch (pattern) {
    case NoisePattern::xx: return "Noise_XX_25519_ChaChaPoly_BLAKE2b";
    case NoisePattern::xx_psk3: return "Noise_XXpsk3_25519_ChaChaPoly_BLAKE2b";
    case NoisePattern::xx_psk0_psk3: return "Noise_XXpsk0+psk3_25519_ChaChaPoly_BLAKE2b";
  }
  return {};
}

NoiseKey::~NoiseKey() { wipe(key.data(), key.size()); }

void rekey(const Crypto& crypto, NoiseKey& key) {
  constexpr std::array<std::uint8_t, 32> zeros{};
  std::array<std::byte, 32 + seal_tag_bytes> sealed;
  crypto.seal(key.key, ~std::uint64_t{0}, {}, view(zeros), sealed.data());
  std::memcpy(key.key.data(), sealed.data(), key.key.size());
  wipe(sealed.data(), sealed.size());
}

NoiseSymmetric::NoiseSymmetric(const Crypto& crypto, std::string_view name) : crypto_{&crypto} {
  static_assert(sizeof(Hash64) >= 43, "all our protocol names fit, so none is hashed");
  BOATO_CHECK(name.size() <= h_.size());
  std::memcpy(h_.data(), name.data(), name.size());
  ck_ = h_;
}

NoiseSymmetric::~NoiseSymmetric() { wipe(ck_.data(), ck_.size()); }

void NoiseSymmetric::mix_hash(Bytes data) { h_ = crypto_->hash512(std::array{view(h_), data}); }

void NoiseSymmetric::mix_key(Bytes input) {
  auto out = hkdf(*crypto_, ck_, input, 2);
  ck_ = out[0];
  key_.key = first_half(out[1]);
  key_.nonce = 0;
  has_key_ = true;
  wipe(out.data(), sizeof out);
}

void NoiseSymmetric::mix_key_and_hash(Bytes input) {
  auto out = hkdf(*crypto_, ck_, input, 3);
  ck_ = out[0];
  mix_hash(view(out[1]));
  key_.key = first_half(out[2]);
  key_.nonce = 0;
  has_key_ = true;
  wipe(out.data(), sizeof out);
}

std::size_t NoiseSymmetric::encrypt_and_hash(Bytes plain, std::byte* out) {
  const std::size_t size = plain.size() + overhead();
  if (has_key_) {
    crypto_->seal(key_.key, key_.nonce++, view(h_), plain, out);
  } else if (!plain.empty()) {
    std::memcpy(out, plain.data(), plain.size());
  }
  mix_hash({out, size});
  return size;
}

bool NoiseSymmetric::decrypt_and_hash(Bytes cipher, std::byte* out) {
  if (has_key_) {
    if (!crypto_->open(key_.key, key_.nonce, view(h_), cipher, out)) return false;
    ++key_.nonce;
  } else if (!cipher.empty()) {
    std::memcpy(out, cipher.data(), cipher.size());
  }
  mix_hash(cipher);
  return true;
}

void NoiseSymmetric::split(NoiseKey& first, NoiseKey& second) const {
  auto out = hkdf(*crypto_, ck_, {}, 2);
  first.key = first_half(out[0]);
  second.key = first_half(out[1]);
  first.nonce = second.nonce = 0;
  wipe(out.data(), sizeof out);
}

NoiseHandshake::NoiseHandshake(const Crypto& crypto, NoisePattern pattern, bool initiator, Bytes prologue,
                               const Keys& keys)
    : crypto_{&crypto},
      pattern_{pattern},
      initiator_{initiator},
      keys_{keys},
      symmetric_{crypto, protocol_name(pattern)} {
  symmetric_.mix_hash(prologue);
}

NoiseHandshake::~NoiseHandshake() { wipe(&keys_, sizeof keys_); }

bool NoiseHandshake::mix_dh(const Key32& secret, const Key32& theirs) {
  Key32 shared;
  if (!crypto_->dh(secret, theirs, shared)) return false;
  symmetric_.mix_key(view(shared));
  wipe(shared.data(), shared.size());
  return true;
}

void NoiseHandshake::mix_psk() { symmetric_.mix_key_and_hash(view(keys_.psks[psk_used_++])); }

// Section 9.2: with pre-shared keys the ephemeral goes into the key as well, so that a psk is never used with
// a constant one.
void NoiseHandshake::mix_ephemeral(const Key32& key) {
  symmetric_.mix_hash(view(key));
  if (pattern_ != NoisePattern::xx) symmetric_.mix_key(view(key));
}

std::optional<std::size_t> NoiseHandshake::write_tokens(std::byte* out) {
  BOATO_CHECK(my_turn() && !done());
  std::size_t used = 0;
  if (message_ == 0 && pattern_ == NoisePattern::xx_psk0_psk3) mix_psk();
  if (message_ < 2) {
    Key32 ephemeral_public;
    crypto_->dh_public(keys_.ephemeral_secret, ephemeral_public);
    std::memcpy(out, ephemeral_public.data(), ephemeral_public.size());
    used = ephemeral_public.size();
    mix_ephemeral(ephemeral_public);
  }
  if (message_ == 1 && !mix_ee()) return std::nullopt;
  if (message_ > 0) {
    used += symmetric_.encrypt_and_hash(view(keys_.static_public), out + used);
    if (message_ == 1 ? !mix_es() : !mix_se()) return std::nullopt;
  }
  if (message_ == 2 && pattern_ != NoisePattern::xx) mix_psk();
  return used;
}

std::size_t NoiseHandshake::write_payload(Bytes payload, std::byte* out) {
  ++message_;
  return symmetric_.encrypt_and_hash(payload, out);
}

std::optional<std::size_t> NoiseHandshake::read_tokens(Bytes message) {
  BOATO_CHECK(!my_turn() && !done());
  std::size_t used = 0;
  if (message_ == 0 && pattern_ == NoisePattern::xx_psk0_psk3) mix_psk();
  if (message_ < 2) {
    if (message.size() < remote_ephemeral_.size()) return std::nullopt;
    std::memcpy(remote_ephemeral_.data(), message.data(), remote_ephemeral_.size());
    used = remote_ephemeral_.size();
    mix_ephemeral(remote_ephemeral_);
  }
  if (message_ == 1 && !mix_ee()) return std::nullopt;
  if (message_ > 0) {
    const std::size_t sealed = remote_static_.size() + overhead();
    if (message.size() - used < sealed) return std::nullopt;
    if (!symmetric_.decrypt_and_hash(message.subspan(used, sealed),
                                     std::as_writable_bytes(std::span{remote_static_}).data()))
      return std::nullopt;
    used += sealed;
    if (message_ == 1 ? !mix_es() : !mix_se()) return std::nullopt;
  }
  if (message_ == 2 && pattern_ != NoisePattern::xx) mix_psk();
  return used;
}

bool NoiseHandshake::read_payload(Bytes rest, std::byte* out) {
  if (rest.size() < overhead() || !symmetric_.decrypt_and_hash(rest, out)) return false;
  ++message_;
  return true;
}

}  // namespace boato
