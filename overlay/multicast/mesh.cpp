// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/mesh.hpp"

#include "overlay/base/mutant.hpp"
#include "overlay/stream/have_codec.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace boato {
namespace {

constexpr std::size_t have_bytes_max = 16 * 1024;  // per frame; the rest goes into a further one

}  // namespace

Mesh::Mesh(const MulticastContext& context, Rng rng)
    : context_{context}, rng_{rng}, pace_{context.config, rng_.fork("have")} {}

Mesh::Neighbour* Mesh::find(LinkId link) {
  const auto at = std::ranges::find(neighbours_, link, &Neighbour::link);
  return at == neighbours_.end() ? nullptr : &*at;
}
const Mesh::Neighbour* Mesh::find(LinkId link) const {
  const auto at = std::ranges::find(neighbours_, link, &Neighbour::link);
  return at == neighbours_.end() ? nullptr : &*at;
}

bool Mesh::has(LinkId link) const {
  const Neighbour* n = find(link);
  return n && n->confirmed;
}

void Mesh::remember() {
  confirmed_.clear();
  for (const Neighbour& n : neighbours_)
    if (n.confirmed) confirmed_.push_back(n.link);
}

bool Mesh::is_ring_neighbour(const PeerId& peer) const {
  const Neighbours ring = context_.roster.neighbours(context_.self.id);
  const Neighbours theirs = context_.roster.neighbours(peer);
  const auto is = [](const MemberRecord* record, const PeerId& id) { return record && record->id == id; };
  return is(ring.before, peer) || is(ring.after, peer) || is(theirs.before, context_.self.id) ||
         is(theirs.after, context_.self.id);
}

bool Mesh::backs_off(Time now, const PeerId& peer) {
  std::erase_if(back_off_, [&](const BackOff& b) { return b.until <= now; });
  return std::ranges::find(back_off_, peer, &BackOff::peer) != back_off_.end();
}

void Mesh::on(Time now, const LinkInfo& from, const wire::Mesh& message, Effects& fx) {
  Neighbour* n = find(from.id);
  const auto answer = [&](wire::MeshVerb verb) {
    fx.send(from.id, Flow::control, wire::Mesh{context_.tag, verb});
  };
  const auto confirm = [&] {
    n->confirmed = true;
    remember();
  };
  switch (message.verb) {
    case wire::MeshVerb::ask: {
      const bool room = confirmed_.size() < context_.config.mesh_max || is_ring_neighbour(from.peer);
      if (!n && (!room || neighbours_.size() >= 4 * context_.config.mesh_max))
        return answer(wire::MeshVerb::no);
      if (!n) {
        neighbours_.push_back({.link = from.id, .peer = from.peer, .asked = now});
        n = &neighbours_.back();
      }
      answer(wire::MeshVerb::yes);
      return confirm();
    }
    case wire::MeshVerb::yes:
      if (!n) return answer(wire::MeshVerb::leave);
      if (!n->confirmed) confirm();
      return;
    case wire::MeshVerb::no:
    case wire::MeshVerb::leave:
      if (!n) return;
      if (back_off_.size() < 64) back_off_.push_back({from.peer, now + context_.config.mesh_back_off});
      give_up(from.id);
      next_care_ = std::min(next_care_, now);
      return;
  }
}

void Mesh::on_link_down(Time now, LinkId link) {
  if (!find(link)) return;
  give_up(link);
  if (running_) next_care_ = std::min(next_care_, now + rng_.jitter(context_.config.mesh_every));
}

void Mesh::give_up(LinkId link) {
  std::erase_if(neighbours_, [&](const Neighbour& n) { return n.link == link; });
  remember();
}

void Mesh::leave(Effects& fx) {
  for (const Neighbour& n : neighbours_)
    fx.send(n.link, Flow::control, wire::Mesh{context_.tag, wire::MeshVerb::leave});
  neighbours_.clear();
  wished_.clear();
  remember();
  next_care_ = never;
  running_ = false;
  pace_.flushed();
  pace_.flushed_late();
}

void Mesh::on_member_joined(Time now) {
  if (!running_ || neighbours_.size() >= 2) return;
  next_care_ = std::min(next_care_, now + rng_.jitter(context_.config.have_after));
}

void Mesh::on_member_changed(Time now) {
  if (running_ && next_care_ == never) next_care_ = now + rng_.jitter(10 * context_.config.mesh_every);
}

void Mesh::on_interest(Time now, LinkId link) {
  Neighbour* n = find(link);
  if (!n || !n->confirmed) return;
  n->owed_all = true;
  pace_.soon(now + context_.config.have_after);
}

