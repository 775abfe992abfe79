// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/send_queue.hpp"

#include "overlay/base/bytes.hpp"

namespace boato {
namespace {
constexpr std::size_t idle_memory_max = 4096;  // an idle queue keeps no more than this after trim()
constexpr std::size_t scrap_bytes = 64;  // less room than this is not worth the beginning of a long frame
}  // namespace

void SendQueue::push(Bytes envelope, EventRef body, std::uint32_t stamp) {
  bytes_ += cost(envelope.size() + body.size());
  const std::uint64_t at = envelopes_.push(envelope);
  frames_.push({at, static_cast<std::uint32_t>(envelope.size()), stamp, std::move(body)});
}

void SendQueue::pop() {
  bytes_ -= cost(frames_.front().size());
  frames_.pop();
  sent_ = 0;
  envelopes_.forget_until(frames_.empty() ? envelopes_.head() : frames_.front().envelope_at);
}

bool SendQueue::drop_oldest() {
  if (sent_ == 0) {
    if (frames_.empty()) return false;
    pop();
    return true;
  }
  if (frames_.size() < 2) return false;
  // The first frame is half sent and stays: it takes the place of the second.
  bytes_ -= cost(frames_[1].size());
  frames_[1] = std::move(frames_.front());
  frames_.pop();
  return true;
}

// Bytes [from, from + out.size()) of length || envelope || body.
void SendQueue::copy(const Frame& frame, std::size_t from, std::span<std::byte> out) const {
  if (from < length_bytes) {
    std::array<std::byte, length_bytes> length;
    put_be(length.data(), static_cast<std::uint32_t>(frame.size()));
    const std::size_t n = std::min(length_bytes - from, out.size());
    std::memcpy(out.data(), length.data() + from, n);
    out = out.subspan(n);
    from += n;
  }
  const std::size_t envelope_end = length_bytes + frame.envelope_bytes;
  if (from < envelope_end) {
    const std::size_t n = std::min(envelope_end - from, out.size());
    envelopes_.read(frame.envelope_at + (from - length_bytes), out.first(n));
    out = out.subspan(n);
    from += n;
  }
  if (!out.empty()) std::memcpy(out.data(), frame.body.bytes().data() + (from - envelope_end), out.size());
}

std::size_t SendQueue::take(std::span<std::byte> room, std::size_t record_max,
                            std::uint64_t& frames_through) {
  std::size_t used = 0;
  while (!frames_.empty()) {
    const Frame& frame = frames_.front();
    const std::size_t left = room.size() - used, rest = length_bytes + frame.size() - sent_;
    if (rest <= left) {
      copy(frame, sent_, room.subspan(used, rest));
      used += rest;
      pop();
      ++frames_through;
      continue;
    }
    const bool is_long = length_bytes + frame.size() > record_max;
    if (used > 0 && (!is_long || left < scrap_bytes)) break;
    copy(frame, sent_, room.subspan(used, left));
    sent_ += left;
    used += left;
    break;
  }
  return used;
}

void SendQueue::trim() {
  if (!frames_.empty()) return;
  if (frames_.capacity() * sizeof(Frame) > idle_memory_max) frames_.free_memory();
  if (envelopes_.capacity() > idle_memory_max) envelopes_.free_memory();
}

}  // namespace boato
