// SPDX-License-Identifier: Apache-2.0
// Events for the members that want them alone: handing ours out, passing on what is listed for others, and
// answering members that ask what was theirs.
#include "overlay/base/mutant.hpp"
#include "overlay/multicast/multicast.hpp"
#include "overlay/wire/records.hpp"
#include "overlay/wire/statement.hpp"

#include <algorithm>
#include <array>

namespace boato {

// `handed_out`: up to here everything of our own went to everybody.
Chooser& Multicast::chooser(Seq handed_out) {
  if (!chooser_) {
    chooser_.emplace(context_.config, context_.roster, context_.name, mix(own_tag_.raw()));
    chooser_->begin(handed_out);
  }
  return *chooser_;
}

// Own batches go selectively where it spares copies. A topic without any predicate never gets here.
bool Multicast::select(Time now, const CachedBatch& b, Effects& fx) {
  if (!context_.reliable || outside_ || (!chooser_ && context_.roster.filtered() == 0)) return false;
  const auto batch = wire::parse_batch(b.bytes.bytes(), context_.config.payload_max);
  BOATO_CHECK(batch.has_value());  // it is ours
  const auto list = chooser(Seq{b.first.raw() - 1}).choose(now, *batch, context_.own_place());
  if (!list) return false;
  voucher_.watch(b.stream);
  voucher_.hear(now, b.stream, b.last);
  if (list->empty()) {  // nobody will take it: who waits for that waits for nothing
    for (std::size_t i = own_.size(); i-- > 0 && own_[i].first >= b.first;)
      if (own_[i].first == b.first) own_[i].holders = std::max(own_[i].holders, 1U);
    fx.taken({context_.tag, b.first, b.last, 0});
    return true;
  }
  Duty duty;
  duty.topic = context_.tag;
  duty.batch = b.bytes;
  courier_.bring(now, *list, duty, context_.self.id, fx);
  return true;
}

const Arrived* Multicast::on(Time now, const LinkInfo& from, const wire::CastTo& cast, const EventRef& bytes,
                             Effects& fx) {
  arrived_.closed.reset();
  fx.count(Counter::casts_received);
  ledger_.received(now, from.id, fx);
  if (!read_recipients(cast.recipients, listed_)) {
    fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag);
    return nullptr;
  }
  if (cast.hops >= wire::selective_hops_max) {
    fx.count(Counter::hops_exceeded);
    fx.drop(DropReason::hops, context_.tag, from.peer);
    return nullptr;
  }
  const auto hops = static_cast<std::uint8_t>(cast.hops + 1);
  const auto at = std::ranges::lower_bound(listed_, name_of(context_.own_place()), {}, &Recipient::name);
  Came came = Came::unwanted;
  if (at != listed_.end() && at->name == name_of(context_.own_place())) {
    const Recipient mine = *at;
    listed_.erase(at);
    came = take_in(now, from, bytes, hops, fx, &mine);
  } else {
    came = check_in(from, bytes, hops, fx) ? Came::unwanted : Came::bad;
    fx.count(Counter::events_carried, came == Came::bad ? 0 : arrived_.batch.count);
  }
  if (came == Came::bad) return nullptr;
  if (!listed_.empty()) {
    if (!trusted(from, came, fx)) return came == Came::fresh ? &arrived_ : nullptr;
    Duty duty;
    duty.topic = context_.tag;
    duty.batch = bytes;
    duty.hops = hops;
    courier_.bring(now, listed_, duty, arrived_.batch.publisher, fx);
    fx.count(Counter::events_forwarded, arrived_.batch.count);
  }
  return came == Came::fresh ? &arrived_ : nullptr;
}

// What a relay claims of the numbers before a batch counts if it was chosen by the interest that we have now.
void Multicast::claim(Time now, StreamIndex stream, const Recipient& mine, Seq first) {
  if (mine.tag != own_interest_ && !BOATO_MUTANT(227)) return;  // 227: by whichever interest
  if (mine.tag == 0 || mine.skip == 0) return;
  Fresh fresh;
  context_.streams.account(now, stream, {Seq{first.raw() - mine.skip}, Seq{first.raw() - 1}}, fresh);
}

