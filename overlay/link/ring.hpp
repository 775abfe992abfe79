// SPDX-License-Identifier: Apache-2.0
// Queues in one piece of memory that is kept: they grow to what was needed once, and then allocate nothing.
#pragma once

#include "overlay/base/check.hpp"
#include "overlay/base/strong.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <vector>

namespace boato {

// First in, first out. T is reset to T{} when it leaves, so that what it held is released at once.
template <class T>
class FrameRing {
 public:
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] std::size_t capacity() const { return slots_.size(); }
  [[nodiscard]] T& operator[](std::size_t i) { return slots_[(first_ + i) & (slots_.size() - 1)]; }
  [[nodiscard]] const T& operator[](std::size_t i) const {
    return slots_[(first_ + i) & (slots_.size() - 1)];
  }
  [[nodiscard]] T& front() { return (*this)[0]; }
  [[nodiscard]] const T& front() const { return (*this)[0]; }

  void push(T value) {
    if (size_ == slots_.size()) grow();
    (*this)[size_++] = std::move(value);
  }
  void pop() {
    BOATO_CHECK(size_ > 0);
    front() = T{};
    first_ = (first_ + 1) & (slots_.size() - 1);
    --size_;
  }
  void free_memory() {
    BOATO_CHECK(size_ == 0);
    slots_ = {};
    first_ = 0;
  }

 private:
  void grow() {
    std::vector<T> larger(std::max<std::size_t>(8, 2 * slots_.size()));
    for (std::size_t i = 0; i < size_; ++i) larger[i] = std::move((*this)[i]);
    slots_ = std::move(larger);
    first_ = 0;
  }
  std::vector<T> slots_;  // a power of two
  std::size_t first_ = 0, size_ = 0;
};

// Bytes by an ever-growing position: what is written at a position is read there until the tail has passed
// it.
class ByteRing {
 public:
  // Returns the position of the first byte.
  std::uint64_t push(Bytes b) {
    if (head_ - tail_ + b.size() > memory_.size()) grow(head_ - tail_ + b.size());
    const std::uint64_t at = head_;
    if (b.empty()) return at;
    const std::size_t place = at & (memory_.size() - 1), first = std::min(b.size(), memory_.size() - place);
    std::memcpy(memory_.data() + place, b.data(), first);
    if (first < b.size()) std::memcpy(memory_.data(), b.data() + first, b.size() - first);
    head_ += b.size();
    return at;
  }
  void read(std::uint64_t at, std::span<std::byte> out) const {
    if (out.empty()) return;
    const std::size_t place = at & (memory_.size() - 1), first = std::min(out.size(), memory_.size() - place);
    std::memcpy(out.data(), memory_.data() + place, first);
    if (first < out.size()) std::memcpy(out.data() + first, memory_.data(), out.size() - first);
  }
  void forget_until(std::uint64_t tail) { tail_ = tail; }
  [[nodiscard]] std::uint64_t head() const { return head_; }
  [[nodiscard]] std::size_t capacity() const { return memory_.size(); }
  void free_memory() {
    BOATO_CHECK(tail_ == head_);
    memory_ = {};
  }

 private:
  void grow(std::size_t need) {
    std::vector<std::byte> larger(std::bit_ceil(std::max<std::size_t>(need, 256)));
    for (std::uint64_t at = tail_; at < head_; ++at)
      larger[at & (larger.size() - 1)] = memory_[at & (memory_.size() - 1)];
    memory_ = std::move(larger);
  }
  std::vector<std::byte> memory_;  // a power of two
  std::uint64_t tail_ = 0, head_ = 0;
};

}  // namespace boato
