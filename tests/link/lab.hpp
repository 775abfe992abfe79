// SPDX-License-Identifier: Apache-2.0
// Two peers, the links between them, and a member that holds the keys but does not keep the rules.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/link/knock_filter.hpp"
#include "overlay/link/link.hpp"
#include "overlay/link/sodium.hpp"
#include "overlay/link/toy_crypto.hpp"

#include <deque>
#include <string>
#include <vector>

namespace boato::lab {

using Buffer = std::vector<std::byte>;

inline Key32 key(std::uint8_t n) {
  Key32 k{};
  for (std::size_t i = 0; i < k.size(); ++i) k[i] = static_cast<std::uint8_t>(n * 31 + i * 7 + 1);
  return k;
}

inline Buffer from_hex(std::string_view hex) {
  Buffer out;
  const auto digit = [](char c) { return static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10); };
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<std::byte>(digit(hex[i]) << 4 | digit(hex[i + 1])));
  return out;
}

// Bytes that differ from place to place, so that a shift or a mix-up shows.
inline Buffer pattern(std::size_t size, std::uint32_t seed = 1) {
  Buffer out(size);
  std::uint32_t x = seed * 2654435761U + 1;
  for (std::byte& b : out) {
    x = x * 1664525U + 1013904223U;
    b = static_cast<std::byte>(x >> 24);
  }
  return out;
}

inline Time at(std::int64_t milliseconds) { return Time{std::chrono::milliseconds{milliseconds}}; }

struct Peer {
  explicit Peer(std::uint8_t n, const Crypto& c = sodium_crypto())
      : crypto{&c},
        identity{make_identity(c, key(n), key(static_cast<std::uint8_t>(n + 100)), Incarnation{n})},
        knocks{c, key(200)},
        record{pattern(150, n)} {
    network.raw.fill(7);
  }

  LinkSetup setup() {
    LinkSetup s;
    s.crypto = crypto;
    s.identity = &identity;
    s.network = network;
    s.network_key = network_key;
    s.previous_key = previous_key;
    s.features = identity.incarnation.raw() * 3;
    s.peer_record = record;
    s.limits = limits;
    s.slabs = &slabs;
    s.knocks = &knocks;
    return s;
  }

  const Crypto* crypto;
  SlabPool slabs;
  Identity identity;
  KnockFilter knocks;
  Buffer record;
  NetworkId network;
  std::optional<Key32> network_key, previous_key;
  LinkLimits limits;
};

struct Sink {
  struct Frame {
    Flow flow;
    Buffer bytes;
    bool operator==(const Frame&) const = default;
  };
  void on_up(const PeerHello& h) {
    ++ups;
    hello = h;
    record.assign(h.record.begin(), h.record.end());
  }
  void on_frame(Flow flow, Bytes frame, const EventRef& ref) {
    frames.push_back({flow, {frame.begin(), frame.end()}});
    if (keep) refs.push_back(ref);
    exact =
        exact && (flow == Flow::control ? ref.empty()
                                        : ref.bytes().data() == frame.data() && ref.size() == frame.size());
  }
  int ups = 0;
  PeerHello hello;
  Buffer record;
  std::vector<Frame> frames;
  std::vector<EventRef> refs;
  bool keep = false;
  bool exact = true;  // every ref covered exactly its frame
};

inline Buffer drain(Link& link, std::size_t room = 65536) {
  Buffer all, out(room);
  while (const std::size_t n = link.fill(out))
    all.insert(all.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(n));
  return all;
}

// A dialler and a listener, joined by hand. now stands still unless a test moves it.
struct Pair {
  Pair(Peer& from, Peer& to, std::optional<PeerId> expected = std::nullopt)
      : dialler{from.setup(), Link::Role::initiator, key(50), at(0), expected},
        listener{to.setup(), Link::Role::responder, key(51), at(0), std::nullopt} {}

  // Everything that waits on either side crosses, until nothing does. Stops at the first reason to close.
  void pump() {
    for (;;) {
      const Buffer to_listener = drain(dialler);
      if (listener_over = listener.receive(to_listener, now, listener_got);
          listener_over != CloseReason::none)
        return;
      const Buffer to_dialler = drain(listener);
      if (dialler_over = dialler.receive(to_dialler, now, dialler_got); dialler_over != CloseReason::none)
        return;
      if (to_listener.empty() && to_dialler.empty()) return;
    }
  }
  [[nodiscard]] bool up() const { return dialler.up() && listener.up(); }

  Time now = at(0);
  Sink dialler_got, listener_got;
  Link dialler, listener;
  CloseReason dialler_over = CloseReason::none, listener_over = CloseReason::none;
};

inline Link::Queued send(Link& link, Flow flow, Bytes frame, SlabPool& slabs, Time now = Time{}) {
  const std::size_t envelope = std::min<std::size_t>(frame.size(), 9);
  EventRef body;
  if (envelope < frame.size()) body = slabs.copy(frame.subspan(envelope));
  return link.queue(flow, frame.first(envelope), std::move(body), now);
}

// A peer that went through the handshake as the dialler and then seals whatever it likes.
struct Rogue {
  Rogue(Peer& self, Peer& victim)
      : handshake{self.setup(), true, key(60), std::nullopt},
        link{victim.setup(), Link::Role::responder, key(61), at(0), std::nullopt},
        tx{*self.crypto, victim.limits.rekey_every},
        rx{*self.crypto, victim.limits.rekey_every} {
    deliver(take());
    Buffer reply = drain(link);
    Bytes wire = reply;
    failed = handshake.receive(wire, at(0)) != CloseReason::none;
    deliver(take());
    handshake.split(tx.key(), rx.key());
  }
  Buffer take() {
    const Bytes bytes = handshake.to_send();
    Buffer out{bytes.begin(), bytes.end()};
    handshake.sent(out.size());
    return out;
  }
  CloseReason deliver(const Buffer& wire, Time now = at(0)) { return link.receive(wire, now, got); }
  Buffer record(std::uint8_t kind, Bytes data) {
    Buffer out(2 + 1 + data.size() + seal_tag_bytes);
    out[2] = static_cast<std::byte>(kind);
    std::copy(data.begin(), data.end(), out.begin() + 3);
    tx.seal(out.data(), 1 + data.size());
    return out;
  }
  // A frame's length, and then whatever is given.
  Buffer frame(std::uint32_t claimed, Bytes data, Flow flow = Flow::reliable) {
    Buffer body(4);
    put_be(body.data(), claimed);
    body.insert(body.end(), data.begin(), data.end());
    return record(static_cast<std::uint8_t>(flow), body);
  }

  Handshake handshake;
  Sink got;
  Link link;
  RecordCipher tx, rx;
  bool failed = false;
};

}  // namespace boato::lab
