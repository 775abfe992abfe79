// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/full_transport.hpp"

#include "overlay/wire/records.hpp"
#include "overlay/wire/statement.hpp"

#include <algorithm>
#include <utility>

namespace boato::sim {

namespace {
constexpr std::size_t socket_bytes_max = std::size_t{64}
                                         << 10;  // in one direction, before the link has to wait
constexpr Duration look_every = std::chrono::milliseconds{20};
}  // namespace

class FullTransport::Receiver {
 public:
  Receiver(FullTransport& transport, std::uint32_t connection, std::uint8_t end)
      : t_{transport}, connection_{connection}, end_{end} {}

  void on_up(const PeerHello& hello) {
    Ends& ends = t_.ends_.at(connection_);
    LinkUp up;
    up.link = id_of(connection_);
    up.peer = hello.id;
    up.incarnation = hello.incarnation;
    up.dialed = hello.we_dialed;
    up.tag = hello.link_tag;
    wire::StatementView statement;
    wire::PeerRecord record;
    if (wire::parse_statement(hello.record, statement) && statement.issuer == hello.id &&
        wire::statement_holds(t_.crypto_, t_.network_, statement) &&
        wire::decode_record(statement.body, record)) {
      up.flags = record.flags;
      up.addresses = record.addresses;
    }
    ends.told[end_] = true;
    if (end_ == 0) ends.wish.reset();
    t_.host_.link_up(t_.connections_[connection_].peer[end_], up);
  }
  void on_frame(Flow flow, Bytes bytes, const EventRef& ref) {
    if (!t_.connections_[connection_].open[end_]) return;
    Frame frame;
    frame.bytes = bytes;
    frame.body = ref;
    frame.whole = !ref.empty();
    t_.host_.frame(t_.connections_[connection_].peer[end_], id_of(connection_), flow, frame);
  }

