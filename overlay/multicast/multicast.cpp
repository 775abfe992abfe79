// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/multicast.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/mutant.hpp"
#include "overlay/wire/view_messages.hpp"

#include <algorithm>

namespace boato {

Multicast::Multicast(const MulticastContext& context, CastLedger& ledger, Rng rng)
    : context_{context},
      own_tag_{wire::stream_tag(*context.self.crypto, context.id, context.self.id, context.self.incarnation)},
      ledger_{ledger},
      rng_{rng.fork("multicast")},
      caster_{context_, ledger, rng_.fork("caster")},
      mesh_{context_, rng_.fork("mesh")},
      fingers_{context_, rng_.fork("fingers")},
      puller_{context_, rng_.fork("puller")},
      courier_{context_, ledger, caster_.warm(), Rng{rng_}.fork("courier")},
      voucher_{context_, courier_, Rng{rng_}.fork("voucher")},
      accepted_{context.config.accepted_slots} {}

void Multicast::start(Time now) {
  running_ = true;
  mesh_.start(now);
  fingers_.start(now);
}

void Multicast::leave(Effects& fx) {
  mesh_.leave(fx);
  fingers_.stop();
  running_ = taking_ = started_ = false;
  ask_start_at_ = never;
}

// --- taking in

bool Multicast::verify(const wire::BatchView& batch, Effects& fx) {
  fx.count(Counter::signatures_checked);
  if (BOATO_MUTANT(206)) return true;  // takes what anybody claims
  return wire::signature_holds(*context_.self.crypto, context_.self.network, context_.id, batch);
}

void Multicast::bad_batch(const LinkInfo& from, Effects& fx) {
  fx.refuse(DropReason::forged, from.id, from.peer, context_.tag);
}

void Multicast::forget(std::optional<StreamIndex> closed) {
  arrived_.closed = closed;
  if (!closed) return;
  context_.cache.forget(context_.slot, *closed);
  mesh_.forget(*closed);
  puller_.forget(*closed);
  voucher_.forget(*closed);
}

bool Multicast::check_in(const LinkInfo& from, const EventRef& bytes, std::uint8_t hops, Effects& fx) {
  arrived_.closed.reset();
  const auto parsed = wire::parse_batch(bytes.bytes(), context_.config.payload_max);
  if (!parsed) {
    fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag);
    return false;
  }
  const wire::BatchView& batch = *parsed;
  arrived_.batch = batch;
  arrived_.bytes = bytes;
  arrived_.hops = hops;
  trust_ = Trust::attested;
  // Who is not the publisher brings a signature that must hold before we keep, count or forward anything of
  // it.
  if (from.peer != batch.publisher) {
    if (!verify(batch, fx)) {
      bad_batch(from, fx);
      return false;
    }
    trust_ = Trust::verified;
  }
  return true;
}

