// SPDX-License-Identifier: Apache-2.0
// Memory for event bytes: written once, then only read and shared by reference.
// A slab is a run of bytes that arrived together (on a link: consecutive frames; at a publisher: one batch).
// An EventRef is a counted view of one batch inside a slab. The count is a plain integer: a slab never leaves
// its peer's thread. The host lends references to application threads through a hand-over of its own.
#pragma once

#include "overlay/base/check.hpp"
#include "overlay/base/strong.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace boato {

class SlabPool;

struct Slab {
  SlabPool* pool;  // null: freed to the heap by its last reference
  std::uint32_t refs;
  std::uint32_t capacity;
  [[nodiscard]] std::byte* data() { return reinterpret_cast<std::byte*>(this + 1); }
};

void release_slab(Slab* slab) noexcept;

// The bytes of one batch.
class EventRef {
 public:
  EventRef() = default;
  EventRef(const EventRef& other) : slab_{other.slab_}, offset_{other.offset_}, size_{other.size_} {
    if (slab_) ++slab_->refs;
  }
  EventRef(EventRef&& other) noexcept
      : slab_{std::exchange(other.slab_, nullptr)},
        offset_{other.offset_},
        size_{std::exchange(other.size_, 0)} {}
  EventRef& operator=(EventRef other) noexcept {
    std::swap(slab_, other.slab_);
    std::swap(offset_, other.offset_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~EventRef() {
    if (slab_ && --slab_->refs == 0) release_slab(slab_);
  }

  [[nodiscard]] Bytes bytes() const {
    return slab_ ? Bytes{slab_->data() + offset_, size_} : Bytes{};
  }  // valid while this lives
  [[nodiscard]] std::size_t size() const { return size_; }
  [[nodiscard]] bool empty() const { return slab_ == nullptr; }
  explicit operator bool() const { return slab_ != nullptr; }
  // A part of the same bytes.
  [[nodiscard]] EventRef part(std::uint32_t offset, std::uint32_t size) const {
    BOATO_CHECK(slab_ && std::uint64_t{offset} + size <= size_);
    EventRef result{*this};
    result.offset_ += offset;
    result.size_ = size;
    return result;
  }

 private:
  friend class SlabRef;
  EventRef(Slab* slab, std::uint32_t offset, std::uint32_t size) : slab_{slab}, offset_{offset}, size_{size} {
    ++slab_->refs;
  }
  Slab* slab_ = nullptr;
  std::uint32_t offset_ = 0, size_ = 0;
};

// The writer's end of a slab: the only one that may write, and only where no EventRef looks yet.
class SlabRef {
 public:
  SlabRef() = default;
  explicit SlabRef(Slab* slab) : slab_{slab} {}  // takes one reference over
  SlabRef(SlabRef&& other) noexcept : slab_{std::exchange(other.slab_, nullptr)} {}
  SlabRef& operator=(SlabRef&& other) noexcept {
    std::swap(slab_, other.slab_);
    return *this;
  }
  SlabRef(const SlabRef&) = delete;
  SlabRef& operator=(const SlabRef&) = delete;
  ~SlabRef() {
    if (slab_ && --slab_->refs == 0) release_slab(slab_);
  }

  explicit operator bool() const { return slab_ != nullptr; }
  [[nodiscard]] std::byte* data() const { return slab_->data(); }
  [[nodiscard]] std::uint32_t capacity() const { return slab_ ? slab_->capacity : 0; }
  // A second writer's end, for bytes that the first does not write. Only on the slab's own thread.
  [[nodiscard]] SlabRef share() const {
    BOATO_CHECK(slab_);
    ++slab_->refs;
    return SlabRef{slab_};
  }
  [[nodiscard]] bool shared() const { return slab_ && slab_->refs > 1; }  // an EventRef looks at it
  [[nodiscard]] EventRef slice(std::uint32_t offset, std::uint32_t size) const {
    BOATO_CHECK(slab_ && std::uint64_t{offset} + size <= slab_->capacity);
    return EventRef{slab_, offset, size};
  }

 private:
  Slab* slab_ = nullptr;
};

// Slabs by size class, kept for reuse up to a bound. Not thread safe. Outlives all its slabs (checked).
class SlabPool {
 public:
  static constexpr std::array<std::uint32_t, 5> classes{4096, 16384, 65536, 131072, 1310720};

  explicit SlabPool(std::size_t idle_bytes_max = std::size_t{32} << 20) : idle_bytes_max_{idle_bytes_max} {}
  ~SlabPool();
  SlabPool(const SlabPool&) = delete;
  SlabPool& operator=(const SlabPool&) = delete;

  // A slab of at least `bytes` with one reference.
  [[nodiscard]] SlabRef take(std::size_t bytes);
  // The bytes copied into a slab of their own.
  [[nodiscard]] EventRef copy(Bytes b);
  // A slab from the heap that belongs to no pool yet: may be made on any thread, and is adopted on the pool's
  // thread.
  [[nodiscard]] static Slab* make(std::size_t bytes);
  void adopt(Slab* slab);

  [[nodiscard]] std::size_t live_bytes() const { return live_bytes_; }      // in use by someone
  [[nodiscard]] std::size_t idle_bytes() const { return idle_bytes_; }      // kept for reuse
  [[nodiscard]] std::uint64_t allocations() const { return allocations_; }  // from the heap, ever

 private:
  friend void release_slab(Slab* slab) noexcept;
  void give_back(Slab* slab) noexcept;
  std::array<std::vector<Slab*>, classes.size()> idle_;
  std::size_t idle_bytes_max_;
  std::size_t live_bytes_ = 0, idle_bytes_ = 0;
  std::uint64_t allocations_ = 0;
};

}  // namespace boato
