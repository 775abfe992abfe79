// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/blake2b.hpp"

#include "overlay/base/check.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace boato {
namespace {

constexpr std::size_t block_bytes = 128;
constexpr std::uint64_t start[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b,
                                    0xa54ff53a5f1d36f1, 0x510e527fade682d1, 0x9b05688c2b3e6c1f,
                                    0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
constexpr std::uint8_t sigma[10][16] = {{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
                                        {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
                                        {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
                                        {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
                                        {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
                                        {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
                                        {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
                                        {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
                                        {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
                                        {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0}};

std::uint64_t little(std::uint64_t word) {
  return std::endian::native == std::endian::big ? __builtin_bswap64(word) : word;
}

namespace one {
using Word = std::uint64_t;
#include "overlay/link/blake2b_rounds.inc"
}  // namespace one

// One message under way.
struct State {
  std::uint64_t h[8];
  std::uint64_t fed = 0;

  explicit State(const Personal& personal) {
    // Parameter block: 32 bytes of digest, no key, fan-out and depth 1, and the personalisation at its end.
    std::uint64_t words[2];
    std::memcpy(words, personal.data(), sizeof words);
    std::copy(std::begin(start), std::end(start), h);
    h[0] ^= 0x01010000 ^ sizeof(Digest);
    h[6] ^= little(words[0]);
    h[7] ^= little(words[1]);
  }
  void block(const std::byte* at, std::size_t counted, bool last) {
    std::uint64_t m[16];
    std::memcpy(m, at, sizeof m);
    for (std::uint64_t& word : m) word = little(word);
    fed += counted;
    one::compress(h, m, fed, last ? ~std::uint64_t{0} : 0);
  }
  // The last 0 to 128 bytes.
  Digest finish(Bytes rest) {
    std::byte padded[block_bytes] = {};
    if (!rest.empty()) std::memcpy(padded, rest.data(), rest.size());
    block(padded, rest.size(), true);
    Digest digest;
    for (std::size_t i = 0; i < 4; ++i) h[i] = little(h[i]);
    static_assert(sizeof(Digest) == 4 * sizeof h[0]);
    std::memcpy(digest.raw.data(), h, sizeof(Digest));
    return digest;
  }
  Digest all(Bytes message) {
    for (; message.size() > block_bytes; message = message.subspan(block_bytes))
      block(message.data(), block_bytes, false);
    return finish(message);
  }
};

#if defined(__x86_64__) && (defined(__GNUC__) || defined(__clang__))
#define BOATO_WIDE_HASH

#if defined(__clang__)
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC push_options
#pragma GCC target("avx2")
#endif
namespace four {
using Word [[gnu::vector_size(32)]] = std::uint64_t;
#include "overlay/link/blake2b_rounds.inc"

// The same 4 words of 4 messages, turned: m[i] gets word i of each.
[[gnu::always_inline]] inline void turn(const std::byte* const (&from)[4], std::size_t at, Word* m) {
  Word row[4];
  for (int i = 0; i < 4; ++i) std::memcpy(&row[i], from[i] + at, sizeof row[i]);
  const Word a = __builtin_shufflevector(row[0], row[1], 0, 4, 2, 6),
             b = __builtin_shufflevector(row[0], row[1], 1, 5, 3, 7),
             c = __builtin_shufflevector(row[2], row[3], 0, 4, 2, 6),
             d = __builtin_shufflevector(row[2], row[3], 1, 5, 3, 7);
  m[0] = __builtin_shufflevector(a, c, 0, 1, 4, 5);
  m[1] = __builtin_shufflevector(b, d, 0, 1, 4, 5);
  m[2] = __builtin_shufflevector(a, c, 2, 3, 6, 7);
  m[3] = __builtin_shufflevector(b, d, 2, 3, 6, 7);
}

[[gnu::always_inline]] inline void turn_block(const std::byte* const (&from)[4], std::size_t at,
                                              Word (&m)[16]) {
  for (std::size_t i = 0; i < 4; ++i) turn(from, at + 32 * i, m + 4 * i);
}

#include "overlay/link/blake2b_blocks.inc"
}  // namespace four
#if defined(__clang__)
#pragma clang attribute pop
#pragma clang attribute push(__attribute__((target("avx512f"))), apply_to = function)
#else
#pragma GCC pop_options
#pragma GCC push_options
#pragma GCC target("avx512f")
#endif
namespace eight {
using Word [[gnu::vector_size(64)]] = std::uint64_t;
#include "overlay/link/blake2b_rounds.inc"

// The same 8 words of 8 messages, turned: m[i] gets word i of each.
[[gnu::always_inline]] inline void turn(const std::byte* const (&from)[8], std::size_t at, Word* m) {
  Word row[8], pair[8], four[8];
  for (int i = 0; i < 8; ++i) std::memcpy(&row[i], from[i] + at, sizeof row[i]);
  for (int i = 0; i < 8; i += 2) {
    pair[i] = __builtin_shufflevector(row[i], row[i + 1], 0, 8, 2, 10, 4, 12, 6, 14);
    pair[i + 1] = __builtin_shufflevector(row[i], row[i + 1], 1, 9, 3, 11, 5, 13, 7, 15);
  }
  for (int i = 0; i < 8; i += 4)
    for (int k = i; k < i + 2; ++k) {
      four[k] = __builtin_shufflevector(pair[k], pair[k + 2], 0, 1, 8, 9, 4, 5, 12, 13);
      four[k + 2] = __builtin_shufflevector(pair[k], pair[k + 2], 2, 3, 10, 11, 6, 7, 14, 15);
    }
  for (int i = 0; i < 4; ++i) {
    m[i] = __builtin_shufflevector(four[i], four[i + 4], 0, 1, 2, 3, 8, 9, 10, 11);
    m[i + 4] = __builtin_shufflevector(four[i], four[i + 4], 4, 5, 6, 7, 12, 13, 14, 15);
  }
}

[[gnu::always_inline]] inline void turn_block(const std::byte* const (&from)[8], std::size_t at,
                                              Word (&m)[16]) {
  turn(from, at, m);
  turn(from, at + 64, m + 8);
}

#include "overlay/link/blake2b_blocks.inc"
}  // namespace eight
#if defined(__clang__)
#pragma clang attribute pop
#else
#pragma GCC pop_options
#endif
#endif

}  // namespace

std::size_t blake2b_lanes() {
#ifdef BOATO_WIDE_HASH
  static const std::size_t lanes = __builtin_cpu_supports("avx512f") ? 8
                                   : __builtin_cpu_supports("avx2")  ? 4
                                                                     : 1;
  return lanes;
#else
  return 1;
#endif
}

Digest blake2b(const Personal& personal, std::span<const Bytes> parts) {
  State state{personal};
  std::byte held[block_bytes];
  std::size_t have = 0;
  for (Bytes part : parts) {
    // A full block is kept until something follows it: it may be the last.
    if (have > 0 && have + part.size() > block_bytes) {
      const std::size_t n = block_bytes - have;
      std::memcpy(held + have, part.data(), n);
      state.block(held, block_bytes, false);
      part = part.subspan(n);
      have = 0;
    }
    if (have == 0)
      for (; part.size() > block_bytes; part = part.subspan(block_bytes))
        state.block(part.data(), block_bytes, false);
    if (!part.empty()) std::memcpy(held + have, part.data(), part.size());
    have += part.size();
  }
  return state.finish(Bytes{held, have});
}

void blake2b_each(const Personal& personal, std::span<const Bytes> messages, std::span<Digest> out) {
  blake2b_each(blake2b_lanes(), personal, messages, out);
}

void blake2b_each([[maybe_unused]] std::size_t lanes, const Personal& personal,
                  std::span<const Bytes> messages, std::span<Digest> out) {
  BOATO_CHECK(messages.size() == out.size() && lanes <= blake2b_lanes());
  const State fresh{personal};
#ifdef BOATO_WIDE_HASH
  constexpr std::size_t lanes_max = 8;
  // Each lane goes on with the next message when its own has only the last block left; when the messages run
  // out, a lane without one follows another's for nothing.
  struct Lane {
    State state;
    Bytes rest;
    std::size_t message;
  };
  Lane lane[lanes_max] = {{fresh, {}, 0}, {fresh, {}, 0}, {fresh, {}, 0}, {fresh, {}, 0},
                          {fresh, {}, 0}, {fresh, {}, 0}, {fresh, {}, 0}, {fresh, {}, 0}};
  State idle{fresh};
  std::size_t next = 0, busy = 0;
  const auto load = [&](Lane& to) {
    while (next < messages.size()) {
      to = {fresh, messages[next], next};
      ++next;
      if (to.rest.size() > block_bytes) return true;
      out[to.message] = to.state.finish(to.rest);
    }
    return false;
  };
  if (lanes > 1 && messages.size() > 2)
    while (busy < lanes && load(lane[busy])) ++busy;
  while (busy > 2) {
    std::size_t count = (lane[0].rest.size() - 1) / block_bytes;
    for (std::size_t i = 1; i < busy; ++i) count = std::min(count, (lane[i].rest.size() - 1) / block_bytes);
    State* states[lanes_max];
    const std::byte* from[lanes_max];
    for (std::size_t i = 0; i < lanes_max; ++i) {
      states[i] = i < busy ? &lane[i].state : &idle;
      from[i] = lane[i < busy ? i : 0].rest.data();
    }
    if (lanes == 8)
      eight::blocks(states, from, count);
    else
      four::blocks(states, {from[0], from[1], from[2], from[3]}, count);
    for (std::size_t i = 0; i < busy;) {
      lane[i].rest = lane[i].rest.subspan(count * block_bytes);
      if (lane[i].rest.size() <= block_bytes) {
        out[lane[i].message] = lane[i].state.finish(lane[i].rest);
        if (!load(lane[i])) {
          lane[i] = lane[--busy];
          continue;
        }
      }
      ++i;
    }
  }
  for (std::size_t i = 0; i < busy; ++i) out[lane[i].message] = lane[i].state.all(lane[i].rest);
#else
  std::size_t next = 0;
#endif
  for (; next < messages.size(); ++next) out[next] = State{fresh}.all(messages[next]);
}

}  // namespace boato
