// SPDX-License-Identifier: Apache-2.0
// One authenticated, encrypted connection between two peers, without the connection: bytes go in and come
// out, time is passed in. Inside it each flow class is a byte stream of frames of its own, so a large event
// holds up control for one record at most.
//
//   wire     preface and messages 1-3 (handshake.hpp), then records: length u16 || sealed( kind u8 || bytes )
//   kinds    0-3 bytes of a flow class, 4 CLOSE(code u16), 5 CONFIRM(initiator's id), 6 padding
//   frames   length u32 || frame, back to back in the stream of their class
//
// Knows keys, records, frames and budgets; does not know what a frame means, sockets, or other links.
// Not thread safe. A sink may call queue(), drop() and close() from its handlers, never receive(), and may
// not destroy the link.
#pragma once

#include "overlay/effects/close_reason.hpp"
#include "overlay/link/flow_turns.hpp"
#include "overlay/link/frame_buffer.hpp"
#include "overlay/link/handshake.hpp"
#include "overlay/link/link_config.hpp"
#include "overlay/link/record_cipher.hpp"
#include "overlay/link/send_queue.hpp"

#include <array>
#include <memory>
#include <optional>

namespace boato {

class Link {
 public:
  enum class Role : std::uint8_t { initiator, responder };
  enum class Queued : std::uint8_t {
    ok,
    dropped_oldest,  // queued; older unreliable frames made room and are lost: state the gap
    full,            // control is over its budget: close the link as slow
    lagging,         // reliable or repair is over its budget or age: not queued
    too_large,       // longer than any frame the other side accepts: not queued
    closed,          // the link is closing or over: not queued
  };

  // `ephemeral_entropy` is fresh randomness for this link alone. `expected`: the id that must answer, if it
  // is known.
  Link(const LinkSetup& setup, Role role, const Key32& ephemeral_entropy, Time now,
       std::optional<PeerId> expected);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Bytes from the socket, in any pieces. Calls sink.on_up(const PeerHello&) once, then for each whole frame
  // sink.on_frame(Flow, Bytes frame, const EventRef& ref). `ref` covers exactly the frame's bytes and may be
  // kept; it is empty for control, whose bytes are valid during the call only. Returns none, or why the link
  // is over now: the reason the other side told (peer_closed() is true then), or our own finding. After that
  // the link takes and gives nothing any more.
  template <class Sink>
  CloseReason receive(Bytes wire, Time now, Sink&& sink);

  // Queues one frame, made of `envelope` (copied) and `body` (kept by reference), until fill() takes it. Only
  // while up(). `now` stamps the frame for queued_age_max; Time{} = never too old.
  Queued queue(Flow flow, Bytes envelope, EventRef body, Time now = Time{});
  // Drops the frames of a class that have not begun to be sent; returns how many.
  std::size_t drop(Flow flow);

  // Seals as many whole records as fit into `out`, handshake bytes first. Returns the bytes written; 0 =
  // nothing to send, or `out` is smaller than 64 B. A buffer of 64 KiB that stays warm in the cache serves
  // all links of a host.
  std::size_t fill(std::span<std::byte> out);
  [[nodiscard]] bool wants_to_send() const;
  [[nodiscard]] std::size_t queued_bytes(Flow flow) const;
  [[nodiscard]] std::size_t queued_bytes() const;

  // Queues CLOSE behind the control frames that wait; other classes are not sent any more. On a link that is
  // not up nothing is told. The host sends until wants_to_send() is false and ends the connection.
  void close(CloseReason reason);
  [[nodiscard]] bool closing() const { return closing_ != CloseReason::none; }

  // The handshake, a record or a frame has to be complete by then; `never` when none is under way.
  [[nodiscard]] Time next_deadline() const;
  // Returns timeout when a deadline has passed: the link is over.
  CloseReason on_deadline(Time now);

  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] bool over() const { return over_ != CloseReason::none; }
  [[nodiscard]] CloseReason over_reason() const { return over_; }
  [[nodiscard]] bool peer_closed() const {
    return peer_closed_;
  }  // a CLOSE record arrived; else EOF is CloseReason::cut
  [[nodiscard]] Role role() const { return role_; }
  [[nodiscard]] Time last_received() const { return last_received_; }
  [[nodiscard]] const LinkCounters& counters() const { return counters_; }
  // Bytes held for frames and records that are not complete, and since when: what the host closes first when
  // short of memory.
  [[nodiscard]] std::size_t partial_bytes() const;
  [[nodiscard]] Time partial_since() const;
  // Gives memory back that an idle link does not need.
  void trim();

