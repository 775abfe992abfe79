// SPDX-License-Identifier: Apache-2.0
// Big-endian integers and views: the one byte order of all our formats.
#pragma once

#include "overlay/base/check.hpp"
#include "overlay/base/strong.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace boato {

template <std::unsigned_integral T>
inline void put_be(std::byte* out, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i)
    out[i] = static_cast<std::byte>(value >> (8 * (sizeof(T) - 1 - i)));
}

template <std::unsigned_integral T>
[[nodiscard]] inline T get_be(const std::byte* in) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value << 8 | static_cast<T>(in[i]));
  return value;
}

template <std::size_t N>
[[nodiscard]] Bytes view(const std::array<std::uint8_t, N>& array) {
  return std::as_bytes(std::span{array});
}
[[nodiscard]] inline Bytes view(const PeerId& id) { return view(id.raw); }
template <class Tag>
[[nodiscard]] Bytes view(const Id32<Tag>& id) {
  return view(id.raw);
}

[[nodiscard]] inline std::string_view text(Bytes b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}

// Reads fixed layouts front to back. The first read past the end fails it for good; callers check ok() once
// at the end.
class ByteReader {
 public:
  explicit ByteReader(Bytes in) : in_{in} {}

  template <std::unsigned_integral T>
  T be() {
    const std::byte* at = take(sizeof(T));
    return at ? get_be<T>(at) : T{0};
  }
  template <std::size_t N>
  void array(std::array<std::uint8_t, N>& out) {
    if (const std::byte* at = take(N)) std::memcpy(out.data(), at, N);
  }
  Bytes bytes(std::size_t n) {
    const std::byte* at = take(n);
    return at ? Bytes{at, n} : Bytes{};
  }
  // LEB128, at most 64 bits, in the shortest form only: one number, one text.
  std::uint64_t varint() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = be<std::uint8_t>();
      if (!ok_) return 0;
      if ((shift == 63 && byte > 1) || (shift > 0 && byte == 0)) break;
      value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    ok_ = false;
    return 0;
  }
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool done() const { return ok_ && in_.empty(); }
  [[nodiscard]] std::size_t left() const { return in_.size(); }
  [[nodiscard]] Bytes rest() const { return in_; }

 private:
  const std::byte* take(std::size_t n) {
    if (!ok_ || n > in_.size()) {
      ok_ = false;
      return nullptr;
    }
    const std::byte* at = in_.data();
    in_ = in_.subspan(n);
    return at;
  }
  Bytes in_;
  bool ok_ = true;
};

// Writes fixed layouts into room the caller has sized. Overflow is remembered, nothing is written past the
// end.
class ByteWriter {
 public:
  explicit ByteWriter(std::span<std::byte> room) : room_{room} {}

  template <std::unsigned_integral T>
  void be(T value) {
    if (std::byte* at = take(sizeof(T))) put_be(at, value);
  }
  void bytes(Bytes b) {
    if (std::byte* at = take(b.size()); at && !b.empty()) std::memcpy(at, b.data(), b.size());
  }
  void varint(std::uint64_t value) {
    while (value >= 0x80) {
      be(static_cast<std::uint8_t>(value | 0x80));
      value >>= 7;
    }
    be(static_cast<std::uint8_t>(value));
  }
  [[nodiscard]] bool ok() const { return !overflow_; }
  [[nodiscard]] std::size_t used() const { return used_; }
  [[nodiscard]] std::size_t left() const { return room_.size() - used_; }
  [[nodiscard]] Bytes written() const { return Bytes{room_.data(), used_}; }

 private:
  std::byte* take(std::size_t n) {
    if (overflow_ || n > room_.size() - used_) {
      overflow_ = true;
      return nullptr;
    }
    std::byte* at = room_.data() + used_;
    used_ += n;
    return at;
  }
  std::span<std::byte> room_;
  std::size_t used_ = 0;
  bool overflow_ = false;
};

[[nodiscard]] std::string to_hex(Bytes b);

}  // namespace boato
