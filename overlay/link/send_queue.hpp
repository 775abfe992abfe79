// SPDX-License-Identifier: Apache-2.0
// The sending end of one flow class: frames wait as a copied envelope and a counted reference to their body,
// and become bytes only when a record is filled. Knows lengths and budgets; what to do when the budget is
// passed is the link's choice.
#pragma once

#include "overlay/base/slab.hpp"
#include "overlay/link/ring.hpp"

namespace boato {

class SendQueue {
 public:
  static constexpr std::size_t length_bytes = 4;
  static constexpr std::size_t frame_cost = 32;  // what a queued frame costs besides its bytes

  [[nodiscard]] static std::size_t cost(std::size_t frame_bytes) {
    return length_bytes + frame_bytes + frame_cost;
  }
  [[nodiscard]] bool empty() const { return frames_.empty(); }
  [[nodiscard]] std::size_t frames() const { return frames_.size(); }
  [[nodiscard]] std::size_t bytes() const { return bytes_; }  // sum of cost()
  [[nodiscard]] std::uint32_t oldest_stamp() const { return frames_.empty() ? 0 : frames_.front().stamp; }

  void push(Bytes envelope, EventRef body, std::uint32_t stamp);
  // Drops the oldest frame that has not begun to be sent. False if there is none.
  bool drop_oldest();

  // Whether the rest of the first frame fits into `room` bytes.
  [[nodiscard]] bool first_fits(std::size_t room) const {
    return length_bytes + frames_.front().size() - sent_ <= room;
  }
  // Writes whole frames one after another. A frame that does not fit is begun only if it fits into no record,
  // or if the room would stay empty. Returns the bytes written, and counts the frames that are through.
  std::size_t take(std::span<std::byte> room, std::size_t record_max, std::uint64_t& frames_through);

  void trim();

 private:
  struct Frame {
    std::uint64_t envelope_at = 0;
    std::uint32_t envelope_bytes = 0;
    std::uint32_t stamp = 0;
    EventRef body{};
    [[nodiscard]] std::size_t size() const { return envelope_bytes + body.size(); }
  };
  static_assert(sizeof(Frame) <= frame_cost);

  void copy(const Frame& frame, std::size_t from, std::span<std::byte> out) const;
  void pop();

  FrameRing<Frame> frames_;
  ByteRing envelopes_;
  std::size_t bytes_ = 0;
  std::size_t sent_ = 0;  // of the first frame, its length included
};

}  // namespace boato
