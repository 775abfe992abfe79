// SPDX-License-Identifier: Apache-2.0
// Machines of several peers, wired by a queue with one delay; links are made and cut by hand, or by a
// machine's wish.
#pragma once

#include "overlay/link/toy_crypto.hpp"
#include "overlay/roster/roster_machine.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boato {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

inline TopicId topic_number(std::uint8_t n) {
  TopicId id;
  id.raw.fill(n);
  return id;
}

// An identity with everything needed to sign as it.
struct Signer {
  explicit Signer(std::uint64_t seed, const Crypto& table = toy_crypto()) : crypto{table} {
    Key32 key{};
    Rng rng{seed};
    for (auto& byte : key) byte = static_cast<std::uint8_t>(rng.next());
    crypto.sign_keypair(key, id, secret);
  }
  std::vector<std::byte> sign(wire::StatementType type, EntryVersion version, Bytes body) const {
    std::array<std::byte, wire::statement_bytes_max> room;
    const Bytes all = wire::sign_statement(crypto, NetworkId{}, id, secret,
                                           {type, version.incarnation, version.version, body}, room);
    return {all.begin(), all.end()};
  }
  std::vector<std::byte> entry(const TopicId& topic, std::uint64_t version, std::string_view interest = "",
                               std::uint32_t flags = 0, std::uint64_t incarnation = 1,
                               Bytes attributes = {}) const {
    std::array<std::byte, wire::statement_body_bytes_max> body;
    const wire::RosterEntry words{topic, {}, flags, interest, attributes};
    const auto size = wire::encode_record(words, body);
    return sign(wire::StatementType::roster_entry, {Incarnation{incarnation}, version},
                Bytes{body}.first(*size));
  }
  std::vector<std::byte> suspicion(const TopicId& topic, const PeerId& accused, EntryVersion of,
                                   std::uint64_t version = 1) const {
    std::array<std::byte, 256> body;
    const wire::Suspicion words{topic, accused, of.incarnation, of.version};
    const auto size = wire::encode_record(words, body);
    return sign(wire::StatementType::suspicion, {Incarnation{1}, version}, Bytes{body}.first(*size));
  }
  const Crypto& crypto;
  PeerId id;
  SignSecret secret{};
};

struct LabPeer {
  explicit LabPeer(std::uint64_t seed) : signer{seed} {}
  Signer signer;
  Self self;
  LinkTable links;
  std::vector<LinkId> mesh;
  Effects fx;
  std::unique_ptr<RosterMachine> machine;
  std::vector<RosterChange> changes;
  std::vector<std::pair<LinkId, CloseReason>> closes;
  bool alive = true;

  [[nodiscard]] std::size_t told(RosterChange::Kind kind) const {
    return static_cast<std::size_t>(std::ranges::count(changes, kind, &RosterChange::kind));
  }
  [[nodiscard]] const Roster& roster() const { return machine->roster(); }
};

struct Lab {
  struct Frame {
    Time at;
    std::size_t from, to;
    std::vector<std::byte> bytes;
  };

  explicit Lab(std::size_t count, RosterConfig with = {}) : config{with} {
    for (std::size_t i = 0; i < count; ++i) {
      auto peer = std::make_unique<LabPeer>(1000 + i);
      peer->self.id = peer->signer.id;
      peer->self.incarnation = Incarnation{1};
      peer->self.crypto = &toy_crypto();
      peer->self.secret = &peer->signer.secret;
      peers.push_back(std::move(peer));
      renew(i);
    }
  }
  // The same identity begins anew, with what it knew lost.
  void renew(std::size_t i) {
    LabPeer& peer = *peers[i];
    peer.alive = true;
    peer.changes.clear();
    peer.machine = std::make_unique<RosterMachine>(config, topic, peer.self, records, slabs, peer.links,
                                                   Rng{++seed_ + 77});
  }
  void connect_all() {
    for (std::size_t a = 0; a < peers.size(); ++a)
      for (std::size_t b = a + 1; b < peers.size(); ++b) connect(a, b);
  }
  LabPeer& operator[](std::size_t i) { return *peers[i]; }
  [[nodiscard]] LinkId link(std::size_t from, std::size_t to) {
    const LinkInfo* info = peers[from]->links.find(peers[to]->self.id);
    return info ? info->id : LinkId{};
  }

