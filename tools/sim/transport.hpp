// SPDX-License-Identifier: Apache-2.0
// Connections between simulated peers: dialling, ending, and what waits while a partition stands. What
// travels on them is the derived class's: whole frames (light_transport.hpp) or the bytes of real links
// (full_transport.hpp). Like TCP, a direction keeps its order; unlike TCP, a one-way cut stops one direction
// only, which is harsher.
// Knows peers by index; does not know what frames mean. Everything random comes from one generator.
#pragma once

#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/peer_core.hpp"
#include "tools/sim/conditions.hpp"
#include "tools/sim/event_heap.hpp"
#include "tools/sim/way_out.hpp"

#include <array>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

namespace boato::sim {

inline constexpr std::size_t links_max = 512;  // of one peer, as hosts allow

// The address of a peer: its index in a private IPv6 prefix.
[[nodiscard]] Address address_of(std::uint32_t peer);
[[nodiscard]] std::uint32_t peer_at(const Address& address);  // ~0 if it is no simulated address

// What has been put on the wire, for collectors.
struct Carried {
  std::uint32_t from = 0, to = 0;
  Flow flow{};
  std::uint32_t envelope_bytes = 0, body_bytes = 0, overhead_bytes = 0;
  Bytes envelope;
};

// The world as a transport sees it.
class TransportHost {
 public:
  [[nodiscard]] virtual bool running(
      std::uint32_t peer) const = 0;  // its process is there, though maybe paused
  [[nodiscard]] virtual bool paused(std::uint32_t peer) const = 0;
  [[nodiscard]] virtual bool answers(
      std::uint32_t peer) const = 0;  // its machine is there to refuse and reset
  [[nodiscard]] virtual const Self& self(std::uint32_t peer) const = 0;

  virtual void carried(const Carried& carried) = 0;
  virtual void link_up(std::uint32_t peer, const LinkUp& up) = 0;
  virtual void link_down(std::uint32_t peer, LinkId link, CloseReason why) = 0;
  virtual void dial_failed(std::uint32_t peer, const DialWish& wish) = 0;
  virtual void frame(std::uint32_t peer, LinkId link, Flow flow, const Frame& frame) = 0;
  virtual void backlog(std::uint32_t peer, LinkId link, const LinkBacklog& backlog) = 0;

 protected:
  ~TransportHost() = default;
};

struct TransportCounters {
  std::uint64_t dials = 0, refused = 0, timed_out = 0, connections = 0;
  std::uint64_t frames = 0, vanished = 0, duplicated = 0, forged = 0, cut = 0, not_queued = 0;
};

class Transport {
 public:
  Transport(TransportHost& host, EventHeap& heap, Conditions& conditions, Rng rng);
  virtual ~Transport() = default;
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  // --- for the world, on behalf of a peer's effects
  void dial(Time now, std::uint32_t from, const DialWish& wish);
  virtual void send(Time now, std::uint32_t from, LinkId link, Flow flow, Bytes envelope, EventRef body) = 0;
  virtual void close(Time now, std::uint32_t from, LinkId link, CloseReason why) = 0;

  // --- for the heap
  virtual void on_arrival(Time now, std::uint32_t slot) = 0;
  void on_stage(Time now, std::uint32_t slot);
  virtual void on_look(Time now, std::uint32_t key) = 0;
  void on_leaves(Time now, std::uint32_t peer);

  // --- for faults
  // The process of a peer has ended. Silent: nobody resets its connections, as when power is lost.
  void ended(Time now, std::uint32_t peer, bool silent);
  // Breaks one connection, or each with a chance.
  void cut(Time now, std::uint32_t connection);
  std::size_t cut_some(Time now, double chance);
  // After the conditions changed: what a partition held back goes on.
  void release(Time now);

  // Whether this end of a link is open, in the eyes of the peer.
  [[nodiscard]] bool holds(std::uint32_t peer, LinkId link) const;
  [[nodiscard]] bool full(std::uint32_t peer) const;  // has as many links as a host allows
  [[nodiscard]] const TransportCounters& counters() const { return counters_; }
  // The peers at the two ends of a link: dialler first.
  [[nodiscard]] std::array<std::uint32_t, 2> ends(LinkId link) const {
    return connections_[link.raw() - 1].peer;
  }
  // The most bytes that waited in one direction of one link so far.
  [[nodiscard]] std::size_t waiting_peak() const { return waiting_peak_; }

