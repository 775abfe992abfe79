// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/range_list.hpp"

#include "overlay/base/check.hpp"

#include <algorithm>
#include <utility>

namespace boato {

void RangeList::Block::insert(std::size_t at, double l, double h, std::uint32_t n) {
  const auto shift = [&](auto& array, auto value) {
    std::move_backward(array.begin() + at, array.begin() + count, array.begin() + count + 1);
    array[at] = value;
  };
  shift(low, l);
  shift(high, h);
  shift(number, n);
  high_min = count == 0 ? h : std::min(high_min, h);
  high_max = count == 0 ? h : std::max(high_max, h);
  ++count;
}

void RangeList::Block::erase(std::size_t at) {
  const auto shift = [&](auto& array) {
    std::move(array.begin() + at + 1, array.begin() + count, array.begin() + at);
  };
  shift(low);
  shift(high);
  shift(number);
  --count;
  measure();
}

void RangeList::Block::measure() {
  if (count == 0) return;
  const auto [least, most] = std::minmax_element(high.begin(), high.begin() + count);
  high_min = *least;
  high_max = *most;
}

void RangeList::add(double low, double high, std::uint32_t number) {
  // By low, and by number where lows are equal: the last block that begins at or below it.
  const std::pair wanted{low, number};
  const auto first = [](const auto& b) { return std::pair{b->low[0], b->number[0]}; };
  auto block = std::ranges::upper_bound(blocks_, wanted, {}, first);
  if (block != blocks_.begin()) --block;
  if (block == blocks_.end()) block = blocks_.insert(block, std::make_unique<Block>());
  if ((*block)->count == block_max_) {
    auto upper = std::make_unique<Block>();
    Block& full = **block;
    constexpr std::size_t half = block_max_ / 2;
    std::copy(full.low.begin() + half, full.low.end(), upper->low.begin());
    std::copy(full.high.begin() + half, full.high.end(), upper->high.begin());
    std::copy(full.number.begin() + half, full.number.end(), upper->number.begin());
    upper->count = full.count = half;
    upper->measure();
    full.measure();
    block = blocks_.insert(std::next(block), std::move(upper));
    if (wanted < first(*block)) --block;
  }
  Block& into = **block;
  std::size_t at = 0;
  while (at < into.count && std::pair{into.low[at], into.number[at]} < wanted) ++at;
  into.insert(at, low, high, number);
}

void RangeList::remove(double low, std::uint32_t number) {
  const auto first = [](const auto& b) { return std::pair{b->low[0], b->number[0]}; };
  auto block = std::ranges::upper_bound(blocks_, std::pair{low, number}, {}, first);
  BOATO_CHECK(block != blocks_.begin());
  Block& in = **--block;
  std::size_t at = 0;
  while (at < in.count && !(in.number[at] == number && in.low[at] == low)) ++at;
  BOATO_CHECK(at < in.count);
  in.erase(at);
  if (in.count == 0) blocks_.erase(block);
}

std::size_t RangeList::size() const {
  std::size_t sum = 0;
  for (const auto& block : blocks_) sum += block->count;
  return sum;
}

std::uint32_t* RangeList::find(double low, double high, std::uint32_t* out) const {
  for (const auto& block : blocks_) {
    if (block->low[0] > high) break;
    if (block->high_max < low) continue;
    const auto begin = block->low.begin(), end = begin + block->count;
    const std::size_t count = block->low[block->count - 1] <= high
                                  ? block->count
                                  : static_cast<std::size_t>(std::upper_bound(begin, end, high) - begin);
    if (block->high_min >= low) {
      out = std::copy_n(block->number.begin(), count, out);
      continue;
    }
    for (std::size_t i = 0; i < count; ++i) {
      *out = block->number[i];
      out += block->high[i] >= low ? 1 : 0;
    }
  }
  return out;
}

void RangeList::check_invariants() const {
  double last = blocks_.empty() ? 0 : blocks_[0]->low[0];
  for (const auto& block : blocks_) {
    BOATO_CHECK(block->count > 0);
    for (std::size_t i = 0; i < block->count; ++i) {
      BOATO_CHECK(block->low[i] >= last);
      BOATO_CHECK(block->high[i] <= block->high_max && block->high[i] >= block->high_min);
      last = block->low[i];
    }
  }
}

}  // namespace boato
