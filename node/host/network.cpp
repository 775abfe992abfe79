// SPDX-License-Identifier: Apache-2.0
#include "node/host/network.hpp"

#include "node/host/clock.hpp"
#include "overlay/base/text.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace boato {
namespace {

constexpr std::size_t buffer_bytes = 64 << 10;

// Frames of the data classes name their topic first.
TopicTag topic_of(Flow flow, Bytes envelope) {
  wire::Cursor in{envelope};
  wire::Kind kind{};
  std::uint32_t fields = 0;
  std::uint64_t topic = 0;
  const bool named = flow != Flow::control && wire::open_frame(in, kind, fields) && in.uint(topic);
  return TopicTag{named ? topic : 0};
}

}  // namespace

// What a link tells while it takes bytes in.
struct Network::Sink {
  Network& network;
  Connection& connection;
  Time now;
  void on_up(const PeerHello& hello) const { network.on_up(now, connection, hello); }
  void on_frame(Flow flow, Bytes frame, const EventRef& ref) const {
    if (connection.stage == Connection::Stage::up)
      network.parts_.core->on_frame(now, connection.id, flow, Frame{frame, ref, true});
  }
};

Network::Network(const Parts& parts, LinkSetup setup)
    : parts_{parts},
      setup_{std::move(setup)},
      acceptor_{parts.loop, [this](int fd, const Address& from) { on_accept(fd, from); }},
      gate_{parts.settings->admission},
      in_(buffer_bytes),
      out_(buffer_bytes) {}

Network::~Network() = default;

Connection* Network::find(LinkId id) {
  const auto at = std::ranges::lower_bound(connections_, id, {}, [](const auto& c) { return c->id; });
  return at != connections_.end() && (*at)->id == id ? at->get() : nullptr;
}

Connection& Network::add(int fd, const Address& remote) {
  auto c = std::make_unique<Connection>();
  c->id = LinkId{++last_id_};
  c->remote = remote;
  c->network = this;
  Connection& made = *c;
  connections_.push_back(std::move(c));
  if (!made.socket.open(parts_.loop, fd, &made, on_poll)) {
    ::close(fd);
    made.stage = Connection::Stage::gone;
    any_gone_ = true;
  }
  return made;
}

void Network::make_link(Time now, Connection& c, Link::Role role, std::optional<PeerId> expected) {
  c.link = std::make_unique<Link>(setup_, role, parts_.entropy(), now, expected);
  c.stage = Connection::Stage::greeting;
  c.socket.watch(UV_READABLE);
  mark(c);
}

void Network::on_accept(int fd, const Address& from) {
  const Time now = monotonic_now();
  const auto entry = gate_.enter(now, from.ip);
  if (entry.ticket == 0) {
    ++counts_.strangers_refused;
    parts_.log->line(now, LinkId{}, "limit.hit",
                     {.level = "warn", .address = to_text(from), .reason = "strangers from this address"});
    ::close(fd);
    return;
  }
  if (entry.evicted) {
    const auto oldest =
        std::ranges::find(connections_, *entry.evicted, [](const auto& c) { return c->ticket; });
    if (oldest != connections_.end()) {
      (*oldest)->ticket = 0;
      ++counts_.strangers_refused;
      gone(now, **oldest, CloseReason::full, "too many strangers");
    }
  }
  tune(fd);
  Connection& c = add(fd, from);
  c.ticket = entry.ticket;
  if (c.stage != Connection::Stage::gone) make_link(now, c, Link::Role::responder, std::nullopt);
}

void Network::on_poll(void* owner, int status, int events) {
  Connection& c = *static_cast<Connection*>(owner);
  Network& network = *c.network;
  const Time now = monotonic_now();
  if (c.stage == Connection::Stage::gone) return;
  if (c.stage == Connection::Stage::connecting) {
    network.on_connected(now, c);
  } else {
    if (status < 0) network.gone(now, c, CloseReason::cut, uv_strerror(status));
    if ((events & UV_READABLE) != 0 && c.stage != Connection::Stage::gone) network.on_readable(now, c);
    if ((events & UV_WRITABLE) != 0 && c.stage != Connection::Stage::gone) network.mark(c);
  }
  network.parts_.after_read();
}

