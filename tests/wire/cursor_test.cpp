// SPDX-License-Identifier: Apache-2.0
// Cursor against msgpack-c: whatever Cursor accepts, msgpack reads as the same values, and packs to the same
// bytes.
#include "overlay/wire/cursor.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/rng.hpp"

#include <gtest/gtest.h>
#include <msgpack.hpp>

#include <limits>
#include <string>
#include <vector>

namespace boato::wire {
namespace {

Bytes of(const msgpack::sbuffer& b) { return std::as_bytes(std::span{b.data(), b.size()}); }

template <class... T>
std::vector<std::byte> raw(T... bytes) {
  return {static_cast<std::byte>(bytes)...};
}

void pack_string(msgpack::packer<msgpack::sbuffer>& pk, const std::string& s) {
  pk.pack_str(static_cast<std::uint32_t>(s.size()));
  pk.pack_str_body(s.data(), static_cast<std::uint32_t>(s.size()));
}

// A random value of the kinds we allow, with arrays up to `depth`.
void pack_any(msgpack::packer<msgpack::sbuffer>& pk, Rng& rng, int depth) {
  switch (rng.below(depth > 0 ? 8 : 7)) {
    case 0: pk.pack_nil(); return;
    case 1: rng.below(2) ? pk.pack_true() : pk.pack_false(); return;
    case 2: pk.pack_uint64(rng.next() >> rng.below(64)); return;
    case 3: pk.pack_int64(static_cast<std::int64_t>(rng.next()) >> rng.below(64)); return;
    case 4: pk.pack_double(static_cast<double>(rng.next()) / 7.1); return;
    case 5: pack_string(pk, std::string(rng.below(rng.below(8) ? 40 : 400), 'a')); return;
    case 6: {
      const std::string s(rng.below(300), '\xff');
      pk.pack_bin(static_cast<std::uint32_t>(s.size()));
      pk.pack_bin_body(s.data(), static_cast<std::uint32_t>(s.size()));
      return;
    }
    default: {
      const auto n = static_cast<std::uint32_t>(rng.below(20));
      pk.pack_array(n);
      for (std::uint32_t i = 0; i < n; ++i) pack_any(pk, rng, depth - 1);
    }
  }
}

// Reads one value with the typed functions and compares it with msgpack's; false: Cursor refused.
bool same(Cursor& in, const msgpack::object& o) {
  switch (o.type) {
    case msgpack::type::NIL: return in.nil();
    case msgpack::type::BOOLEAN: {
      bool v = false;
      if (!in.boolean(v)) return false;
      EXPECT_EQ(v, o.via.boolean);
      return true;
    }
    case msgpack::type::POSITIVE_INTEGER: {
      std::uint64_t v = 0;
      if (!in.uint(v)) return false;
      EXPECT_EQ(v, o.via.u64);
      return true;
    }
    case msgpack::type::NEGATIVE_INTEGER: {
      std::int64_t v = 0;
      if (!in.integer(v)) return false;
      EXPECT_EQ(v, o.via.i64);
      return true;
    }
    case msgpack::type::FLOAT64: {
      double v = 0;
      if (!in.real(v)) return false;
      EXPECT_EQ(std::bit_cast<std::uint64_t>(v), std::bit_cast<std::uint64_t>(o.via.f64));
      return true;
    }
    case msgpack::type::STR: {
      std::string_view v;
      if (!in.str(v)) return false;
      EXPECT_EQ(v, (std::string_view{o.via.str.ptr, o.via.str.size}));
      return true;
    }
    case msgpack::type::BIN: {
      Bytes v;
      if (!in.bin(v)) return false;
      EXPECT_EQ(text(v), (std::string_view{o.via.bin.ptr, o.via.bin.size}));
      return true;
    }
    case msgpack::type::ARRAY: {
      std::uint32_t n = 0;
      if (!in.array(n)) return false;
      EXPECT_EQ(n, o.via.array.size);
      for (std::uint32_t i = 0; i < n; ++i)
        if (!same(in, o.via.array.ptr[i])) return false;
      return true;
    }
    default: return false;  // maps, extensions, float32: Cursor has no function for them
  }
}

TEST(Cursor, ReadsWhatMsgpackPacked) {
  Rng rng{1};
  for (int round = 0; round < 5000; ++round) {
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer> pk{buffer};
    pack_any(pk, rng, 2);
    std::size_t used = 0;
    const auto handle = msgpack::unpack(buffer.data(), buffer.size(), used);
    Cursor in{of(buffer)}, skipping{of(buffer)};

    ASSERT_TRUE(same(in, handle.get()));
    ASSERT_TRUE(in.rest().empty());
    ASSERT_TRUE(skipping.skip());
    ASSERT_TRUE(skipping.rest().empty());
  }
}

TEST(Cursor, AcceptsNoBytesThatMsgpackWouldReadOrPackInAnotherWay) {
  Rng rng{2};
  int accepted = 0, refused = 0;
  for (int round = 0; round < 30'000; ++round) {
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer> pk{buffer};
    pack_any(pk, rng, 2);
    std::vector<std::byte> bytes(of(buffer).begin(), of(buffer).end());
    for (std::uint64_t i = 0, flips = 1 + rng.below(3); i < flips; ++i)
      bytes[rng.below(bytes.size())] ^= static_cast<std::byte>(1U << rng.below(8));
    Cursor skipping{bytes};
    if (!skipping.skip()) {
      ++refused;
      continue;
    }
    ++accepted;
    std::size_t used = 0;
    const auto handle = msgpack::unpack(reinterpret_cast<const char*>(bytes.data()), bytes.size(), used);
    ASSERT_EQ(used, skipping.used());
    Cursor in{bytes};
    ASSERT_TRUE(same(in, handle.get()));
    ASSERT_EQ(in.used(), used);
  }
  EXPECT_GT(accepted, 1000);
  EXPECT_GT(refused, 1000);
}

TEST(Cursor, RefusesEachStrictPrefix) {
  Rng rng{3};
  for (int round = 0; round < 300; ++round) {
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer> pk{buffer};
    pack_any(pk, rng, 2);
    for (std::size_t n = 0; n < buffer.size(); ++n) {
      Cursor in{of(buffer).first(n)};
      ASSERT_FALSE(in.skip());
      ASSERT_FALSE(in.ok());
    }
  }
}

bool one(const std::vector<std::byte>& bytes) {
  Cursor in{bytes};
  return in.skip() && in.rest().empty();
}

TEST(Cursor, AcceptsOnlyTheShortestForm) {
  EXPECT_TRUE(one(raw(0x7f)));
  EXPECT_FALSE(one(raw(0xcc, 0x7f)));
  EXPECT_TRUE(one(raw(0xcc, 0x80)));
  EXPECT_FALSE(one(raw(0xcd, 0x00, 0xff)));
  EXPECT_TRUE(one(raw(0xcd, 0x01, 0x00)));
  EXPECT_FALSE(one(raw(0xce, 0, 0, 0xff, 0xff)));
  EXPECT_FALSE(one(raw(0xcf, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff)));
  EXPECT_FALSE(one(raw(0xd0, 0xe0)));  // -32 has a form of one byte
  EXPECT_TRUE(one(raw(0xd0, 0xdf)));
  EXPECT_FALSE(one(raw(0xd0, 0x05)));  // a positive number in a signed form
  EXPECT_FALSE(one(raw(0xd1, 0xff, 0x80)));
  EXPECT_TRUE(one(raw(0xd1, 0xff, 0x7f)));
  EXPECT_FALSE(one(raw(0xd9, 0x01, 'a')));
  EXPECT_FALSE(one(raw(0xc5, 0x00, 0x01, 'a')));
  EXPECT_FALSE(one(raw(0xdc, 0x00, 0x01, 0x01)));
}

TEST(Cursor, RefusesKindsThatWeDoNotSpeak) {
  EXPECT_FALSE(one(raw(0xc1)));
  EXPECT_FALSE(one(raw(0x80)));                    // map
  EXPECT_FALSE(one(raw(0xde, 0, 0)));              // map 16
  EXPECT_FALSE(one(raw(0xca, 0, 0, 0, 0)));        // float 32
  EXPECT_FALSE(one(raw(0xd4, 1, 1)));              // extension
  EXPECT_FALSE(one(raw(0xc7, 0, 1)));              // extension 8
  EXPECT_FALSE(one(raw(0xa1, 0x00)));              // NUL in text
  EXPECT_FALSE(one(raw(0xa1, 0xff)));              // not UTF-8
  EXPECT_FALSE(one(raw(0xa2, 0xc0, 0x80)));        // overlong
  EXPECT_FALSE(one(raw(0xa3, 0xed, 0xa0, 0x80)));  // surrogate
}

TEST(Cursor, LengthsNeverWrap) {
  EXPECT_FALSE(one(raw(0xc6, 0xff, 0xff, 0xff, 0xff, 1)));
  EXPECT_FALSE(one(raw(0xdb, 0xff, 0xff, 0xff, 0xff, 1)));
  EXPECT_FALSE(one(raw(0xdd, 0xff, 0xff, 0xff, 0xff, 1)));
}

std::vector<std::byte> nested(int depth) {
  std::vector<std::byte> bytes(static_cast<std::size_t>(depth), std::byte{0x91});
  bytes.push_back(std::byte{1});
  return bytes;
}

TEST(Cursor, SkipsArraysUpToItsDepth) {
  EXPECT_TRUE(one(nested(depth_max)));
  EXPECT_FALSE(one(nested(depth_max + 1)));
}

TEST(Cursor, CountsTheElementsOfAllArraysTogether) {
  std::vector<std::byte> bytes(1, std::byte{0x92});
  const auto add = [&](std::size_t n) {
    bytes.insert(bytes.end(), {std::byte{0xdc}, static_cast<std::byte>(n >> 8), static_cast<std::byte>(n)});
    bytes.insert(bytes.end(), n, std::byte{1});
  };
  add(elements_max / 2);
  add(elements_max / 2 - 2);
  EXPECT_TRUE(one(bytes));

  bytes.resize(1);
  add(elements_max / 2);
  add(elements_max / 2 - 1);
  EXPECT_FALSE(one(bytes));
}

TEST(Cursor, CountsElementsAcrossValuesOfOneFrame) {
  std::vector<std::byte> bytes;
  for (int i = 0; i < 2; ++i) {
    bytes.insert(bytes.end(), {std::byte{0xdc}, std::byte{0x08}, std::byte{0x01}});  // 2,049 elements
    bytes.insert(bytes.end(), 2049, std::byte{1});
  }
  Cursor in{bytes};

  EXPECT_TRUE(in.skip());
  EXPECT_FALSE(in.skip());
}

TEST(Cursor, TakesTextUpToItsLimit) {
  for (const std::size_t n : {string_bytes_max, string_bytes_max + 1}) {
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer> pk{buffer};
    pack_string(pk, std::string(n, 'x'));
    Cursor in{of(buffer)};
    EXPECT_EQ(in.skip(), n == string_bytes_max);
  }
}

TEST(Cursor, StaysFailedAfterTheFirstForeignToken) {
  const auto bytes = raw(0xc1, 0x01);
  Cursor in{bytes};
  std::uint64_t v = 0;

  EXPECT_FALSE(in.uint(v));
  EXPECT_FALSE(in.nil());
  EXPECT_FALSE(in.boolean(*std::make_unique<bool>(false)));
  EXPECT_FALSE(in.uint(v));
  EXPECT_EQ(in.peek(), 0xc1);
}

TEST(Cursor, ReadsIntegersOverTheirWholeRange) {
  for (const std::int64_t n : {std::numeric_limits<std::int64_t>::min(), std::int64_t{-1}, std::int64_t{0},
                               std::numeric_limits<std::int64_t>::max()}) {
    msgpack::sbuffer buffer;
    msgpack::packer<msgpack::sbuffer>{buffer}.pack_int64(n);
    Cursor in{of(buffer)};
    std::int64_t v = 0;
    EXPECT_TRUE(in.integer(v));
    EXPECT_EQ(v, n);
  }
  const auto above = raw(0xcf, 0x80, 0, 0, 0, 0, 0, 0, 0);
  Cursor in{above};
  std::int64_t v = 0;
  EXPECT_FALSE(in.integer(v));
}

}  // namespace
}  // namespace boato::wire