 private:
  FullTransport& t_;
  std::uint32_t connection_;
  std::uint8_t end_;
};

FullTransport::FullTransport(TransportHost& host, EventHeap& heap, Conditions& conditions, Rng rng,
                             const Crypto& crypto, const NetworkId& network, SlabPool& slabs)
    : Transport{host, heap, conditions, rng},
      crypto_{crypto},
      network_{network},
      slabs_{slabs},
      out_(std::size_t{64} << 10) {}

FullTransport::~FullTransport() = default;

std::shared_ptr<FullTransport::Setup> FullTransport::setup_of(std::uint32_t peer) {
  const Self& self = host_.self(peer);
  auto& setup = setups_[peer];
  if (setup && setup->identity.incarnation == self.incarnation) return setup;
  setup = std::make_shared<Setup>();
  Key32 seed{}, entropy{};
  std::copy_n(self.secret->begin(), seed.size(), seed.begin());
  for (auto& byte : entropy) byte = static_cast<std::uint8_t>(rng_.next());
  setup->identity = make_identity(crypto_, seed, entropy, self.incarnation);
  BOATO_CHECK(setup->identity.id == self.id);

  wire::PeerRecord record;
  record.addresses = self.addresses;
  record.flags = self.flags;
  record.name = self.name;
  std::array<std::byte, 512> body;
  const auto size = wire::encode_record(record, body);
  BOATO_CHECK(size.has_value());
  std::array<std::byte, wire::statement_bytes_max> room;
  const wire::StatementDraft draft{wire::StatementType::peer_record, self.incarnation, 1,
                                   Bytes{body}.first(*size)};
  const Bytes statement = wire::sign_statement(crypto_, network_, self.id, *self.secret, draft, room);
  setup->record.assign(statement.begin(), statement.end());
  setup->link.crypto = &crypto_;
  setup->link.identity = &setup->identity;
  setup->link.network = network_;
  setup->link.peer_record = setup->record;
  setup->link.slabs = &slabs_;
  setup->link.limits.queued_bytes_max[static_cast<std::size_t>(Flow::reliable)] = conditions_.dials.queue_max;
  return setup;
}

void FullTransport::connected(Time now, std::uint32_t connection, std::unique_ptr<DialWish> wish) {
  Connection& c = connections_[connection];
  c.opening = false;  // both ends hold it from the start, and are told when the handshake is done
  Ends& ends = ends_[connection];
  std::optional<PeerId> expected;
  if (wish->peer != PeerId{}) expected = wish->peer;
  for (const std::uint8_t end : {std::uint8_t{0}, std::uint8_t{1}}) {
    c.open[end] = true;
    Key32 entropy;
    for (auto& byte : entropy) byte = static_cast<std::uint8_t>(rng_.next());
    ends.setup[end] = setup_of(c.peer[end]);
    ends.link[end] = std::make_unique<Link>(ends.setup[end]->link,
                                            end == 0 ? Link::Role::initiator : Link::Role::responder, entropy,
                                            now, end == 0 ? expected : std::nullopt);
    heap_.plan(ends.link[end]->next_deadline(), Happening::look, connection * 2 + end);
  }
  ends.wish = std::move(wish);
  pump(now, connection, 0);
}

void FullTransport::send(Time now, std::uint32_t from, LinkId link, Flow flow, Bytes envelope,
                         EventRef body) {
  const std::uint32_t connection = link.raw() - 1;
  Connection& c = connections_[connection];
  const std::uint8_t end = end_of(c, from);
  Ends& ends = ends_.at(connection);
  if (!c.open[end] || !ends.link[end]->up() || ends.link[end]->closing()) return;
  host_.carried({from, c.peer[1 - end], flow, static_cast<std::uint32_t>(envelope.size()),
                 static_cast<std::uint32_t>(body.size()), 23, envelope});
  ++counters_.frames;
  if (conditions_.chance(conditions_.dials.reset)) return cut(now, connection);
  switch (ends.link[end]->queue(flow, envelope, std::move(body), now)) {
    case Link::Queued::ok: break;
    case Link::Queued::full: end_soon(now, connection, end, CloseReason::slow); break;
    case Link::Queued::lagging: c.refused[end] = true; [[fallthrough]];
    case Link::Queued::dropped_oldest:
    case Link::Queued::too_large:
    case Link::Queued::closed: ++counters_.not_queued; break;
  }
  pump(now, connection, end);
}

void FullTransport::close(Time now, std::uint32_t from, LinkId link, CloseReason why) {
  const std::uint32_t connection = link.raw() - 1;
  Connection& c = connections_[connection];
  const std::uint8_t end = end_of(c, from);
  if (!c.open[end]) return;
  ends_.at(connection).link[end]->close(why);
  ends_.at(connection).told[end] = false;
  plan_closed(now, connection, end, why);
  if (receiving_ != connection) finish(now, connection, end);  // else on_arrival does, outside of receive()
}

void FullTransport::finish(Time now, std::uint32_t connection, std::uint8_t end) {
  pump(now, connection, end);
  connections_[connection].open[end] = false;
  plan_down(now, connection, static_cast<std::uint8_t>(1 - end), CloseReason::cut);
  end_closed(connection, end);
}

void FullTransport::pump(Time now, std::uint32_t connection, std::uint8_t end) {
  if (receiving_ == connection) return;
  Connection& c = connections_[connection];
  Link& link = *ends_.at(connection).link[end];
  while (link.wants_to_send()) {
    if (!link.closing() && waiting(connection, end).data() > socket_bytes_max) {
      plan_look(now, connection, end);
      return;
    }
    const std::size_t size = link.fill(out_);
    if (size == 0) return;
    const std::uint32_t slot = take_slot();
    Slot& s = slots_[slot];
    s.what = Slot::What::bytes;
    s.connection = connection;
    s.end = static_cast<std::uint8_t>(1 - end);
    s.flow = Flow::reliable;  // one stream of bytes: one order for all flows
    s.set(Bytes{out_}.first(size));
    depart(now, connection, end, slot, size);
  }
  if (c.open[end] && link.queued_bytes() > 0) plan_look(now, connection, end);
}

void FullTransport::on_arrival(Time now, std::uint32_t slot) {
  const std::uint32_t connection = slots_[slot].connection;
  const std::uint8_t end = slots_[slot].end;
  Connection& c = connections_[connection];
  if (!c.open[end]) {
    free_slot(slot);
    return answer_reset(now, connection, end);
  }
  Link& link = *ends_.at(connection).link[end];
  // The socket hands bytes out in any pieces.
  CloseReason over = CloseReason::none;
  Bytes rest = slots_[slot].bytes();
  receiving_ = connection;
  while (!rest.empty() && over == CloseReason::none) {
    const std::size_t piece =
        rng_.chance(0.5) ? rest.size() : 1 + static_cast<std::size_t>(rng_.below(rest.size()));
    over = link.receive(rest.first(piece), now, Receiver{*this, connection, end});
    rest = rest.subspan(piece);
  }
  receiving_ = ~std::uint32_t{0};
  free_slot(slot);
  if (link.closing() && over == CloseReason::none) return finish(now, connection, end);  // closed from inside
  if (over == CloseReason::none) return pump(now, connection, end);
  c.open[end] = false;
  tell_down(connection, end, over);
  plan_down(now, connection, static_cast<std::uint8_t>(1 - end), CloseReason::cut);
  end_closed(connection, end);
}

void FullTransport::on_look(Time now, std::uint32_t key) {
  const std::uint32_t connection = key / 2;
  const auto end = static_cast<std::uint8_t>(key % 2);
  Connection& c = connections_[connection];
  c.look_planned[end] = false;
  if (!c.open[end]) return;
  Link& link = *ends_.at(connection).link[end];
  if (const CloseReason late = link.on_deadline(now); late != CloseReason::none) {
    c.open[end] = false;
    tell_down(connection, end, late);
    plan_down(now, connection, static_cast<std::uint8_t>(1 - end), CloseReason::cut);
    return end_closed(connection, end);
  }
  pump(now, connection, end);
  if (!link.up()) return;
  tell_backlog(connection, end, link.queued_bytes(Flow::reliable), link.queued_bytes(Flow::repair));
}

void FullTransport::end_soon(Time now, std::uint32_t connection, std::uint8_t end, CloseReason why) {
  const std::uint32_t slot = take_slot();
  Slot& s = slots_[slot];
  s.what = Slot::What::down;
  s.connection = connection;
  s.end = end;
  s.why = why;
  heap_.plan(now, Happening::stage, slot);
  plan_down(now, connection, static_cast<std::uint8_t>(1 - end), CloseReason::cut);
}

void FullTransport::end_closed(std::uint32_t connection, std::uint8_t end) {
  const auto it = ends_.find(connection);
  if (it == ends_.end()) return;
  it->second.told[end] = false;
  it->second.link[end].reset();
  if (!it->second.link[0] && !it->second.link[1]) ends_.erase(it);
}

void FullTransport::tell_down(std::uint32_t connection, std::uint8_t end, CloseReason why) {
  Ends& ends = ends_.at(connection);
  const std::uint32_t peer = connections_[connection].peer[end];
  if (std::exchange(ends.told[end], false)) {
    host_.link_down(peer, id_of(connection), why);
  } else if (end == 0 && ends.wish) {
    const DialWish wish = *ends.wish;
    ends.wish.reset();
    host_.dial_failed(peer, wish);
  }
}

}  // namespace boato::sim
