// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/courier.hpp"

#include "overlay/base/mutant.hpp"
#include "overlay/wire/event_messages.hpp"
#include "overlay/wire/records.hpp"
#include "overlay/wire/selective_messages.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

constexpr Duration dial_patience = std::chrono::seconds{3};
constexpr std::size_t pending_max = 256;  // x 200 B

}  // namespace

Courier::Courier(const MulticastContext& context, CastLedger& ledger, const WarmLinks& warm, Rng rng)
    : context_{context}, ledger_{ledger}, warm_{warm}, rng_{rng} {}

// Places rise, so names do.
void Courier::see_links(const Duty& duty) {
  near_.clear();
  for (const WarmLink& warm : warm_.all()) {
    const LinkInfo* link = context_.links.find(warm.link);
    if (!link || link->lagging || !ledger_.may_send(link->id)) continue;
    bool tried = false;
    for (std::uint8_t i = 0; i < duty.takeovers && i < std::size(duty.tried); ++i)
      tried = tried || duty.tried[i] == warm.place;
    if (!tried) near_.push_back({name_of(warm.place), link});
  }
}

// Of `near_`, the one least apart from the name, if it is less than `within` apart.
const LinkInfo* Courier::nearest(std::uint64_t name, std::uint64_t within) const {
  if (near_.empty()) return nullptr;
  const auto at = std::ranges::lower_bound(near_, name, {}, &Near::name);
  const Near& behind = at == near_.end() ? near_.front() : *at;
  const Near& before = at == near_.begin() ? near_.back() : *(at - 1);
  const Near& best = apart(before.name, name) < apart(behind.name, name) ? before : behind;
  return apart(best.name, name) < within ? best.link : nullptr;
}

const MemberRecord* Courier::member(std::uint64_t name) const {
  const Interval interval{name << 24, name + 1 == name_end ? 0 : (name + 1) << 24};
  const auto members = members_in(context_.roster.receivers(), interval);
  return members.empty() ? nullptr : members.front().record;
}

void Courier::bring(Time now, std::span<const Recipient> list, const Duty& duty, const PeerId& publisher,
                    Effects& fx) {
  if (list.empty()) return;
  see_links(duty);
  parts_.clear();
  over_.clear();
  carried_.clear();
  if (list.size() <= parts_max)
    assign_few(list);
  else
    assign_many(list);
  for (const std::uint32_t i : carried_) {
    const MemberRecord* m = cold_again(now, list[i].name) ? member(list[i].name) : nullptr;
    if (m && m->dialable && !context_.links.find(m->id)) fx.dial({m->id, m->addresses()});
  }
  for (const std::uint32_t i : over_) leave_over(now, list[i], duty, publisher, fx);
  if (BOATO_MUTANT(223) && duty.hops > 0 && !parts_.empty()) parts_.pop_back();  // a relay forgets its last
  send_parts(now, list, duty, fx);
}

// Each that we are linked with has its own copy from us; the others go by way of one of those if it is much
// nearer than we are, else by a carrier.
void Courier::assign_few(std::span<const Recipient> list) {
  const std::uint64_t me = name_of(context_.own_place());
  heads_.clear();
  for (const Recipient& r : list) {
    const auto at = std::ranges::lower_bound(near_, r.name, {}, &Near::name);
    heads_.push_back({r.name, at != near_.end() && at->name == r.name ? at->link : nullptr});
  }
  for (std::uint32_t i = 0; i < list.size(); ++i) {
    if (heads_[i].link) {
      parts_.push_back({heads_[i].link->id, i});
      continue;
    }
    const std::uint64_t ours = apart(me, list[i].name);
    const Near* head = nullptr;
    for (const Near& h : heads_)
      if (h.link && apart(h.name, list[i].name) < (head ? apart(head->name, list[i].name) : ours)) head = &h;
    const LinkInfo* carrier = nearest(list[i].name, ours);
    if (head && (!carrier || apart(head->name, list[i].name) < ours / 8)) {
      parts_.push_back({head->link->id, i});
    } else if (carrier) {
      parts_.push_back({carrier->id, i});
      carried_.push_back(i);
    } else {
      over_.push_back(i);
    }
  }
}

// Slices of equal rank, each for one of its members.
void Courier::assign_many(std::span<const Recipient> list) {
  const std::size_t k =
      std::max(context_.config.fan_out, (list.size() + wire::recipients_max - 1) / wire::recipients_max);
  const std::uint64_t me = name_of(context_.own_place());
  for (std::size_t s = 0; s < k; ++s) {
    const std::size_t from = list.size() * s / k, to = list.size() * (s + 1) / k;
    const LinkInfo* head = nullptr;
    std::uint64_t seen = 0, seen_shy = 0;
    const LinkInfo* shy = nullptr;
    for (std::size_t i = from; i < to; ++i) {
      const auto at = std::ranges::lower_bound(near_, list[i].name, {}, &Near::name);
      if (at == near_.end() || at->name != list[i].name) continue;
      const bool good =
          (at->link->flags & (wire::flag_weak | wire::flag_guest | wire::flag_no_inbound)) == 0 &&
          !context_.roster.suspected(at->link->peer);
      if (good && rng_.below(++seen) == 0) head = at->link;
      if (!good && rng_.below(++seen_shy) == 0) shy = at->link;
    }
    if (!head) head = shy;
    for (std::size_t i = from; i < to; ++i) {
      const LinkInfo* link = head ? head : nearest(list[i].name, apart(me, list[i].name));
      const auto index = static_cast<std::uint32_t>(i);
      if (!link)
        over_.push_back(index);
      else
        parts_.push_back({link->id, index});
      if (link && !head && name_of(ring_place(link->peer)) != list[i].name) carried_.push_back(index);
    }
  }
}

