// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/transport.hpp"

#include <algorithm>
#include <utility>

namespace boato::sim {

namespace {
constexpr Duration dial_timeout = std::chrono::milliseconds{500};
constexpr Duration look_every = std::chrono::milliseconds{20};
}  // namespace

Address address_of(std::uint32_t peer) {
  Address address;
  address.ip = {0xfd, 0xb0, 0xa7, 0x00};
  for (int i = 0; i < 4; ++i)
    address.ip[static_cast<std::size_t>(12 + i)] = static_cast<std::uint8_t>(peer >> (24 - 8 * i));
  address.port = 7470;
  return address;
}

std::uint32_t peer_at(const Address& address) {
  std::uint32_t peer = 0;
  for (std::size_t i = 12; i < 16; ++i) peer = peer << 8 | address.ip[i];
  return address_of(peer) == address ? peer : ~std::uint32_t{0};
}

Transport::Transport(TransportHost& host, EventHeap& heap, Conditions& conditions, Rng rng)
    : host_{host}, heap_{heap}, conditions_{conditions}, rng_{rng}, salt_{rng_.next()} {}

void Transport::Slot::set(Bytes b) {
  size = static_cast<std::uint32_t>(b.size());
  std::byte* to = small.data();
  if (b.size() > small.size()) {
    big = std::make_unique_for_overwrite<std::byte[]>(b.size());
    to = big.get();
  }
  std::copy(b.begin(), b.end(), to);
}

std::uint32_t Transport::take_slot() {
  if (free_slots_.empty()) {
    slots_.emplace_back();
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  return slot;
}

void Transport::free_slot(std::uint32_t slot) {
  Slot& s = slots_[slot];
  s.big.reset();
  s.body = {};
  s.wish.reset();
  s.size = 0;
  free_slots_.push_back(slot);
}

bool Transport::holds(std::uint32_t peer, LinkId link) const {
  if (link.raw() == 0 || link.raw() > connections_.size()) return false;
  const Connection& c = connections_[link.raw() - 1];
  return (c.peer[0] == peer && c.open[0]) || (c.peer[1] == peer && c.open[1]);
}

LinkUp Transport::up_of(std::uint32_t connection, std::uint8_t end) const {
  const Connection& c = connections_[connection];
  const Self& other = host_.self(c.peer[1 - end]);
  LinkUp up;
  up.link = id_of(connection);
  up.peer = other.id;
  up.incarnation = other.incarnation;
  up.dialed = end == 0;
  put_be(reinterpret_cast<std::byte*>(up.tag.data()), salt_ * (connection + std::uint64_t{1}));
  put_be(reinterpret_cast<std::byte*>(up.tag.data() + 8), std::uint64_t{connection});
  up.flags = other.flags;
  up.addresses = other.addresses;
  return up;
}

void Transport::dial(Time now, std::uint32_t from, const DialWish& wish) {
  ++counters_.dials;
  std::uint32_t target = ~std::uint32_t{0};
  for (const Address& a : wish.addresses)
    if (target == ~std::uint32_t{0}) target = peer_at(a);

  const std::uint32_t slot = take_slot();
  Slot& s = slots_[slot];
  s.wish = std::make_unique<DialWish>(wish);
  s.connection = static_cast<std::uint32_t>(connections_.size());
  connections_.push_back({});
  Connection& c = connections_.back();
  c.peer = {from, target};

  s.what = Slot::What::failed;
  if (!host_.answers(target) || !conditions_.passes(from, target) || !conditions_.passes(target, from)) {
    ++counters_.timed_out;
    heap_.plan(now + dial_timeout, Happening::stage, slot);
    return;
  }
  const Duration round = conditions_.one_way(from, target) + conditions_.one_way(target, from);
  if (!host_.running(target) || target == from || (host_.self(target).flags & wire::flag_no_inbound) != 0) {
    ++counters_.refused;
    heap_.plan(now + round, Happening::stage, slot);
    return;
  }
  if (host_.paused(target)) {  // its machine accepts, its process does not shake hands
    ++counters_.timed_out;
    heap_.plan(now + dial_timeout, Happening::stage, slot);
    return;
  }
  s.what = Slot::What::connected;
  heap_.plan(now + round, Happening::stage, slot);
}

bool Transport::full(std::uint32_t peer) const {
  if (peer >= of_peer_.size() || of_peer_[peer].size() < links_max) return false;
  return static_cast<std::size_t>(std::ranges::count_if(of_peer_[peer], [&](std::uint32_t i) {
           return holds(peer, id_of(i)) || connections_[i].opening;
         })) >= links_max;
}

void Transport::on_stage(Time now, std::uint32_t slot) { step(now, slot); }

void Transport::step(Time now, std::uint32_t slot) {
  Slot& s = slots_[slot];
  Connection& c = connections_[s.connection];
  const std::uint32_t connection = s.connection;
  switch (s.what) {
    case Slot::What::failed: {
      if (host_.running(c.peer[0])) host_.dial_failed(c.peer[0], *s.wish);
      free_slot(slot);
      return;
    }
    case Slot::What::connected: {
      const auto [from, to] = c.peer;
      const bool meant = s.wish->peer == PeerId{} || s.wish->peer == host_.self(to).id;
      if (!host_.running(from)) {
        free_slot(slot);
      } else if (!meant || !host_.running(to) || host_.paused(to) || !conditions_.passes(from, to) ||
                 !conditions_.passes(to, from)) {
        host_.dial_failed(from, *s.wish);
        free_slot(slot);
      } else {
        std::unique_ptr<DialWish> dialled = std::move(s.wish);
        free_slot(slot);
        ++counters_.connections;
        c.opening = true;
        c.incarnation = {host_.self(from).incarnation, host_.self(to).incarnation};
        if (of_peer_.size() <= std::max(from, to)) of_peer_.resize(std::max(from, to) + std::size_t{1});
        for (const std::uint32_t peer : {from, to}) {
          auto& list = of_peer_[peer];
          if (list.size() > 64)  // forget those that are over
            std::erase_if(
                list, [&](std::uint32_t i) { return !holds(peer, id_of(i)) && !connections_[i].opening; });
          list.push_back(connection);
        }
        connected(now, connection, std::move(dialled));
      }
      return;
    }
    case Slot::What::up: {
      const std::uint8_t end = s.end;
      free_slot(slot);
      c.opening = false;
      if (!host_.running(c.peer[end]) || host_.self(c.peer[end]).incarnation != c.incarnation[end])
        return answer_reset(now, connection, end);
      if (c.reset_planned) return;
      if (full(c.peer[end])) {  // as a host does: it shakes hands and says why it closes
        c.reset_planned = true;
        return plan_down(now, connection, static_cast<std::uint8_t>(1 - end), CloseReason::full);
      }
      c.open[end] = true;
      tell_up(connection, end);
      return;
    }
    case Slot::What::down: {
      const std::uint8_t end = s.end;
      const CloseReason why = s.why;
      free_slot(slot);
      if (!c.open[end]) return;
      c.open[end] = false;
      tell_down(connection, end, why);
      end_closed(connection, end);
      return;
    }
    case Slot::What::closed: {
      const std::uint32_t peer = c.peer[s.end];
      const CloseReason why = s.why;
      free_slot(slot);
      if (host_.running(peer)) host_.link_down(peer, id_of(connection), why);
      return;
    }
    case Slot::What::frame:
    case Slot::What::bytes: BOATO_CHECK(!"frames are arrivals"); return;
  }
}

void Transport::travel(Time left, std::uint32_t slot) {
  Slot& s = slots_[slot];
  Connection& c = connections_[s.connection];
  const std::uint32_t from = c.peer[1 - s.end], to = c.peer[s.end];
  const std::uint32_t key = s.connection * 2 + s.end;
  const auto held = stalled_.find(key);
  if (held != stalled_.end() || !conditions_.passes(from, to)) {
    Stalled& stalled = stalled_[key];
    if (stalled.slots.empty()) stalled.since = left;
    stalled.slots.push_back(slot);
    stalled.bytes[static_cast<std::size_t>(s.flow)] += s.size + s.body.size();
    return;
  }
  Time at = left + conditions_.one_way(from, to);
  auto& last = c.last[s.end];
  if (s.what == Slot::What::down) {
    at = std::max(at, *std::ranges::max_element(last));
    last.fill(at);
  } else {
    Time& mine = last[static_cast<std::size_t>(s.flow)];
    mine = at = std::max(at, mine);
  }
  const bool data = s.what == Slot::What::frame || s.what == Slot::What::bytes;
  heap_.plan(at, data ? Happening::arrival : Happening::stage, slot);
}

void Transport::plan_down(Time now, std::uint32_t connection, std::uint8_t end, CloseReason why) {
  const std::uint32_t slot = take_slot();
  Slot& s = slots_[slot];
  s.what = Slot::What::down;
  s.connection = connection;
  s.end = end;
  s.why = why;
  const auto from = static_cast<std::uint8_t>(1 - end);
  if (way_out_.waits(connection * 2 + from))
    return depart(now, connection, from, slot, 0);  // behind what waits
  travel(now, slot);
}

void Transport::plan_closed(Time now, std::uint32_t connection, std::uint8_t end, CloseReason why) {
  const std::uint32_t slot = take_slot();
  Slot& s = slots_[slot];
  s.what = Slot::What::closed;
  s.connection = connection;
  s.end = end;
  s.why = why;
  heap_.plan(now, Happening::stage, slot);
}

void Transport::answer_reset(Time now, std::uint32_t connection, std::uint8_t dead_end) {
  Connection& c = connections_[connection];
  const auto other = static_cast<std::uint8_t>(1 - dead_end);
  if (c.reset_planned || !c.open[other] || !host_.answers(c.peer[dead_end])) return;
  c.reset_planned = true;
  plan_down(now, connection, other, CloseReason::cut);
}

void Transport::ended(Time now, std::uint32_t peer, bool silent) {
  if (peer >= of_peer_.size()) return;
  for (const std::uint32_t i : of_peer_[peer]) {
    Connection& c = connections_[i];
    const std::uint8_t end = end_of(c, peer);
    if (!c.open[end]) continue;
    c.open[end] = false;
    end_closed(i, end);
    if (silent || c.reset_planned) continue;
    c.reset_planned = true;
    plan_down(now, i, static_cast<std::uint8_t>(1 - end), CloseReason::cut);
  }
  of_peer_[peer].clear();
}

void Transport::cut(Time now, std::uint32_t connection) {
  Connection& c = connections_[connection];
  if (c.reset_planned || (!c.open[0] && !c.open[1])) return;
  c.reset_planned = true;
  ++counters_.cut;
  for (const std::uint8_t end : {std::uint8_t{0}, std::uint8_t{1}}) {
    const std::uint32_t slot = take_slot();
    Slot& s = slots_[slot];
    s.what = Slot::What::down;
    s.connection = connection;
    s.end = end;
    s.why = CloseReason::cut;
    heap_.plan(now, Happening::stage, slot);  // what is on its way is lost with it
  }
}

std::size_t Transport::cut_some(Time now, double chance) {
  std::size_t done = 0;
  for (std::uint32_t i = 0; i < connections_.size(); ++i) {
    const Connection& c = connections_[i];
    if (!c.open[0] || !c.open[1] || !rng_.chance(chance)) continue;
    cut(now, i);
    ++done;
  }
  return done;
}

void Transport::release(Time now) {
  auto held = std::exchange(stalled_, {});
  for (auto& [key, stalled] : held) {
    const Connection& c = connections_[key / 2];
    const std::uint32_t to = c.peer[key % 2], from = c.peer[1 - key % 2];
    if (!conditions_.passes(from, to)) {
      stalled_.emplace(key, std::move(stalled));
      continue;
    }
    // TCP has backed off: it finds out some time after the way is free again.
    const Time found = now + conditions_.up_to(std::chrono::seconds{1});
    for (const std::uint32_t slot : stalled.slots) travel(found, slot);
  }
}

std::size_t Transport::Waiting::data() const {
  std::size_t sum = 0;
  for (const Flow flow : {Flow::reliable, Flow::unreliable, Flow::repair})
    sum += bytes[static_cast<std::size_t>(flow)];
  return sum;
}

Transport::Waiting Transport::waiting(std::uint32_t connection, std::uint8_t end) {
  Waiting result;
  const std::uint32_t line = connection * 2 + end;
  if (way_out_.waits(line)) {
    result.oldest = way_out_.oldest(line, Flow::reliable);
    for (std::size_t i = 0; i < flows; ++i) result.bytes[i] = way_out_.bytes(line, static_cast<Flow>(i));
  }
  if (const auto held = stalled_.find(connection * 2 + 1 - end); held != stalled_.end()) {
    for (std::size_t i = 0; i < flows; ++i) result.bytes[i] += held->second.bytes[i];
    if (held->second.bytes[static_cast<std::size_t>(Flow::reliable)] > 0)
      result.oldest = std::min(result.oldest, held->second.since);
  }
  waiting_peak_ = std::max(waiting_peak_, result.data());
  return result;
}

Duration Transport::time_on_way_out(std::uint32_t peer, std::size_t bytes) const {
  const std::uint64_t bandwidth = conditions_.bandwidth_of(peer);
  return Duration{bandwidth == 0 ? 0 : static_cast<std::int64_t>(bytes * 1'000'000 / bandwidth)};
}

void Transport::depart(Time now, std::uint32_t connection, std::uint8_t end, std::uint32_t slot,
                       std::size_t bytes) {
  const std::uint32_t peer = connections_[connection].peer[end];
  const bool busy = way_out_.busy(peer);
  if (!busy && conditions_.bandwidth_of(peer) == 0) return travel(now, slot);
  const Slot& s = slots_[slot];
  const Duration takes = time_on_way_out(peer, bytes);
  if (s.what == Slot::What::frame && s.flow == Flow::control) {  // overtakes, as in the records of a link
    if (busy) way_out_.hold_up(peer, takes);
    return travel(now + takes, slot);
  }
  if (way_out_.push(now, peer, {slot, connection * 2 + end, s.flow, bytes}))
    heap_.plan(now + takes, Happening::leaves, peer);
  plan_look(now, connection, end);
}

void Transport::on_leaves(Time now, std::uint32_t peer) {
  travel(now, way_out_.pop(peer).slot);
  while (way_out_.busy(peer)) {
    const Duration takes = time_on_way_out(peer, way_out_.front(peer).bytes) + way_out_.take_held_up(peer);
    if (takes > Duration{0}) return heap_.plan(now + takes, Happening::leaves, peer);
    travel(now, way_out_.pop(peer).slot);
  }
}

void Transport::tell_backlog(std::uint32_t connection, std::uint8_t end, std::size_t reliable,
                             std::size_t repair) {
  Connection& c = connections_[connection];
  host_.backlog(c.peer[end], id_of(connection),
                {reliable + repair, repair, std::exchange(c.refused[end], false)});
}

void Transport::plan_look(Time now, std::uint32_t connection, std::uint8_t end) {
  Connection& c = connections_[connection];
  if (c.look_planned[end] || !c.open[end]) return;
  c.look_planned[end] = true;
  heap_.plan(now + look_every, Happening::look, connection * 2 + end);
}

}  // namespace boato::sim
