// SPDX-License-Identifier: Apache-2.0
// A small world for the membership room: several peers, each with dialer, membership and directory, wired by
// a queue of events in virtual time. Links are reliable and in order; each pair of peers has a delay of its
// own.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/base/rng.hpp"
#include "overlay/link/toy_crypto.hpp"
#include "overlay/membership/dialer.hpp"
#include "overlay/membership/directory.hpp"
#include "overlay/membership/membership.hpp"
#include "overlay/wire/codec.hpp"

#include <functional>
#include <map>
#include <memory>
#include <queue>
#include <set>
#include <vector>

namespace boato::test {

struct Node {
  std::size_t index = 0;
  Self self;
  SignSecret secret{};
  LinkTable links;
  Effects fx;
  std::unique_ptr<Dialer> dialer;
  std::unique_ptr<Membership> membership;
  std::unique_ptr<Directory> directory;
  std::map<LinkId, std::pair<std::size_t, LinkId>> far;  // the other end of each link
  std::vector<DirectoryChange> changes;                  // all there ever were
  std::vector<PeerId> deaths;
  std::map<wire::Kind, int> received;
  std::vector<wire::Kind> kinds;
  std::uint64_t starts = 0;
  std::uint32_t next_link = 1;
  Time alarm = never;
  bool up = false;
  int side = 0;  // peers of different sides cannot reach each other
};

class World {
 public:
  explicit World(std::uint64_t seed) : rng{seed} {}

  Node& add(std::vector<std::size_t> seeds, std::uint32_t flags = 0);  // starts at once
  void crash(std::size_t i);                                           // silently: no link is closed
  void kill(std::size_t i);                                            // its connections are reset
  void restart(std::size_t i, std::vector<std::size_t> seeds);
  void leave(std::size_t i);
  void split(const std::function<int(std::size_t)>& side);
  void run(Duration d);
  void settle(Node& node);
  // Puts a frame of another make on a link of `to`, as if its far end had sent it.
  template <class M>
  void inject(std::size_t to, LinkId link, const M& m);

  Node& operator[](std::size_t i) { return *nodes[i]; }
  [[nodiscard]] std::size_t size() const { return nodes.size(); }
  [[nodiscard]] Address address(std::size_t i) const;
  [[nodiscard]] std::size_t components();  // of the peers that are up, over active links
  [[nodiscard]] bool symmetric();          // each active link is active at both ends
  [[nodiscard]] std::size_t degree(std::size_t i) { return nodes[i]->membership->active().size(); }
  // Fewest and most active links of any peer that is up.
  [[nodiscard]] std::pair<std::size_t, std::size_t> degrees();

  Time now{Duration{1'000'000}};
  Rng rng;
  MembershipConfig membership_config;
  DialerConfig dialer_config;
  DirectoryConfig directory_config;
  std::vector<std::unique_ptr<Node>> nodes;
  std::vector<int> clock_offset_s;  // of each peer's wall clock
  std::uint64_t frames = 0, bytes = 0;

  // Called by Effects::drain through a Host.
  void send(Node& from, LinkId link, Bytes envelope);
  void close(Node& from, LinkId link, CloseReason why);

 private:
  struct Event {
    Time at{};
    std::uint64_t order = 0;
    std::function<void()> run;
    bool operator<(const Event& other) const { return at != other.at ? at > other.at : order > other.order; }
  };
  void boot(Node& node, std::vector<std::size_t> seeds);
  void at(Time when, std::function<void()> run) { queue_.push({when, order_++, std::move(run)}); }
  [[nodiscard]] Duration delay(std::size_t a, std::size_t b) const;
  [[nodiscard]] bool reach(const Node& a, const Node& b) const { return a.up && b.up && a.side == b.side; }
  void dial(Node& from, const DialWish& wish);
  void connect(Node& from, Node& to, const DialWish& wish);
  void link_up(Node& node, LinkId link, const Node& peer, bool dialed);
  void link_down(Node& node, LinkId link, CloseReason why);
  void receive(Node& node, LinkId link, Bytes frame);
  template <class M>
  void hand(Node& node, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields);

  std::priority_queue<Event> queue_;
  std::uint64_t order_ = 0;
};

template <class M>
void World::inject(std::size_t to, LinkId link, const M& m) {
  std::vector<std::byte> room(65536);
  const auto size = wire::encode(m, room);
  receive(*nodes[to], link, Bytes{room}.first(*size));
}

}  // namespace boato::test