  void connect(std::size_t a, std::size_t b) {
    if (a == b || link(a, b) != LinkId{}) return;
    open(a, b);
    open(b, a);
    call(a, [&](RosterMachine& m, Effects& fx) { m.on_link_up(now, *peers[a]->links.find(link(a, b)), fx); });
    call(b, [&](RosterMachine& m, Effects& fx) { m.on_link_up(now, *peers[b]->links.find(link(b, a)), fx); });
  }
  void cut(std::size_t a, std::size_t b) {
    const LinkInfo* at_a = peers[a]->links.find(peers[b]->self.id);
    if (!at_a) return;
    const LinkInfo was_a = *at_a, was_b = *peers[b]->links.find(peers[a]->self.id);
    peers[a]->links.remove(was_a.id);
    peers[b]->links.remove(was_b.id);
    call(a, [&](RosterMachine& m, Effects& fx) { m.on_link_down(now, was_a, CloseReason::cut, fx); });
    call(b, [&](RosterMachine& m, Effects& fx) { m.on_link_down(now, was_b, CloseReason::cut, fx); });
  }
  // Both ends find that the other cannot be dialled.
  void part(std::size_t a, std::size_t b) {
    blocked.emplace_back(a, b);
    cut(a, b);
    unreachable(a, b);
    unreachable(b, a);
  }
  void unreachable(std::size_t at, std::size_t who) {
    call(at, [&](RosterMachine& m, Effects& fx) { m.on_unreachable(now, peers[who]->self.id, fx); });
  }
  void crash(std::size_t i) {
    peers[i]->alive = false;
    for (std::size_t other = 0; other < peers.size(); ++other)
      if (other != i && link(other, i) != LinkId{}) {
        cut(i, other);
        unreachable(other, i);
      }
  }
  void mesh(std::size_t a, std::size_t b) {
    peers[a]->mesh.push_back(link(a, b));
    peers[b]->mesh.push_back(link(b, a));
    call(a, [&](RosterMachine& m, Effects& fx) { m.on_mesh_up(now, link(a, b), fx); });
    call(b, [&](RosterMachine& m, Effects& fx) { m.on_mesh_up(now, link(b, a), fx); });
  }

  void start(std::size_t i, std::vector<std::size_t> contacts = {}, std::string_view interest = "") {
    std::vector<std::vector<std::byte>> statements;
    for (std::size_t c : contacts) {
      const Bytes s = peers[c]->machine->own_statement();
      statements.emplace_back(s.begin(), s.end());
    }
    const std::vector<Bytes> views(statements.begin(), statements.end());
    call(i, [&](RosterMachine& m, Effects& fx) { m.start(now, {interest, {}}, views, fx); });
  }
  template <class M>
  void hand(std::size_t to, std::size_t from, const M& message, Bytes body = {}) {
    call(to, [&](RosterMachine& m, Effects& fx) {
      m.on(now, *peers[to]->links.find(link(to, from)), message, body, fx);
    });
  }

  template <class Fn>
  void call(std::size_t i, Fn&& fn) {
    LabPeer& peer = *peers[i];
    if (!peer.alive) return;
    fn(*peer.machine, peer.fx);
    peer.machine->check_invariants();
    const auto changes = peer.machine->changes();
    peer.changes.insert(peer.changes.end(), changes.begin(), changes.end());
    peer.machine->clear_changes();
    std::vector<PeerId> wishes;
    for (const DialWish& wish : peer.fx.dials()) wishes.push_back(wish.peer);
    for (const auto& close : peer.fx.closes()) peer.closes.push_back(close);
    for (const Send& s : peer.fx.sends()) {
      const LinkInfo* info = peer.links.find(s.link);
      if (!info) continue;
      const Bytes envelope = peer.fx.envelope(s);
      Frame frame{now + delay, i, index(info->peer), {envelope.begin(), envelope.end()}};
      frame.bytes.insert(frame.bytes.end(), s.body.bytes().begin(), s.body.bytes().end());
      bytes_sent += frame.bytes.size();
      queue.push_back(std::move(frame));
    }
    peer.fx.clear();
    for (const PeerId& wish : wishes) dial(i, index(wish));
  }
  void dial(std::size_t from, std::size_t to) {
    ++dials;
    const bool stopped = std::ranges::any_of(blocked, [&](const auto& pair) {
      return pair == std::pair{from, to} || pair == std::pair{to, from};
    });
    if (to < peers.size() && peers[to]->alive && !stopped) {
      connect(from, to);
      return;
    }
    const PeerId who = to < peers.size() ? peers[to]->self.id : PeerId{};
    call(from, [&](RosterMachine& m, Effects& fx) { m.on_dial_failed(now, who, fx); });
  }

