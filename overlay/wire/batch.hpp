// SPDX-License-Identifier: Apache-2.0
// A batch: 1 to 256 consecutive events of one stream under one signature. The unit of signing, caching,
// forwarding and repair. Its bytes are written once, by the publisher, and never change on their way. All
// integers are big-endian.
//
//   0        1      2     4              36             44            52           116
//   | format | kind | n   | publisher 32 | incarnation  | first_seq   | sig 64     | events ...
//
//   event: | time u64 | expiry u64 | flags u32 | ext_len u32 | attr_len u32 | payload_len u32 | ext |
//   attributes | payload |
//
// Kind 1 (flat): sig covers one hash over all events as sent. Kind 2 (tree) is reserved: events that can
// travel alone.
#pragma once

#include <boato/result.hpp>

#include "overlay/base/crypto.hpp"
#include "overlay/base/slab.hpp"
#include "overlay/base/strong.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace boato::wire {

inline constexpr std::size_t batch_header_bytes = 116;
inline constexpr std::size_t event_header_bytes = 32;
inline constexpr std::size_t batch_events_max = 256;
// A batch closes here, unless a single event is larger: the frame fits into a receiver's slab of 128 KiB,
// with the rest of a record behind it.
inline constexpr std::size_t batch_bytes_soft = 112 * 1024;
inline constexpr std::size_t payload_bytes_max = std::size_t{1} << 20;
inline constexpr std::size_t payload_bytes_limit = std::size_t{16}
                                                   << 20;  // what configuration may raise it to
inline constexpr std::uint8_t batch_format = 1;

enum class BatchKind : std::uint8_t { unsigned_ = 0, flat = 1, tree = 2 };

// One batch as it lies in memory. Views into the bytes it was parsed from.
struct BatchView {
  BatchKind kind{};
  std::uint16_t count = 0;
  PeerId publisher;
  Incarnation incarnation;
  Seq first;  // first.raw() + count - 1 does not wrap
  Signature signature{};
  Bytes events;
  [[nodiscard]] Seq last() const { return Seq{first.raw() + count - 1}; }
};

struct EventView {
  std::uint64_t time_us = 0;    // the publisher's clock, since 1970
  std::uint64_t expiry_us = 0;  // 0 = as the contract retains
  std::uint32_t flags = 0;
  Bytes ext, attributes, payload;
};

// Checks that the events tile the bytes exactly and respect `payload_max`; looks into no attribute. Errors:
// malformed bytes are bad_name (not a batch of a known format and kind), too_large (an event above its
// limits).
[[nodiscard]] Result<BatchView, Errc> parse_batch(Bytes bytes, std::size_t payload_max = payload_bytes_max);

// Walks the events of a parsed batch in order.
class EventCursor {
 public:
  explicit EventCursor(Bytes events) : rest_{events} {}
  [[nodiscard]] bool next(EventView& event);  // false at the end

 private:
  Bytes rest_;
};

// Builds one batch in place: the first thing a published event's bytes meet, and the last that writes them.
class BatchBuilder {
 public:
  // Events go to `slab` from `begin` on, behind room for the header. The slab must hold begin +
  // batch_header_bytes at least. Several small batches may lie in one slab, each built by one builder.
  explicit BatchBuilder(SlabRef slab, std::uint32_t begin = 0)
      : slab_{std::move(slab)},
        begin_{begin},
        size_{begin + static_cast<std::uint32_t>(batch_header_bytes)} {}
  BatchBuilder() = default;

  // False: it does not fit into the slab or is the 257th. `parts` are encoded ext, attributes and payload.
  bool add(const EventView& event);
  [[nodiscard]] static std::size_t event_bytes(const EventView& event) {
    return event_header_bytes + event.ext.size() + event.attributes.size() + event.payload.size();
  }
  [[nodiscard]] std::uint16_t count() const { return count_; }
  [[nodiscard]] std::size_t size() const { return size_ - begin_; }
  [[nodiscard]] std::uint32_t end() const { return size_; }  // in the slab
  [[nodiscard]] const SlabRef& slab() const { return slab_; }
  [[nodiscard]] Bytes events() const {
    return slab_ ? Bytes{slab_.data() + begin_ + batch_header_bytes, size() - batch_header_bytes} : Bytes{};
  }
  [[nodiscard]] explicit operator bool() const { return static_cast<bool>(slab_); }
  // Hashes the events of several batches at once, ahead of sign(), which otherwise hashes one alone.
  static void hash(const Crypto& crypto, std::span<BatchBuilder* const> batches);

  // Whose signature a batch bears, and for what.
  struct Stamp {
    const Crypto* crypto;
    const SignSecret* secret;
    const NetworkId* network;
    const TopicId* topic;
    PeerId publisher;
    Incarnation incarnation;
    Seq first;
  };
  // Writes header and signature in front of the events; nothing may be added any more. Touches no reference
  // counts, so any thread that has the builder to itself may do it.
  void sign(const Stamp& stamp);
  [[nodiscard]] bool is_signed() const { return signed_; }
  // Signs unless that has been done; the builder is empty afterwards.
  [[nodiscard]] EventRef finish(const Stamp& stamp);

 private:
  SlabRef slab_;
  std::uint32_t begin_ = 0;
  std::uint32_t size_ = batch_header_bytes;  // end of what is written, in the slab
  std::uint16_t count_ = 0;
  bool signed_ = false;
  std::optional<Digest> root_;  // hash of the events, if it is known
};

// Whether the batch's signature is its publisher's, for this topic of this network. Costs one hash over the
// bytes and one Ed25519 verification.
[[nodiscard]] bool signature_holds(const Crypto& crypto, const NetworkId& network, const TopicId& topic,
                                   const BatchView& batch);

[[nodiscard]] StreamTag stream_tag(const Crypto& crypto, const TopicId& topic, const PeerId& publisher,
                                   Incarnation incarnation);

}  // namespace boato::wire