void Mesh::on_frontier(Time now) {
  if (BOATO_MUTANT(204)) return;  // never tells a frontier
  if (!neighbours_.empty()) pace_.on_change(now);
}

void Mesh::knows(LinkId link, StreamIndex stream, Seq upto) {
  Neighbour* n = find(link);
  if (!n) return;
  if (n->known.size() <= stream.raw()) n->known.resize(stream.raw() + 1);
  n->known[stream.raw()] = std::max(n->known[stream.raw()], upto);
}

void Mesh::knows_run(LinkId link, StreamIndex stream, SeqRange run) {
  Neighbour* n = find(link);
  if (!n) return;
  if (n->known.size() <= stream.raw()) n->known.resize(stream.raw() + 1);
  Seq& known = n->known[stream.raw()];
  if (run.first.raw() <= known.raw() + 1) known = std::max(known, run.last);
}

Seq Mesh::known(LinkId link, StreamIndex stream) const {
  const Neighbour* n = find(link);
  return n && n->known.size() > stream.raw() ? n->known[stream.raw()] : Seq{};
}

void Mesh::forget(StreamIndex stream) {
  for (Neighbour& n : neighbours_)
    if (n.known.size() > stream.raw()) n.known[stream.raw()] = Seq{};
}

void Mesh::holders(StreamIndex stream, Seq seq, std::vector<LinkId>& out) const {
  out.clear();
  for (const Neighbour& n : neighbours_)
    if (n.confirmed && n.known.size() > stream.raw() && n.known[stream.raw()] >= seq) out.push_back(n.link);
}

void Mesh::tell_all(LinkId link, Effects& fx) const {
  std::array<std::byte, have_bytes_max> room;
  HaveWriter writer{room};
  const auto send = [&] {
    if (!writer.empty()) fx.send(link, Flow::control, wire::Have{context_.tag, writer.written()});
    writer = HaveWriter{room};
  };
  context_.streams.each([&](StreamIndex, const Stream& s) {
    if ((s.frontier().raw() == 0 && s.above().empty()) || s.sparse()) return;
    if (!writer.add(s)) {
      send();
      static_cast<void>(writer.add(s));
    }
  });
  send();
}

std::size_t Mesh::knowing(StreamIndex stream, Seq upto) const {
  return static_cast<std::size_t>(std::ranges::count_if(neighbours_, [&](const Neighbour& n) {
    return n.confirmed && n.known.size() > stream.raw() && n.known[stream.raw()] >= upto;
  }));
}

void Mesh::flush(Time now, Round round, Effects& fx) {
  std::array<std::byte, have_bytes_max> room;
  const std::uint64_t since = round == Round::full ? flushed_full_ : flushed_;
  bool put_off = false;
  // A polite round speaks to some neighbours, from another one on each time; all of them do the same.
  const std::size_t told_most = round == Round::polite ? context_.config.have_tell : neighbours_.size();
  const std::size_t from = neighbours_.empty() ? 0 : rng_.below(neighbours_.size());
  std::size_t told = 0;
  for (std::size_t i = 0; i < neighbours_.size(); ++i) {
    Neighbour& n = neighbours_[(from + i) % neighbours_.size()];
    if (!n.confirmed) continue;
    const MemberRecord* record = context_.roster.find(n.peer);
    if (record && record->interest == Interest::nothing)
      continue;  // takes no events: frontiers are nothing to it
    if (std::exchange(n.owed_all, false)) {
      tell_all(n.link, fx);
      continue;
    }
    HaveWriter writer{room};
    const auto send = [&] {
      if (writer.empty()) return;
      fx.send(n.link, Flow::control, wire::Have{context_.tag, writer.written()});
      fx.count(Counter::have_sent);
      writer = HaveWriter{room};
    };
    context_.streams.each_changed(since, [&](StreamIndex index, const Stream& s) {
      const Seq known = n.known.size() > index.raw() ? n.known[index.raw()] : Seq{};
      if (known >= s.highest() || s.sparse()) return true;
      if (told >= told_most ||
          (round == Round::polite && knowing(index, s.highest()) >= context_.config.have_enough)) {
        put_off = true;
        return true;
      }
      if (!writer.add(s)) {
        send();
        static_cast<void>(writer.add(s));
      }
      return true;
    });
    told += writer.empty() ? 0 : 1;
    send();
  }
  flushed_ = context_.streams.version();
  pace_.flushed();
  if (put_off) return pace_.put_off(now);
  if (round == Round::polite && flushed_full_ < since) return;  // an earlier round still owes something
  flushed_full_ = flushed_;
  pace_.flushed_late();
}

