// SPDX-License-Identifier: Apache-2.0
// Bodies of statements: what a peer says about itself. Each is a flat msgpack array of its fields; later
// versions append fields.
#pragma once

#include "overlay/wire/codec.hpp"

#include <string_view>
#include <tuple>

namespace boato::wire {

enum PeerFlags : std::uint32_t {
  flag_no_inbound = 1,  // cannot accept connections: dials its neighbours itself
  flag_guest =
      2,          // stays briefly: forwards for nobody, is never a replica, is no neighbour of others' choice
  flag_weak = 4,  // asks for small parts of the work
  flag_leaving = 8,   // roster entry: membership ends with this version
  flag_storage = 16,  // keeps a store, and is willing to be a replica
};

// Statement type 1. Travels in the handshake's identity payload.
struct PeerRecord {
  AddressList addresses;
  std::uint32_t flags = 0;
  std::string_view name;  // for people; at most 64 bytes
  Bytes attributes;       // as in events, at most 256 bytes
  static constexpr auto fields =
      std::tuple{&PeerRecord::addresses, &PeerRecord::flags, &PeerRecord::name, &PeerRecord::attributes};
};

// Statement type 2.
struct RosterEntry {
  TopicId topic;
  AddressList addresses;
  std::uint32_t flags = 0;
  std::string_view
      interest;  // canonical predicate: "true" = everything, "false" = publishes only; at most 1 KiB
  Bytes attributes;
  static constexpr auto fields = std::tuple{&RosterEntry::topic, &RosterEntry::addresses, &RosterEntry::flags,
                                            &RosterEntry::interest, &RosterEntry::attributes};
};

// A peer as others speak of it: a hint that may cause a dial, never more.
struct PeerSample {
  PeerId id;
  Incarnation incarnation;
  std::uint32_t age_s = 0;  // of the newest evidence that it lives, told on with the sample
  std::uint32_t flags = 0;
  AddressList addresses;
  static constexpr auto fields = std::tuple{&PeerSample::id, &PeerSample::incarnation, &PeerSample::age_s,
                                            &PeerSample::flags, &PeerSample::addresses};
};

template <Group T>
Result<std::size_t, Errc> encode_record(const T& record, std::span<std::byte> room) {
  RoomWriter writer{room};
  Packer pk{writer};
  pk.pack_array(static_cast<std::uint32_t>(width<T>));
  put(pk, record);
  if (writer.overflow) return Errc::too_large;
  return writer.used;
}

template <Group T>
[[nodiscard]] bool decode_record(Bytes bytes, T& record) {
  Cursor in{bytes};
  std::uint32_t count = 0;
  if (!in.array(count) || count < width<T> || !get(in, record)) return false;
  for (std::size_t i = width<T>; i < count; ++i)
    if (!in.skip(1)) return false;
  return in.rest().empty();
}

}  // namespace boato::wire
