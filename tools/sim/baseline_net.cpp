// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/baseline_net.hpp"

#include <algorithm>
#include <utility>

namespace boato::sim {

namespace {
// As the transport of our peers has them.
constexpr Duration repeated_within = std::chrono::milliseconds{50};
constexpr Duration found_free_within = std::chrono::seconds{1};  // TCP has backed off

std::uint64_t way(std::uint32_t from, std::uint32_t to) { return std::uint64_t{from} << 32 | to; }
}  // namespace

BaselineNet::Place& BaselineNet::place(std::uint32_t peer) {
  if (places_.size() <= peer) places_.resize(peer + std::size_t{1});
  return places_[peer];
}

std::uint32_t BaselineNet::keep(Packet packet) {
  const std::uint32_t life = place(packet.to).life;
  if (free_slots_.empty()) {
    slots_.push_back({std::move(packet), life});
    return static_cast<std::uint32_t>(slots_.size() - 1);
  }
  const std::uint32_t slot = free_slots_.back();
  free_slots_.pop_back();
  slots_[slot] = {std::move(packet), life};
  return slot;
}

void BaselineNet::free(std::uint32_t slot) {
  slots_[slot].packet.announced.clear();
  free_slots_.push_back(slot);
}

Duration BaselineNet::up_to(Duration most) {
  return Duration{static_cast<std::int64_t>(rng_.below(static_cast<std::uint64_t>(most.count()) + 1))};
}

// Events vanish, come twice and are altered by relays as those of our peers do and are; receivers check the
// signature of what they get, so that an altered copy is a lost one.
void BaselineNet::send(Time now, Packet packet, std::size_t bytes) {
  const NetworkDials& dials = conditions_.dials;
  if (packet.what != Packet::What::payload) return depart(now, std::move(packet), bytes);
  if (dials.vanish > 0 && rng_.chance(dials.vanish)) return;
  const bool relayed = packet.hops > 1;
  packet.useless = relayed && dials.forge > 0 && rng_.chance(dials.forge);
  if (dials.duplicate == 0 || !rng_.chance(dials.duplicate)) return depart(now, std::move(packet), bytes);
  Packet again = packet;
  again.useless = true;
  depart(now, std::move(packet), bytes);
  travel(now + up_to(repeated_within), keep(std::move(again)));
}

Duration BaselineNet::time_on_way_out(std::uint32_t peer, std::size_t bytes) const {
  const std::uint64_t bandwidth = conditions_.bandwidth_of(peer);
  return Duration{bandwidth == 0 ? 0 : static_cast<std::int64_t>(bytes * 1'000'000 / bandwidth)};
}

void BaselineNet::depart(Time now, Packet packet, std::size_t bytes) {
  const std::uint32_t from = packet.from;
  const std::uint32_t slot = keep(std::move(packet));
  Place& p = place(from);
  if (p.way_out.empty() && conditions_.bandwidth_of(from) == 0) return travel(now, slot);
  p.way_out.push_back({slot, bytes});
  if (std::exchange(p.leaving, true)) return;
  heap_.plan(now + time_on_way_out(from, bytes), Happening::leaves, from);
}

void BaselineNet::on_leaves(Time now, std::uint32_t peer) {
  std::deque<Piece>& way_out = place(peer).way_out;
  place(peer).leaving = false;
  if (way_out.empty()) return;  // its process ended
  do {
    const std::uint32_t slot = way_out.front().slot;
    way_out.pop_front();
    travel(now, slot);
    if (way_out.empty()) return;
  } while (time_on_way_out(peer, way_out.front().bytes) == Duration{0});
  place(peer).leaving = true;
  heap_.plan(now + time_on_way_out(peer, way_out.front().bytes), Happening::leaves, peer);
}

void BaselineNet::travel(Time left, std::uint32_t slot) {
  const Packet& packet = slots_[slot].packet;
  const std::uint64_t key = way(packet.from, packet.to);
  const auto held = stalled_.find(key);
  if (held != stalled_.end() || !conditions_.passes(packet.from, packet.to)) {
    stalled_[key].push_back(slot);
    return;
  }
  std::vector<Line>& lines = place(packet.from).lines;
  auto line = std::ranges::find(lines, packet.link, &Line::link);
  if (line == lines.end()) {
    if (lines.size() >= lines_max) std::erase_if(lines, [&](const Line& l) { return l.last < left; });
    line = lines.insert(lines.end(), {packet.link, {}});
  }
  line->last = std::max(line->last, left + conditions_.one_way(packet.from, packet.to, rng_));
  heap_.plan(line->last, Happening::arrival, slot);
}

bool BaselineNet::take(Time until, Time& now, Packet& packet) {
  while (heap_.next_at() <= until) {
    const EventHeap::Entry entry = heap_.take();
    if (entry.what == Happening::leaves) {
      on_leaves(entry.at, entry.subject);
      continue;
    }
    Slot& slot = slots_[entry.subject];
    const std::uint32_t to = slot.packet.to;
    const bool timer = slot.packet.what == Packet::What::timer;
    if (slot.life != place(to).life || !host_.takes_part(to) ||
        (!timer && !host_.holds(to, slot.packet.link))) {
      free(entry.subject);
      continue;
    }
    if (host_.paused(to)) {
      place(to).waiting.push_back(entry.subject);
      continue;
    }
    now = entry.at;
    std::swap(packet, slot.packet);
    free(entry.subject);
    return true;
  }
  return false;
}

void BaselineNet::ended(std::uint32_t peer) {
  Place& p = place(peer);
  ++p.life;
  for (const std::uint32_t slot : std::exchange(p.waiting, {})) free(slot);
  for (const Piece& piece : std::exchange(p.way_out, {})) free(piece.slot);
}

void BaselineNet::resumed(Time now, std::uint32_t peer) {
  for (const std::uint32_t slot : std::exchange(place(peer).waiting, {}))
    heap_.plan(now, Happening::arrival, slot);
}

void BaselineNet::released(Time now) {
  auto held = std::exchange(stalled_, {});
  for (auto& [key, slots] : held) {
    const auto from = static_cast<std::uint32_t>(key >> 32), to = static_cast<std::uint32_t>(key);
    if (!conditions_.passes(from, to)) {
      stalled_.emplace(key, std::move(slots));
      continue;
    }
    const Time found = now + up_to(found_free_within);
    for (const std::uint32_t slot : slots) travel(found, slot);
  }
}

}  // namespace boato::sim
