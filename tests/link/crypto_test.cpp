// SPDX-License-Identifier: Apache-2.0
#include "tests/link/lab.hpp"
#include "tests/vectors/ed25519.hpp"

#include <gtest/gtest.h>

#include <cstring>

namespace boato {
namespace {

using lab::Buffer;
using lab::from_hex;
using lab::pattern;

TEST(Sodium, ItsVerdictsOnEdgeSignaturesAreOurs) {
  for (std::size_t i = 0; i < vectors::ed25519.size(); ++i) {
    const vectors::Ed25519Case& c = vectors::ed25519[i];
    PeerId id;
    Signature signature;
    const Buffer public_key = from_hex(c.public_key), bytes = from_hex(c.signature);
    ASSERT_EQ(public_key.size(), id.raw.size());
    ASSERT_EQ(bytes.size(), signature.size());
    std::memcpy(id.raw.data(), public_key.data(), public_key.size());
    std::memcpy(signature.data(), bytes.data(), bytes.size());
    EXPECT_EQ(sodium_crypto().verify(id, from_hex(c.message), signature), c.valid) << "case " << i;
  }
}

// RFC 7693, appendix A.
TEST(Sodium, Hash512IsBlake2b) {
  EXPECT_EQ(to_hex(view(sodium_crypto().hash512(std::array{bytes("a"), bytes("bc")}))),
            "ba80a53f981c4d0d6a2797b69f12f6e94c212f14685ac4b74b12bb6fdbffa2d1"
            "7d87c5392aab792dc252d5de4533cc9518d38aa8dbf1925ab92386edd4009923");
}

class Tables : public testing::TestWithParam<const Crypto*> {};

TEST_P(Tables, SignaturesVerifyAndNothingElseDoes) {
  const Crypto& crypto = *GetParam();
  PeerId id, other;
  SignSecret secret, other_secret;
  crypto.sign_keypair(lab::key(1), id, secret);
  crypto.sign_keypair(lab::key(2), other, other_secret);
  Buffer message = pattern(100);
  Signature signature;

  crypto.sign(secret, message, signature);

  EXPECT_TRUE(crypto.verify(id, message, signature));
  EXPECT_FALSE(crypto.verify(other, message, signature));
  for (std::size_t i = 0; i < message.size(); ++i) {
    message[i] ^= std::byte{4};
    EXPECT_FALSE(crypto.verify(id, message, signature)) << i;
    message[i] ^= std::byte{4};
  }
  for (std::size_t i = 0; i < signature.size(); ++i) {
    signature[i] ^= 4;
    EXPECT_FALSE(crypto.verify(id, message, signature)) << i;
    signature[i] ^= 4;
  }
}

TEST_P(Tables, BothEndsOfADhAgreeAndZeroIsRefused) {
  const Crypto& crypto = *GetParam();
  Key32 a_public, b_public, a_shared, b_shared, none;
  crypto.dh_public(lab::key(1), a_public);
  crypto.dh_public(lab::key(2), b_public);

  EXPECT_TRUE(crypto.dh(lab::key(1), b_public, a_shared));
  EXPECT_TRUE(crypto.dh(lab::key(2), a_public, b_shared));

  EXPECT_EQ(a_shared, b_shared);
  EXPECT_FALSE(crypto.dh(lab::key(1), Key32{}, none));
}

TEST_P(Tables, HashesDependOnPersonalisationAndEveryByte) {
  const Crypto& crypto = *GetParam();
  Buffer message = pattern(70);
  const auto hash = [&](const Personal& p) { return crypto.hash(p, std::array{Bytes{message}}); };
  const Digest first = hash(personal("boato/1 leaf"));

  EXPECT_NE(first, hash(personal("boato/1 node")));
  const Digest parts =
      crypto.hash(personal("boato/1 leaf"), std::array{Bytes{message}.first(33), Bytes{message}.subspan(33)});
  EXPECT_EQ(first, parts);
  const Hash64 wide = crypto.hash512(std::array{Bytes{message}});
  const Key32 keyed = crypto.keyed_hash(lab::key(1), message);
  EXPECT_NE(keyed, crypto.keyed_hash(lab::key(2), message));
  for (std::size_t i = 0; i < message.size(); ++i) {
    message[i] ^= std::byte{1};
    EXPECT_NE(first, hash(personal("boato/1 leaf"))) << i;
    EXPECT_NE(wide, crypto.hash512(std::array{Bytes{message}})) << i;
    EXPECT_NE(keyed, crypto.keyed_hash(lab::key(1), message)) << i;
    message[i] ^= std::byte{1};
  }
  EXPECT_NE(first, crypto.hash(personal("boato/1 leaf"), std::array{Bytes{message}.first(69)}));
  const Buffer zeros(6);
  EXPECT_NE(crypto.hash(personal("zeros"), std::array{Bytes{zeros}.first(5)}),
            crypto.hash(personal("zeros"), std::array{Bytes{zeros}}));
}

TEST_P(Tables, ManyHashesAtOnceAreThoseOfEach) {
  const Crypto& crypto = *GetParam();
  const Buffer message = pattern(900);
  std::vector<Bytes> messages;
  for (std::size_t i = 0; i < 11; ++i) messages.push_back(Bytes{message}.subspan(i, 60 * i));
  std::vector<Digest> digests(messages.size());

  crypto.hash_each(personal("boato/1 leaf"), messages, digests);

  for (std::size_t i = 0; i < messages.size(); ++i)
    EXPECT_EQ(digests[i], crypto.hash(personal("boato/1 leaf"), std::array{messages[i]})) << i;
}

TEST_P(Tables, SealedBytesOpenInPlaceAndOnlyUnaltered) {
  const Crypto& crypto = *GetParam();
  const Buffer plain = pattern(333), ad = pattern(20);
  Buffer sealed(plain.size() + seal_tag_bytes);
  std::memcpy(sealed.data(), plain.data(), plain.size());
  crypto.seal(lab::key(1), 77, ad, Bytes{sealed}.first(plain.size()), sealed.data());
  Buffer opened(plain.size());

  for (std::size_t i = 0; i < sealed.size(); ++i) {
    sealed[i] ^= std::byte{0x80};
    EXPECT_FALSE(crypto.open(lab::key(1), 77, ad, sealed, opened.data())) << i;
    sealed[i] ^= std::byte{0x80};
  }
  EXPECT_FALSE(crypto.open(lab::key(2), 77, ad, sealed, opened.data()));
  EXPECT_FALSE(crypto.open(lab::key(1), 78, ad, sealed, opened.data()));
  EXPECT_FALSE(crypto.open(lab::key(1), 77, Bytes{ad}.first(19), sealed, opened.data()));
  EXPECT_FALSE(crypto.open(lab::key(1), 77, ad, Bytes{sealed}.first(15), opened.data()));
  EXPECT_TRUE(crypto.open(lab::key(1), 77, ad, sealed, opened.data()));
  EXPECT_EQ(opened, plain);
  EXPECT_TRUE(crypto.open(lab::key(1), 77, ad, sealed, sealed.data()));
  EXPECT_EQ(Buffer(sealed.begin(), sealed.begin() + 333), plain);
}

INSTANTIATE_TEST_SUITE_P(All, Tables, testing::Values(&sodium_crypto(), &fast_crypto(), &toy_crypto()));

TEST(FastCrypto, SealsTheSameBytesAsTheReference) {
  const Buffer plain = pattern(16400), ad = pattern(64);
  for (std::size_t size : {0, 1, 15, 16, 17, 63, 64, 65, 255, 256, 257, 1000, 4096, 16368, 16400})
    for (std::size_t ad_size : {0, 1, 64}) {
      Buffer a(size + 16), b(size + 16), opened(size);
      const Bytes p = Bytes{plain}.first(size), d = Bytes{ad}.first(ad_size);
      sodium_crypto().seal(lab::key(9), size * 1000003 + (std::uint64_t{1} << 40), d, p, a.data());
      fast_crypto().seal(lab::key(9), size * 1000003 + (std::uint64_t{1} << 40), d, p, b.data());
      EXPECT_EQ(a, b) << size << ' ' << ad_size;
      EXPECT_TRUE(
          fast_crypto().open(lab::key(9), size * 1000003 + (std::uint64_t{1} << 40), d, a, opened.data()));
      EXPECT_EQ(opened, Buffer(p.begin(), p.end()));
    }
}

TEST(FastCrypto, LeavesNothingOfAForgedRecordBehind) {
  const Buffer plain = pattern(100);
  Buffer sealed(116), opened(100, std::byte{0xaa});
  fast_crypto().seal(lab::key(1), 0, {}, plain, sealed.data());
  sealed[115] ^= std::byte{1};

  EXPECT_FALSE(fast_crypto().open(lab::key(1), 0, {}, sealed, opened.data()));

  EXPECT_EQ(opened, Buffer(100));
}

TEST(Identity, MovingWipesTheSource) {
  Identity first = make_identity(sodium_crypto(), lab::key(1), lab::key(2), Incarnation{3});
  const Identity second = std::move(first);

  EXPECT_EQ(first.secret, SignSecret{});  // NOLINT(bugprone-use-after-move): that is the point
  EXPECT_EQ(first.link_secret, Key32{});
  EXPECT_EQ(second.link_secret, lab::key(2));
  EXPECT_EQ(second.incarnation, Incarnation{3});
}

}  // namespace
}  // namespace boato
