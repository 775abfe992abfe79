// SPDX-License-Identifier: Apache-2.0
// The links a machine may address, and what is known of each. One link per peer is in use; peer_core is the
// only writer.
#pragma once

#include "overlay/base/strong.hpp"
#include "overlay/wire/fields.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace boato {

// A link that has just come up, as its handshake proved it.
struct LinkUp {
  LinkId link;
  PeerId peer;
  Incarnation incarnation;
  bool dialed = false;                 // we began it
  std::array<std::uint8_t, 16> tag{};  // the same at both ends, unlike any other link's
  std::uint32_t flags = 0;             // wire::PeerFlags of the peer's record
  wire::AddressList addresses;         // as the peer's record says; empty if it says none
};

// What waits at this end of a link, as its host tells it.
struct LinkBacklog {
  std::size_t bytes = 0;      // of reliable and repair class
  std::size_t of_repair = 0;  // of them
  bool refused = false;       // a class took no more, whatever the bytes say: it is over its budget or age
  bool operator==(const LinkBacklog&) const = default;
};

struct LinkInfo {
  LinkId id;
  PeerId peer;
  Incarnation incarnation;
  bool dialed = false;
  std::array<std::uint8_t, 16> tag{};
  std::uint32_t flags = 0;
  wire::AddressList addresses;
  Time since{};
  Time last_heard{};        // any frame
  Time last_work{};         // a frame that carried events, answered them or asked for some; Time{}: none
  Duration rtt{0};          // 0 = not measured yet
  std::size_t backlog = 0;  // bytes of reliable and repair class that wait at this end
  std::size_t repair_backlog = 0;  // of them, of repair class
  bool crowded = false;            // the other end has more links than it likes
  bool lagging = false;            // over its data budget: no CAST goes here until it is below half
};

class LinkTable {
 public:
  [[nodiscard]] const LinkInfo* find(LinkId id) const;
  [[nodiscard]] const LinkInfo* find(const PeerId& peer) const;
  [[nodiscard]] std::span<const LinkInfo> all() const { return links_; }  // by rising LinkId
  [[nodiscard]] std::size_t size() const { return links_.size(); }

  // For peer_core only.
  LinkInfo& add(const LinkUp& up, Time now);  // the peer has no link yet (checked)
  void remove(LinkId id);
  [[nodiscard]] LinkInfo* edit(LinkId id);

 private:
  struct Placed {
    std::uint64_t place = 0;  // ring_place of the peer: finding compares 8 bytes, not 32
    LinkId link;
  };
  [[nodiscard]] std::size_t index_of(LinkId id) const;
  std::vector<LinkInfo> links_;   // by id
  std::vector<LinkId> ids_;       // the same ids, dense: finding touches few cache lines
  std::vector<Placed> by_place_;  // by place
};

}  // namespace boato
