// SPDX-License-Identifier: Apache-2.0
// What a link is made from, and everything a peer at its other end can make us hold.
#pragma once

#include "overlay/base/crypto.hpp"
#include "overlay/base/slab.hpp"
#include "overlay/link/identity.hpp"

#include <array>
#include <optional>

namespace boato {

class KnockFilter;

struct LinkLimits {
  std::size_t control_frame_bytes_max = std::size_t{64} << 10;
  std::size_t data_frame_bytes_max =
      (std::size_t{1} << 20) + (std::size_t{64} << 10);  // payload_max + 64 KiB
  // What may wait in each flow class, in class order: bytes of frames plus 32 a frame. The policy when full
  // is Queued's.
  std::array<std::size_t, flows> queued_bytes_max{std::size_t{256} << 10, std::size_t{3} << 20,
                                                  std::size_t{1} << 20, std::size_t{1} << 20};
  Duration queued_age_max = std::chrono::seconds{2};  // oldest reliable frame; older = lagging
  Duration first_byte_within = std::chrono::seconds{3};
  Duration handshake_within = std::chrono::seconds{5};
  Duration partial_record_within = std::chrono::seconds{10};
  Duration partial_frame_within = std::chrono::seconds{30};
  std::uint64_t rekey_every = 65536;  // records per direction; both ends must agree, so only tests change it
};

// The pointers outlive the link. `peer_record` is copied at construction.
struct LinkSetup {
  const Crypto* crypto = nullptr;
  const Identity* identity = nullptr;
  NetworkId network{};
  std::optional<Key32> network_key{};   // none: an open network
  std::optional<Key32> previous_key{};  // still accepted from diallers while keys are rotated
  std::uint64_t features = 0;
  Bytes peer_record{};  // our statement, for the peer at the other end; at most peer_record_bytes_max
  LinkLimits limits{};
  SlabPool* slabs = nullptr;
  KnockFilter* knocks = nullptr;  // may be null: then replayed knocks cost us a DH each
};

// Who is at the other end. `record` is valid during on_up only.
struct PeerHello {
  PeerId id;
  Incarnation incarnation;
  std::uint64_t features = 0;
  std::array<std::uint8_t, 16> link_tag{};  // the same at both ends, different for each link
  Bytes record{};
  bool we_dialed = false;
};

struct LinkCounters {
  std::uint64_t wire_bytes_in = 0, wire_bytes_out = 0;
  std::uint64_t records_in = 0, records_out = 0;
  std::uint64_t rekeys_in = 0, rekeys_out = 0;
  std::array<std::uint64_t, flows> frames_in{}, frames_out{};
  std::array<std::uint64_t, flows> flow_bytes_in{}, flow_bytes_out{};  // frames with their lengths
  std::uint64_t dropped_oldest = 0;     // unreliable frames that made room for newer ones
  std::uint64_t refused_lagging = 0;    // reliable and repair frames that found no room
  std::uint64_t misplaced_records = 0;  // opened into the buffer of another class and copied
  std::uint64_t moved_heads = 0;        // partial frames copied into a fresh slab
};

}  // namespace boato