Multicast::Came Multicast::take_in(Time now, const LinkInfo& from, const EventRef& bytes, std::uint8_t hops,
                                   Effects& fx, const Recipient* listed) {
  if (!check_in(from, bytes, hops, fx)) return Came::bad;
  const wire::BatchView& batch = arrived_.batch;
  if (listed && listed->skip >= batch.first.raw()) {
    fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag);
    return Came::bad;
  }
  const auto drop = [&](DropReason why, Came came) {
    fx.drop(why, context_.tag, batch.publisher, batch.count);
    return came;
  };
  if (!taking_) return drop(DropReason::unwanted, Came::unwanted);
  const bool ours = batch.publisher == context_.self.id && batch.incarnation == context_.self.incarnation;
  const StreamSet::Place place = context_.streams.find_or_add(now, {batch.publisher, batch.incarnation});
  if (place.found == StreamSet::Found::stale) return drop(DropReason::stale, Came::duplicate);
  if (place.found == StreamSet::Found::full) {
    fx.count(Counter::streams_refused);
    return drop(DropReason::streams_full, Came::unwanted);
  }
  arrived_.stream = place.index;
  forget(place.closed);
  const SeqRange run{batch.first, batch.last()};
  mesh_.knows_run(from.id, place.index, run);
  if (ours) return Came::duplicate;  // nobody but us makes them
  if (listed) {
    voucher_.watch(place.index);
    claim(now, place.index, *listed, batch.first);
  }
  const bool sparse = context_.streams[place.index].sparse();
  if (sparse) moved_.push_back({place.index, {}});
  if (place.heard.raw() > 0 && !sparse) puller_.wanted(now, place.index, place.heard, from.id);
  context_.streams.account(now, place.index, run, arrived_.fresh);
  if (arrived_.fresh.empty() && !arrived_.fresh.refused &&
      !BOATO_MUTANT(207)) {  // 207: duplicates are delivered
    if (listed) voucher_.on_again(place.index, batch.first);
    counts_.duplicates += batch.count;
    fx.count(Counter::events_duplicate, batch.count);
    return Came::duplicate;
  }
  if (arrived_.fresh.empty()) {
    if (!BOATO_MUTANT(207)) {
      fx.count(Counter::events_refused, batch.count);
      if (sparse)
        voucher_.on_hole(now, place.index);
      else
        puller_.wanted(now, place.index, run.last, from.id);
      return drop(DropReason::window, Came::unwanted);
    }
    arrived_.fresh.pieces[0] = run;
    arrived_.fresh.count = 1;
  }
  counts_.received += arrived_.fresh.events();
  fx.count(Counter::events_received, arrived_.fresh.events());
  cached_ = context_.cache.put(now, {context_.slot, place.index, trust_, hops, from.id}, batch, bytes, fx);
  const Stream& s = context_.streams[place.index];
  if (sparse) {
    if (listed) voucher_.on_again(place.index, batch.first);
    voucher_.hear(now, place.index, run.last);
    if (s.frontier() < run.last) voucher_.on_hole(now, place.index);
    return Came::fresh;
  }
  if (!s.complete()) puller_.wanted(now, place.index, s.highest(), from.id);
  puller_.on_progress(now, place.index);
  if (context_.reliable) mesh_.on_frontier(now);
  return Came::fresh;
}

const Arrived* Multicast::on(Time now, const LinkInfo& from, const wire::Cast& cast, const EventRef& bytes,
                             bool flood, Effects& fx) {
  arrived_.closed.reset();
  fx.count(Counter::casts_received);
  ledger_.received(now, from.id, fx);
  if (cast.except.size() % 8 != 0 || cast.except.size() > 8 * wire::except_max) {
    fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag);
    return nullptr;
  }
  if (cast.hops >= context_.config.hops_max) {
    fx.count(Counter::hops_exceeded);
    fx.drop(DropReason::hops, context_.tag, from.peer);
    return nullptr;
  }
  const auto hops = static_cast<std::uint8_t>(cast.hops + 1);
  const Came came = take_in(now, from, bytes, hops, fx);
  if (came == Came::bad) return nullptr;
  const wire::BatchView& batch = arrived_.batch;

  Duty duty;
  duty.topic = context_.tag;
  duty.batch = bytes;
  duty.hops = hops;
  for (std::size_t at = 0; at < cast.except.size(); at += 8)
    duty.except.add(get_be<std::uint64_t>(cast.except.data() + at));
  AcceptedIntervals::Pieces pieces;
  if ((cast.flags & wire::cast_no_duty) == 0)
    pieces = accepted_.accept({ring_place(batch.publisher) ^ batch.incarnation.raw(), batch.first},
                              {cast.lo, cast.hi});
  // Only members other than us, the publisher and those excepted make work; a leaf checks no signature of its
  // own publisher's link.
  bool work = false;
  for (std::size_t i = 0; i < pieces.count && !work; ++i)
    for (const RingMember& m : members_in(context_.roster.receivers(), pieces.piece[i]))
      if (m.place != context_.own_place() && m.place != ring_place(batch.publisher) &&
          !duty.except.holds(m.place)) {
        work = true;
        break;
      }
  const bool spread = (flood || (cast.flags & wire::cast_flood) != 0) && came == Came::fresh;
  if (spread || (cast.flags & wire::cast_takeover) != 0) mesh_.on_trouble(now);
  if (work || spread) {
    if (!trusted(from, came, fx))
      return came == Came::fresh
                 ? &arrived_
                 : nullptr;  // the publisher itself said so on its own link: to us it did publish it
    if (came == Came::duplicate && BOATO_MUTANT(208)) pieces.count = 0;  // swallows the duty of a duplicate
    BOATO_CHECK(!work || pieces.count > 0);  // to have the events is no reason to keep them from others
    for (std::size_t i = 0; i < pieces.count; ++i) {
      duty.interval = pieces.piece[i];
      caster_.forward(now, duty, batch.publisher, fx);
    }
    if (spread)
      for (LinkId link : mesh_.links())
        if (link != from.id) caster_.flood(bytes, hops, link, fx);
    fx.count(Counter::events_forwarded, batch.count);
  }
  return came == Came::fresh ? &arrived_ : nullptr;
}

