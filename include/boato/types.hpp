// SPDX-License-Identifier: Apache-2.0
// Values of the public API. No thread, and no allocation except where a std type says so.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>

namespace boato {

using Duration = std::chrono::microseconds;
using WallTime = std::chrono::sys_time<std::chrono::microseconds>;

// A view; whoever passes it owns the memory until the call returns.
using Bytes = std::span<const std::byte>;

[[nodiscard]] inline Bytes bytes(std::string_view text) { return std::as_bytes(std::span{text}); }

// The name of a peer: its Ed25519 public key. Its text form is 52 letters, base32 in lower case.
struct PeerId {
  std::array<std::uint8_t, 32> raw{};
  auto operator<=>(const PeerId&) const = default;
};

// The name of an event inside its topic: the place `seq` (from 1) in the stream of one start (`incarnation`)
// of a publisher.
struct EventId {
  PeerId publisher;
  std::uint64_t incarnation = 0;
  std::uint64_t seq = 0;
  auto operator<=>(const EventId&) const = default;
};

// std::monostate is nil: the attribute is there, and has no value.
using Value = std::variant<std::monostate, bool, std::int64_t, double, std::string_view, Bytes>;

// At most 32 per event; a name has at most 64 bytes, a string value 1 KiB, all of them 8 KiB.
struct Attribute {
  std::string_view name;
  Value value;
};

enum class Reliability : std::uint8_t { unreliable, reliable, uniform };
enum class Order : std::uint8_t { none, fifo, causal, total, total_causal };
enum class Durability : std::uint8_t { memory, disk };
enum class Sequencer : std::uint8_t { decentralised, centralised };
enum class Hold : std::uint8_t { none, cursors };

// What a topic promises. Two declarations of one topic must be equal, else the later one gets Errc::conflict.
struct Contract {
  Reliability reliability = Reliability::reliable;
  Order order = Order::fifo;
  Durability durability = Durability::memory;  // disk: fsynced by a replica before it counts as stored
  std::uint32_t replicas = 3;                  // or as many as there are
  Duration retain_for =
      std::chrono::minutes{10};  // whichever of the three limits is met first; 0 = no such limit
  std::uint64_t retain_bytes = 0;
  std::uint64_t retain_count = 0;
  Hold hold = Hold::none;  // cursors: what a live durable cursor has not passed outlives age and count
  Sequencer sequencer = Sequencer::decentralised;
  std::string domain{};  // empty = the topic is its own domain
  bool operator==(const Contract&) const = default;
};

// The k-th part of a topic for a key: "orders" -> "orders/3". k topics, k orders. k = 0 counts as 1.
[[nodiscard]] std::string partition(std::string_view topic, std::string_view key, std::uint32_t k);

// Text forms of a PeerId: 52 letters of base32 in lower case, and back. False if the text is not one.
[[nodiscard]] std::string to_text(const PeerId& id);
[[nodiscard]] bool from_text(std::string_view text, PeerId& id);

}  // namespace boato
