// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster/roster_machine.hpp"

#include "overlay/wire/records.hpp"

#include <algorithm>

namespace boato {

RosterMachine::RosterMachine(const RosterConfig& config, const TopicId& topic, const Self& self,
                             RecordPool& records, SlabPool& slabs, const LinkTable& links, Rng rng)
    : config_{config},
      topic_{topic},
      tag_{tag_of(topic)},
      self_{self},
      records_{records},
      slabs_{slabs},
      links_{links},
      rng_{rng},
      roster_{records, config} {
  BOATO_CHECK(config.accusers <= Accusers{}.by.size() && config.k >= 2 && config.k <= parts_max);
}

void RosterMachine::on_link_up(Time now, const LinkInfo& link, Effects& fx) {
  if (phase_ != Phase::joining && phase_ != Phase::ready) return;
  roster_.clear_suspicion(link.peer);
  forget_outweighed(link.peer);
  std::ranges::replace(failed_once_, link.peer, PeerId{});
  if (const Gone* gone = roster_.find_gone(link.peer);
      gone && gone->accusers.size() > 0 && link.incarnation <= gone->last->incarnation)
    tell_reason(link.id, *gone, fx);
  if (phase_ == Phase::ready &&
      std::ranges::any_of(reach_outs_, [&](const ReachOut& r) { return r.record->id == link.peer; }))
    send_digest(link.id, fx);
  for (Contact& contact : contacts_) {
    if (contact.record->id != link.peer) continue;
    contact.out_of_reach = false;
    stay_hopeful(now);
    if (contact.state == Contact::State::failed) contact.state = Contact::State::fresh;
    try_contacts(now, fx);
    break;
  }
}

void RosterMachine::on_link_down(Time now, const LinkInfo& link, CloseReason why, Effects& fx) {
  if (phase_ != Phase::joining && phase_ != Phase::ready) return;
  on_mesh_down(link.id);
  std::erase(waiting_joins_, link.id);
  std::erase(refute_to_, link.id);
  // An end without a death: what others say of the peer counts from here on. If it lives it has answered
  // them, and they speak of an entry that is no more.
  if (why != CloseReason::dead && why != CloseReason::cut) hear_outweighed(now, link.peer, fx);
  for (Contact& contact : contacts_)
    if (contact.record->id == link.peer && contact.state == Contact::State::asked) {
      contact.state = Contact::State::failed;
      if (why == CloseReason::full || why == CloseReason::idle) stay_hopeful(now);
    }
  lose_fetches(now, link.id, fx);
  if (!contacts_.empty()) try_contacts(now, fx);
}

void RosterMachine::on_dial_failed(Time now, const PeerId& peer, Effects& fx) {
  if (phase_ != Phase::joining && phase_ != Phase::ready) return;
  if (phase_ == Phase::ready) on_neighbour_failed(now, peer, fx);
  for (Contact& contact : contacts_) {
    if (contact.record->id != peer || contact.state != Contact::State::dialling) continue;
    contact.state = Contact::State::failed;
    contact.out_of_reach = true;
    try_contacts(now, fx);
    break;
  }
}

void RosterMachine::on_mesh_up(Time now, LinkId link, Effects& fx) {
  if (mesh_.size() >= config_.mesh_max || std::ranges::find(mesh_, link) != mesh_.end()) return;
  mesh_.push_back(link);
  const LinkInfo* info = links_.find(link);  // one side begins
  if (phase_ != Phase::ready || !info || info->peer < self_.id) return;
  if (calm(now))
    send_digest(link, fx);
  else  // what differs now is mostly on its way
    digest_at_ = std::min(digest_at_, now + config_.calm_after + rng_.jitter(config_.digest_after_news));
}

void RosterMachine::on_mesh_down(LinkId link) { std::erase(mesh_, link); }

// Nothing the directory says is merged before the contact itself answers: old contacts would bring the dead
// back. Where the members do not know it, the directory's record shows it to all of them, and those next to
// it on the ring compare rosters with it.
void RosterMachine::on_contact(Time now, Bytes statement, Effects& fx) {
  if (phase_ != Phase::joining && phase_ != Phase::ready) return;
  Interned contact = records_.take(now, statement);
  if (!contact.record || contact.record->topic() != topic_ || contact.record->id == self_.id) return;
  const RecordRef& record = contact.record;
  if ((record->flags & wire::flag_leaving) != 0) return;
  if (phase_ == Phase::joining) {
    const auto known =
        std::ranges::find_if(contacts_, [&](const Contact& c) { return c.record->id == record->id; });
    if (known != contacts_.end()) {
      if (record->entry_version() > known->record->entry_version()) known->record = record;
    } else if (contacts_.size() < config_.contacts_max) {
      contacts_.push_back({record, Contact::State::fresh, {}, false});
    }
    if (alone_at_ != never) try_contacts(now, fx);
    return;
  }
  if (roster_.find(record->id)) return;
  if (const Gone* gone = roster_.find_gone(record->id);
      gone && gone->last->entry_version() >= record->entry_version())
    return;
  // Are we one of the two members before it or the two behind it?
  const auto ring = roster_.all();
  const auto place =
      std::ranges::lower_bound(ring, ring_place(record->id), {}, &RingMember::place) - ring.begin();
  bool next = false;
  for (const std::ptrdiff_t step : {-2, -1, 0, 1}) {
    const auto n = static_cast<std::ptrdiff_t>(ring.size());
    next |= ring[static_cast<std::size_t>(((place + step) % n + n) % n)].record->id == self_.id;
  }
  if (!next) return;
  std::erase_if(reach_outs_, [&](const ReachOut& r) { return r.record->id == record->id; });
  if (reach_outs_.size() >= config_.reach_outs_max) reach_outs_.erase(reach_outs_.begin());
  reach_outs_.push_back({record, now, now + config_.reach_out_for});
  digest_at_ = std::min(digest_at_, now + rng_.jitter(config_.digest_every));
  reach_out(now, fx);
}

// A link that comes up may be replaced before the comparison is over, and a dial may fail: asking goes on
// until one side has learnt of the other.
void RosterMachine::reach_out(Time now, Effects& fx) {
  std::erase_if(reach_outs_, [&](const ReachOut& r) {
    const Gone* gone = roster_.find_gone(r.record->id);
    return r.until <= now || roster_.find(r.record->id) ||
           (gone && gone->last->entry_version() >= r.record->entry_version());
  });
  for (ReachOut& r : reach_outs_) {
    if (r.next > now) continue;
    r.next = now + config_.digest_every;
    if (const LinkInfo* link = links_.find(r.record->id))
      send_digest(link->id, fx);
    else
      fx.dial({r.record->id, r.record->addresses()});
  }
}

Time RosterMachine::next_deadline() const {
  if (phase_ != Phase::joining && phase_ != Phase::ready) return never;
  Time at = std::min({alone_at_, retry_at_, refresh_at_, spread_at_, refute_at_, suspicions_at_, ghost_at_,
                      expire_at_, digest_at_});
  for (const Contact& c : contacts_)
    if (c.state == Contact::State::dialling || c.state == Contact::State::asked) at = std::min(at, c.until);
  for (const Fetch& f : fetches_) at = std::min(at, f.until);
  for (const Waiting& w : waiting_) at = std::min(at, w.at);
  for (const Outweighed& o : outweighed_) at = std::min(at, o.until);
  return at;
}

void RosterMachine::on_deadline(Time now, Effects& fx) {
  if (phase_ != Phase::joining && phase_ != Phase::ready) return;
  if (!fetches_.empty()) lose_fetches(now, LinkId{}, fx);
  if (now >= alone_at_) become_ready(now, LinkId{}, fx);
  if (now >= retry_at_) {
    retry_at_ = never;
    std::erase_if(contacts_,
                  [&](const Contact& c) { return phase_ == Phase::ready && roster_.find(c.record->id); });
    for (Contact& c : contacts_)
      if (c.state == Contact::State::failed) c.state = Contact::State::fresh;
    // Another one first: the one before may have a link and nothing to say.
    if (!contacts_.empty()) std::rotate(contacts_.begin(), contacts_.begin() + 1, contacts_.end());
  }
  if (!contacts_.empty()) try_contacts(now, fx);
  if (!waiting_.empty()) accuse(now, fx);
  if (!outweighed_.empty()) end_outweighed(now, fx);
  if (now >= suspicions_at_) end_suspicions(now, fx);
  if (now >= refute_at_) refute(now, fx);
  if (now >= refresh_at_) {
    sign_own(now, 0);
    spread_later(now, own_, fx);
  }
  if (now >= spread_at_) spread_outbox(fx);
  if (now >= digest_at_) {
    // The reconciler compares all topics now and then; what is being looked for goes on from here.
    digest_at_ = reach_outs_.empty() ? never : now + rng_.jitter(config_.digest_every);
    const LinkId link = mesh_.empty() ? any_member_link(LinkId{}) : mesh_[rng_.below(mesh_.size())];
    if (link != LinkId{} && links_.find(link)) send_digest(link, fx);
    if (!reach_outs_.empty()) reach_out(now, fx);
  }
  if (now >= ghost_at_) {
    ghost_at_ = roster_.gone().empty() ? never : now + rng_.jitter(config_.ghost_every);
    test_ghost(fx);
  }
  if (now >= expire_at_) {
    expire_at_ = now + rng_.jitter(config_.expire_check);
    roster_.forget_gone(now - config_.gone_forget);
    roster_.expire(now, now - config_.expire_after, self_.id,
                   [&](const MemberRecord& record) { change(RosterChange::Kind::left, record.id); });
  }
}

void RosterMachine::set_members(Time now, std::span<const MemberRecord* const> records, Effects& fx) {
  BOATO_CHECK(phase_ == Phase::joining || phase_ == Phase::ready);
  contacts_ = {};
  fetches_ = {};
  retry_at_ = never;
  roster_.set(records);
  roster_.merge(now, own_);
  if (phase_ != Phase::ready) return become_ready(now, LinkId{}, fx);
  for (const LinkInfo& link : links_.all()) change(RosterChange::Kind::updated, link.peer);
}

void RosterMachine::change(RosterChange::Kind kind, const PeerId& peer, LinkId link) {
  const bool member = kind == RosterChange::Kind::joined || kind == RosterChange::Kind::updated ||
                      kind == RosterChange::Kind::left;
  if (member && phase_ != Phase::ready) return;
  changes_.push_back({kind, peer, link});
}

void RosterMachine::clear_changes() {
  changes_.clear();
  if (changes_.capacity() > 64) changes_.shrink_to_fit();
}

void RosterMachine::check_invariants() const {
  roster_.check_invariants();
  BOATO_CHECK(contacts_.size() <= config_.contacts_max && fetches_.size() <= config_.fetches_max);
  BOATO_CHECK(waiting_.size() <= config_.accusations_max &&
              accused_at_.size() <= config_.accuse_burst_mass_death);
  BOATO_CHECK(outweighed_.size() <= config_.outweighed_max);
  BOATO_CHECK(mesh_.size() <= config_.mesh_max && reach_outs_.size() <= config_.reach_outs_max);
  BOATO_CHECK(outbox_.size() + outbox_accusations_.size() < wire::roster_statements_max);
  BOATO_CHECK((spread_at_ == never) == (outbox_.empty() && outbox_accusations_.empty()));
  BOATO_CHECK(batch_.empty() && heard_.empty());
  for (const Suspect& s : roster_.suspects())  // own eyes outweigh others; who has left does not look
    BOATO_CHECK(phase_ == Phase::left || !links_.find(s.id));
  if (phase_ == Phase::joining || phase_ == Phase::ready) {
    BOATO_CHECK(own_ && roster_.find(self_.id) == own_.get());
    BOATO_CHECK(roster_.suspects().empty() || suspicions_at_ != never);
  }
  if (phase_ == Phase::joining)
    BOATO_CHECK(next_deadline() != never && (alone_at_ != never || welcomed_by_ != LinkId{}));
}

}  // namespace boato