void Mesh::ask(Time now, const MemberRecord& member, Effects& fx) {
  const LinkInfo* link = context_.links.find(member.id);
  if (!link) {
    if (!member.dialable) return;
    fx.dial({member.id, member.addresses()});
    if (std::ranges::find(wished_, member.id, &Wished::peer) == wished_.end())
      wished_.push_back({member.id, now + context_.config.mesh_ask_timeout});
    return;
  }
  if (find(link->id)) return;
  neighbours_.push_back({.link = link->id, .peer = member.id, .asked = now});
  fx.send(link->id, Flow::control, wire::Mesh{context_.tag, wire::MeshVerb::ask});
}

void Mesh::on_link_up(Time now, const LinkInfo& link, Effects& fx) {
  if (std::erase_if(wished_, [&](const Wished& w) { return w.peer == link.peer; }) == 0) return;
  if (const MemberRecord* member = context_.roster.find(link.peer)) ask(now, *member, fx);
}

// A member that a link leads to already; null if a few tries find none.
const MemberRecord* Mesh::random_linked() {
  const auto links = context_.links.all();
  for (int attempt = 0; attempt < 4 && !links.empty(); ++attempt) {
    const LinkInfo& link = links[rng_.below(links.size())];
    const MemberRecord* member = context_.roster.find(link.peer);
    if (member && !link.crowded && !find(link.id)) return member;
  }
  return nullptr;
}

// Roles change slowly and one step at a time: ring neighbours at once, then random ones up to the aim; what
// is beyond the cap and not a ring neighbour is given up.
void Mesh::care(Time now, Effects& fx) {
  next_care_ = now + rng_.jitter(context_.config.mesh_every);
  std::erase_if(neighbours_, [&](const Neighbour& n) {
    return !n.confirmed && n.asked + context_.config.mesh_ask_timeout < now;
  });
  const Roster& roster = context_.roster;
  if (roster.size() < 2) return;
  const Neighbours ring = roster.neighbours(context_.self.id);
  for (const MemberRecord* neighbour : {ring.before, ring.after})
    if (neighbour && !backs_off(now, neighbour->id)) ask(now, *neighbour, fx);

  const std::size_t random = roster.size() <= context_.config.mesh_small_members
                                 ? context_.config.mesh_small
                                 : context_.config.mesh_random;
  const std::size_t aim = std::min(random + 2, roster.size() - 1);
  std::erase_if(wished_, [&](const Wished& w) { return w.until <= now; });
  for (int attempt = 0; attempt < 4 && neighbours_.size() + wished_.size() < aim; ++attempt) {
    // Half of them over links that exist, the others uniformly: a mesh of fingers alone would fall apart with
    // the tree.
    const MemberRecord* member = attempt % 2 == 0 ? random_linked() : nullptr;
    if (!member) member = roster.random(rng_, context_.self.id);
    if (!member || roster.suspected(member->id) || backs_off(now, member->id)) continue;
    if ((member->flags & wire::flag_guest) != 0) continue;
    ask(now, *member, fx);
  }
  if (confirmed_.size() > context_.config.mesh_max) {
    for (const LinkId link : confirmed_) {
      const LinkInfo* info = context_.links.find(link);
      if (!info || is_ring_neighbour(info->peer)) continue;
      fx.send(link, Flow::control, wire::Mesh{context_.tag, wire::MeshVerb::leave});
      give_up(link);
      break;
    }
  }
  if (satisfied(aim))
    next_care_ = never;
  else if (neighbours_.size() >= aim)
    next_care_ = now + rng_.jitter(10 * context_.config.mesh_every);
}

bool Mesh::satisfied(std::size_t aim) const {
  if (confirmed_.size() < neighbours_.size() || confirmed_.size() < aim || !wished_.empty()) return false;
  if (confirmed_.size() > context_.config.mesh_max) return false;
  const Neighbours ring = context_.roster.neighbours(context_.self.id);
  const auto held = [&](const MemberRecord* record) {
    return !record || std::ranges::find(neighbours_, record->id, &Neighbour::peer) != neighbours_.end();
  };
  return held(ring.before) && held(ring.after);
}

void Mesh::on_deadline(Time now, Effects& fx) {
  if (pace_.late_due(now) || (pace_.due(now) && pace_.hurries(now)))
    flush(now, Round::full, fx);
  else if (pace_.due(now))
    flush(now, Round::polite, fx);
  if (next_care_ <= now) care(now, fx);
}

void Mesh::check_invariants() const {
  for (const Neighbour& n : neighbours_) BOATO_CHECK(context_.links.find(n.link) != nullptr);
  BOATO_CHECK(confirmed_.size() <= neighbours_.size());
}

}  // namespace boato
