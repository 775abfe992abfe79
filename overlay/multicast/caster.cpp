// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/caster.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/mutant.hpp"
#include "overlay/wire/event_messages.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

// How long a part waits for a dial. Longer, and the mesh has long repaired it.
constexpr Duration dial_patience = std::chrono::seconds{3};

bool was_tried(const Duty& duty, std::uint64_t place) {
  for (std::uint8_t i = 0; i < duty.takeovers && i < std::size(duty.tried); ++i)
    if (duty.tried[i] == place) return true;
  return false;
}

}  // namespace

Caster::Caster(const MulticastContext& context, CastLedger& ledger, Rng rng)
    : context_{context}, ledger_{ledger}, rng_{rng} {}

bool Caster::usable(const LinkInfo& link) const { return !link.lagging && ledger_.may_send(link.id); }

void Caster::forward(Time now, const Duty& duty, const PeerId& publisher, Effects& fx) {
  if (entry_) {
    if (const LinkInfo* link = context_.links.find(*entry_)) send(now, *link, duty, fx);
    return;
  }
  const std::uint64_t me = context_.own_place(), source = ring_place(publisher);
  const auto served = [&](const RingMember& m) {
    return m.place == me || m.place == source || duty.except.holds(m.place);
  };
  const std::size_t k = duty.batch.size() > context_.config.large_bytes ? context_.config.fan_out_large
                                                                        : context_.config.fan_out;
  split(context_.roster.receivers(), duty.interval, k, served, [&](const Part& part) {
    std::size_t todo = 0;
    for (const RingMember& m : part.members) todo += served(m) ? 0 : 1;
    if (todo == 0) return;
    if (BOATO_MUTANT(201) && part.interval.hi == 0) return;  // forgets the last part
    Duty piece = duty;
    piece.interval = part.interval;
    piece.takeovers = 0;
    piece.except = Excepted{};
    for (std::uint64_t place : duty.except.places())
      if (part.interval.holds(place)) piece.except.add(place);
    if (part.interval.holds(me) && !BOATO_MUTANT(202)) piece.except.add(me);  // 202: the child sends it back
    give(now, choose(part, piece, source, todo), std::move(piece), publisher, fx);
  });
}

bool Caster::take_over(Time now, Duty duty, const PeerId& publisher, Effects& fx) {
  if (duty.takeovers >= context_.config.takeovers_max + 1 || BOATO_MUTANT(203)) {  // 203: nobody takes over
    fx.count(Counter::casts_undeliverable);
    fx.drop(DropReason::undeliverable, context_.tag, publisher);
    return false;
  }
  const Part part{duty.interval, members_in(context_.roster.receivers(), duty.interval)};
  const std::uint64_t me = context_.own_place(), source = ring_place(publisher);
  std::size_t todo = 0;
  for (const RingMember& m : part.members)
    todo += m.place == me || m.place == source || duty.except.holds(m.place) ? 0 : 1;
  const Choice choice = choose(part, duty, source, todo);
  if (!choice.link && !choice.member) {
    fx.count(Counter::casts_undeliverable);
    fx.drop(DropReason::undeliverable, context_.tag, publisher);
    return false;
  }
  duty.flags |= wire::cast_takeover;
  fx.count(Counter::takeovers);
  give(now, choice, std::move(duty), publisher, fx);
  return true;
}

// A warm link inside the part, of those within 1.5 times the best round trip a random one, so that load
// spreads; else a member to dial. Suspects and those that ask for little work come last.
Caster::Choice Caster::choose(const Part& part, const Duty& duty, std::uint64_t publisher, std::size_t todo) {
  const auto fits = [&](std::uint64_t place) {
    return place != context_.own_place() && place != publisher && !duty.except.holds(place) &&
           !was_tried(duty, place);
  };
  for (const bool picky : {true, false}) {
    Duration best = Duration::max();
    std::uint64_t good = 0;
    const LinkInfo* chosen = nullptr;
    for (const bool measure : {true, false}) {  // first the best round trip, then one of the good ones
      for (const WarmLink& warm : warm_.in(part.interval)) {
        if (!fits(warm.place)) continue;
        const LinkInfo* link = context_.links.find(warm.link);
        if (!link || !usable(*link)) continue;
        if (picky && todo > 1 &&
            ((link->flags & (wire::flag_weak | wire::flag_guest | wire::flag_no_inbound)) != 0 ||
             context_.roster.suspected(link->peer)))
          continue;
        if (measure)
          best = std::min(best, link->rtt);
        else if (2 * link->rtt <= 3 * best + std::chrono::microseconds{500} && rng_.below(++good) == 0)
          chosen = link;  // each of them with the same chance
      }
      if (best == Duration::max()) break;
    }
    if (chosen) return {chosen, nullptr};
  }
  // No warm one: dial a member, trying a few at random for one that is not suspected.
  const MemberRecord* fallback = nullptr;
  for (int attempt = 0; attempt < 8 && !part.members.empty(); ++attempt) {
    const RingMember& m = part.members[rng_.below(part.members.size())];
    if (!fits(m.place) || !m.record->dialable || context_.links.find(m.record->id)) continue;
    if (!context_.roster.suspected(m.record->id)) return {nullptr, m.record};
    fallback = m.record;
  }
  return {nullptr, todo > 1 ? fallback : nullptr};
}

