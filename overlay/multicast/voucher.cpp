// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/voucher.hpp"

#include "overlay/base/mutant.hpp"
#include "overlay/stream/have_codec.hpp"

#include <algorithm>
#include <array>

namespace boato {

Voucher::Voucher(const MulticastContext& context, Courier& courier, Rng rng)
    : context_{context}, courier_{courier}, rng_{rng} {}

Voucher::Watch* Voucher::find(StreamIndex stream) {
  const auto at = std::ranges::find(watches_, stream, &Watch::stream);
  return at == watches_.end() ? nullptr : &*at;
}
const Voucher::Watch* Voucher::find(StreamIndex stream) const {
  const auto at = std::ranges::find(watches_, stream, &Watch::stream);
  return at == watches_.end() ? nullptr : &*at;
}

Seq Voucher::vouched(StreamIndex stream) const {
  const Watch* w = find(stream);
  return w ? w->vouched : Seq{};
}

void Voucher::watch(StreamIndex stream) {
  const Stream& s = context_.streams[stream];
  if (s.sparse()) return;
  context_.streams.make_sparse(stream);
  Watch w;
  w.own = s.key().publisher == context_.self.id && s.key().incarnation == context_.self.incarnation;
  w.stream = stream;
  w.vouched = s.frontier();
  w.every = context_.config.vouch_every;
  watches_.push_back(w);
}

bool Voucher::settled(const Watch& w) const {
  if (w.own) return true;
  const Stream& s = context_.streams[w.stream];
  return !w.untold && w.vouched >= w.exists && s.frontier() >= w.exists && s.complete();
}

void Voucher::hear(Time now, StreamIndex stream, Seq upto) {
  Watch* w = find(stream);
  if (!w || upto <= w->exists) return;
  w->exists = upto;
  w->heard_at = now;
  news_at_ = std::min(news_at_, now + rng_.jitter(context_.config.news_every));
  if (w->due == never && !w->own && !BOATO_MUTANT(224))  // 224: what did not come is not asked for
    w->due = now + rng_.jitter(w->every);
}

void Voucher::on_hole(Time now, StreamIndex stream) {
  Watch* w = find(stream);
  if (!w || w->own || w->attempts > 0 || BOATO_MUTANT(224)) return;  // it is being asked already
  w->due = std::min(w->due, now + rng_.jitter(context_.config.vouch_after));
}

void Voucher::on_neighbour(Time now) {
  if (watches_.empty()) return;
  for (Watch& w : watches_) w.told_all = Seq{};
  news_at_ = std::min(news_at_, now + rng_.jitter(context_.config.vouch_again));
}

void Voucher::on_start(StreamIndex stream, Seq upto) {
  if (Watch* w = find(stream)) w->vouched = std::max(w->vouched, upto);
}

void Voucher::on_interest(Time now) {
  for (Watch& w : watches_) {
    if (w.own) continue;
    const Stream& s = context_.streams[w.stream];
    // What was accounted for above a hole was not asked by our present interest, unless we hold it.
    std::array<SeqRange, RangeSet::ranges_max> held;
    std::size_t count = 0;
    context_.cache.each(context_.slot, w.stream, {next(s.frontier()), Seq{~std::uint64_t{0}}},
                        [&](const CachedBatch& b) {
                          if (count > 0 && next(held[count - 1].last) == b.first)
                            held[count - 1].last = b.last;
                          else if (count < held.size())
                            held[count++] = {b.first, b.last};
                          return count < held.size();
                        });
    context_.streams.refit(now, w.stream, std::span{held}.first(count));
    w.vouched = s.frontier();
    w.untold = true;
    w.attempts = 0;
    w.every = context_.config.vouch_every;
    if (!BOATO_MUTANT(225))  // 225: whether the publisher knows is not asked
      w.due = std::min(w.due, now + rng_.jitter(std::chrono::milliseconds{20}));
  }
}

void Voucher::forget(StreamIndex stream) {
  std::erase_if(watches_, [&](const Watch& w) { return w.stream == stream; });
}

const MemberRecord* Voucher::one_that_has_all() {
  const MemberRecord* any = nullptr;
  std::uint64_t seen = 0;
  for (const RingMember& m : context_.roster.receivers())
    if (m.record->interest == Interest::everything && m.record->id != context_.self.id &&
        !context_.roster.suspected(m.record->id) && rng_.below(++seen) == 0)
      any = m.record;
  return any;
}

void Voucher::look_for_publisher(Time now, Watch& w) {
  const StreamKey& key = context_.streams[w.stream].key();
  const MemberRecord* publisher = context_.roster.find(key.publisher);
  if (publisher && publisher->incarnation == key.incarnation) {
    w.orphan_since = w.again_at = never;
    w.seen_again.clear();
    return;
  }
  if (w.orphan_since != never) return;
  w.orphan_since = now;
  // Nobody has all of it: whoever has some hands it on to those that want it, unless another was first.
  if (!one_that_has_all() && !BOATO_MUTANT(229))
    w.again_at = now + context_.config.again_after +
                 Duration{static_cast<std::int64_t>(
                     rng_.below(static_cast<std::uint64_t>(context_.config.again_spread.count())))};
}

void Voucher::on_member(Time now, const PeerId& peer) {
  for (Watch& w : watches_)
    if (!w.own && context_.streams[w.stream].key().publisher == peer) look_for_publisher(now, w);
}

void Voucher::on_again(StreamIndex stream, Seq first) {
  Watch* w = find(stream);
  if (w && w->again_at != never && w->seen_again.size() < context_.config.again_batches_max)
    w->seen_again.push_back(first);
}

bool Voucher::was_again(StreamIndex stream, Seq first) const {
  const Watch* w = find(stream);
  return w && std::ranges::find(w->seen_again, first) != w->seen_again.end();
}

// The publisher while its start of this stream is a member; then one that takes everything.
const MemberRecord* Voucher::whom(Time now, Watch& w) {
  look_for_publisher(now, w);
  return w.orphan_since == never ? context_.roster.find(context_.streams[w.stream].key().publisher)
                                 : one_that_has_all();
}

void Voucher::ask(Time now, Watch& w, Effects& fx, std::vector<Moved>& moved) {
  w.due = never;
  if (settled(w)) return;
  const Stream& s = context_.streams[w.stream];
  const MemberRecord* own = context_.roster.find(context_.self.id);
  const MemberRecord* to = whom(now, w);
  if (w.orphan_since != never && (!to || w.attempts > 2) &&
      now - std::max(w.orphan_since, w.heard_at) >= context_.config.vouch_orphans) {
    // Whoever held something of it had the time to hand it on, and caches forget. What is missing below
    // something that came may have been ours; of what lies beyond nobody can say more than that it was.
    while (!s.complete()) {
      const SeqRange hole{next(s.frontier()), Seq{s.above().ranges().front().first.raw() - 1}};
      context_.streams.skip(now, w.stream, hole.last);
      moved.push_back({w.stream, hole});
    }
    context_.streams.skip(now, w.stream, w.exists);
    w.exists = w.vouched = s.frontier();
    w.untold = false;
    moved.push_back({w.stream, {}});
    return;
  }
  const auto backed_off = [&](Duration d) {
    return rng_.jitter(std::min(d * (1 << std::min<int>(w.attempts, 5)), context_.config.vouch_rest));
  };
  w.due = now + backed_off(context_.config.vouch_again);
  w.attempts = static_cast<std::uint8_t>(std::min(w.attempts + 1, 100));
  if (!own || !to) return;

  std::array<SeqRange, RangeSet::ranges_max> held;
  std::size_t count = 0;
  context_.cache.each(context_.slot, w.stream, {next(w.vouched), Seq{~std::uint64_t{0}}},
                      [&](const CachedBatch& b) {
                        const Seq first = std::max(b.first, next(w.vouched));
                        if (count > 0 && next(held[count - 1].last) >= first)
                          held[count - 1].last = std::max(held[count - 1].last, b.last);
                        else if (count < held.size())
                          held[count++] = {first, b.last};
                        else
                          return false;
                        return true;
                      });
  std::array<std::byte, have_entry_bytes_max> room;
  HaveWriter writer{room};
  static_cast<void>(writer.add(s.tag(), w.vouched, std::span{held}.first(count)));
  const auto link = courier_.toward(ring_place(to->id), fx);
  if (!link) return;
  const bool tell = w.untold || w.attempts > 1;
  fx.send(
      *link, Flow::control,
      wire::Vouch{context_.tag, ring_place(to->id), context_.own_place(), own->version, writer.written(), 0},
      tell ? context_.slabs.copy(own->statement()) : EventRef{});
  fx.count(Counter::vouches_asked);
}

std::optional<Voucher::Moved> Voucher::on(Time now, const wire::Vouched& m) {
  HaveReader reader{m.wanted};
  HaveEntry entry;
  const MemberRecord* own = context_.roster.find(context_.self.id);
  if (!reader.next(entry) || !own || own->version != m.version) return std::nullopt;
  const auto index = context_.streams.find(entry.tag);
  Watch* w = index ? find(*index) : nullptr;
  if (!w || w->own || m.upto < w->vouched || m.upto < entry.upto) return std::nullopt;
  StreamSet& streams = context_.streams;
  const Stream& s = streams[w->stream];
  Moved moved{w->stream, {}};
  if (entry.upto > w->vouched && entry.upto > s.frontier()) {
    // It is no longer held where it was published; whether some of it was ours nobody knows.
    moved.lost = {next(s.frontier()), entry.upto};
    streams.skip(now, w->stream, entry.upto);
  }
  Fresh fresh;
  const auto not_ours = [&](std::uint64_t first, std::uint64_t last) {
    if (first <= last) streams.account(now, w->stream, {Seq{first}, Seq{last}}, fresh);
  };
  std::uint64_t from = entry.upto.raw() + 1;
  Seq missing{};
  for (const SeqRange& run : entry.runs) {
    if (run.last > m.upto) return std::nullopt;
    not_ours(from, run.first.raw() - 1);
    from = run.last.raw() + 1;
    if (missing == Seq{} && !s.accounted(run) && !BOATO_MUTANT(226)) missing = run.first;
  }
  not_ours(from, m.upto.raw());
  if (BOATO_MUTANT(226)) streams.skip(now, w->stream, m.upto);  // 226: believes itself complete
  // Less than that if the stream holds too many runs to account for more.
  w->vouched =
      std::max(w->vouched, std::min(s.frontier(), missing == Seq{} ? m.upto : Seq{missing.raw() - 1}));
  w->exists = std::max(w->exists, m.upto);
  w->untold = false;
  w->attempts = 0;
  w->every =
      missing == Seq{} ? std::min(2 * w->every, context_.config.vouch_rest) : context_.config.vouch_every;
  w->due = missing != Seq{}        ? now + rng_.jitter(context_.config.vouch_again)
           : s.frontier() < m.upto ? now + rng_.jitter(context_.config.vouch_after)
           : settled(*w)           ? never
                                   : now + rng_.jitter(w->every);
  return moved;
}

// While a stream goes on some neighbours are told, other ones each time; all of them once it stands still.
void Voucher::tell_news(Time now, Mesh& mesh, Effects& fx) {
  news_at_ = never;
  const auto links = mesh.links();
  const std::size_t from = links.empty() ? 0 : rng_.below(links.size());
  for (std::size_t i = 0; i < links.size(); ++i) {
    const LinkId link = links[(from + i) % links.size()];
    wire::News news{context_.tag, {}};
    for (const Watch& w : watches_) {
      const bool goes_on = w.exists > w.told;
      if (goes_on ? i >= context_.config.have_tell : w.exists <= w.told_all) continue;
      if (mesh.known(link, w.stream) >= w.exists || news.streams.full()) continue;
      const StreamKey& key = context_.streams[w.stream].key();
      news.streams.push_back({key.publisher, key.incarnation, w.exists});
      mesh.knows(link, w.stream, w.exists);
    }
    if (!news.streams.empty()) fx.send(link, Flow::control, news);
  }
  bool more = false;
  for (Watch& w : watches_) {
    if (w.exists > w.told)
      more = true;
    else
      w.told_all = w.exists;
    w.told = w.exists;
  }
  if (more) news_at_ = now + rng_.jitter(context_.config.news_every);
}

Time Voucher::next_deadline() const {
  Time soonest = news_at_;
  for (const Watch& w : watches_) soonest = std::min({soonest, w.due, w.again_at});
  return soonest;
}

void Voucher::on_deadline(Time now, bool asking, Mesh& mesh, Effects& fx, std::vector<Moved>& moved) {
  if (news_at_ <= now) tell_news(now, mesh, fx);
  for (Watch& w : watches_) {
    if (w.again_at <= now) {
      w.again_at = never;
      again_.push_back(w.stream);
    }
    if (w.due > now) continue;
    if (asking)
      ask(now, w, fx, moved);
    else
      w.due = now + rng_.jitter(context_.config.vouch_every);
  }
}

void Voucher::check_invariants() const {
  for (const Watch& w : watches_) {
    BOATO_CHECK(w.stream.raw() < context_.streams.slots() && context_.streams[w.stream].sparse());
    BOATO_CHECK(w.vouched <= context_.streams[w.stream].frontier());
  }
}

}  // namespace boato