void Network::on_readable(Time now, Connection& c) {
  const Sink sink{*this, c, now};
  for (std::size_t read = 0; read < parts_.settings->read_bytes_max;) {
    const auto n = ::recv(c.socket.fd(), in_.data(), in_.size(), 0);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n < 0) return gone(now, c, CloseReason::cut, "connection lost");
    if (n == 0) return gone(now, c, CloseReason::cut, "the other side closed the connection");
    read += static_cast<std::size_t>(n);
    if (c.stage == Connection::Stage::ending) continue;  // nothing is heard any more
    if (c.ticket != 0 && !c.greeted) {
      c.greeted = true;
      if (!gate_.begin(now, c.ticket)) {
        ++counts_.strangers_refused;
        return gone(now, c, CloseReason::full, "too many handshakes");
      }
    }
    const CloseReason why = c.link->receive(Bytes{in_}.first(static_cast<std::size_t>(n)), now, sink);
    if (c.stage == Connection::Stage::gone) return;
    if (why != CloseReason::none && c.stage != Connection::Stage::ending) return gone(now, c, why);
    if (c.link->wants_to_send()) mark(c);
    if (static_cast<std::size_t>(n) < in_.size()) return;  // dry, most likely: asking again costs a call
  }
}

void Network::mark(Connection& c) {
  if (std::exchange(c.dirty, true)) return;
  dirty_.push_back(&c);
}

void Network::send(Time now, LinkId link, Flow flow, Bytes envelope, EventRef body) {
  Connection* c = find(link);
  if (!c || c->stage != Connection::Stage::up) return;
  const std::uint64_t dropped_before = c->link->counters().dropped_oldest;
  const auto drop = [&](DropReason why, std::uint64_t frames = 1) {
    parts_.dropped({why, topic_of(flow, envelope), c->peer, frames});
  };
  switch (c->link->queue(flow, envelope, std::move(body), now)) {
    case Link::Queued::ok: break;
    case Link::Queued::dropped_oldest:
      drop(DropReason::queue_full, c->link->counters().dropped_oldest - dropped_before);
      break;
    case Link::Queued::full: drop(DropReason::queue_full); return end(now, *c, CloseReason::slow);
    case Link::Queued::lagging:
      drop(DropReason::link_lagging);
      c->refused = true;
      break;
    case Link::Queued::too_large: drop(DropReason::too_large); break;
    case Link::Queued::closed: break;
  }
  mark(*c);
}

void Network::close(Time now, LinkId link, CloseReason why) {
  if (Connection* c = find(link); c && c->stage != Connection::Stage::gone) end(now, *c, why);
}

void Network::end(Time now, Connection& c, CloseReason why) {
  if (c.stage != Connection::Stage::up) return gone(now, c, why);
  --links_up_;
  count(c);
  parts_.log->line(now, c.id, "link.down", {.peer = &c.peer, .reason = to_string(why)});
  downs_.push_back({c.id, why});
  c.stage = Connection::Stage::ending;
  c.give_up = now + parts_.settings->flush_within;
  c.link->close(why);
  mark(c);
}

void Network::settle_stranger(Time now, Connection& c, bool failed) {
  if (c.ticket != 0) gate_.leave(now, std::exchange(c.ticket, 0), failed);
}

