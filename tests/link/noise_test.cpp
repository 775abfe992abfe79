// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/noise.hpp"

#include "overlay/base/bytes.hpp"
#include "tests/link/lab.hpp"
#include "tests/vectors/noise.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace boato {
namespace {

using lab::Buffer;
using lab::from_hex;

Key32 key_from(std::string_view hex) {
  Key32 key{};
  const Buffer bytes = from_hex(hex);
  std::ranges::transform(Bytes{bytes}.first(std::min(bytes.size(), key.size())), key.begin(),
                         [](std::byte b) { return static_cast<std::uint8_t>(b); });
  return key;
}

NoiseHandshake make(const vectors::NoiseVector& v, bool initiator) {
  NoisePattern pattern = NoisePattern::xx;
  for (NoisePattern p : {NoisePattern::xx, NoisePattern::xx_psk3, NoisePattern::xx_psk0_psk3})
    if (protocol_name(p) == v.protocol) pattern = p;
  EXPECT_EQ(protocol_name(pattern), v.protocol);
  NoiseHandshake::Keys keys;
  keys.static_secret = key_from(initiator ? v.init_static : v.resp_static);
  keys.ephemeral_secret = key_from(initiator ? v.init_ephemeral : v.resp_ephemeral);
  keys.psks = {key_from(v.psks[0]), key_from(v.psks[1])};
  sodium_crypto().dh_public(keys.static_secret, keys.static_public);
  const Buffer prologue = from_hex(v.prologue);
  return NoiseHandshake{sodium_crypto(), pattern, initiator, prologue, keys};
}

Buffer write(NoiseHandshake& noise, Bytes payload) {
  Buffer out(80 + payload.size() + 16);
  const auto tokens = noise.write_tokens(out.data());
  EXPECT_TRUE(tokens.has_value());
  out.resize(*tokens + noise.write_payload(payload, out.data() + *tokens));
  return out;
}

std::optional<Buffer> read(NoiseHandshake& noise, Bytes message) {
  const auto tokens = noise.read_tokens(message);
  if (!tokens) return std::nullopt;
  const Bytes rest = message.subspan(*tokens);
  Buffer out(rest.size());
  if (!noise.read_payload(rest, out.data())) return std::nullopt;
  out.resize(out.size() - noise.overhead());
  return out;
}

class NoiseVectors : public testing::TestWithParam<vectors::NoiseVector> {};

TEST_P(NoiseVectors, EveryMessageIsMadeAndReadAsPublished) {
  const vectors::NoiseVector& v = GetParam();
  NoiseHandshake initiator = make(v, true), responder = make(v, false);

  for (std::size_t i = 0; i < 3; ++i) {
    NoiseHandshake& from = i % 2 == 0 ? initiator : responder;
    NoiseHandshake& to = i % 2 == 0 ? responder : initiator;
    const Buffer payload = from_hex(v.messages[i].payload);
    const Buffer message = write(from, payload);
    EXPECT_EQ(to_hex(message), v.messages[i].ciphertext) << "message " << i;
    EXPECT_EQ(read(to, message), payload) << "message " << i;
    if (i == 1 && !v.handshake_hash.empty()) {
      const Buffer third = from_hex(v.messages[2].ciphertext);
      const std::array<Bytes, 2> parts{view(initiator.h()), Bytes{third}.first(v.hash_covers)};
      const Hash64 covered = v.hash_covers == 0 ? initiator.h() : sodium_crypto().hash512(parts);
      EXPECT_EQ(to_hex(view(covered)), v.handshake_hash);
    }
  }

  EXPECT_TRUE(initiator.done() && responder.done());
  EXPECT_EQ(initiator.h(), responder.h());
  NoiseKey from_initiator, from_responder;
  responder.split(from_initiator, from_responder);
  for (std::size_t i = 3; i < v.messages.size() && !v.messages[i].payload.empty(); ++i) {
    NoiseKey& k = i % 2 == 0 ? from_initiator : from_responder;
    const Buffer payload = from_hex(v.messages[i].payload);
    Buffer sealed(payload.size() + 16);
    sodium_crypto().seal(k.key, k.nonce++, {}, payload, sealed.data());
    EXPECT_EQ(to_hex(sealed), v.messages[i].ciphertext) << "message " << i;
  }
}

TEST_P(NoiseVectors, OneFlippedBitAnywhereIsRefusedByTheEnd) {
  const vectors::NoiseVector& v = GetParam();
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t byte = 0; byte < v.messages[i].ciphertext.size() / 2; ++byte) {
      NoiseHandshake initiator = make(v, true), responder = make(v, false);
      bool refused = false;
      for (std::size_t m = 0; m < 3 && !refused; ++m) {
        NoiseHandshake& from = m % 2 == 0 ? initiator : responder;
        NoiseHandshake& to = m % 2 == 0 ? responder : initiator;
        Buffer message = write(from, from_hex(v.messages[m].payload));
        if (m == i) message[byte] ^= std::byte{0x01};
        refused = !read(to, message);
      }
      EXPECT_TRUE(refused) << "message " << i << " byte " << byte;
    }
}

INSTANTIATE_TEST_SUITE_P(Published, NoiseVectors, testing::ValuesIn(vectors::noise));

TEST(Noise, AnotherPskOrPrologueIsRefused) {
  const vectors::NoiseVector& good = vectors::noise[2];
  vectors::NoiseVector other_psk0 = good, other_psk3 = good, other_prologue = good;
  other_psk0.psks[0] = good.psks[1];
  other_psk3.psks[1] = good.psks[0];
  other_prologue.prologue = "00";

  for (const auto& [other, fails_at] :
       {std::pair{other_psk0, 0}, std::pair{other_psk3, 2}, std::pair{other_prologue, 0}}) {
    NoiseHandshake initiator = make(good, true), responder = make(other, false);
    int failed_at = -1;
    for (int m = 0; m < 3 && failed_at < 0; ++m) {
      NoiseHandshake& from = m % 2 == 0 ? initiator : responder;
      NoiseHandshake& to = m % 2 == 0 ? responder : initiator;
      if (!read(to, write(from, {}))) failed_at = m;
    }
    EXPECT_EQ(failed_at, fails_at);
  }
}

TEST(Noise, AnAllZeroDhResultIsRefused) {
  NoiseHandshake responder = make(vectors::noise[0], false);
  const Buffer low_order(32);  // the point 0

  EXPECT_TRUE(read(responder, low_order).has_value());  // message 1 of XX has no DH yet
  Buffer out(256);
  EXPECT_FALSE(responder.write_tokens(out.data()).has_value());
}

TEST(Noise, RekeyIsTheFirstHalfOfSealedZerosAndKeepsTheNonce) {
  NoiseKey key;
  key.key = lab::key(3);
  key.nonce = 12;
  std::array<std::byte, 48> sealed;
  sodium_crypto().seal(key.key, ~std::uint64_t{0}, {}, Buffer(32), sealed.data());

  rekey(sodium_crypto(), key);

  EXPECT_EQ(to_hex(view(key.key)), to_hex(Bytes{sealed}.first(32)));
  EXPECT_EQ(key.nonce, 12U);
}

}  // namespace
}  // namespace boato
