// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/light_transport.hpp"

#include "overlay/link/link_config.hpp"
#include "overlay/wire/batch.hpp"
#include "overlay/wire/event_messages.hpp"
#include "overlay/wire/selective_messages.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace boato::sim {

namespace {
// Frame length, record length, kind and tag: what the bytes of one small frame grow by on a real link.
constexpr std::size_t frame_overhead = 4 + 2 + 1 + 16;

// A CAST comes the second time as REPAIR: links never repeat a frame, and TAKEN counts on it, but two peers
// may well send the same event.
Bytes as_repair(Bytes envelope, std::span<std::byte> room) {
  wire::Cast cast;
  wire::CastTo to;
  if (wire::decode(envelope, to))
    cast.topic = to.topic;
  else if (!wire::decode(envelope, cast))
    return envelope;
  const auto size = wire::encode(wire::Repair{cast.topic}, room);
  return size ? Bytes{room}.first(*size) : envelope;
}
}  // namespace

void LightTransport::tell_up(std::uint32_t connection, std::uint8_t end) {
  host_.link_up(connections_[connection].peer[end], up_of(connection, end));
}

void LightTransport::tell_down(std::uint32_t connection, std::uint8_t end, CloseReason why) {
  host_.link_down(connections_[connection].peer[end], id_of(connection), why);
}

// Only a relay's lie can be told from the truth: what a publisher says of itself is the truth.
EventRef LightTransport::forged(std::uint32_t from, const EventRef& body) {
  const auto batch = wire::parse_batch(body.bytes(), wire::payload_bytes_limit);
  if (!batch || batch->publisher == host_.self(from).id) return body;
  ++counters_.forged;
  SlabRef slab{SlabPool::make(body.size())};
  std::ranges::copy(body.bytes(), slab.data());
  const std::size_t last = body.size() - 1;  // of the payload: it still parses
  slab.data()[last] ^= std::byte{1};
  return slab.slice(0, static_cast<std::uint32_t>(body.size()));
}

void LightTransport::connected(Time now, std::uint32_t connection, std::unique_ptr<DialWish> /*wish*/) {
  Connection& c = connections_[connection];
  c.open[0] = true;
  const std::uint32_t slot = take_slot();
  Slot& s = slots_[slot];
  s.what = Slot::What::up;
  s.connection = connection;
  s.end = 1;
  s.flow = Flow::control;
  travel(now, slot);
  c.last[1].fill(c.last[1][static_cast<std::size_t>(Flow::control)]);
  host_.link_up(c.peer[0], up_of(connection, 0));
}

void LightTransport::send(Time now, std::uint32_t from, LinkId link, Flow flow, Bytes envelope,
                          EventRef body) {
  const std::uint32_t connection = link.raw() - 1;
  Connection& c = connections_[connection];
  const std::uint8_t end = end_of(c, from);
  if (!c.open[end]) return;

  const std::size_t bytes = envelope.size() + body.size() + frame_overhead;
  if (!has_room(now, connection, end, flow, bytes)) {
    ++counters_.not_queued;
    if (flow == Flow::reliable || flow == Flow::repair) c.refused[end] = true;
    return plan_look(now, connection, end);
  }
  host_.carried({from, c.peer[1 - end], flow, static_cast<std::uint32_t>(envelope.size()),
                 static_cast<std::uint32_t>(body.size()), frame_overhead, envelope});
  ++counters_.frames;
  const bool event = !body.empty();
  if (event && conditions_.chance(conditions_.dials.forge)) body = forged(from, body);
  if (event && conditions_.chance(conditions_.dials.vanish)) {
    ++counters_.vanished;
    return;
  }
  if (conditions_.chance(conditions_.dials.reset)) return cut(now, connection);

  const std::uint32_t slot = take_slot();
  Slot& s = slots_[slot];
  s.what = Slot::What::frame;
  s.connection = connection;
  s.end = static_cast<std::uint8_t>(1 - end);
  s.flow = flow;
  s.set(envelope);
  s.body = std::move(body);
  const bool twice = event && conditions_.chance(conditions_.dials.duplicate);
  std::uint32_t again = 0;
  if (twice) {
    ++counters_.duplicated;
    again = take_slot();
    Slot& copy = slots_[again];
    copy.what = Slot::What::frame;
    copy.connection = connection;
    copy.end = s.end;
    copy.flow = flow;
    std::array<std::byte, 64> repair;
    copy.set(as_repair(envelope, repair));
    copy.body = slots_[slot].body;
  }
  depart(now, connection, end, slot, bytes);
  if (twice) travel(now + conditions_.up_to(std::chrono::milliseconds{50}), again);
}

// What Link::queue takes, without its control budget: what a link would be closed for is not sent here.
bool LightTransport::has_room(Time now, std::uint32_t connection, std::uint8_t end, Flow flow,
                              std::size_t bytes) {
  const std::uint32_t from = connections_[connection].peer[end];
  const bool narrow = way_out_busy(from) || conditions_.bandwidth_of(from) != 0 ||
                      !conditions_.passes(from, connections_[connection].peer[1 - end]);
  if (!narrow) return true;
  const LinkLimits limits;
  const Waiting waits = waiting(connection, end);
  const std::size_t mine = waits.bytes[static_cast<std::size_t>(flow)];
  if (mine > 0) plan_look(now, connection, end);
  std::size_t most = limits.queued_bytes_max[static_cast<std::size_t>(flow)];
  if (flow != Flow::control) most = std::min(most, conditions_.dials.queue_max);
  if (mine > 0 && mine + bytes > most) return false;
  return flow != Flow::reliable || waits.oldest == never || now - waits.oldest <= limits.queued_age_max;
}

void LightTransport::close(Time now, std::uint32_t from, LinkId link, CloseReason why) {
  const std::uint32_t connection = link.raw() - 1;
  Connection& c = connections_[connection];
  const std::uint8_t end = end_of(c, from);
  if (!c.open[end]) return;
  c.open[end] = false;
  plan_closed(now, connection, end, why);
  plan_down(now, connection, static_cast<std::uint8_t>(1 - end), why);
}

void LightTransport::on_arrival(Time now, std::uint32_t slot) {
  Slot& s = slots_[slot];
  const Connection& c = connections_[s.connection];
  if (!c.open[s.end]) {
    const std::uint32_t connection = s.connection;
    const std::uint8_t end = s.end;
    free_slot(slot);
    return answer_reset(now, connection, end);
  }
  Frame frame;
  frame.bytes = s.bytes();
  frame.body = std::move(s.body);
  const std::uint32_t connection = s.connection;
  const std::uint8_t end = s.end;
  const Flow flow = s.flow;
  host_.frame(c.peer[end], id_of(connection), flow, frame);
  free_slot(slot);
}

void LightTransport::on_look(Time now, std::uint32_t key) {
  const std::uint32_t connection = key / 2;
  const auto end = static_cast<std::uint8_t>(key % 2);
  Connection& c = connections_[connection];
  c.look_planned[end] = false;
  if (!c.open[end]) return;
  const Waiting waits = waiting(connection, end);
  tell_backlog(connection, end, waits.bytes[static_cast<std::size_t>(Flow::reliable)],
               waits.bytes[static_cast<std::size_t>(Flow::repair)]);
  if (waits.data() > 0) plan_look(now, connection, end);
}

}  // namespace boato::sim