 private:
  // What a record turned out to be.
  enum class Opened : std::uint8_t { nothing, flow, confirmed, skipped, over };
  static constexpr std::size_t index(Flow flow) { return static_cast<std::size_t>(flow); }

  CloseReason end(CloseReason reason);
  void start_records();
  Opened next_record(Bytes& wire, Time now, Flow& flow);
  Opened open_record(Bytes sealed, Flow& flow);
  Opened open_confirm(Bytes sealed);
  void note_partial_frame(Flow flow, bool frame_completed, Time now);
  [[nodiscard]] FlowTurns::Waiting waiting() const;
  std::size_t fill_control_record(std::span<std::byte> out, RecordKind kind, Bytes bytes);

  const Crypto* crypto_;
  SlabPool* slabs_;
  LinkLimits limits_;
  PeerId own_id_, peer_id_{};
  Role role_;
  bool up_ = false, peer_closed_ = false, confirm_waits_ = false, close_waits_ = false;
  CloseReason closing_ = CloseReason::none, over_ = CloseReason::none;
  Time created_, last_received_;
  std::unique_ptr<Handshake> handshake_;  // until the link is up
  RecordCipher tx_, rx_;

  std::array<FrameBuffer, flows> in_;
  std::array<Time, flows> partial_frame_since_{never, never, never, never};
  Flow last_small_ = Flow::control,
       last_large_ = Flow::reliable;  // the next record's class is guessed by its size
  SlabRef partial_record_;
  std::array<std::byte, 2> record_length_{};
  std::uint32_t record_have_ = 0;  // bytes of the partial record, its length included
  Time partial_record_since_ = never;

  std::array<SendQueue, flows> out_;
  FlowTurns turns_;
  LinkCounters counters_;
};

template <class Sink>
CloseReason Link::receive(Bytes wire, Time now, Sink&& sink) {
  if (over()) return over_;
  if (wire.empty()) return CloseReason::none;
  last_received_ = now;
  counters_.wire_bytes_in += wire.size();
  if (handshake_ && !handshake_->done()) {
    if (const CloseReason failed = handshake_->receive(wire, now); failed != CloseReason::none)
      return end(failed);
    if (!handshake_->done()) return CloseReason::none;
    start_records();
    if (up_) {
      sink.on_up(handshake_->hello());
      handshake_.reset();
    }
  }
  while (!wire.empty() && !closing()) {
    Flow flow{};
    switch (next_record(wire, now, flow)) {
      case Opened::nothing: break;
      case Opened::skipped: break;
      case Opened::over: return over_;
      case Opened::confirmed:
        up_ = true;
        sink.on_up(handshake_->hello());
        handshake_.reset();
        break;
      case Opened::flow: {
        FrameBuffer& buffer = in_[index(flow)];
        const std::size_t frame_max =
            flow == Flow::control ? limits_.control_frame_bytes_max : limits_.data_frame_bytes_max;
        bool completed = false;
        Bytes frame;
        FrameBuffer::Next next{};
        while (!closing() && (next = buffer.next(frame_max, frame)) == FrameBuffer::Next::frame) {
          completed = true;
          ++counters_.frames_in[index(flow)];
          counters_.flow_bytes_in[index(flow)] += frame.size() + SendQueue::length_bytes;
          if (flow == Flow::control)
            sink.on_frame(flow, frame, EventRef{});
          else
            sink.on_frame(flow, frame, buffer.ref(frame));
        }
        if (next == FrameBuffer::Next::malformed) return end(CloseReason::protocol);
        note_partial_frame(flow, completed, now);
        break;
      }
    }
  }
  for (FrameBuffer& buffer : in_) buffer.release_if_idle();
  return CloseReason::none;
}

}  // namespace boato
