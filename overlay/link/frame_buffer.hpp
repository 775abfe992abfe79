// SPDX-License-Identifier: Apache-2.0
// The receiving end of one flow class: records are opened straight into the tail of a slab, so that a frame
// lies in one piece and an EventRef can point at it without another copy.
//
//   slab   | frames handed out | length frame... | <- the next record's bytes go here
//                               begin_            end_
//
// A record's plaintext begins with a kind byte, which would tear a frame apart: it is opened one byte early,
// over the last byte of the partial frame, which is put back afterwards. When no frame is partial the kind
// simply takes a byte of its own. So no byte that an EventRef looks at is ever written, not even for a
// moment: references may be read by other threads meanwhile. Memory: a slab of at most 128 KiB, or at most
// ten times the bytes that have arrived of one larger frame; nothing while idle.
#pragma once

#include "overlay/base/slab.hpp"

namespace boato {

class FrameBuffer {
 public:
  enum class Next : std::uint8_t { frame, more, malformed };

  // Room for a record's plaintext of `plain` bytes, kind first. Followed by commit() or cancel().
  [[nodiscard]] std::byte* begin_record(SlabPool& pool, std::size_t plain);
  // The record belongs here: what follows the kind is now part of the stream.
  void commit(std::size_t plain);
  // It does not, or was forged: as if it had never been there. The opened bytes stay readable until the next
  // begin_record.
  void cancel();
  // Bytes that were opened elsewhere.
  void append(SlabPool& pool, Bytes data);

  // The next whole frame, valid until the next begin_record; ref() keeps it for longer.
  [[nodiscard]] Next next(std::size_t frame_bytes_max, Bytes& frame);
  [[nodiscard]] EventRef ref(Bytes frame) const;

  [[nodiscard]] std::size_t partial_bytes() const { return end_ - begin_; }
  // Gives the slab back if nobody looks at it and no frame is partial.
  void release_if_idle();
  [[nodiscard]] std::uint64_t moved_heads() const { return moved_heads_; }

 private:
  void make_room(SlabPool& pool, std::size_t bytes);
  [[nodiscard]] std::size_t partial_frame_bytes() const;

  SlabRef slab_;
  std::uint32_t begin_ = 0, end_ = 0;
  std::uint32_t next_slab_bytes_ = 16384;  // grows with the traffic of this class, up to slab_bytes_max
  std::byte under_kind_{};
  std::uint64_t moved_heads_ = 0;
};

}  // namespace boato
