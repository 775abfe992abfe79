// SPDX-License-Identifier: Apache-2.0
// One authenticated, encrypted connection between two peers, without the connection: bytes go in and come out, time is passed in.
// Inside it each flow class is a byte stream of frames of its own, so a large event holds up control for one record at most.
//
//   wire     preface and messages 1-3 (handshake.hpp), then records: length u16 || sealed( kind u8 || bytes )
//   kinds    0-3 bytes of a flow class, 4 CLOSE(code u16), 5 CONFIRM(initiator's id), 6 padding
//   frames   length u32 || frame, back to back in the stream of their class
//
// Knows keys, records, frames and budgets; does not know what a frame means, sockets, or other links.
// Not thread safe. A sink may call queue(), drop() and close() from its handlers, never receive(), and may not destroy the link.
#pragma once

#include <memory>
#include <optional>

#include "overlay/link/close_reason.hpp"
#include "overlay/link/frame_buffer.hpp"
#include "overlay/link/handshake.hpp"
#include "overlay/link/link_config.hpp"
#include "overlay/link/record_cipher.hpp"
#include "overlay/link/send_queue.hpp"

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
  };

  // `ephemeral_entropy` is fresh randomness for this link alone. `expected`: the id that must answer, if it is known.
  Link(const LinkSetup& setup, Role role, const Key32& ephemeral_entropy, Time now, std::optional<PeerId> expected);
  ~Link();
  Link(const Link&) = delete;
  Link& operator=(const Link&) = delete;

  // Bytes from the socket, in any pieces. Calls sink.on_up(const PeerHello&) once, then for each whole frame
  // sink.on_frame(Flow, Bytes frame, const EventRef& ref). `ref` covers exactly the frame's bytes and may be kept; it is empty for
  // control, whose bytes are valid during the call only.
  // Returns none, or why the link is over now: the reason the other side told (peer_closed() is true then), or our own finding.
  // After that the link takes and gives nothing any more.
  template <class Sink>
  CloseReason receive(Bytes wire, Time now, Sink&& sink);

  // Queues one frame, made of `envelope` (copied) and `body` (kept by reference), until fill() takes it. Only while up().
  // `now` stamps the frame for queued_age_max; Time{} = never too old.
  Queued queue(Flow flow, Bytes envelope, EventRef body, Time now = Time{});
  // Drops the frames of a class that have not begun to be sent; returns how many.
  std::size_t drop(Flow flow);

  // Seals as many whole records as fit into `out`, handshake bytes first. Returns the bytes written; 0 = nothing to send, or
  // `out` is smaller than 64 B. A buffer of 64 KiB that stays warm in the cache serves all links of a host.
  std::size_t fill(std::span<std::byte> out);
  [[nodiscard]] bool wants_to_send() const;
  [[nodiscard]] std::size_t queued_bytes(Flow flow) const;
  [[nodiscard]] std::size_t queued_bytes() const;

  // Queues CLOSE behind the control frames that wait; other classes are not sent any more. On a link that is not up nothing is
  // told. The host sends until wants_to_send() is false and ends the connection.
  void close(CloseReason reason);
  [[nodiscard]] bool closing() const { return closing_ != CloseReason::none; }

  // The handshake, a record or a frame has to be complete by then; `never` when none is under way.
  [[nodiscard]] Time next_deadline() const;
  // Returns timeout when a deadline has passed: the link is over.
  CloseReason on_deadline(Time now);

  [[nodiscard]] bool up() const { return up_; }
  [[nodiscard]] bool over() const { return over_ != CloseReason::none; }
  [[nodiscard]] CloseReason over_reason() const { return over_; }
  [[nodiscard]] bool peer_closed() const { return peer_closed_; }  // a CLOSE record arrived; else EOF is CloseReason::cut
  [[nodiscard]] Role role() const { return role_; }
  [[nodiscard]] Time last_received() const { return last_received_; }
  [[nodiscard]] const LinkCounters& counters() const { return counters_; }
  // Bytes held for frames and records that are not complete, and since when: what the host closes first when short of memory.
  [[nodiscard]] std::size_t partial_bytes() const;
  [[nodiscard]] Time partial_since() const;
  // Gives memory back that an idle link does not need.
  void trim();
};

}  // namespace boato
