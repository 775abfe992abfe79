// SPDX-License-Identifier: Apache-2.0
#include "node/host/key_print.hpp"

#include "overlay/base/check.hpp"
#include "overlay/link/identity.hpp"
#include "overlay/link/sodium.hpp"

#include <sys/random.h>

namespace boato {

PeerId peer_of(const Key32& seed) {
  PeerId id;
  SignSecret secret{};
  sodium_crypto().sign_keypair(seed, id, secret);
  wipe(secret.data(), secret.size());
  return id;
}

std::string fingerprint(const Key32& key) {
  const Bytes part = std::as_bytes(std::span{key});
  const auto digest = sodium_crypto().hash(personal("boato/1 keyprint"), {&part, 1});
  const auto raw = std::as_bytes(std::span{&digest, 1});
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    const auto byte = std::to_integer<unsigned>(raw[i]);
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Key32 fresh_key() {
  Key32 key{};
  BOATO_CHECK(::getrandom(key.data(), key.size(), 0) ==
              static_cast<ssize_t>(key.size()));  // 32 bytes never come in parts
  return key;
}

}  // namespace boato
