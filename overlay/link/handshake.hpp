// SPDX-License-Identifier: Apache-2.0
// The beginning of a link: who is there, and the keys of both directions.
//
//   preface    "BOAT" | version u8 = 1 | suite u8 = 1 | pattern u8 (0 open, 1 closed) | 0 initiator, in clear
//   message 1  length u16 | e                                  32 B, closed networks 48 B: an authenticated
//   knock message 2  length u16 | e, ee, s, es | identity payload    the responder's message 3  length u16 |
//   s, se, (psk) | identity payload    the initiator's CONFIRM    the first record, from the responder
//   (link.hpp)
//
//   identity payload  format u8 = 1 | peer id 32 | signature 64 | incarnation u64 | features u64
//                     | cert_len u16 | certs | record_len u16 | peer record
//
// Closed networks speak Noise_XXpsk0+psk3, open ones Noise_XX: no third, no fallback, no negotiation. The
// signature covers the Noise hash just before the payload, so it needs no date and proves the identity for
// this handshake alone. Whatever goes wrong before CONFIRM is answered with silence.
#pragma once

#include "overlay/effects/close_reason.hpp"
#include "overlay/link/link_config.hpp"
#include "overlay/link/noise.hpp"

#include <optional>
#include <vector>

namespace boato {

inline constexpr std::size_t preface_bytes = 8;
inline constexpr std::size_t knock_bytes_max = 128;               // message 1
inline constexpr std::size_t handshake_message_bytes_max = 1400;  // messages 2 and 3
inline constexpr std::size_t identity_payload_bytes = 1 + 32 + 64 + 8 + 8 + 2 + 2;
inline constexpr std::size_t peer_record_bytes_max =
    handshake_message_bytes_max - 32 - (32 + seal_tag_bytes) - seal_tag_bytes - identity_payload_bytes;
static_assert(peer_record_bytes_max == 1187);

class Handshake {
 public:
  Handshake(const LinkSetup& setup, bool initiator, const Key32& ephemeral, std::optional<PeerId> expected);

  // Takes what it needs from the front of `wire`. Returns none, or why the handshake has failed.
  [[nodiscard]] CloseReason receive(Bytes& wire, Time now);

  // What the other side has to get. While there is any, nothing from it can be in order.
  [[nodiscard]] Bytes to_send() const { return Bytes{buffer_}.subspan(sent_, out_ - sent_); }
  void sent(std::size_t bytes) { sent_ += bytes; }

  // The other side has proven who it is, and the keys are there. (The initiator's message 3 may still wait in
  // to_send().)
  [[nodiscard]] bool done() const { return noise_ && noise_->done(); }
  [[nodiscard]] PeerHello hello() const;
  void split(NoiseKey& from_initiator, NoiseKey& from_responder) const {
    noise_->split(from_initiator, from_responder);
  }

  [[nodiscard]] bool first_byte_seen() const { return first_byte_seen_; }

 private:
  NoiseHandshake start(Bytes preface, const std::optional<Key32>& network_key) const;
  CloseReason on_preface();
  CloseReason on_knock(Bytes message, Time now);
  CloseReason on_identity(Bytes message);
  [[nodiscard]] bool write_message(bool with_identity);
  void await(std::size_t bytes);

  const Crypto* crypto_;
  const Identity* identity_;
  KnockFilter* knocks_;
  NetworkId network_;
  std::optional<Key32> network_key_, previous_key_;
  std::uint64_t features_;
  std::vector<std::byte> own_record_, peer_record_;
  std::optional<PeerId> expected_;
  Key32 ephemeral_;
  bool initiator_;
  bool preface_seen_ = false, first_byte_seen_ = false;

  std::optional<NoiseHandshake> noise_;
  PeerHello peer_;
  // Either what waits to be sent, [sent_, out_), or what has arrived of the next message, [0, in_): the sides
  // take turns.
  std::vector<std::byte> buffer_;
  std::size_t out_ = 0, sent_ = 0, in_ = 0, need_ = 0;

 public:
  ~Handshake();
  Handshake(const Handshake&) = delete;
  Handshake& operator=(const Handshake&) = delete;
};

}  // namespace boato
