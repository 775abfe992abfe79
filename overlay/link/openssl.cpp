// SPDX-License-Identifier: Apache-2.0
// ChaCha20-Poly1305 by libcrypto: the same bytes as libsodium's. On processors with AVX2 and AVX-512 it has
// vector code for both halves, which libsodium 1.0.18 has for the cipher only. Everything else of the table
// stays libsodium's.
#include "overlay/link/sodium.hpp"

#include <cstring>

#ifdef BOATO_OPENSSL

#include "overlay/base/check.hpp"

#include <openssl/evp.h>

#include <array>
#include <memory>

namespace boato {
namespace {

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

// A context that is set up once per thread and direction: a new one costs more than a small record.
EVP_CIPHER_CTX* context(int encrypt) {
  thread_local std::array<Context, 2> contexts;
  Context& slot = contexts[static_cast<std::size_t>(encrypt)];
  if (!slot) {
    slot.reset(EVP_CIPHER_CTX_new());
    BOATO_CHECK(slot && EVP_CipherInit_ex(slot.get(), EVP_chacha20_poly1305(), nullptr, nullptr, nullptr,
                                          encrypt) == 1);
  }
  return slot.get();
}

const unsigned char* in(const std::byte* b) { return reinterpret_cast<const unsigned char*>(b); }
unsigned char* out(std::byte* b) { return reinterpret_cast<unsigned char*>(b); }

void start(EVP_CIPHER_CTX* ctx, const Key32& key, std::uint64_t counter, Bytes ad) {
  std::array<unsigned char, 12> nonce{};
  for (std::size_t i = 0; i < 8; ++i) nonce[4 + i] = static_cast<unsigned char>(counter >> (8 * i));
  BOATO_CHECK(EVP_CipherInit_ex(ctx, nullptr, nullptr, key.data(), nonce.data(), -1) == 1);
  int written = 0;
  if (!ad.empty())
    BOATO_CHECK(EVP_CipherUpdate(ctx, nullptr, &written, in(ad.data()), static_cast<int>(ad.size())) == 1);
}

void seal(const Key32& key, std::uint64_t counter, Bytes ad, Bytes plain, std::byte* cipher) {
  EVP_CIPHER_CTX* ctx = context(1);
  start(ctx, key, counter, ad);
  int written = 0;
  if (!plain.empty())
    BOATO_CHECK(
        EVP_CipherUpdate(ctx, out(cipher), &written, in(plain.data()), static_cast<int>(plain.size())) == 1);
  BOATO_CHECK(EVP_CipherFinal_ex(ctx, out(cipher) + plain.size(), &written) == 1);
  BOATO_CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG, seal_tag_bytes, out(cipher) + plain.size()) ==
              1);
}

bool open(const Key32& key, std::uint64_t counter, Bytes ad, Bytes cipher, std::byte* plain) {
  if (cipher.size() < seal_tag_bytes) return false;
  const std::size_t size = cipher.size() - seal_tag_bytes;
  std::array<unsigned char, seal_tag_bytes> tag{};
  std::memcpy(tag.data(), cipher.data() + size, tag.size());
  EVP_CIPHER_CTX* ctx = context(0);
  start(ctx, key, counter, ad);
  int written = 0;
  BOATO_CHECK(EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG, seal_tag_bytes, tag.data()) == 1);
  if (size > 0 && EVP_CipherUpdate(ctx, out(plain), &written, in(cipher.data()), static_cast<int>(size)) != 1)
    return false;
  if (EVP_CipherFinal_ex(ctx, out(plain) + size, &written) == 1) return true;
  std::memset(plain, 0, size);  // as libsodium does: nothing of a forged record is left behind
  return false;
}

Crypto make() {
  Crypto table = sodium_crypto();
  table.seal = seal;
  table.open = open;
  return table;
}

}  // namespace

const Crypto& fast_crypto() {
  static const Crypto table = make();
  return table;
}

}  // namespace boato

#endif