void Caster::give(Time now, const Choice& choice, Duty part, const PeerId& publisher, Effects& fx) {
  if (choice.link) {
    send(now, *choice.link, std::move(part), fx);
  } else if (choice.member && pending_.size() < context_.config.pending_max) {
    fx.dial({choice.member->id, choice.member->addresses()});
    pending_.push_back({choice.member->id, now + dial_patience, publisher, std::move(part)});
  } else {
    fx.count(Counter::casts_undeliverable);  // the mesh will find them
    fx.drop(DropReason::undeliverable, context_.tag, publisher);
  }
}

void Caster::send(Time now, const LinkInfo& link, Duty part, Effects& fx) {
  const std::uint64_t child = ring_place(link.peer);
  std::array<std::byte, wire::except_max * 8> room;
  ByteWriter except{room};
  for (std::uint64_t place : part.except.places())
    if (place != child) except.be(place);
  wire::Cast cast{context_.tag, part.interval.lo, part.interval.hi, except.written(), part.flags, part.hops};
  fx.send(link.id, context_.reliable ? Flow::reliable : Flow::unreliable, cast, part.batch);
  fx.count(Counter::casts_sent);
  if (part.takeovers < std::size(part.tried)) part.tried[part.takeovers] = child;
  ++part.takeovers;
  ledger_.sent(now, link, std::move(part));
}

void Caster::flood(const EventRef& batch, std::uint8_t hops, LinkId to, Effects& fx) {
  const auto flags = static_cast<std::uint8_t>(wire::cast_flood | wire::cast_no_duty);
  fx.send(to, context_.reliable ? Flow::reliable : Flow::unreliable,
          wire::Cast{context_.tag, 1, 1, {}, flags, hops}, batch);
  ledger_.sent_without_duty(to);
}

void Caster::on_link_up(Time now, const LinkInfo& link, Effects& fx) {
  on_member_changed(link.peer);
  std::vector<Pending> ready;
  for (std::size_t i = 0; i < pending_.size();) {
    if (pending_[i].child == link.peer) {
      ready.push_back(std::move(pending_[i]));
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  for (Pending& p : ready) send(now, link, std::move(p.duty), fx);
}

void Caster::on_link_down(LinkId link) {
  warm_.remove(link);
  if (entry_ == link) entry_.reset();
}

void Caster::on_dial_failed(Time now, const PeerId& peer, Effects& fx) {
  std::vector<Pending> failed;
  for (std::size_t i = 0; i < pending_.size();) {
    if (pending_[i].child == peer) {
      failed.push_back(std::move(pending_[i]));
      pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    } else {
      ++i;
    }
  }
  for (Pending& p : failed) {
    if (p.duty.takeovers < std::size(p.duty.tried)) p.duty.tried[p.duty.takeovers] = ring_place(p.child);
    ++p.duty.takeovers;
    take_over(now, std::move(p.duty), p.publisher, fx);
  }
}

std::optional<LinkId> Caster::on_member_changed(const PeerId& peer) {
  const LinkInfo* link = context_.links.find(peer);
  if (!link) return std::nullopt;
  const MemberRecord* record = context_.roster.find(peer);
  if (!record || record->interest == Interest::nothing) {
    warm_.remove(link->id);
    return std::nullopt;
  }
  if (warm_.has(link->id)) return std::nullopt;
  warm_.add(ring_place(peer), link->id);
  return link->id;
}

bool Caster::has_room() const {
  if (entry_) {
    const LinkInfo* link = context_.links.find(*entry_);
    return link && link->backlog < context_.config.link_full_bytes && ledger_.may_send(*entry_);
  }
  std::size_t full = 0, waiting = 0;
  for (const WarmLink& warm : warm_.all()) {
    const LinkInfo* link = context_.links.find(warm.link);
    if (!link || link->lagging || link->backlog >= context_.config.link_full_bytes ||
        !ledger_.may_send(warm.link))
      ++full;
    else
      waiting += link->backlog;
  }
  if (waiting >= context_.config.links_full_bytes) return false;
  return 2 * full <= warm_.all().size() && (full == 0 || warm_.all().size() > 1);
}

Time Caster::next_deadline() const {
  Time soonest = never;
  for (const Pending& p : pending_) soonest = std::min(soonest, p.until);
  return soonest;
}

void Caster::on_deadline(Time now, Effects& fx) {
  std::vector<PeerId> late;
  for (const Pending& p : pending_)
    if (p.until <= now) late.push_back(p.child);
  for (const PeerId& peer : late) on_dial_failed(now, peer, fx);
}

void Caster::check_invariants() const {
  BOATO_CHECK(pending_.size() <= context_.config.pending_max);
  for (const WarmLink& warm : warm_.all()) {
    const LinkInfo* link = context_.links.find(warm.link);
    BOATO_CHECK(link && ring_place(link->peer) == warm.place);
  }
}

}  // namespace boato
