// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/frame_buffer.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/link/record_cipher.hpp"

#include <algorithm>
#include <cstring>

namespace boato {
namespace {

constexpr std::size_t slab_bytes_max = 131072;  // for frames that fit
constexpr std::size_t growth = 8;  // a larger frame may have this many times what has arrived of it
constexpr std::size_t length_bytes = 4;

}  // namespace

// Length and body of the frame at begin_, as far as the length has arrived; else 0.
std::size_t FrameBuffer::partial_frame_bytes() const {
  if (partial_bytes() < length_bytes) return 0;
  return length_bytes + get_be<std::uint32_t>(slab_.data() + begin_);
}

// After this, `bytes` fit behind end_.
void FrameBuffer::make_room(SlabPool& pool, std::size_t bytes) {
  if (begin_ == end_) {
    if (slab_.capacity() > slab_bytes_max)
      slab_ = SlabRef{};  // small events shall not keep a large frame's slab alive
    if (!slab_.shared()) begin_ = end_ = 0;
  }
  const std::size_t partial = partial_bytes(), whole = partial_frame_bytes();
  const bool fits = end_ + bytes <= slab_.capacity();
  const std::size_t arrived = partial + bytes;
  // A frame that will not fit here but does fit into a fresh slab moves while its head is short.
  const bool moves_anyway = begin_ + whole > slab_.capacity() &&
                            whole + record_plain_bytes_max <= slab_bytes_max && whole <= growth * arrived;
  if (fits && !moves_anyway) return;

  std::size_t size = std::max<std::size_t>(next_slab_bytes_, arrived);
  if (whole > size) {
    std::size_t wanted = std::min(whole + record_plain_bytes_max, growth * arrived);
    if (arrived <= slab_bytes_max)
      wanted = std::min(wanted, slab_bytes_max);  // the next class of the pool is ten times as large
    size = std::max(size, wanted);
  }
  SlabRef fresh = pool.take(size);
  if (partial > 0) {
    std::memcpy(fresh.data(), slab_.data() + begin_, partial);
    ++moved_heads_;
  }
  if (slab_ && !fits)
    next_slab_bytes_ =
        static_cast<std::uint32_t>(std::min<std::size_t>(slab_bytes_max, std::size_t{next_slab_bytes_} * 2));
  slab_ = std::move(fresh);
  begin_ = 0;
  end_ = static_cast<std::uint32_t>(partial);
}

std::byte* FrameBuffer::begin_record(SlabPool& pool, std::size_t plain) {
  make_room(pool, plain);
  if (begin_ == end_) return slab_.data() + end_;
  std::byte* at = slab_.data() + end_ - 1;
  under_kind_ = *at;
  return at;
}

void FrameBuffer::commit(std::size_t plain) {
  if (begin_ == end_)
    begin_ = ++end_;
  else
    slab_.data()[end_ - 1] = under_kind_;
  end_ += static_cast<std::uint32_t>(plain - 1);
}

void FrameBuffer::cancel() {
  if (begin_ != end_) slab_.data()[end_ - 1] = under_kind_;
}

void FrameBuffer::append(SlabPool& pool, Bytes data) {
  make_room(pool, data.size());
  std::memcpy(slab_.data() + end_, data.data(), data.size());
  end_ += static_cast<std::uint32_t>(data.size());
}

FrameBuffer::Next FrameBuffer::next(std::size_t frame_bytes_max, Bytes& frame) {
  const std::size_t whole = partial_frame_bytes();
  if (whole == 0) return Next::more;
  if (whole == length_bytes || whole - length_bytes > frame_bytes_max) return Next::malformed;
  if (partial_bytes() < whole) return Next::more;
  frame = {slab_.data() + begin_ + length_bytes, whole - length_bytes};
  begin_ += static_cast<std::uint32_t>(whole);
  return Next::frame;
}

EventRef FrameBuffer::ref(Bytes frame) const {
  return slab_.slice(static_cast<std::uint32_t>(frame.data() - slab_.data()),
                     static_cast<std::uint32_t>(frame.size()));
}

void FrameBuffer::release_if_idle() {
  if (begin_ != end_ || !slab_ || slab_.shared()) return;
  slab_ = SlabRef{};
  begin_ = end_ = 0;
}

}  // namespace boato
