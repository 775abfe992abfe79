// SPDX-License-Identifier: Apache-2.0
// Types that fields of messages may have beside integers, bools, enums, Strong ids, PeerId, Id32, Bytes and
// string_view.
#pragma once

#include "overlay/base/check.hpp"
#include "overlay/base/strong.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace boato::wire {

// A list with room for Max elements inside the message: decoding takes no heap, and a longer list is
// malformed.
template <class T, std::size_t Max>
class List {
 public:
  static constexpr std::size_t capacity = Max;
  using value_type = T;

  void push_back(const T& item) {
    BOATO_CHECK(size_ < Max);
    items_[size_++] = item;
  }
  void clear() { size_ = 0; }
  [[nodiscard]] bool full() const { return size_ == Max; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return items_[i]; }
  [[nodiscard]] T& operator[](std::size_t i) { return items_[i]; }
  [[nodiscard]] const T* begin() const { return items_.data(); }
  [[nodiscard]] const T* end() const { return items_.data() + size_; }
  [[nodiscard]] T* begin() { return items_.data(); }
  [[nodiscard]] T* end() { return items_.data() + size_; }
  [[nodiscard]] std::span<const T> span() const { return {items_.data(), size_}; }

 private:
  std::array<T, Max> items_{};
  std::size_t size_ = 0;
};

// Up to 3 addresses of one peer; on the wire one binary string of 18 bytes each.
inline constexpr std::size_t addresses_max = 3;
inline constexpr std::size_t address_bytes = 18;
using AddressList = List<Address, addresses_max>;

[[nodiscard]] inline bool operator==(const AddressList& a, const AddressList& b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != b[i]) return false;
  return true;
}

}  // namespace boato::wire