void Multicast::on(Time now, const LinkInfo& from, const wire::News& news, Effects&) {
  arrived_.closed.reset();
  for (const wire::StreamNews& n : news.streams) {
    if (n.publisher == context_.self.id || n.upto == Seq{}) continue;
    std::optional<StreamIndex> index = context_.streams.find(
        wire::stream_tag(*context_.self.crypto, context_.id, n.publisher, n.incarnation));
    if (!index || !context_.streams[*index].named()) {
      // Of members of the roster alone: hearsay of others would fill the set of streams.
      const MemberRecord* publisher = context_.roster.find(n.publisher);
      if (!publisher || publisher->incarnation != n.incarnation || !taking_) continue;
      const StreamSet::Place place = context_.streams.find_or_add(now, {n.publisher, n.incarnation});
      if (place.found != StreamSet::Found::known && place.found != StreamSet::Found::added) continue;
      index = place.index;
      forget(place.closed);
    }
    voucher_.watch(*index);
    mesh_.knows(from.id, *index, n.upto);
    voucher_.hear(now, *index, n.upto);
    if (arrived_.closed) return;  // one at a time; the rest is told again
  }
}

void Multicast::on(Time now, const LinkInfo& from, const wire::Vouch& m, const EventRef& body, Effects& fx) {
  HaveReader reader{m.held};
  if (!reader.next(have_entry_) || body.size() > wire::statement_bytes_max)
    return fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag);
  if (m.to == context_.own_place()) return vouch(now, m, fx);
  wire::Vouch next = m;
  if (pass_on(next.hops, from, fx)) return;
  if (const auto link = courier_.toward(m.to, fx)) fx.send(*link, Flow::control, next, body);
}

void Multicast::on(Time now, const LinkInfo& from, const wire::Vouched& m, Effects& fx) {
  HaveReader reader{m.wanted};
  if (!reader.next(have_entry_)) return fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag);
  if (m.to == context_.own_place()) {
    if (!taking_) return;
    const auto moved = voucher_.on(now, m);
    if (moved) moved_.push_back(*moved);
    if (moved && moved->lost.last > Seq{}) counts_.lost += moved->lost.count();
    return;
  }
  wire::Vouched next = m;
  if (pass_on(next.hops, from, fx)) return;
  if (const auto link = courier_.toward(m.to, fx)) fx.send(*link, Flow::control, next);
}

// True: it has come far enough.
bool Multicast::pass_on(std::uint8_t& hops, const LinkInfo& from, Effects& fx) {
  if (++hops < wire::selective_hops_max) return false;
  fx.count(Counter::hops_exceeded);
  fx.drop(DropReason::hops, context_.tag, from.peer);
  return true;
}

