// SPDX-License-Identifier: Apache-2.0
// Ranges [low, high] of numbers, each with the number of what it belongs to, and a search for all that a
// value lies in. Blocks of up to 128 by rising low, each with its least and greatest high: a search reads
// only blocks that can hold the value, without a branch for each range. Adding and removing shifts within one
// block.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace boato {

class RangeList {
 public:
  void add(double low, double high, std::uint32_t number);
  void remove(double low, std::uint32_t number);  // which was added with this low
  [[nodiscard]] bool empty() const { return blocks_.empty(); }
  [[nodiscard]] std::size_t size() const;

  // Writes the numbers of all ranges that meet [low, high] to `out`, which has room for all and one more; the
  // end of what was written.
  std::uint32_t* find(double low, double high, std::uint32_t* out) const;
  void check_invariants() const;

 private:
  static constexpr std::size_t block_max_ = 128;
  struct Block {
    std::size_t count = 0;
    double high_min = 0, high_max = 0;
    std::array<double, block_max_> low, high;
    std::array<std::uint32_t, block_max_> number;
    void insert(std::size_t at, double l, double h, std::uint32_t n);
    void erase(std::size_t at);
    void measure();
  };
  std::vector<std::unique_ptr<Block>> blocks_;  // none is empty
};

}  // namespace boato