bool Multicast::trusted(const LinkInfo& from, Came came, Effects& fx) {
  if (trust_ != Trust::attested) return true;
  if (!verify(arrived_.batch, fx)) {
    bad_batch(from, fx);
    return false;
  }
  trust_ = Trust::verified;
  if (came == Came::fresh) context_.cache.upgrade(cached_);
  return true;
}

const Arrived* Multicast::on(Time now, const LinkInfo& from, const wire::Repair& repair,
                             const EventRef& bytes, Effects& fx) {
  const Came came = take_in(now, from, bytes, 0, fx);
  if (repair.last && came != Came::bad) puller_.on_answered(now, from.id, came == Came::fresh);
  if (came != Came::fresh) return nullptr;
  mesh_.on_trouble(now);
  fx.count(Counter::events_pulled, arrived_.fresh.events());
  return &arrived_;
}

// --- publishing

const Arrived* Multicast::publish(Time now, const wire::BatchView& batch, const EventRef& bytes, bool flood,
                                  Effects& fx) {
  const StreamSet::Place place =
      context_.streams.find_or_add(now, {batch.publisher, batch.incarnation}, StreamSet::Room::reserved);
  if (place.found != StreamSet::Found::known && place.found != StreamSet::Found::added) return nullptr;
  arrived_.stream = place.index;
  forget(place.closed);
  arrived_.batch = batch;
  arrived_.bytes = bytes;
  arrived_.hops = 0;
  context_.streams.account(now, place.index, {batch.first, batch.last()}, arrived_.fresh);
  BOATO_CHECK(arrived_.fresh.events() == batch.count);
  context_.cache.put(now, {context_.slot, place.index, Trust::verified}, batch, bytes, fx);
  if (context_.reliable) mesh_.on_frontier(now);
  own_.push_back({batch.first, batch.last(), 0});
  while (own_.size() > 65536) own_.pop_front();
  send_waiting(now, fx);
  if (flood && !selective())
    for (LinkId link : mesh_.links()) caster_.flood(bytes, 0, link, fx);
  return &arrived_;
}

void Multicast::send_waiting(Time now, Effects& fx) {
  const bool ready = outside_ ? caster_.entry().has_value() : running_;
  if (!ready) return;
  const auto index = context_.streams.find(own_tag_);
  if (!index) return;
  const Seq last = context_.streams[*index].frontier();
  if (cast_upto_ >= last) return;
  const bool alone = !outside_ && context_.roster.receivers().size() <= (taking_ ? 1U : 0U);
  context_.cache.each(context_.slot, *index, {next(cast_upto_), last}, [&](const CachedBatch& b) {
    cast_upto_ = b.last;
    voucher_.hear(now, b.stream, b.last);
    if (!alone && select(now, b, fx)) return true;
    if (alone && chooser_) chooser_->passed(b.last);
    Duty duty;
    duty.topic = context_.tag;
    duty.batch = b.bytes;
    caster_.forward(now, duty, context_.self.id, fx);
    if (alone) fx.taken({context_.tag, b.first, b.last, 0});
    return true;
  });
  if (alone) own_.clear();
  cast_upto_ = last;
}

void Multicast::set_entry(Time now, std::optional<LinkId> entry, Effects& fx) {
  outside_ = true;
  caster_.set_entry(entry);
  send_waiting(now, fx);
}

void Multicast::taken(const Duty& duty, Effects& fx) {
  const auto batch = wire::parse_batch(duty.batch.bytes(), context_.config.payload_max);
  if (!batch || batch->publisher != context_.self.id || batch->incarnation != context_.self.incarnation)
    return;
  std::size_t lo = 0, hi = own_.size();
  while (lo < hi) {
    const std::size_t mid = (lo + hi) / 2;
    if (own_[mid].first < batch->first)
      lo = mid + 1;
    else
      hi = mid;
  }
  if (lo == own_.size() || own_[lo].first != batch->first) return;
  fx.taken({context_.tag, batch->first, batch->last(), ++own_[lo].holders});
  while (!own_.empty() && own_[0].holders > 0 && own_.size() > 1024) own_.pop_front();
}

void Multicast::on_member_left(Effects& fx) {
  if (outside_ || context_.roster.receivers().size() > (taking_ ? 1U : 0U)) return;
  for (std::size_t i = 0; i < own_.size(); ++i)
    if (own_[i].holders == 0) fx.taken({context_.tag, own_[i].first, own_[i].last, 0});
  own_.clear();
}