// Nobody is nearer than we are: it is dialled.
void Courier::leave_over(Time now, const Recipient& r, const Duty& duty, const PeerId& publisher,
                         Effects& fx) {
  const MemberRecord* m = member(r.name);
  if (!m || !m->dialable || context_.links.find(m->id) || pending_.size() >= pending_max)
    return undeliverable(publisher, fx);
  fx.dial({m->id, m->addresses()});
  pending_.push_back({m->id, now + dial_patience, publisher, r, duty});
}

void Courier::undeliverable(const PeerId& publisher, Effects& fx) const {
  fx.count(Counter::casts_undeliverable);  // it asks its publisher
  fx.drop(DropReason::undeliverable, context_.tag, publisher);
}

// What goes by one link goes in one frame, or in several if it is long. All lists of a call lie in one slab:
// a duty keeps its own until it is taken.
void Courier::send_parts(Time now, std::span<const Recipient> list, const Duty& duty, Effects& fx) {
  if (parts_.empty()) return;
  std::ranges::sort(parts_, [](const Part& a, const Part& b) {
    return a.link != b.link ? a.link < b.link : a.recipient < b.recipient;
  });
  SlabRef slab = context_.slabs.take(list.size() * recipient_bytes_max);
  std::uint32_t used = 0;
  for (std::size_t from = 0; from < parts_.size();) {
    std::size_t to = from;
    group_.clear();
    while (to < parts_.size() && parts_[to].link == parts_[from].link && group_.size() < wire::recipients_max)
      group_.push_back(list[parts_[to++].recipient]);
    const LinkInfo* link = context_.links.find(parts_[from].link);
    from = to;
    if (!link) continue;
    ByteWriter out{std::span{slab.data() + used, slab.capacity() - used}};
    write_recipients(group_, out);
    BOATO_CHECK(out.ok());
    Duty part = duty;
    part.list = slab.slice(used, static_cast<std::uint32_t>(out.used()));
    used += static_cast<std::uint32_t>(out.used());
    fx.send(link->id, Flow::reliable, wire::CastTo{context_.tag, part.list.bytes(), part.flags, part.hops},
            part.batch);
    fx.count(Counter::casts_sent);
    fx.count(Counter::casts_selective);
    if (part.takeovers < std::size(part.tried)) part.tried[part.takeovers] = ring_place(link->peer);
    ++part.takeovers;
    ledger_.sent(now, *link, std::move(part));
  }
}

void Courier::take_over(Time now, const Duty& duty, const PeerId& publisher, Effects& fx) {
  if (duty.takeovers >= context_.config.takeovers_max + 1 || BOATO_MUTANT(203) ||
      !read_recipients(duty.list.bytes(), list_))
    return undeliverable(publisher, fx);
  Duty again = duty;
  again.flags |= wire::cast_takeover;
  fx.count(Counter::takeovers);
  const std::vector<Recipient> list = list_;  // bring() may not walk what it reuses
  bring(now, list, again, publisher, fx);
}

std::optional<LinkId> Courier::toward(std::uint64_t place, Effects& fx) const {
  const std::uint64_t to = name_of(place);
  std::uint64_t best = apart(name_of(context_.own_place()), to);
  std::optional<LinkId> link;
  for (const LinkInfo& l : context_.links.all()) {
    if (ring_place(l.peer) == place && context_.roster.find(l.peer)) return l.id;
    const std::uint64_t d = apart(name_of(ring_place(l.peer)), to);
    if (d >= best || !context_.roster.find(l.peer)) continue;
    best = d;
    link = l.id;
  }
  if (link) return link;
  const auto members = members_in(context_.roster.all(), {place, place + 1});
  if (!members.empty() && members.front().record->dialable && members.front().record->id != context_.self.id)
    fx.dial({members.front().record->id, members.front().record->addresses()});
  return std::nullopt;
}

// Whether carriers were needed for it lately; they are now.
bool Courier::cold_again(Time now, std::uint64_t name) {
  const auto at = std::ranges::find(cold_, name, &Cold::name);
  if (at != cold_.end()) return now - std::exchange(at->at, now) <= context_.config.cold_for;
  if (cold_.size() < context_.config.cold_max) {
    cold_.push_back({name, now});
  } else {
    cold_[next_cold_] = {name, now};
    next_cold_ = (next_cold_ + 1) % cold_.size();
  }
  return false;
}

void Courier::on_link_up(Time now, const LinkInfo& link, Effects& fx) {
  for (std::size_t i = 0; i < pending_.size();) {
    if (pending_[i].child != link.peer) {
      ++i;
      continue;
    }
    const Pending p = std::move(pending_[i]);
    pending_.erase(pending_.begin() + static_cast<std::ptrdiff_t>(i));
    bring(now, std::span{&p.recipient, 1}, p.duty, p.publisher, fx);
  }
}

void Courier::on_dial_failed(const PeerId& peer, Effects& fx) {
  std::erase_if(pending_, [&](const Pending& p) {
    if (p.child == peer) undeliverable(p.publisher, fx);
    return p.child == peer;
  });
}

Time Courier::next_deadline() const {
  Time soonest = never;
  for (const Pending& p : pending_) soonest = std::min(soonest, p.until);
  return soonest;
}

void Courier::on_deadline(Time now, Effects& fx) {
  std::erase_if(pending_, [&](const Pending& p) {
    if (p.until <= now) undeliverable(p.publisher, fx);
    return p.until <= now;
  });
}

void Courier::check_invariants() const {
  BOATO_CHECK(pending_.size() <= pending_max && cold_.size() <= context_.config.cold_max);
}

}  // namespace boato
