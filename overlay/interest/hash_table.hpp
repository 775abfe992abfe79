// SPDX-License-Identifier: Apache-2.0
// Numbers of things by a hash of their keys; the keys themselves are kept elsewhere, and a search is told how
// to compare them. Open addressing with linear probing at a load of at most one half; erasing shifts back
// (Knuth, volume 3, 6.4, algorithm R), so there are no tombstones. Nothing is ever walked in hash order. The
// hash should depend on a seed that strangers do not know.
#pragma once

#include "overlay/base/check.hpp"
#include "overlay/base/mix.hpp"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

namespace boato {

[[nodiscard]] inline std::uint64_t hash_of(std::uint64_t seed, std::string_view text) {
  std::uint64_t h = mix(seed ^ text.size());
  for (; text.size() >= 8; text.remove_prefix(8)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    h = mix(h ^ word) + seed;
  }
  std::uint64_t word = 0;
  if (!text.empty()) std::memcpy(&word, text.data(), text.size());
  return mix(h ^ word);
}

class HashTable {
 public:
  static constexpr std::uint32_t none = 0xffffffff;

  template <class Same>
  [[nodiscard]] std::uint32_t find(std::uint64_t hash, Same&& same) const {
    if (cells_.empty()) return none;
    for (std::size_t i = hash & mask(); cells_[i].number != none; i = (i + 1) & mask())
      if (cells_[i].hash == hash && same(cells_[i].number)) return cells_[i].number;
    return none;
  }

  void insert(std::uint64_t hash, std::uint32_t number) {
    if (2 * (used_ + 1) > cells_.size()) grow();
    put({hash, number});
    ++used_;
  }

  void erase(std::uint64_t hash, std::uint32_t number) {
    std::size_t hole = hash & mask();
    while (cells_[hole].number != number) {
      BOATO_CHECK(cells_[hole].number != none);
      hole = (hole + 1) & mask();
    }
    for (std::size_t i = (hole + 1) & mask(); cells_[i].number != none; i = (i + 1) & mask()) {
      const std::size_t home = cells_[i].hash & mask();
      if (((i - home) & mask()) < ((i - hole) & mask())) continue;  // it would come to stand before its home
      cells_[hole] = cells_[i];
      hole = i;
    }
    cells_[hole].number = none;
    --used_;
  }

  [[nodiscard]] std::size_t size() const { return used_; }

 private:
  struct Cell {
    std::uint64_t hash = 0;
    std::uint32_t number = none;
  };
  [[nodiscard]] std::size_t mask() const { return cells_.size() - 1; }
  void put(Cell cell) {
    std::size_t i = cell.hash & mask();
    while (cells_[i].number != none) i = (i + 1) & mask();
    cells_[i] = cell;
  }
  void grow() {
    std::vector<Cell> old(cells_.empty() ? 16 : 2 * cells_.size());
    old.swap(cells_);
    for (const Cell& cell : old)
      if (cell.number != none) put(cell);
  }
  std::vector<Cell> cells_;  // a power of two of them
  std::size_t used_ = 0;
};

}  // namespace boato
