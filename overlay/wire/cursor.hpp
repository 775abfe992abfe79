// SPDX-License-Identifier: Apache-2.0
// Reads msgpack tokens from a peer's bytes: no heap, no recursion, and it fails for good at the first foreign
// token. Only the shortest form of each token is accepted, so that what decodes also encodes back to the same
// bytes. Limits (security.md): depth 4, 4,096 elements per frame in all arrays together, strings 4 KiB, no
// maps, no extensions.
#pragma once

#include "overlay/base/strong.hpp"

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace boato::wire {

inline constexpr std::size_t elements_max = 4096;
inline constexpr std::size_t string_bytes_max = 4096;
inline constexpr int depth_max = 4;

class Cursor {
 public:
  explicit Cursor(Bytes in) : in_{in} {}

  bool array(std::uint32_t& count);
  bool uint(std::uint64_t& value);
  bool integer(std::int64_t& value);  // signed or unsigned token that fits
  bool boolean(bool& value);
  bool real(double& value);
  bool nil();
  bool bin(Bytes& value);
  bool str(std::string_view& value);  // UTF-8 without NUL
  // One value of any allowed kind, with all inside it. `around`: how many arrays it stands in already.
  bool skip(int around = 0);

  // What the next token is, without taking it; 0xc1 (never used by msgpack) at the end or after a failure.
  [[nodiscard]] std::uint8_t peek() const;
  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] Bytes rest() const { return in_.subspan(at_); }
  [[nodiscard]] std::size_t used() const { return at_; }

 private:
  bool fail();
  const std::byte* take(std::size_t n);
  bool lengths(std::uint8_t base, std::size_t least8, std::uint64_t& length);
  Bytes in_;
  std::size_t at_ = 0;
  std::size_t elements_ = 0;
  bool ok_ = true;
};

}  // namespace boato::wire
