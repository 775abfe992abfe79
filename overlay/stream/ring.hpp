// SPDX-License-Identifier: Apache-2.0
// A queue in one array of a power of two, which grows and is never given back: warm, it allocates nothing.
// Inserting and erasing in the middle moves the shorter side.
#pragma once

#include "overlay/base/check.hpp"

#include <cstddef>
#include <utility>
#include <vector>

namespace boato {

template <class T>
class Ring {
 public:
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return size_ == 0; }
  [[nodiscard]] T& operator[](std::size_t i) { return room_[(head_ + i) & (room_.size() - 1)]; }
  [[nodiscard]] const T& operator[](std::size_t i) const { return room_[(head_ + i) & (room_.size() - 1)]; }
  [[nodiscard]] const T& front() const { return (*this)[0]; }
  [[nodiscard]] const T& back() const { return (*this)[size_ - 1]; }

  void push_back(T item) {
    grow();
    room_[(head_ + size_++) & (room_.size() - 1)] = std::move(item);
  }
  void pop_front() { drop_front(1); }
  void drop_front(std::size_t n) {
    BOATO_CHECK(n <= size_);
    for (; n > 0; --n, --size_) {
      room_[head_] = T{};
      head_ = (head_ + 1) & (room_.size() - 1);
    }
  }
  void insert(std::size_t place, T item) {
    BOATO_CHECK(place <= size_);
    grow();
    if (place < size_ / 2) {
      head_ = (head_ - 1) & (room_.size() - 1);
      ++size_;
      for (std::size_t i = 0; i < place; ++i) (*this)[i] = std::move((*this)[i + 1]);
    } else {
      ++size_;
      for (std::size_t i = size_ - 1; i > place; --i) (*this)[i] = std::move((*this)[i - 1]);
    }
    (*this)[place] = std::move(item);
  }
  void erase(std::size_t place) {
    BOATO_CHECK(place < size_);
    if (place < size_ / 2) {
      for (std::size_t i = place; i > 0; --i) (*this)[i] = std::move((*this)[i - 1]);
      pop_front();
    } else {
      for (std::size_t i = place; i + 1 < size_; ++i) (*this)[i] = std::move((*this)[i + 1]);
      (*this)[--size_] = T{};
    }
  }
  void clear() { drop_front(size_); }

 private:
  void grow() {
    if (size_ < room_.size()) return;
    std::vector<T> wider(room_.empty() ? 4 : 2 * room_.size());
    for (std::size_t i = 0; i < size_; ++i) wider[i] = std::move((*this)[i]);
    room_ = std::move(wider);
    head_ = 0;
  }
  std::vector<T> room_;
  std::size_t head_ = 0, size_ = 0;
};

}  // namespace boato