  // Lets time pass: frames arrive, deadlines come.
  void pass(Duration d) {
    const Time end = now + d;
    for (;;) {
      Time next = std::min(next_compare, queue.empty() ? never : queue.front().at);
      for (const auto& peer : peers)
        if (peer->alive) next = std::min(next, peer->machine->next_deadline());
      if (next > end) break;
      now = std::max(now, next);
      while (!queue.empty() && queue.front().at <= now) {
        const Frame frame = std::move(queue.front());
        queue.pop_front();
        receive(frame);
      }
      for (std::size_t i = 0; i < peers.size(); ++i)
        if (peers[i]->alive && peers[i]->machine->next_deadline() <= now)
          call(i, [&](RosterMachine& m, Effects& fx) { m.on_deadline(now, fx); });
      if (next_compare <= now) compare();
    }
    now = end;
  }
  // What the reconciler does in a whole peer: each compares with somebody, over a mesh link if it has one.
  void compare() {
    next_compare = now + compare_every;
    for (std::size_t i = 0; i < peers.size(); ++i) {
      std::vector<LinkId> among = peers[i]->mesh;
      if (among.empty())
        for (const LinkInfo& info : peers[i]->links.all()) among.push_back(info.id);
      std::erase_if(among, [&](LinkId l) { return peers[i]->links.find(l) == nullptr; });
      if (among.empty()) continue;
      const LinkId with = among[rng_.below(among.size())];
      call(i, [&](RosterMachine& m, Effects& fx) { m.compare(with, fx); });
    }
  }

  [[nodiscard]] bool all_equal() const {
    std::uint64_t digest = 0;
    bool first = true;
    for (const auto& peer : peers) {
      if (!peer->alive) continue;
      if (!first && peer->roster().digest() != digest) return false;
      digest = peer->roster().digest();
      first = false;
    }
    return true;
  }
  [[nodiscard]] std::size_t index(const PeerId& id) const {
    for (std::size_t i = 0; i < peers.size(); ++i)
      if (peers[i]->self.id == id) return i;
    return peers.size();
  }
  [[nodiscard]] std::size_t received(wire::Kind kind) const { return counts[static_cast<std::size_t>(kind)]; }
  void forget_counts() {
    counts.fill(0);
    spreads.assign(peers.size(), 0);
    bytes_sent = 0;
    hops = 0;
    dials = 0;
  }

  RosterConfig config;
  TopicId topic = topic_number(7);
  SlabPool slabs;
  RecordPool records{toy_crypto(), NetworkId{}};
  Time now{seconds{1}};
  Duration delay = milliseconds{1};
  std::function<bool(std::size_t to, wire::Kind)> drop;  // asked for each frame; true drops it
  Duration compare_every = seconds{10};
  Time next_compare = now + compare_every;
  std::vector<std::unique_ptr<LabPeer>> peers;
  std::deque<Frame> queue;
  std::vector<std::pair<std::size_t, std::size_t>> blocked;
  std::array<std::size_t, 256> counts{};
  std::vector<std::size_t> spreads;  // frames of this kind that each peer received
  std::size_t bytes_sent = 0;
  std::size_t dials = 0;
  int hops = 0;

 private:
  void open(std::size_t from, std::size_t to) {
    LinkUp up;
    up.link = LinkId{++links_};
    up.peer = peers[to]->self.id;
    up.incarnation = peers[to]->self.incarnation;
    peers[from]->links.add(up, now);
  }
  void receive(const Frame& frame) {
    LabPeer& peer = *peers[frame.to];
    const LinkInfo* from = peer.links.find(peers[frame.from]->self.id);
    if (!peer.alive || !from) return;
    wire::Cursor in{frame.bytes};
    wire::Kind kind{};
    std::uint32_t fields = 0;
    BOATO_CHECK(wire::open_frame(in, kind, fields));
    if (drop && drop(frame.to, kind)) return;
    ++counts[static_cast<std::size_t>(kind)];
    if (kind == wire::Kind::roster_spread) {
      spreads.resize(peers.size());
      ++spreads[frame.to];
    }
    const auto give = [&](auto m) {
      BOATO_CHECK(wire::read(in, fields, m));
      if constexpr (std::same_as<decltype(m), wire::RosterSpread>) hops = std::max(hops, int{m.hops});
      call(frame.to, [&](RosterMachine& machine, Effects& fx) { machine.on(now, *from, m, in.rest(), fx); });
    };
    switch (kind) {
      case wire::Kind::roster_join: return give(wire::RosterJoin{});
      case wire::Kind::roster_welcome: return give(wire::RosterWelcome{});
      case wire::Kind::roster_page: return give(wire::RosterPage{});
      case wire::Kind::roster_fetch: return give(wire::RosterFetch{});
      case wire::Kind::roster_ranges: return give(wire::RosterRanges{});
      case wire::Kind::roster_want: return give(wire::RosterWant{});
      case wire::Kind::roster_spread: return give(wire::RosterSpread{});
      default: BOATO_CHECK(!"a kind that is not the roster's");
    }
  }
  Rng rng_{4711};
  std::uint32_t links_ = 0;
  std::uint64_t seed_ = 0;
};

}  // namespace boato