// Says which numbers of the stream are the asker's and sends it those that it lacks, if the stream is ours,
// or we take everything and so have all of it. have_entry_ is what it holds.
void Multicast::vouch(Time now, const wire::Vouch& m, Effects& fx) {
  const auto index = context_.streams.find(have_entry_.tag);
  if (!index || m.asker == context_.own_place()) return;
  const MemberRecord* self = context_.roster.find(context_.self.id);
  const bool ours = have_entry_.tag == own_tag_;
  if (!ours && !(taking_ && started_ && self && self->interest == Interest::everything)) return;
  const auto askers = members_in(context_.roster.receivers(), {m.asker, m.asker + 1});
  if (askers.empty() || askers.front().record->version != m.version) return;  // it will show its entry
  RosterInterests& interests = chooser().interests();

  const Seq asked = have_entry_.upto;
  Seq upto = ours ? cast_upto_ : context_.streams[*index].frontier();
  // More than it can list it does not ask about.
  if (have_entry_.runs.full()) upto = std::min(upto, have_entry_.runs[have_entry_.runs.size() - 1].last);
  if (upto < asked) return;
  const Seq held_from = first_held(*index, upto);
  const Seq from =
      std::max(asked, std::min(upto, Seq{held_from.raw() - 1}));  // below it nothing is left here

  wire::List<SeqRange, RangeSet::ranges_max> wanted;
  std::vector<EventRef> missing;
  std::size_t events = 0, bytes = 0;
  const auto holds = [&](SeqRange run) {
    return std::ranges::any_of(have_entry_.runs,
                               [&](const SeqRange& r) { return r.first <= run.first && r.last >= run.last; });
  };
  if (from < upto)
    context_.cache.each(context_.slot, *index, {next(from), upto}, [&](const CachedBatch& b) {
      const SeqRange run{std::max(b.first, next(from)), std::min(b.last, upto)};
      const auto stop = [&] {
        upto = Seq{run.first.raw() - 1};
        return false;
      };
      const auto batch = wire::parse_batch(b.bytes.bytes(), context_.config.payload_max);
      if (!batch || (b.trust == Trust::attested && !verify(*batch, fx))) return stop();
      events += batch->count;
      if (events > context_.config.vouch_events_max + batch->count) return stop();
      if (!interests.wants(chooser().reader(), m.asker, *batch)) return true;
      const bool joins = !wanted.empty() && next(wanted[wanted.size() - 1].last) == run.first;
      if (!joins && wanted.full()) return stop();
      if (!holds(run)) {
        bytes += b.bytes.size();
        if (bytes > context_.config.vouch_bytes_max && !missing.empty()) return stop();
        missing.push_back(b.bytes);
      }
      if (joins)
        wanted[wanted.size() - 1].last = run.last;
      else
        wanted.push_back(run);
      return true;
    });
  const Recipient asker{name_of(m.asker), 0, 0};
  for (EventRef& batch : missing) {
    Duty duty;
    duty.topic = context_.tag;
    duty.batch = std::move(batch);
    courier_.bring(now, std::span{&asker, 1}, duty, context_.streams[*index].key().publisher, fx);
  }
  std::array<std::byte, have_entry_bytes_max> room;
  HaveWriter writer{room};
  static_cast<void>(writer.add(have_entry_.tag, from, wanted.span()));
  fx.count(Counter::vouches_answered);
  if (const auto link = courier_.toward(m.asker, fx))
    fx.send(*link, Flow::control, wire::Vouched{context_.tag, m.asker, m.version, upto, writer.written(), 0});
}

// What we hold of a stream whose publisher is gone goes once more to those that want it, as far as we know.
// It claims nothing: nobody can say what they did not want of it.
void Multicast::hand_out_again(Time now, StreamIndex stream, Effects& fx) {
  RosterInterests& interests = chooser().interests();
  if (interests.twins()) return;
  std::vector<EventRef> batches;
  context_.cache.each(context_.slot, stream, {Seq{1}, Seq{~std::uint64_t{0}}}, [&](const CachedBatch& b) {
    if (now - b.at <= context_.config.again_for && !voucher_.was_again(stream, b.first) &&
        batches.size() < context_.config.again_batches_max)
      batches.push_back(b.bytes);
    return true;
  });
  std::vector<RosterInterests::Chosen> chosen;
  std::vector<Recipient> list;
  for (EventRef& bytes : batches) {
    const auto batch = wire::parse_batch(bytes.bytes(), context_.config.payload_max);
    if (!batch || !verify(*batch, fx)) continue;
    static_cast<void>(interests.match(chooser().reader(), *batch));
    interests.gather(chosen);
    list.clear();
    for (const RosterInterests::Chosen& c : chosen)
      if (c.place != context_.own_place()) list.push_back({name_of(c.place), 0, 0});
    Duty duty;
    duty.topic = context_.tag;
    duty.batch = std::move(bytes);
    courier_.bring(now, list, duty, batch->publisher, fx);
  }
}

void Multicast::on_interest(Time now) {
  const MemberRecord* own = context_.roster.find(context_.self.id);
  const std::uint16_t tag =
      own && own->interest != Interest::nothing
          ? interest_tag(own->interest == Interest::everything ? interest_everything : own->interest_text())
          : std::uint16_t{0};
  if (std::exchange(own_interest_, tag) != tag) voucher_.on_interest(now);
}

}  // namespace boato
