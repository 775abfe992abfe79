// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/slab.hpp"

#include <cstdlib>
#include <cstring>
#include <new>

namespace boato {
namespace {

std::size_t class_of(std::size_t bytes) {
  for (std::size_t i = 0; i < SlabPool::classes.size(); ++i)
    if (bytes <= SlabPool::classes[i]) return i;
  return SlabPool::classes.size();
}

}  // namespace

Slab* SlabPool::make(std::size_t bytes) {
  BOATO_CHECK(bytes <= (std::size_t{1} << 30));
  const std::size_t cls = class_of(bytes);
  const std::uint32_t capacity = cls < classes.size() ? classes[cls] : static_cast<std::uint32_t>(bytes);
  void* memory = std::malloc(sizeof(Slab) + capacity);
  if (!memory) throw std::bad_alloc{};
  return new (memory) Slab{nullptr, 1, capacity};
}

void SlabPool::adopt(Slab* slab) {
  slab->pool = this;
  live_bytes_ += slab->capacity;
}

SlabRef SlabPool::take(std::size_t bytes) {
  const std::size_t cls = class_of(bytes);
  if (cls < classes.size() && !idle_[cls].empty()) {
    Slab* slab = idle_[cls].back();
    idle_[cls].pop_back();
    idle_bytes_ -= slab->capacity;
    live_bytes_ += slab->capacity;
    slab->refs = 1;
    return SlabRef{slab};
  }
  Slab* slab = make(bytes);
  ++allocations_;
  adopt(slab);
  return SlabRef{slab};
}

EventRef SlabPool::copy(Bytes b) {
  SlabRef slab = take(b.size());
  if (!b.empty()) std::memcpy(slab.data(), b.data(), b.size());
  return slab.slice(0, static_cast<std::uint32_t>(b.size()));
}

void SlabPool::give_back(Slab* slab) noexcept {
  live_bytes_ -= slab->capacity;
  const std::size_t cls = class_of(slab->capacity);
  if (cls < classes.size() && classes[cls] == slab->capacity &&
      idle_bytes_ + slab->capacity <= idle_bytes_max_) {
    idle_[cls].push_back(slab);
    idle_bytes_ += slab->capacity;
    return;
  }
  std::free(slab);
}

SlabPool::~SlabPool() {
  BOATO_CHECK(live_bytes_ == 0);  // whoever owns the pool gives every reference back first
  for (auto& list : idle_)
    for (Slab* slab : list) std::free(slab);
}

void release_slab(Slab* slab) noexcept {
  if (slab->pool)
    slab->pool->give_back(slab);
  else
    std::free(slab);
}

}  // namespace boato