void Network::gone(Time now, Connection& c, CloseReason why, const std::string& cause) {
  if (c.stage == Connection::Stage::gone) return;
  const bool was_up = c.stage == Connection::Stage::up;
  const bool greeting = c.stage == Connection::Stage::greeting;
  if (was_up) {
    --links_up_;
    count(c);
    downs_.push_back({c.id, why});
    parts_.log->line(now, c.id, "link.down", {.peer = &c.peer, .reason = to_string(why)});
  }
  const bool refused = greeting && why == CloseReason::handshake_failed;
  if (greeting && c.dial == 0 && c.greeted) {
    ++counts_.handshakes_refused;
    parts_.log->line(now, LinkId{}, "handshake.refused",
                     {.level = "warn", .address = to_text(c.remote), .reason = to_string(why)});
  }
  settle_stranger(now, c, refused);
  c.stage = Connection::Stage::gone;
  c.socket.close();
  any_gone_ = true;
  if (c.dial != 0) {
    std::string text = cause.empty() ? std::string{to_string(why)} : cause;
    if (greeting && (why == CloseReason::cut || refused))
      text = "it answers, but refuses us: is it of this network, and is the network key the same?";
    if (why == CloseReason::wrong_peer) text = "another peer answers there";
    remember(c.remote, std::move(text));
    try_next(now, std::exchange(c.dial, 0));
  }
}

void Network::on_up(Time now, Connection& c, const PeerHello& hello) {
  settle_stranger(now, c, false);
  c.peer = hello.id;
  LinkUp up;
  up.link = c.id;
  up.peer = hello.id;
  up.incarnation = hello.incarnation;
  up.dialed = hello.we_dialed;
  up.tag = hello.link_tag;
  if (!hello.record.empty()) {
    wire::StatementView statement;
    wire::PeerRecord record;
    const bool fine = wire::parse_statement(hello.record, statement) &&
                      statement.type == wire::StatementType::peer_record && statement.issuer == hello.id &&
                      wire::decode_record(statement.body, record);
    if (!fine) return gone(now, c, CloseReason::protocol, "its record is malformed");
    up.flags = record.flags;
    up.addresses = record.addresses;
  }
  c.stage = Connection::Stage::up;
  ++links_up_;
  if (c.dial != 0) {
    dial_errors_.erase(c.remote);
    dials_.erase(std::exchange(c.dial, 0));
  }
  parts_.log->line(now, c.id, "link.up", {.peer = &c.peer, .address = to_text(c.remote)});
  if (links_up_ > parts_.settings->links_max) {
    ++counts_.links_refused;
    return end(now, c, CloseReason::full);
  }
  parts_.core->on_link_up(now, up);
}

bool Network::report(Time now) {
  bool any = false;
  while (!downs_.empty()) {
    any = true;
    const std::vector<Down> downs = std::exchange(downs_, {});
    for (const Down& down : downs) parts_.core->on_link_down(now, down.link, down.why);
  }
  while (!failed_dials_.empty()) {
    any = true;
    const std::vector<DialWish> failed = std::exchange(failed_dials_, {});
    for (const DialWish& wish : failed) parts_.core->on_dial_failed(now, wish);
  }
  return any;
}

void Network::flush_one(Time now, Connection& c) {
  if (!c.link || !c.socket.is_open()) return;
  switch (c.flush(out_)) {
    case Connection::Sent::broken: return gone(now, c, CloseReason::cut, "connection lost");
    case Connection::Sent::waits: c.socket.watch(UV_READABLE | UV_WRITABLE); break;
    case Connection::Sent::all:
      c.socket.watch(UV_READABLE);
      if (c.stage == Connection::Stage::ending && !std::exchange(c.shut, true))
        ::shutdown(c.socket.fd(), SHUT_WR);
      break;
  }
  if (c.stage != Connection::Stage::up) return;
  const LinkBacklog backlog{c.backlog(), c.link->queued_bytes(Flow::repair), std::exchange(c.refused, false)};
  if (backlog != c.backlog_told) parts_.core->on_backlog(now, c.id, c.backlog_told = backlog);
}

void Network::flush(Time now) {
  // Grows while it runs, if the core answers to a backlog.
  for (std::size_t i = 0; i < dirty_.size(); ++i) {
    Connection& c = *dirty_[i];
    c.dirty = false;
    if (c.stage != Connection::Stage::gone) flush_one(now, c);
  }
  dirty_.clear();
  if (!std::exchange(any_gone_, false)) return;
  std::erase_if(connections_, [](const auto& c) { return c->stage == Connection::Stage::gone; });
}

}  // namespace boato
