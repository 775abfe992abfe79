// SPDX-License-Identifier: Apache-2.0
// News go down the tree that all members compute from their rosters (split.hpp), whatever their interest,
// over links that exist. Whoever is missed finds out by comparing.
#include "overlay/base/mutant.hpp"
#include "overlay/roster/roster_machine.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>

namespace boato {
namespace {

// Members that know little of each other would hand a part on and on; comparing finds whom this misses.
constexpr std::size_t roster_late_hops = wire::roster_hops_max / 2;

}  // namespace

void RosterMachine::spread_later(Time now, RecordRef record, Effects& fx) {
  const auto older = std::ranges::find_if(outbox_, [&](const RecordRef& r) { return r->id == record->id; });
  if (older != outbox_.end())
    *older = std::move(record);
  else
    outbox_.push_back(std::move(record));
  spread_at_ = std::min(spread_at_, now + config_.collect);
  if (outbox_.size() + outbox_accusations_.size() >= wire::roster_statements_max) spread_outbox(fx);
}

void RosterMachine::spread_later(Time now, AccusationRef accusation, Effects& fx) {
  outbox_accusations_.push_back(std::move(accusation));
  spread_at_ = std::min(spread_at_, now + config_.collect);
  if (outbox_.size() + outbox_accusations_.size() >= wire::roster_statements_max) spread_outbox(fx);
}

void RosterMachine::spread_outbox(Effects& fx) {
  spread_at_ = never;
  wire::RosterSpread m{tag_, 0, 0, {}, 0};
  m.except.push_back(ring_place(self_.id));
  static_assert(wire::roster_body_bytes_max + wire::statement_bytes_max + 512 <= 64 << 10);
  std::vector<std::byte> body;
  const auto add = [&](Bytes statement) {
    if (body.size() + statement.size() > wire::roster_body_bytes_max) {
      forward(m, body, fx);
      body.clear();
    }
    body.insert(body.end(), statement.begin(), statement.end());
  };
  for (const RecordRef& r : outbox_) add(r->statement());
  for (const AccusationRef& a : outbox_accusations_) add(a->statement);
  if (!body.empty()) forward(m, body, fx);
  outbox_.clear();
  outbox_accusations_.clear();
}

bool RosterMachine::served(const wire::RosterSpread& m, const RingMember& member) const {
  return member.record->id == self_.id || std::ranges::find(m.except, member.place) != m.except.end();
}

void RosterMachine::forward(const wire::RosterSpread& m, Bytes body, Effects& fx) {
  const Interval duty{m.lo, m.hi};
  if (duty.empty()) return;
  if (m.hops >= wire::roster_hops_max) {
    fx.count(Counter::hops_exceeded);
    fx.drop(DropReason::hops, tag_, {});
    return;
  }
  struct Out {
    Interval interval;
    LinkId link;
  };
  wire::List<Out, parts_max> outs;
  // A part in which nobody is linked goes to the child of a neighbouring part, whose links are others.
  bool orphan = false;
  std::uint64_t orphan_lo = 0;
  split(
      roster_.all(), duty, config_.k, [&](const RingMember& member) { return served(m, member); },
      [&](const Part& part) {
        if (std::ranges::all_of(part.members, [&](const RingMember& member) { return served(m, member); }))
          return;
        if (BOATO_MUTANT(145) && part.interval.hi == 0) return;  // the last part is forgotten
        if (const LinkId link = choose(m, part); link != LinkId{}) {
          if (m.hops >= roster_late_hops) {  // itself and nobody else
            const std::uint64_t place = ring_place(links_.find(link)->peer);
            return outs.push_back({{place, place + 1}, link});
          }
          outs.push_back({{orphan ? orphan_lo : part.interval.lo, part.interval.hi}, link});
          orphan = false;
        } else if (m.hops >= roster_late_hops) {
          return;
        } else if (!outs.empty()) {
          outs[outs.size() - 1].interval.hi = part.interval.hi;
        } else if (!orphan) {
          orphan = true;
          orphan_lo = part.interval.lo;
        }
      });
  if (outs.empty()) return;
  const EventRef shared = slabs_.copy(body);
  for (const Out& out : outs) {
    wire::RosterSpread next{
        tag_, out.interval.lo, out.interval.hi, {}, static_cast<std::uint8_t>(m.hops + 1)};
    const auto except = [&](std::uint64_t place) {
      if (out.interval.holds(place) && !next.except.full() &&
          std::ranges::find(next.except, place) == next.except.end())
        next.except.push_back(place);
    };
    except(ring_place(self_.id));
    for (std::size_t i = m.except.size(); i-- > 0;) except(m.except[i]);
    fx.send(out.link, Flow::control, next, shared);
  }
}

// Any linked member of the part, at random; guests, weak peers and suspects only if there is nobody else, and
// when the part has others to be served from there.
LinkId RosterMachine::choose(const wire::RosterSpread& m, const Part& part) {
  constexpr std::uint32_t shy = wire::flag_guest | wire::flag_weak | wire::flag_no_inbound;
  LinkId best, second;
  std::uint64_t seen_best = 0, seen_second = 0;
  const auto offer = [&](const LinkInfo& link, const RingMember& member) {
    if (served(m, member)) return;
    const bool good = (member.record->flags & shy) == 0 && !roster_.suspected(member.record->id);
    if (good && rng_.below(++seen_best) == 0) best = link.id;
    if (!good && rng_.below(++seen_second) == 0) second = link.id;
  };
  if (part.members.size() <= 2 * links_.size()) {
    for (const RingMember& member : part.members)
      if (const LinkInfo* link = links_.find(member.record->id)) offer(*link, member);
  } else {
    for (const LinkInfo& link : links_.all()) {
      if (!part.interval.holds(ring_place(link.peer))) continue;
      if (const MemberRecord* record = roster_.find(link.peer)) offer(link, {ring_place(link.peer), record});
    }
  }
  return best != LinkId{} ? best : second;
}

void RosterMachine::on(Time now, const LinkInfo& from, const wire::RosterSpread& m, Bytes body, Effects& fx) {
  if (phase_ != Phase::joining && phase_ != Phase::ready) return;
  if (!take(now, from, body, fx)) return;
  // Newcomers are served by the new roster, the accused by the one in which they still are.
  merge_batch(now, Source::spread, from.id, fx);
  forward(m, body, fx);
  hear_batch(now, Source::spread, from.id, fx);
}

}  // namespace boato