 protected:
  struct Connection {
    std::array<std::uint32_t, 2> peer{};  // the dialler first
    std::array<bool, 2> open{};           // the process at this end holds it
    std::array<bool, 2> look_planned{};
    std::array<bool, 2> refused{};  // a frame found no room since the last look
    bool reset_planned = false;
    bool opening = false;                           // the end that was dialled has not been told yet
    std::array<Incarnation, 2> incarnation{};       // of the processes that it connects
    std::array<std::array<Time, flows>, 2> last{};  // arrival planned last, by receiving end
  };
  struct Slot {
    enum class What : std::uint8_t { frame, bytes, connected, up, down, failed, closed };
    What what{};
    std::uint8_t end = 0;  // where it arrives
    Flow flow{};
    CloseReason why{};
    std::uint32_t connection = 0;
    std::uint32_t size = 0;
    std::array<std::byte, 72> small{};
    std::unique_ptr<std::byte[]> big;
    EventRef body;
    std::unique_ptr<DialWish> wish;
    [[nodiscard]] Bytes bytes() const { return {big ? big.get() : small.data(), size}; }
    void set(Bytes b);
  };

  // A connection stands; the dialler learns it now.
  virtual void connected(Time now, std::uint32_t connection, std::unique_ptr<DialWish> wish) = 0;
  // This end is over; its open flag is down already.
  virtual void end_closed(std::uint32_t connection, std::uint8_t end) = 0;
  virtual void tell_up(std::uint32_t connection, std::uint8_t end) = 0;
  virtual void tell_down(std::uint32_t connection, std::uint8_t end, CloseReason why) = 0;

  [[nodiscard]] static LinkId id_of(std::uint32_t connection) { return LinkId{connection + 1}; }
  [[nodiscard]] std::uint8_t end_of(const Connection& c, std::uint32_t peer) const {
    return c.peer[0] == peer ? 0 : 1;
  }
  [[nodiscard]] LinkUp up_of(std::uint32_t connection, std::uint8_t end) const;
  std::uint32_t take_slot();
  void free_slot(std::uint32_t slot);
  // Lets a slot of `bytes` leave: at once, or when the way out of its sender has carried what waits there.
  void depart(Time now, std::uint32_t connection, std::uint8_t end, std::uint32_t slot, std::size_t bytes);
  // Sends a slot that has left on its way, or lets it wait behind a partition.
  void travel(Time left, std::uint32_t slot);
  void plan_down(Time now, std::uint32_t connection, std::uint8_t end, CloseReason why);
  // Bytes that wait at an end: behind a partition, or for the way out.
  struct Waiting {
    std::array<std::size_t, flows> bytes{};
    Time oldest = never;  // of class reliable
    [[nodiscard]] std::size_t data() const;
  };
  [[nodiscard]] Waiting waiting(std::uint32_t connection, std::uint8_t end);
  [[nodiscard]] bool way_out_busy(std::uint32_t peer) const { return way_out_.busy(peer); }
  void plan_look(Time now, std::uint32_t connection, std::uint8_t end);
  // To the core, with what was refused since it was told last.
  void tell_backlog(std::uint32_t connection, std::uint8_t end, std::size_t reliable, std::size_t repair);
  // The core has closed its end: it is told so in a turn of its own, as by a host.
  void plan_closed(Time now, std::uint32_t connection, std::uint8_t end, CloseReason why);
  void answer_reset(Time now, std::uint32_t connection, std::uint8_t dead_end);

  TransportHost& host_;
  EventHeap& heap_;
  Conditions& conditions_;
  Rng rng_;
  std::deque<Connection> connections_;  // never reused: LinkIds are not
  std::deque<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  TransportCounters counters_;

 private:
  struct Stalled {
    std::vector<std::uint32_t> slots;
    std::array<std::size_t, flows> bytes{};
    Time since{};
  };
  [[nodiscard]] Duration time_on_way_out(std::uint32_t peer, std::size_t bytes) const;
  void step(Time now, std::uint32_t slot);
  std::uint64_t salt_;
  std::vector<std::vector<std::uint32_t>> of_peer_;  // connections with an open end there
  std::map<std::uint32_t, Stalled> stalled_;         // by connection * 2 + receiving end
  WayOut way_out_;
  std::size_t waiting_peak_ = 0;
};

}  // namespace boato::sim
