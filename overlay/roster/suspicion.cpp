// SPDX-License-Identifier: Apache-2.0
// Who is dead. Whoever loses its link to a member and cannot dial it accuses it before all members; enough
// accusers, or enough time without a newer entry of the accused, and it is gone. Sources: SWIM (Das, Gupta,
// Motivala, DSN 2002) for suspicion and refutation, Lifeguard (Dadgar et al. 2017) for more than one accuser.
// Departs: only the accused itself answers, and accusations are signed, so one liar is one voice.
#include "overlay/base/mutant.hpp"
#include "overlay/roster/roster_machine.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>
#include <array>

namespace boato {

void RosterMachine::on_unreachable(Time now, const PeerId& peer, Effects& fx) {
  if (phase_ != Phase::ready || peer == self_.id || linked(peer)) return;
  hear_outweighed(now, peer, fx);
  if (!roster_.find(peer)) return;
  if (waiting_.size() >= config_.accusations_max) return;
  if (std::ranges::find(waiting_, peer, &Waiting::accused) != waiting_.end()) return;
  const auto within = static_cast<std::uint64_t>(config_.accuse_within.count());
  waiting_.push_back({peer, now + Duration{rng_.below(within)}});
}

// The wait before an accusation lets the first few be heard by all who would say the same.
void RosterMachine::accuse(Time now, Effects& fx) {
  // One that is cut off accuses few of those that are well. Where others say that many are dead, it is not
  // us.
  const std::size_t burst = mass_death(now) ? config_.accuse_burst_mass_death : config_.accuse_burst;
  std::erase_if(accused_at_, [&](Time at) { return at + config_.accuse_window <= now; });
  for (std::size_t i = 0; i < waiting_.size();) {
    if (waiting_[i].at > now) {
      ++i;
      continue;
    }
    const PeerId peer = waiting_[i].accused;
    const MemberRecord* record = roster_.find(peer);
    const Suspect* suspect = roster_.find_suspect(peer);
    const bool said = suspect && std::ranges::any_of(suspect->accusers.by, [&](const Accusation* a) {
                        return a && a->accuser == self_.id;
                      });
    const bool needed =
        record && !linked(peer) && !said && (!suspect || suspect->accusers.size() < accusers_needed(peer));
    if (needed && accused_at_.size() >= burst) {
      waiting_[i].at = accused_at_.front() + config_.accuse_window;
      ++i;
      continue;
    }
    waiting_.erase(waiting_.begin() + static_cast<std::ptrdiff_t>(i));
    if (!needed) {
      // Enough others, whom we learnt of late, and our own dial say the same.
      if (record && !linked(peer) && suspect && suspect->accusers.size() >= accusers_needed(peer))
        bury(now, peer, fx);
      continue;
    }
    accused_at_.push_back(now);

    accusation_version_ =
        std::max(accusation_version_ + 1, static_cast<std::uint64_t>(now.time_since_epoch().count()));
    std::array<std::byte, 256> body;
    const wire::Suspicion words{topic_, peer, record->incarnation, record->version};
    const auto size = wire::encode_record(words, body);
    BOATO_CHECK(size.has_value());
    std::array<std::byte, wire::statement_bytes_max> room;
    const Bytes statement = wire::sign_statement(
        *self_.crypto, self_.network, self_.id, *self_.secret,
        {wire::StatementType::suspicion, self_.incarnation, accusation_version_, Bytes{body}.first(*size)},
        room);
    const Interned interned = records_.take_own(now, statement);
    if (!interned.accusation) continue;
    spread_later(now, interned.accusation, fx);
    hear(now, interned.accusation, Source::spread, LinkId{}, fx);
  }
}

// An own live link outweighs what others say, but a link is as old as what last came over it: it is tested.
bool RosterMachine::outweigh(Time now, const AccusationRef& accusation, LinkId link) {
  const auto same = [&](const Outweighed& o) {
    return o.what->accuser == accusation->accuser && o.what->accused == accusation->accused &&
           o.what->of == accusation->of;
  };
  if (std::ranges::any_of(outweighed_, same)) return false;
  if (outweighed_.size() >= config_.outweighed_max)
    std::erase_if(outweighed_, [&](const Outweighed& o) {
      const MemberRecord* record = roster_.find(o.what->accused);
      return !record || record->entry_version() != o.what->of;
    });
  if (outweighed_.size() >= config_.outweighed_max) outweighed_.erase(outweighed_.begin());
  outweighed_.push_back({accusation, now + config_.gone_after_hearsay});
  change(RosterChange::Kind::doubted, accusation->accused, link);
  return true;
}

// What others said while our link seemed to say otherwise counts now.
void RosterMachine::hear_outweighed(Time now, const PeerId& accused, Effects& fx) {
  std::vector<AccusationRef> others;
  for (const Outweighed& o : outweighed_)
    if (o.what->accused == accused) others.push_back(o.what);
  forget_outweighed(accused);
  for (const AccusationRef& a : others) hear(now, a, Source::spread, LinkId{}, fx);
}

void RosterMachine::forget_outweighed(const PeerId& accused) {
  std::erase_if(outweighed_, [&](const Outweighed& o) { return o.what->accused == accused; });
}

// A link shows that a process lives, not that it is a member still: one that left while it was cut off has a
// link and no membership. A member that is told of an accusation over its link answers.
void RosterMachine::end_outweighed(Time now, Effects& fx) {
  std::vector<PeerId> silent;
  for (std::size_t i = outweighed_.size(); i-- > 0;) {
    Outweighed& o = outweighed_[i];
    if (o.until > now) continue;
    const MemberRecord* record = roster_.find(o.what->accused);
    const LinkInfo* link = links_.find(o.what->accused);
    if (!record || record->entry_version() != o.what->of) {
      outweighed_.erase(outweighed_.begin() + static_cast<std::ptrdiff_t>(i));
    } else if (!link) {
      o.until = never;  // counts when that end has been told (hear_outweighed)
    } else if (std::ranges::find(silent, o.what->accused) == silent.end()) {
      silent.push_back(o.what->accused);
    }
  }
  for (const PeerId& peer : silent) {
    for (const Outweighed& o : outweighed_)
      if (o.what->accused == peer) roster_.suspect(o.what, now);
    forget_outweighed(peer);
    bury(now, peer, fx);
  }
}

std::size_t RosterMachine::accusers_needed(const PeerId& accused) const {
  const std::size_t suspects = roster_.suspects().size() - (roster_.suspected(accused) ? 1 : 0);
  const std::size_t others = roster_.size() - 1;
  const std::size_t live = others > suspects ? others - suspects : 1;
  return std::max<std::size_t>(1, std::min(config_.accusers, live));
}

void RosterMachine::hear(Time now, const AccusationRef& accusation, Source source, LinkId from, Effects& fx) {
  const PeerId& accused = accusation->accused;
  if (accused == self_.id) {
    if (phase_ != Phase::ready || accusation->of > own_->entry_version()) return;
    if (source == Source::page && refute_to_.size() < config_.refute_to_max &&
        std::ranges::find(refute_to_, from) == refute_to_.end())
      refute_to_.push_back(from);
    if (accusation->of == own_->entry_version()) {
      if (BOATO_MUTANT(146)) return;  // the accused stays silent
      const bool crowd = roster_.suspects().size() > config_.refute_crowd;
      const Duration within = crowd ? config_.refute_within_crowd : config_.refute_within;
      if (refute_at_ == never)
        refute_at_ = now + Duration{rng_.below(static_cast<std::uint64_t>(within.count()))};
    } else if (source == Source::page) {  // answered before: they have not heard it
      const Bytes own = own_->statement();
      send_single(from, std::span{&own, 1}, fx);
    }
    return;
  }
  const MemberRecord* record = roster_.find(accused);
  if (!record || record->entry_version() != accusation->of) return;
  // An accuser that has died since has its voice all the same: who missed the news still learns of it.
  const PeerId& accuser = accusation->accuser;
  if (accuser == accused || (!roster_.find(accuser) && !roster_.find_gone(accuser))) return;
  if (const LinkInfo* link = links_.find(accused); link && !BOATO_MUTANT(144)) {  // own eyes do not count
    if (!outweigh(now, accusation, link->id)) return;
    // The news may pass the accused by: whoever has a link to it hands it over.
    const Bytes words{accusation->statement};
    if (link->id != from) send_single(link->id, std::span{&words, 1}, fx);
    return;
  }
  const Time gone_at = now + (source == Source::spread ? config_.gone_after : config_.gone_after_hearsay);
  const Suspect* suspect = roster_.suspect(accusation, gone_at);
  if (!suspect) return;
  fx.count(Counter::suspicions);
  if (source == Source::spread && suspect->accusers.size() >= accusers_needed(accused))
    bury(now, PeerId{accused}, fx);
  else
    suspicions_at_ = std::min(suspicions_at_, suspect->gone_at);
}

void RosterMachine::hear_batch(Time now, Source source, LinkId from, Effects& fx) {
  for (const AccusationRef& accusation : heard_) hear(now, accusation, source, from, fx);
  heard_.clear();
}

// News is spread without receipts, so a member may have missed that the accused has answered: before a
// suspect is gone by time alone, others are asked for its entry. And others may have missed the accusation,
// which in a mass crash goes out while most relays are dead and nobody knows: its author spreads it again
// then. Without that the news goes on by comparing alone, where each step waits gone_after_hearsay.
void RosterMachine::end_suspicions(Time now, Effects& fx) {
  suspicions_at_ = never;
  if (BOATO_MUTANT(149)) {  // a suspicion stays for ever
    suspicions_at_ = now + std::chrono::hours{1};
    return;
  }
  std::vector<PeerId> ask;
  for (std::size_t i = roster_.suspects().size(); i-- > 0;) {
    const Suspect& suspect = roster_.suspects()[i];
    const PeerId peer = suspect.id;
    if (suspect.gone_at > now) {
      suspicions_at_ = std::min(suspicions_at_, suspect.gone_at);
    } else if (linked(peer)) {
      roster_.clear_suspicion(peer);
    } else if (!suspect.asked) {
      ask.push_back(peer);
      for (const Accusation* accusation : suspect.accusers.by)
        if (accusation && accusation->accuser == self_.id && !BOATO_MUTANT(152))  // 152: says it once
          spread_later(now, AccusationRef{records_, accusation}, fx);
      roster_.put_off(peer, now + config_.second_opinion, true);
      suspicions_at_ = std::min(suspicions_at_, now + config_.second_opinion);
    } else {
      bury(now, peer, fx);
      digest_at_ = std::min(digest_at_, now + rng_.jitter(config_.digest_after_news));  // others may not know
    }
  }
  if (!ask.empty()) ask_others(ask, fx);
}

void RosterMachine::ask_others(std::span<const PeerId> suspects, Effects& fx) {
  std::vector<LinkId> members;
  for (const LinkInfo& link : links_.all())
    if (roster_.find(link.peer) && !roster_.suspected(link.peer)) members.push_back(link.id);
  rng_.shuffle(std::span{members});
  if (members.size() > config_.second_opinions) members.resize(config_.second_opinions);
  wire::RosterWant want{tag_, {}};
  const auto send = [&] {
    for (const LinkId link : members) fx.send(link, Flow::control, want);
    want.places.clear();
  };
  for (const PeerId& suspect : suspects) {
    want.places.push_back(ring_place(suspect));
    if (want.places.full()) send();
  }
  if (!want.places.empty()) send();
}

void RosterMachine::on_slept(Time now) {
  for (const Suspect& suspect : roster_.suspects())
    roster_.put_off(PeerId{suspect.id}, now + config_.gone_after, false);
  for (Waiting& w : waiting_) w.at = std::max(w.at, now + config_.refute_within);
  for (Outweighed& o : outweighed_) o.until = std::max(o.until, now + config_.gone_after);
}

void RosterMachine::bury(Time now, const PeerId& peer, Effects& fx) {
  roster_.remove(now, peer);
  if (ghost_at_ == never) ghost_at_ = now + rng_.jitter(config_.ghost_every);
  fx.count(Counter::members_gone);
  change(RosterChange::Kind::left, peer);
}

void RosterMachine::refute(Time now, Effects& fx) {
  refute_at_ = never;
  if (!BOATO_MUTANT(148)) sign_own(now, 0);  // 148: refutes with the entry that is doubted
  fx.count(Counter::refutations);
  spread_later(now, own_, fx);
  const Bytes own = own_->statement();
  for (LinkId link : refute_to_)
    if (links_.find(link)) send_single(link, std::span{&own, 1}, fx);
  refute_to_.clear();
}

// The way back after a partition: the dead are dialled now and then, and told why they are dead.
void RosterMachine::test_ghost(Effects& fx) {
  if (roster_.gone().empty()) return;
  if (roster_.size() > config_.ghost_share && rng_.below(roster_.size()) >= config_.ghost_share) return;
  const Gone& gone = roster_.gone()[rng_.below(roster_.gone().size())];
  if (gone.accusers.size() == 0 || linked(gone.last->id)) return;
  fx.dial({gone.last->id, gone.last->addresses()});
}

// `with_entry`: they have an older entry, for which the reasons do not count.
void RosterMachine::tell_reason(LinkId link, const Gone& gone, Effects& fx, bool with_entry) {
  std::array<Bytes, 4> reasons;
  std::size_t count = 0;
  const bool left = (gone.last->flags & wire::flag_leaving) != 0;
  if (left || (with_entry && gone.accusers.size() > 0)) reasons[count++] = gone.last->statement();
  if (!left)
    for (const Accusation* accusation : gone.accusers.by)
      if (accusation) reasons[count++] = accusation->statement;
  if (count > 0) send_single(link, std::span{reasons}.first(count), fx);
}

}  // namespace boato