std::uint64_t Multicast::untaken() const {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < own_.size(); ++i)
    if (own_[i].holders == 0) sum += own_[i].last.raw() - own_[i].first.raw() + 1;
  return sum;
}

void Multicast::take_over(Time now, Duty duty, Effects& fx) {
  const auto batch = wire::parse_batch(duty.batch.bytes(), context_.config.payload_max);
  if (!batch) return;
  mesh_.on_trouble(now);
  if (outside_) {  // the entry is gone or silent: the next one gets everything from here on
    cast_upto_ = std::min(cast_upto_, Seq{batch->first.raw() - 1});
    return;
  }
  if (duty.list)
    courier_.take_over(now, duty, batch->publisher, fx);
  else
    caster_.take_over(now, std::move(duty), batch->publisher, fx);
}

// --- links and time

void Multicast::on_link_up(Time now, const LinkInfo& link, Effects& fx) {
  caster_.on_link_up(now, link, fx);
  courier_.on_link_up(now, link, fx);
  mesh_.on_link_up(now, link, fx);
  fingers_.on_change(now);
}

void Multicast::on_link_down(Time now, LinkId link) {
  caster_.on_link_down(link);
  if (mesh_.has(link)) mesh_.on_trouble(now);
  mesh_.on_link_down(now, link);
  fingers_.on_link_down(now, link);
  if (asked_start_ == link) asked_start_.reset();
}

void Multicast::on_lag_ended(Time now, LinkId link, Effects& fx) {
  if (caster_.warm().has(link)) compare(now, link, fx);
}

void Multicast::on(Time now, const LinkInfo& from, const wire::Mesh& mesh, Effects& fx) {
  const bool before = mesh_.has(from.id);
  mesh_.on(now, from, mesh, fx);
  if (!before && mesh_.has(from.id)) voucher_.on_neighbour(now);
  // Whatever either end lacks of the other is noticed at once; one of them asks.
  if (!before && mesh_.has(from.id) && mesh.verb == wire::MeshVerb::yes) compare(now, from.id, fx);
}

void Multicast::on_member_joined(Time now, const PeerId& peer) {
  mesh_.on_member_joined(now);
  on_member_changed(now, peer);
}

void Multicast::on_member_changed(Time now, const PeerId& peer) {
  voucher_.on_member(now, peer);
  if (const auto link = caster_.on_member_changed(peer); link && context_.reliable)
    mesh_.on_interest(now, *link);
  mesh_.on_member_changed(now);
  fingers_.on_change(now);
}

std::uint32_t Multicast::roles(LinkId link) const {
  return (mesh_.has(link) ? std::uint32_t{wire::view_mesh} : 0U) |
         (fingers_.uses(link) ? std::uint32_t{wire::view_finger} : 0U);
}

Time Multicast::next_deadline() const {
  return std::min({caster_.next_deadline(), mesh_.next_deadline(), fingers_.next_deadline(),
                   puller_.next_deadline(), courier_.next_deadline(), voucher_.next_deadline(),
                   ask_start_at_});
}

void Multicast::on_deadline(Time now, Effects& fx, std::vector<Puller::Lost>& lost) {
  caster_.on_deadline(now, fx);
  mesh_.on_deadline(now, fx);
  fingers_.on_deadline(now, caster_.warm(), fx);
  puller_.on_deadline(now, mesh_, caster_.warm(), fx, lost);
  courier_.on_deadline(now, fx);
  if (voucher_.next_deadline() <= now) voucher_.on_deadline(now, taking_ && started_, mesh_, fx, moved_);
  for (const StreamIndex stream : voucher_.again()) hand_out_again(now, stream, fx);
  voucher_.again().clear();
  for (const Puller::Lost& l : lost) {
    context_.streams.skip(now, l.stream, l.range.last);
    counts_.lost += l.range.count();
    puller_.on_progress(now, l.stream);
  }
  if (ask_start_at_ <= now && !started_) {
    ask_start_at_ = never;
    take_events(now, std::nullopt, fx);
  }
}

void Multicast::check_invariants() const {
  caster_.check_invariants();
  mesh_.check_invariants();
  puller_.check_invariants();
  courier_.check_invariants();
  voucher_.check_invariants();
  if (chooser_) chooser_->check_invariants();
}

}  // namespace boato
