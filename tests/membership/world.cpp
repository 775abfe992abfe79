// SPDX-License-Identifier: Apache-2.0
#include "tests/membership/world.hpp"

#include "overlay/wire/directory_messages.hpp"
#include "overlay/wire/membership_messages.hpp"

#include <algorithm>

namespace boato::test {
namespace {

struct Host {
  World& world;
  Node& node;
  void on_send(LinkId link, Flow, Bytes envelope, EventRef) { world.send(node, link, envelope); }
  void on_deliver(Delivery&&) {}
  void on_gap(const GapNotice&) {}
  void on_notice(TopicNotice&&) {}
  void on_taken(const TakenNotice&) {}
  void on_dial(const DialWish&) {}
  void on_close(LinkId link, CloseReason why) { world.close(node, link, why); }
  void on_note(const Note&) {}
  void on_drop(const Drop&) {}
};

std::vector<LinkId> active_links(const Node& node) {
  std::vector<LinkId> links;
  for (const ActivePeer& a : node.membership->active()) links.push_back(a.link);
  return links;
}

}  // namespace

Address World::address(std::size_t i) const {
  Address a;
  a.ip[10] = a.ip[11] = 0xff;
  a.ip[12] = 10;
  a.ip[14] = static_cast<std::uint8_t>(i >> 8);
  a.ip[15] = static_cast<std::uint8_t>(i);
  a.port = 7470;
  return a;
}

Duration World::delay(std::size_t a, std::size_t b) const {
  return std::chrono::milliseconds{10 + 7 * ((a + 1) * (b + 1)) % 41};
}

Node& World::add(std::vector<std::size_t> seeds, std::uint32_t flags) {
  nodes.push_back(std::make_unique<Node>());
  Node& node = *nodes.back();
  node.index = nodes.size() - 1;
  Key32 seed{};
  seed[0] = static_cast<std::uint8_t>(node.index);
  seed[1] = static_cast<std::uint8_t>(node.index >> 8);
  node.self.crypto = &toy_crypto();
  node.self.crypto->sign_keypair(seed, node.self.id, node.secret);
  node.self.secret = &node.secret;
  node.self.flags = flags;
  node.self.addresses.push_back(address(node.index));
  boot(node, std::move(seeds));
  return node;
}

void World::boot(Node& node, std::vector<std::size_t> seeds) {
  node.self.incarnation = Incarnation{static_cast<std::uint64_t>(now.time_since_epoch().count())};
  const int offset = node.index < clock_offset_s.size() ? clock_offset_s[node.index] : 0;
  node.self.started_us = static_cast<std::uint64_t>(1'700'000'000LL + offset) * 1'000'000u;
  node.links = LinkTable{};
  node.fx.clear();
  node.far.clear();
  node.dialer = std::make_unique<Dialer>(dialer_config, node.self, node.links, rng.fork("dialer"));
  node.membership =
      std::make_unique<Membership>(membership_config, node.self, node.links, rng.fork("membership"));
  node.directory = std::make_unique<Directory>(directory_config, node.self, rng.fork("directory"));
  node.up = true;
  node.alarm = never;
  ++node.starts;
  std::vector<Address> addresses;
  for (const std::size_t i : seeds) addresses.push_back(address(i));
  node.membership->on_start(now, addresses, node.fx);
  settle(node);
}

void World::settle(Node& node) {
  if (!node.up) return;
  node.directory->on_active(now, active_links(node), node.fx);
  node.changes.insert(node.changes.end(), node.directory->changes().begin(), node.directory->changes().end());
  node.directory->clear_changes();
  node.deaths.insert(node.deaths.end(), node.membership->deaths().begin(), node.membership->deaths().end());
  node.membership->clear_deaths();
  node.dialer->set_mass_death(node.membership->mass_death(now));
  std::vector<DialWish> wishes;
  wishes.swap(node.fx.dials());
  for (const DialWish& wish : wishes) node.dialer->on_wish(now, wish);
  while (const auto wish = node.dialer->take(now)) dial(node, *wish);
  node.fx.drain(Host{*this, node});
  node.membership->check_invariants();
  node.dialer->check_invariants();
  node.directory->check_invariants();

  const Time next = std::max(now, std::min({node.membership->next_deadline(), node.dialer->next_deadline(),
                                            node.directory->next_deadline()}));
  if (next == never || next >= node.alarm) return;
  node.alarm = next;
  at(next, [this, &node, next, start = node.starts] {
    if (!node.up || node.starts != start || node.alarm != next) return;
    node.alarm = never;
    if (node.membership->next_deadline() <= now) node.membership->on_deadline(now, node.fx);
    if (node.directory->next_deadline() <= now) node.directory->on_deadline(now, active_links(node), node.fx);
    settle(node);
  });
}

void World::dial(Node& from, const DialWish& wish) {
  const auto found =
      std::ranges::find_if(nodes, [&](const auto& n) { return address(n->index) == wish.addresses[0]; });
  Node* to = found != nodes.end() ? found->get() : nullptr;
  const auto start = from.starts;
  const Duration wait = to ? delay(from.index, to->index) : Duration{1000};
  at(now + 3 * wait, [this, &from, to, wish, start] {
    if (!from.up || from.starts != start) return;
    const bool right = to && (wish.peer == PeerId{} || to->self.id == wish.peer);
    if (to && right && to != &from && reach(from, *to)) return connect(from, *to, wish);
    at(now + std::chrono::milliseconds{400}, [this, &from, wish, start] {
      if (!from.up || from.starts != start) return;
      from.dialer->on_result(now, wish, false);
      from.membership->on_dial_failed(now, wish, from.fx);
      settle(from);
    });
  });
}

void World::connect(Node& from, Node& to, const DialWish& wish) {
  const LinkInfo* there = to.links.find(from.self.id);
  const LinkInfo* here = from.links.find(to.self.id);
  if (here && here->incarnation == to.self.incarnation) {  // a crossing dial: the first one stays
    from.dialer->on_result(now, wish, true);
    return settle(from);
  }
  if (here) link_down(from, here->id, CloseReason::duplicate);
  if (there) link_down(to, there->id, CloseReason::duplicate);
  const LinkId a{from.next_link++}, b{to.next_link++};
  from.far[a] = {to.index, b};
  to.far[b] = {from.index, a};
  link_up(from, a, to, true);
  link_up(to, b, from, false);
}

void World::link_up(Node& node, LinkId link, const Node& peer, bool dialed) {
  LinkUp up;
  up.link = link;
  up.peer = peer.self.id;
  up.incarnation = peer.self.incarnation;
  up.dialed = dialed;
  up.flags = peer.self.flags;
  up.addresses = peer.self.addresses;
  const LinkInfo info = node.links.add(up, now);
  node.dialer->on_link_up(now, info);
  node.membership->on_link_up(now, info, node.fx);
  settle(node);
}

void World::link_down(Node& node, LinkId link, CloseReason why) {
  const LinkInfo* info = node.links.find(link);
  if (!info || !node.up) return;
  const LinkInfo gone = *info;
  node.links.remove(link);
  node.far.erase(link);
  node.dialer->on_link_down(now, gone, why);
  node.membership->on_link_down(now, gone, why, node.fx);
  settle(node);
}

void World::send(Node& from, LinkId link, Bytes envelope) {
  const auto far = from.far.find(link);
  if (far == from.far.end()) return;
  Node& to = *nodes[far->second.first];
  ++frames;
  bytes += envelope.size();
  if (!reach(from, to)) return;
  at(now + delay(from.index, to.index),
     [this, &to, link_there = far->second.second,
      frame = std::vector<std::byte>(envelope.begin(), envelope.end()), start = to.starts] {
       if (to.up && to.starts == start) receive(to, link_there, frame);
     });
}

void World::close(Node& from, LinkId link, CloseReason why) {
  const auto far = from.far.find(link);
  if (far == from.far.end()) return;
  const auto [to, link_there] = far->second;
  const auto start = from.starts;
  at(now, [this, &from, link, why, start] {
    if (from.starts == start) link_down(from, link, why);
  });
  if (!reach(from, *nodes[to])) return;
  const CloseReason told = why >= CloseReason::handshake_failed ? CloseReason::cut : why;
  at(now + delay(from.index, to),
     [this, to = to, link_there = link_there, told] { link_down(*nodes[to], link_there, told); });
}

template <class M>
void World::hand(Node& node, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields) {
  M m;
  BOATO_CHECK(wire::read(in, fields, m));
  if constexpr (requires { node.directory->on(now, from, m, Directory::Active{}, node.fx); }) {
    node.directory->on(now, from, m, active_links(node), node.fx);
  } else if constexpr (std::is_same_v<M, wire::Pong>) {
    const Duration rtt = node.membership->on(now, from, m, node.fx);
    if (rtt.count() > 0) node.links.edit(from.id)->rtt = rtt;
  } else {
    node.membership->on(now, from, m, node.fx);
  }
}

void World::receive(Node& node, LinkId link, Bytes frame) {
  LinkInfo* info = node.links.edit(link);
  if (!info) return;
  info->last_heard = now;
  const LinkInfo from = *info;
  wire::Cursor in{frame};
  wire::Kind kind{};
  std::uint32_t fields = 0;
  BOATO_CHECK(wire::open_frame(in, kind, fields));
  ++node.received[kind];
  const auto as = [&]<class M>(M) {
    if (kind == M::kind) hand<M>(node, from, in, fields);
  };
  as(wire::Neighbor{});
  as(wire::Accept{});
  as(wire::Refuse{});
  as(wire::Disconnect{});
  as(wire::Shuffle{});
  as(wire::ShuffleReply{});
  as(wire::Join{});
  as(wire::Samples{});
  as(wire::Walk{});
  as(wire::Splice{});
  as(wire::SpliceAnswer{});
  as(wire::Ping{});
  as(wire::Pong{});
  as(wire::Probe{});
  as(wire::ProbeResult{});
  as(wire::TopicPush{});
  as(wire::TopicNames{});
  as(wire::TopicFetch{});
  as(wire::DirectoryRanges{});
  settle(node);
}

void World::crash(std::size_t i) { nodes[i]->up = false; }

void World::kill(std::size_t i) {
  Node& node = *nodes[i];
  node.up = false;
  for (const auto& [link, far] : node.far) {
    const auto [to, link_there] = far;
    if (nodes[to]->side != node.side) continue;
    at(now + delay(i, to),
       [this, to = to, link_there = link_there] { link_down(*nodes[to], link_there, CloseReason::cut); });
  }
}

void World::restart(std::size_t i, std::vector<std::size_t> seeds) { boot(*nodes[i], std::move(seeds)); }

void World::leave(std::size_t i) {
  Node& node = *nodes[i];
  node.membership->leave(now, node.fx);
  settle(node);
  for (const LinkInfo& link : std::vector<LinkInfo>(node.links.all().begin(), node.links.all().end()))
    close(node, link.id, CloseReason::leaving);
  at(now + std::chrono::milliseconds{1}, [&node] { node.up = false; });
}

void World::split(const std::function<int(std::size_t)>& side) {
  for (const auto& n : nodes) n->side = side(n->index);
}

void World::run(Duration d) {
  const Time end = now + d;
  while (!queue_.empty() && queue_.top().at <= end) {
    const Event event = queue_.top();
    queue_.pop();
    now = event.at;
    event.run();
  }
  now = end;
}

std::size_t World::components() {
  std::vector<std::size_t> group(nodes.size());
  for (std::size_t i = 0; i < nodes.size(); ++i) group[i] = i;
  const std::function<std::size_t(std::size_t)> root = [&](std::size_t i) {
    return group[i] == i ? i : group[i] = root(group[i]);
  };
  for (const auto& n : nodes) {
    if (!n->up) continue;
    for (const ActivePeer& a : n->membership->active()) {
      const std::size_t other = n->far.at(a.link).first;
      if (nodes[other]->up) group[root(n->index)] = root(other);
    }
  }
  std::set<std::size_t> roots;
  for (const auto& n : nodes)
    if (n->up) roots.insert(root(n->index));
  return roots.size();
}

bool World::symmetric() {
  for (const auto& n : nodes) {
    if (!n->up) continue;
    for (const ActivePeer& a : n->membership->active()) {
      const Node& other = *nodes[n->far.at(a.link).first];
      if (!other.up) return false;
      const auto back = std::ranges::find(other.membership->active(), n->self.id, &ActivePeer::peer);
      if (back == other.membership->active().end()) return false;
    }
  }
  return true;
}

std::pair<std::size_t, std::size_t> World::degrees() {
  std::size_t least = ~std::size_t{0}, most = 0;
  for (const auto& n : nodes) {
    if (!n->up) continue;
    least = std::min(least, n->membership->active().size());
    most = std::max(most, n->membership->active().size());
  }
  return {least, most};
}

}  // namespace boato::test
