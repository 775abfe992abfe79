// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/cursor.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/text.hpp"

#include <array>
#include <bit>

namespace boato::wire {
namespace {

// First bytes of msgpack tokens (msgpack specification, "formats").
constexpr std::uint8_t fix_array = 0x90, fix_str = 0xa0, token_nil = 0xc0, token_none = 0xc1,
                       token_false = 0xc2, token_true = 0xc3, bin8 = 0xc4, float64 = 0xcb, uint8 = 0xcc,
                       int8 = 0xd0, str8 = 0xd9, array16 = 0xdc, array32 = 0xdd, negative_fix = 0xe0;

std::int64_t sign_extend(std::uint64_t value, std::size_t bytes) {
  const auto shift = 64 - 8 * bytes;
  return static_cast<std::int64_t>(value << shift) >> shift;
}

}  // namespace

bool Cursor::fail() {
  ok_ = false;
  return false;
}

const std::byte* Cursor::take(std::size_t n) {
  if (!ok_ || n > in_.size() - at_) {
    ok_ = false;
    return nullptr;
  }
  const std::byte* p = in_.data() + at_;
  at_ += n;
  return p;
}

std::uint8_t Cursor::peek() const {
  return ok_ && at_ < in_.size() ? static_cast<std::uint8_t>(in_[at_]) : token_none;
}

bool Cursor::array(std::uint32_t& count) {
  const std::byte* first = take(1);
  if (!first) return false;
  const auto token = static_cast<std::uint8_t>(*first);
  if ((token & 0xf0) == fix_array) {
    count = token & 0x0f;
  } else if (token == array16) {
    const std::byte* p = take(2);
    if (!p) return false;
    count = get_be<std::uint16_t>(p);
    if (count < 16) return fail();
  } else if (token == array32) {
    const std::byte* p = take(4);
    if (!p) return false;
    count = get_be<std::uint32_t>(p);
    if (count <= 0xffff) return fail();
  } else {
    return fail();
  }
  // Every element takes at least one byte: a count that cannot be true fails before anything is kept for it.
  if (count > in_.size() - at_ || count > elements_max - elements_) return fail();
  elements_ += count;
  return true;
}

bool Cursor::uint(std::uint64_t& value) {
  const std::byte* first = take(1);
  if (!first) return false;
  const auto token = static_cast<std::uint8_t>(*first);
  if (token < 0x80) return value = token, true;
  if (token < uint8 || token > uint8 + 3) return fail();
  const std::size_t bytes = std::size_t{1} << (token - uint8);
  const std::byte* p = take(bytes);
  if (!p) return false;
  value = 0;
  for (std::size_t i = 0; i < bytes; ++i) value = value << 8 | static_cast<std::uint64_t>(p[i]);
  const bool shortest = bytes == 1 ? value >= 0x80 : value >> (4 * bytes) != 0;
  return shortest || fail();
}

bool Cursor::integer(std::int64_t& value) {
  const auto token = peek();
  if (token >= negative_fix) {
    static_cast<void>(take(1));
    return value = static_cast<std::int8_t>(token), true;
  }
  if (token < int8 || token > int8 + 3) {
    std::uint64_t u = 0;
    if (!uint(u)) return false;
    if (u >> 63 != 0) return fail();
    return value = static_cast<std::int64_t>(u), true;
  }
  static_cast<void>(take(1));
  const std::size_t bytes = std::size_t{1} << (token - int8);
  const std::byte* p = take(bytes);
  if (!p) return false;
  std::uint64_t raw = 0;
  for (std::size_t i = 0; i < bytes; ++i) raw = raw << 8 | static_cast<std::uint64_t>(p[i]);
  value = sign_extend(raw, bytes);
  const bool shortest = bytes == 1 ? value < -32 : value < -(std::int64_t{1} << (4 * bytes - 1));
  return shortest || fail();
}

bool Cursor::boolean(bool& value) {
  const auto token = peek();
  if (token != token_false && token != token_true) return fail();
  static_cast<void>(take(1));
  value = token == token_true;
  return true;
}

bool Cursor::real(double& value) {
  const std::byte* p = take(9);
  if (!p) return false;
  if (static_cast<std::uint8_t>(*p) != float64) return fail();
  value = std::bit_cast<double>(get_be<std::uint64_t>(p + 1));
  return true;
}

bool Cursor::nil() {
  if (peek() != token_nil) return fail();
  return take(1) != nullptr;
}

// Length of a bin or str: `base` is the token of its 8-bit form, the 16- and 32-bit forms follow it.
bool Cursor::lengths(std::uint8_t base, std::size_t least8, std::uint64_t& length) {
  const std::byte* first = take(1);
  if (!first) return false;
  const auto token = static_cast<std::uint8_t>(*first);
  if (token < base || token > base + 2) return fail();
  const std::size_t bytes = std::size_t{1} << (token - base);
  const std::byte* p = take(bytes);
  if (!p) return false;
  length = 0;
  for (std::size_t i = 0; i < bytes; ++i) length = length << 8 | static_cast<std::uint64_t>(p[i]);
  const bool shortest = bytes == 1 ? length >= least8 : length >> (4 * bytes) != 0;
  return shortest || fail();
}

bool Cursor::bin(Bytes& value) {
  std::uint64_t length = 0;
  if (!lengths(bin8, 0, length)) return false;
  const std::byte* p = take(length);
  if (!p) return false;
  value = Bytes{p, static_cast<std::size_t>(length)};
  return true;
}

bool Cursor::str(std::string_view& value) {
  std::uint64_t length = 0;
  const auto token = peek();
  if ((token & 0xe0) == fix_str) {
    static_cast<void>(take(1));
    length = token & 0x1f;
  } else if (!lengths(str8, 32, length)) {
    return false;
  }
  if (length > string_bytes_max) return fail();
  const std::byte* p = take(length);
  if (!p) return false;
  value = text(Bytes{p, static_cast<std::size_t>(length)});
  return is_utf8(value) || fail();
}

bool Cursor::skip(int around) {
  std::uint64_t left = 1;
  std::array<std::uint64_t, depth_max> open{};
  int depth = 0;
  while (left > 0 || depth > 0) {
    if (left == 0) {
      left = open[static_cast<std::size_t>(--depth)];
      continue;
    }
    --left;
    const auto token = peek();
    if ((token & 0xf0) == fix_array || token == array16 || token == array32) {
      if (around + depth == depth_max) return fail();
      std::uint32_t count = 0;
      if (!array(count)) return false;
      open[static_cast<std::size_t>(depth++)] = left;
      left = count;
    } else if ((token & 0xe0) == fix_str || (token >= str8 && token < str8 + 3)) {
      std::string_view s;
      if (!str(s)) return false;
    } else if (token >= bin8 && token < bin8 + 3) {
      Bytes b;
      if (!bin(b)) return false;
    } else if (token == token_nil) {
      if (!nil()) return false;
    } else if (token == token_false || token == token_true) {
      bool b = false;
      if (!boolean(b)) return false;
    } else if (token == float64) {
      double d = 0;
      if (!real(d)) return false;
    } else if (token < 0x80 || (token >= uint8 && token <= uint8 + 3)) {
      std::uint64_t u = 0;
      if (!uint(u)) return false;
    } else {
      std::int64_t i = 0;
      if (!integer(i)) return false;
    }
  }
  return true;
}

}  // namespace boato::wire
