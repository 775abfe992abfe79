// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/toy_crypto.hpp"

#include "overlay/base/mix.hpp"

#include <bit>
#include <cstring>

namespace boato {
namespace {

// Four lanes of multiply and rotate over 32-byte blocks, and a finish that lets every lane reach every other.
// Not a cryptographic hash: collisions can be computed. All loads are little-endian, so that traces agree
// between machines.
class Mix {
 public:
  explicit Mix(std::uint64_t seed) {
    for (std::size_t i = 0; i < 4; ++i) lanes_[i] = seed ^ odd_[i];
  }

  void add(Bytes part) {
    if (part.empty()) return;
    total_ += part.size();
    const std::byte* at = part.data();
    std::size_t left = part.size();
    if (held_ > 0) {
      const std::size_t n = std::min(left, block_.size() - held_);
      std::memcpy(block_.data() + held_, at, n);
      held_ += n, at += n, left -= n;
      if (held_ < block_.size()) return;
      eat(block_.data());
      held_ = 0;
    }
    for (; left >= block_.size(); at += block_.size(), left -= block_.size()) eat(at);
    if (left > 0) std::memcpy(block_.data(), at, left);
    held_ = left;
  }

  std::array<std::uint64_t, 4> finish() {
    std::memset(block_.data() + held_, 0, block_.size() - held_);
    eat(block_.data());
    lanes_[0] ^= total_;
    for (int round = 0; round < 3; ++round)
      for (std::size_t i = 0; i < 4; ++i) lanes_[i] = mix(lanes_[i] + std::rotl(lanes_[(i + 1) & 3], 23));
    return lanes_;
  }

 private:
  static std::uint64_t load(const std::byte* at) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, 8);
    if constexpr (std::endian::native == std::endian::big) word = __builtin_bswap64(word);
    return word;
  }
  void eat(const std::byte* at) {
    for (std::size_t i = 0; i < 4; ++i) lanes_[i] = std::rotl(lanes_[i] ^ load(at + 8 * i), 29) * odd_[i];
  }

  static constexpr std::array<std::uint64_t, 4> odd_{0x9e3779b97f4a7c15ULL, 0xc2b2ae3d27d4eb4fULL,
                                                     0x165667b19e3779f9ULL, 0xd6e8feb86659fd93ULL};
  std::array<std::uint64_t, 4> lanes_{};
  std::array<std::byte, 32> block_{};
  std::size_t held_ = 0;
  std::uint64_t total_ = 0;
};

template <class Array>
void spill(const std::array<std::uint64_t, 4>& words, Array& out, std::size_t offset = 0) {
  for (std::size_t i = 0; i < 32; ++i)
    out[offset + i] = static_cast<std::uint8_t>(words[i / 8] >> (8 * (i % 8)));
}

Bytes as_bytes(const void* data, std::size_t size) { return {static_cast<const std::byte*>(data), size}; }

Digest hash(const Personal& personal, std::span<const Bytes> parts) {
  Mix mix{1};
  mix.add(as_bytes(personal.data(), personal.size()));
  for (Bytes part : parts) mix.add(part);
  Digest digest;
  spill(mix.finish(), digest.raw);
  return digest;
}

Hash64 hash512(std::span<const Bytes> parts) {
  Hash64 result;
  for (std::uint64_t half = 0; half < 2; ++half) {
    Mix mix{2 + half};
    for (Bytes part : parts) mix.add(part);
    spill(mix.finish(), result, 32 * static_cast<std::size_t>(half));
  }
  return result;
}

Key32 keyed(std::uint64_t label, const Key32& key, Bytes message) {
  Mix mix{label};
  mix.add(as_bytes(key.data(), key.size()));
  mix.add(message);
  Key32 result;
  spill(mix.finish(), result);
  return result;
}

Key32 keyed_hash(const Key32& key, Bytes message) { return keyed(4, key, message); }

void sign_keypair(const Key32& seed, PeerId& id, SignSecret& secret) {
  id.raw = keyed(5, seed, {});
  std::memcpy(secret.data(), seed.data(), 32);
  std::memcpy(secret.data() + 32, id.raw.data(), 32);
}

// The "signature" is a hash of what everybody knows, so anyone can make one.
void sign_as(const PeerId& id, Bytes message, Signature& out) {
  const Key32 first = keyed(6, id.raw, message);
  std::memcpy(out.data(), first.data(), 32);
  std::memcpy(out.data() + 32, id.raw.data(), 32);
}

void sign(const SignSecret& secret, Bytes message, Signature& out) {
  PeerId id;
  std::memcpy(id.raw.data(), secret.data() + 32, 32);
  sign_as(id, message, out);
}

bool verify(const PeerId& id, Bytes message, const Signature& signature) {
  Signature expected;
  sign_as(id, message, expected);
  return expected == signature;
}

// A secret is its own public key, and the shared secret a symmetric mix of both.
void dh_public(const Key32& secret, Key32& out) { out = secret; }

bool dh(const Key32& secret, const Key32& theirs, Key32& out) {
  Key32 sum{}, product{};
  bool zero = true;
  for (std::size_t i = 0; i < 32; ++i) {
    sum[i] = static_cast<std::uint8_t>(secret[i] + theirs[i]);
    product[i] = secret[i] ^ theirs[i];
    zero = zero && theirs[i] == 0;
  }
  out = keyed(7, sum, as_bytes(product.data(), product.size()));
  return !zero;
}

std::array<std::uint8_t, 32> tag(const Key32& key, std::uint64_t nonce, Bytes ad, Bytes plain) {
  Mix mix{8 ^ nonce * 0x9e3779b97f4a7c15ULL};
  mix.add(as_bytes(key.data(), key.size()));
  mix.add(ad);
  mix.add(plain);
  std::array<std::uint8_t, 32> result{};
  spill(mix.finish(), result);
  return result;
}

void seal(const Key32& key, std::uint64_t nonce, Bytes ad, Bytes plain, std::byte* out) {
  const auto sum = tag(key, nonce, ad, plain);
  if (!plain.empty() && plain.data() != out) std::memmove(out, plain.data(), plain.size());
  std::memcpy(out + plain.size(), sum.data(), seal_tag_bytes);
}

bool open(const Key32& key, std::uint64_t nonce, Bytes ad, Bytes cipher, std::byte* out) {
  if (cipher.size() < seal_tag_bytes) return false;
  const Bytes plain = cipher.first(cipher.size() - seal_tag_bytes);
  const auto sum = tag(key, nonce, ad, plain);
  if (std::memcmp(sum.data(), cipher.data() + plain.size(), seal_tag_bytes) != 0) return false;
  if (!plain.empty() && plain.data() != out) std::memmove(out, plain.data(), plain.size());
  return true;
}

void hash_each(const Personal& personal, std::span<const Bytes> messages, std::span<Digest> out) {
  for (std::size_t i = 0; i < messages.size(); ++i) out[i] = hash(personal, messages.subspan(i, 1));
}

constexpr Crypto table{hash,   hash_each, hash512, keyed_hash, sign_keypair, sign,
                       verify, dh_public, dh,      seal,       open};

}  // namespace

const Crypto& toy_crypto() { return table; }

}  // namespace boato
