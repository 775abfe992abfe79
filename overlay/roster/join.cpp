// SPDX-License-Identifier: Apache-2.0
// Joining: ask one contact after the other, take what it has, be ready when all of it is here.
#include "overlay/roster/farewell.hpp"
#include "overlay/roster/roster_machine.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>
#include <array>

namespace boato {
void RosterMachine::start(Time now, const OwnEntry& own, std::span<const Bytes> contacts, Effects& fx) {
  BOATO_CHECK(phase_ == Phase::idle);
  phase_ = Phase::joining;
  interest_ = own.interest;
  attributes_.assign(own.attributes.begin(), own.attributes.end());
  sign_own(now, 0);
  for (Bytes contact : contacts) on_contact(now, contact, fx);
  if (contacts_.empty()) {
    change(RosterChange::Kind::announce_contact, self_.id);
    become_ready(now, LinkId{}, fx);
    return;
  }
  rng_.shuffle(std::span{contacts_});
  alone_at_ = now + config_.alone_after;
  alone_latest_ = now + config_.alone_latest;
  try_contacts(now, fx);
}

// A contact lives, though it may have no room for us at the moment: thousands that join at once shall not all
// go on alone.
void RosterMachine::stay_hopeful(Time now) {
  if (alone_at_ != never) alone_at_ = std::max(alone_at_, std::min(alone_latest_, now + config_.alone_after));
}

void RosterMachine::set_own(Time now, const OwnEntry& own, Effects& fx) {
  BOATO_CHECK(phase_ == Phase::joining || phase_ == Phase::ready);
  interest_ = own.interest;
  attributes_.assign(own.attributes.begin(), own.attributes.end());
  sign_own(now, 0);
  spread_later(now, own_, fx);
}

Bytes RosterMachine::leave(Time now, Effects& fx) {
  if (phase_ == Phase::idle || phase_ == Phase::left) return own_statement();
  sign_own(now, wire::flag_leaving);
  spread_later(now, own_, fx);
  spread_outbox(fx);
  phase_ = Phase::left;
  contacts_.clear();
  fetches_.clear();
  waiting_joins_.clear();
  waiting_.clear();
  outweighed_.clear();
  changes_.clear();
  return own_statement();
}

// Versions rise within one incarnation even if a topic is left and opened again, for time does.
void RosterMachine::sign_own(Time now, std::uint32_t flags) {
  own_version_ = std::max(own_version_ + 1, static_cast<std::uint64_t>(now.time_since_epoch().count()));
  std::array<std::byte, wire::statement_bytes_max> room;
  const wire::RosterEntry entry{topic_, self_.addresses, self_.flags | flags, interest_, attributes_};
  Interned own = records_.take_own(now, sign_entry(self_, entry, own_version_, room));
  BOATO_CHECK(own.verdict == Verdict::good);
  own_ = std::move(own.record);
  if ((flags & wire::flag_leaving) == 0) roster_.merge(now, own_);
  refresh_at_ = now + rng_.jitter(config_.refresh_every);
}

// One member at a time is asked to let us in, so that only one tells the others of us; two are dialled.
void RosterMachine::try_contacts(Time now, Effects& fx) {
  std::size_t dialling = 0, asked = 0;
  for (Contact& c : contacts_) {
    if (c.state == Contact::State::dialling && links_.find(c.record->id)) c.state = Contact::State::fresh;
    if (c.state != Contact::State::fresh && c.state != Contact::State::failed && now >= c.until)
      c.state = Contact::State::failed;
    dialling += c.state == Contact::State::dialling ? 1 : 0;
    asked += c.state == Contact::State::asked ? 1 : 0;
  }
  const bool waiting_for_pages = welcomed_by_ != LinkId{};
  for (Contact& c : contacts_) {
    if (c.state != Contact::State::fresh) continue;
    if (const LinkInfo* link = links_.find(c.record->id)) {
      if (asked == 0 && !waiting_for_pages) ask_to_join(now, c, link->id, fx), ++asked;
    } else if (dialling < 2) {
      c.state = Contact::State::dialling;
      c.until = now + config_.answer_after;
      fx.dial({c.record->id, c.record->addresses()});
      ++dialling;
    }
  }
  // All have failed: from the beginning, soon while we wait, seldom once we are ready.
  if (waiting_for_pages ||
      !std::ranges::all_of(contacts_, [](const Contact& c) { return c.state == Contact::State::failed; }))
    return;
  if (phase_ == Phase::joining) {
    retry_at_ = std::min(retry_at_, now + config_.answer_after);
  } else if (retry_at_ == never && !contacts_.empty()) {
    retry_every_ = std::min(std::max(config_.retry_first, 2 * retry_every_), config_.retry_max);
    retry_at_ = now + rng_.jitter(retry_every_);
  }
}

void RosterMachine::ask_to_join(Time now, Contact& contact, LinkId link, Effects& fx) {
  contact.state = Contact::State::asked;
  contact.until = now + config_.answer_after;
  joined_as_ = own_version_;
  const Bytes own = own_->statement();
  fx.send(link, Flow::control, wire::RosterJoin{tag_}, pack(std::span{&own, 1}));
}

void RosterMachine::on(Time now, const LinkInfo& from, const wire::RosterJoin&, Bytes body, Effects& fx) {
  if (phase_ != Phase::joining && phase_ != Phase::ready) return;
  if (!take(now, from, body, fx)) return;
  if (batch_.size() != 1 || !heard_.empty() || batch_[0]->id != from.peer) {
    fx.refuse(DropReason::malformed, from.id, from.peer, tag_);
    batch_.clear();
    heard_.clear();
    return;
  }
  const RecordRef record = batch_[0];
  const EntryVersion known =
      roster_.find(from.peer) ? roster_.find(from.peer)->entry_version() : EntryVersion{};
  merge_batch(now, Source::page, from.id, fx);
  const MemberRecord* member = roster_.find(from.peer);
  if (member == record.get() && member->entry_version() > known) spread_later(now, record, fx);
  change(RosterChange::Kind::joins_here, from.peer);

  const bool mutual = std::ranges::any_of(contacts_, [&](const Contact& c) {
    return c.state == Contact::State::asked && c.record->id == from.peer;
  });
  if (phase_ == Phase::ready || mutual) {
    welcome(from, fx);
  } else if (waiting_joins_.size() < config_.waiting_joins_max &&
             std::ranges::find(waiting_joins_, from.id) == waiting_joins_.end()) {
    waiting_joins_.push_back(from.id);
  }
}

void RosterMachine::welcome(const LinkInfo& to, Effects& fx) {
  wire::RosterWelcome m{tag_, roster_.size(), roster_.digest(), 0};
  const EventRef body = pack_page(roster_.all(), m.upto);
  fx.send(to.id, Flow::repair, m, body);
}

void RosterMachine::on(Time now, const LinkInfo& from, const wire::RosterWelcome& m, Bytes body,
                       Effects& fx) {
  const auto contact = std::ranges::find_if(contacts_, [&](const Contact& c) {
    return c.state == Contact::State::asked && c.record->id == from.peer;
  });
  if (contact == contacts_.end()) return;
  if (!take(now, from, body, fx)) return;
  merge_batch(now, Source::page, from.id, fx);
  hear_batch(now, Source::page, from.id, fx);
  if (phase_ == Phase::ready) {  // we went on alone, or know another part of the members
    contacts_.clear();
    retry_at_ = never;
    if (m.digest != roster_.digest()) send_digest(from.id, fx);
    return;
  }
  contact->state = Contact::State::fresh;
  welcomed_by_ = from.id;
  retry_at_ = never;
  alone_at_ = never;
  if (m.upto != 0) {
    const std::uint64_t parts = m.members > 512 ? 4 : 1;
    const std::uint64_t step = (0 - m.upto) / parts;
    for (std::uint64_t i = 0; i < parts; ++i)
      fetch(now, {m.upto + i * step, i + 1 == parts ? 0 : m.upto + (i + 1) * step}, from.id, true, fx);
  }
  continue_join(now, fx);
}

void RosterMachine::continue_join(Time now, Effects& fx) {
  if (phase_ != Phase::joining || welcomed_by_ == LinkId{}) return;
  if (std::ranges::none_of(fetches_, &Fetch::join)) become_ready(now, welcomed_by_, fx);
}

void RosterMachine::become_ready(Time now, LinkId link, Effects& fx) {
  phase_ = Phase::ready;
  alone_at_ = never;
  change(RosterChange::Kind::ready, self_.id, link);
  // Where the topic has few contacts, the member that let us in has named us. Where most of them are out of
  // reach we name ourselves; those that only have no time for us are better contacts than we are.
  const auto out_of_reach =
      static_cast<std::size_t>(std::ranges::count(contacts_, true, &Contact::out_of_reach));
  if (2 * out_of_reach > contacts_.size()) change(RosterChange::Kind::announce_contact, self_.id);
  if (link != LinkId{}) contacts_.clear();
  if (own_version_ != joined_as_) spread_later(now, own_, fx);  // has changed since others were told
  digest_at_ = now + rng_.jitter(link == LinkId{} ? config_.digest_every : config_.digest_after_news);
  expire_at_ = now + rng_.jitter(config_.expire_check);
  ghost_at_ = now + rng_.jitter(config_.ghost_every);
  for (LinkId waiting : waiting_joins_)
    if (const LinkInfo* to = links_.find(waiting)) welcome(*to, fx);
  waiting_joins_ = {};
}

void RosterMachine::fetch(Time now, Interval range, LinkId link, bool join, Effects& fx) {
  if (range.empty() || fetches_.size() >= config_.fetches_max) return;
  if (!join && std::ranges::find(fetches_, range, &Fetch::range) != fetches_.end()) return;
  fetches_.push_back({range, link, {}, 0, join});
  ask_fetch(now, fetches_.back(), fx);
}

void RosterMachine::ask_fetch(Time now, Fetch& fetch, Effects& fx) {
  fetch.pages = wire::roster_pages_max;
  fetch.until = now + config_.answer_after;
  fx.send(fetch.link, Flow::control,
          wire::RosterFetch{tag_, fetch.range.lo, fetch.range.hi, wire::roster_pages_max});
}

void RosterMachine::on(Time now, const LinkInfo& from, const wire::RosterFetch& m, Bytes, Effects& fx) {
  if (phase_ != Phase::ready || Interval{m.lo, m.hi}.empty()) return;
  send_pages(now, from, {m.lo, m.hi}, std::min(m.pages, wire::roster_pages_max), fx);
}

// A page that does not begin where the last one ended, or reaches beyond what was asked, counts as single
// entries only.
void RosterMachine::take_page(Time now, LinkId from, Interval covered, Effects& fx) {
  if (covered.empty()) return;
  const auto at = std::ranges::find_if(
      fetches_, [&](const Fetch& f) { return f.link == from && f.range.lo == covered.lo; });
  if (at == fetches_.end()) return;
  if (covered.hi == at->range.hi) {
    fetches_.erase(at);
    continue_join(now, fx);
    return;
  }
  if (covered.hi == 0 || (at->range.hi != 0 && covered.hi > at->range.hi)) return;
  at->range.lo = covered.hi;
  at->until = now + config_.answer_after;
  if (at->pages <= 1)
    ask_fetch(now, *at, fx);
  else
    --at->pages;
}

void RosterMachine::lose_fetches(Time now, LinkId link, Effects& fx) {
  bool nobody = false;
  for (std::size_t i = fetches_.size(); i-- > 0;) {
    Fetch& fetch = fetches_[i];
    if (link == LinkId{} ? now < fetch.until : fetch.link != link) continue;
    const LinkId other = fetch.join ? any_member_link(fetch.link) : LinkId{};
    if (other != LinkId{}) {
      fetch.link = other;
      welcomed_by_ = other;
      ask_fetch(now, fetch, fx);
    } else if (fetch.join && link == LinkId{} && links_.find(fetch.link)) {
      ask_fetch(now, fetch, fx);  // slow, but the only one there is
    } else {
      nobody |= fetch.join;
      fetches_.erase(fetches_.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
  if (!nobody) return;
  std::erase_if(fetches_, [](const Fetch& f) { return f.join; });
  welcomed_by_ = LinkId{};
  for (Contact& c : contacts_) c.state = Contact::State::fresh;
  alone_at_ = now + config_.alone_after;
  try_contacts(now, fx);
}

LinkId RosterMachine::any_member_link(LinkId except) {
  LinkId found;
  std::uint64_t seen = 0;
  for (const LinkInfo& link : links_.all())
    if (link.id != except && roster_.find(link.peer) && rng_.below(++seen) == 0) found = link.id;
  return found;
}

}  // namespace boato
