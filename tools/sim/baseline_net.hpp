// SPDX-License-Identifier: Apache-2.0
// The network as one baseline has it: the links, delays and faults of the simulated world, with a queue of
// its own, as if nothing else travelled there. A packet keeps its order on its link; loss makes it late; a
// partition holds it back; a link that is cut and a process that ends take with them what is on its way; a
// process that is paused gets it when it goes on. Nothing here reaches our peers or their random numbers.
// Departs from real links: what waits for a narrow way out is sent in order and without a limit.
#pragma once

#include "overlay/base/rng.hpp"
#include "tools/sim/conditions.hpp"
#include "tools/sim/event_heap.hpp"

#include <cstdint>
#include <deque>
#include <map>
#include <vector>

namespace boato::sim {

struct Neighbour {
  std::uint32_t peer = 0;
  LinkId link;
  bool operator==(const Neighbour&) const = default;
};

// The world as a baseline sees it.
class BaselineHost {
 public:
  // Its process runs and has not said goodbye; it may be paused.
  [[nodiscard]] virtual bool takes_part(std::uint32_t peer) const = 0;
  [[nodiscard]] virtual bool paused(std::uint32_t peer) const = 0;
  // The peer's end of the link is open.
  [[nodiscard]] virtual bool holds(std::uint32_t peer, LinkId link) const = 0;
  // As its overlay view has them now: the dead among them, until it notices.
  virtual void neighbours(std::uint32_t peer, std::vector<Neighbour>& out) const = 0;
  // Since when it subscribes to the topic; never: it does not.
  [[nodiscard]] virtual Time subscribed_since(std::uint32_t peer, std::uint32_t topic) const = 0;

 protected:
  ~BaselineHost() = default;
};

// What travels, or a timer of the peer `to`.
struct Packet {
  enum class What : std::uint8_t { payload, announce, graft, prune, timer };
  // A publication that the sender has, and the links that it would have crossed on arrival.
  struct Announced {
    std::uint32_t publication = 0;
    std::uint8_t hops = 0;
  };
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  What what{};
  std::uint8_t hops = 0;  // payload: links crossed on arrival
  bool useless = false;   // a copy that the network repeated, or that a relay altered
  std::uint32_t from = 0, to = 0;
  LinkId link;
  std::uint32_t topic = 0;
  std::uint32_t publication = none;
  std::vector<Announced> announced;
};

class BaselineNet {
 public:
  BaselineNet(const BaselineHost& host, const Conditions& conditions, Rng rng)
      : host_{host}, conditions_{conditions}, rng_{rng} {}

  void send(Time now, Packet packet, std::size_t bytes);
  // Comes back to the peer `timer.to` at that moment, unless its process has ended by then.
  void plan(Time at, Packet timer) { heap_.plan(at, Happening::timer, keep(std::move(timer))); }
  // The next packet that reaches a process by `until`. False: there is none.
  [[nodiscard]] bool take(Time until, Time& now, Packet& packet);

  void ended(std::uint32_t peer);
  void resumed(Time now, std::uint32_t peer);
  // What a partition held back goes on.
  void released(Time now);

 private:
  struct Slot {
    Packet packet;
    std::uint32_t life = 0;  // of the receiver's process
  };
  struct Line {  // one direction of a link
    LinkId link;
    Time last{};  // arrival planned last
  };
  struct Piece {
    std::uint32_t slot = 0;
    std::size_t bytes = 0;
  };
  struct Place {
    std::uint32_t life = 0;
    std::deque<Piece> way_out;  // what waits for it, the first is leaving
    bool leaving = false;       // the moment when it has left is planned
    std::vector<Line> lines;
    std::vector<std::uint32_t> waiting;  // slots that came while it was paused
  };
  static constexpr std::size_t lines_max = 64;  // ended ones are forgotten beyond

  [[nodiscard]] Place& place(std::uint32_t peer);
  [[nodiscard]] std::uint32_t keep(Packet packet);
  void free(std::uint32_t slot);
  [[nodiscard]] Duration up_to(Duration most);
  void depart(Time now, Packet packet, std::size_t bytes);
  void on_leaves(Time now, std::uint32_t peer);
  void travel(Time left, std::uint32_t slot);
  [[nodiscard]] Duration time_on_way_out(std::uint32_t peer, std::size_t bytes) const;

  const BaselineHost& host_;
  const Conditions& conditions_;
  Rng rng_;
  EventHeap heap_;
  std::deque<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  std::vector<Place> places_;
  std::map<std::uint64_t, std::vector<std::uint32_t>> stalled_;  // slots by sender and receiver
};

}  // namespace boato::sim
