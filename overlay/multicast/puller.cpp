// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/puller.hpp"

#include "overlay/base/mutant.hpp"
#include "overlay/stream/have_codec.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace boato {

Puller::Puller(const MulticastContext& context, Rng rng)
    : context_{context}, rng_{rng}, spread_{context.config.spread_at_first} {}

Puller::Hole* Puller::find(StreamIndex stream) {
  const auto at = std::ranges::find(holes_, stream, &Hole::stream);
  return at == holes_.end() ? nullptr : &*at;
}

Duration Puller::wait_for(LinkId link) const {
  const LinkInfo* info = context_.links.find(link);
  return std::max({context_.config.pull_after,
                   (info ? info->rtt : Duration{0}) + std::chrono::milliseconds{20},
                   std::min(context_.config.pull_after_max, 2 * spread_)});
}

// A hole that the tree filled before it was asked for: so late its copies come behind the first word of them.
// Up at once, down slowly: a question too early costs a copy, one too late some milliseconds.
void Puller::learn_spread(Duration late) { spread_ = std::max(late, spread_ - (spread_ - late) / 8); }

void Puller::wanted(Time now, StreamIndex stream, Seq upto, LinkId from) {
  if (BOATO_MUTANT(205)) return;  // holes are never asked for
  if (Hole* hole = find(stream)) {
    hole->target = std::max(hole->target, upto);
    hole->source = from;
    return;
  }
  const Stream& s = context_.streams[stream];
  if (s.accounted(SeqRange{Seq{1}, upto})) return;
  holes_.push_back({.stream = stream,
                    .target = upto,
                    .snapshot = upto,
                    .due = now + rng_.jitter(wait_for(from)),
                    .since = now,
                    .oldest = s.frontier(),
                    .source = from});
}

void Puller::on_progress(Time now, StreamIndex stream) {
  Hole* hole = find(stream);
  if (!hole) return;
  const Stream& s = context_.streams[stream];
  if (s.frontier() >= hole->target) {
    if (hole->attempts == 0) learn_spread(now - hole->since);
    holes_.erase(holes_.begin() + (hole - holes_.data()));
    return;
  }
  if (s.frontier() > hole->oldest) {  // the oldest hole has closed: another one is the oldest now
    hole->oldest = s.frontier();
    hole->since = now;
    hole->attempts = 0;
  }
}

void Puller::on_answered(Time now, LinkId link, bool fresh) {
  for (Hole& hole : holes_) {
    // An answer that moved nothing is asked for again at the usual pace.
    if (hole.asked != link || context_.streams[hole.stream].frontier() <= hole.asked_at) continue;
    hole.answered = true;
    hole.attempts = 0;
    hole.due = std::min(hole.due, now);
  }
  if (fresh && heard_due_ != never) heard_due_ = std::min(heard_due_, now);
}

void Puller::on_have_not(Time now, StreamIndex stream, LinkId link) {
  Hole* hole = find(stream);
  if (hole && hole->asked == link && hole->attempts < 4) hole->due = std::min(hole->due, now);
}

void Puller::forget(StreamIndex stream) {
  std::erase_if(holes_, [&](const Hole& h) { return h.stream == stream; });
}

void Puller::on_heard(Time now, LinkId from) {
  if (std::ranges::find(speakers_, from) == speakers_.end() && speakers_.size() < 16)
    speakers_.push_back(from);
  if (heard_due_ == never) heard_due_ = now + rng_.jitter(wait_for(from));
}

Time Puller::next_deadline() const {
  Time soonest = heard_due_;
  for (const Hole& hole : holes_) soonest = std::min(soonest, hole.due);
  return soonest;
}

void Puller::ask(Time now, Hole& hole, const Mesh& mesh, const WarmLinks& warm, Effects& fx) {
  const Stream& s = context_.streams[hole.stream];
  // Whom: neighbours that are known to have it; else who spoke of it; else any member we are linked to.
  // Neighbours with later numbers may lack the same ones: after three questions in vain every second one goes
  // to any member we are linked to, and of those every second one to the publisher.
  const bool go_on = std::exchange(hole.answered, false) && context_.links.find(hole.asked);
  const bool widen = hole.attempts > 2 && hole.attempts % 2 == 1;
  const LinkInfo* publisher = context_.links.find(s.key().publisher);
  candidates_.clear();
  if (go_on)
    candidates_.push_back(hole.asked);
  else if (context_.replicas && hole.attempts % 2 == 1)  // what nobody has in memory any more they have
    for (const PeerId& replica : context_.replicas->voters()) {
      if (const LinkInfo* link = context_.links.find(replica)) candidates_.push_back(link->id);
    }
  else if (widen && publisher && hole.attempts % 4 == 3)
    candidates_.push_back(publisher->id);
  else if (widen)
    for (const WarmLink& w : warm.all()) candidates_.push_back(w.link);
  else
    mesh.holders(hole.stream, next(s.frontier()), candidates_);
  std::erase_if(candidates_, [&](LinkId link) {
    const LinkInfo* info = context_.links.find(link);
    return !info || info->lagging || (link == hole.asked && candidates_.size() > 1);
  });
  if (candidates_.empty() && hole.source != hole.asked && context_.links.find(hole.source))
    candidates_.push_back(hole.source);
  if (candidates_.empty())
    for (const WarmLink& w : warm.all())
      if (w.link != hole.asked) candidates_.push_back(w.link);
  if (candidates_.empty() && context_.links.find(hole.source)) candidates_.push_back(hole.source);

  ++hole.attempts;
  if (candidates_.empty() || hole.attempts > 3) look_further(s.key().publisher, hole.attempts, fx);
  const Duration back_off = hole.attempts < 4 ? Duration{0} : std::chrono::seconds{1};
  if (candidates_.empty()) {
    hole.due = now + rng_.jitter(context_.config.pull_again + std::chrono::seconds{1});
    return;
  }
  hole.asked = candidates_[rng_.below(candidates_.size())];
  const LinkInfo* link = context_.links.find(hole.asked);

  std::array<SeqRange, RangeSet::ranges_max> ranges;
  std::size_t count = 0;
  std::uint64_t numbers = 0;
  s.each_hole(SeqRange{next(s.frontier()), hole.snapshot}, [&](SeqRange range) {
    const std::uint64_t room = context_.config.pull_numbers_max - numbers;
    if (range.count() > room) range.last = Seq{range.first.raw() + room - 1};
    ranges[count++] = range;
    numbers += range.count();
    return numbers < context_.config.pull_numbers_max && count < ranges.size();
  });
  if (count > 0) {
    std::array<std::byte, have_entry_bytes_max> room;
    HaveWriter writer{room};
    static_cast<void>(writer.add(s.tag(), s.frontier(), std::span{ranges.data(), count}));
    fx.send(hole.asked, Flow::control, wire::Pull{context_.tag, writer.written()});
    fx.count(Counter::pulls_sent);
  }
  hole.snapshot = hole.target;
  hole.asked_at = s.frontier();
  hole.due = now + rng_.jitter(3 * link->rtt / 2 + context_.config.pull_again + back_off);
  if (BOATO_MUTANT(210)) hole.due = now + std::chrono::hours{1};  // a question without an answer is the last
}

// Nobody we are linked to gives it: somebody we are not linked to may, and now and then the publisher is
// tried.
void Puller::look_further(const PeerId& publisher, std::uint32_t attempts, Effects& fx) {
  const auto dial = [&](const MemberRecord* member) {
    if (!member || !member->dialable || context_.links.find(member->id)) return false;
    fx.dial({member->id, member->addresses()});
    return true;
  };
  if (attempts % 4 == 0 && publisher != context_.self.id && dial(context_.roster.find(publisher))) return;
  for (int attempt = 0; attempt < 4; ++attempt)
    if (dial(context_.roster.random(rng_, context_.self.id))) return;
}

// Streams that neighbours spoke of and no batch has named: asked for from the beginning, of those who spoke.
void Puller::ask_heard(Time now, Effects& fx) {
  heard_due_ = never;
  std::erase_if(speakers_, [&](LinkId link) { return !context_.links.find(link); });
  if (context_.streams.heard().empty() || speakers_.empty()) {
    speakers_.clear();
    return;
  }
  const LinkId whom = speakers_[rng_.below(speakers_.size())];
  std::array<std::byte, 16 * 1024> room;
  HaveWriter writer{room};
  for (const auto& [tag, upto] : context_.streams.heard()) {
    const SeqRange all{Seq{1}, Seq{std::min(upto.raw(), std::uint64_t{context_.config.pull_numbers_max})}};
    if (!writer.add(tag, Seq{0}, std::span{&all, 1})) break;
  }
  fx.send(whom, Flow::control, wire::Pull{context_.tag, writer.written()});
  fx.count(Counter::pulls_sent);
  heard_due_ = now + rng_.jitter(context_.config.pull_again * 4);
}

void Puller::on_deadline(Time now, const Mesh& mesh, const WarmLinks& warm, Effects& fx,
                         std::vector<Lost>& lost) {
  if (heard_due_ <= now) ask_heard(now, fx);
  const Duration patience =
      context_.reliable ? context_.config.give_up_after : context_.config.give_up_unreliable;
  for (std::size_t i = 0; i < holes_.size(); ++i) {
    Hole& hole = holes_[i];
    if (hole.due > now) continue;
    if (hole.since + patience <= now) {
      const Stream& s = context_.streams[hole.stream];
      const Seq upto = std::min(
          hole.target, s.above().empty() ? hole.target : Seq{s.above().ranges().front().first.raw() - 1});
      if (upto > s.frontier()) lost.push_back({hole.stream, {next(s.frontier()), upto}});
      hole.since = now;
      hole.oldest = upto;
      hole.due = now + context_.config.pull_after;
      continue;
    }
    if (context_.reliable)
      ask(now, hole, mesh, warm, fx);
    else
      hole.due = hole.since + patience;
  }
}

void Puller::check_invariants() const {
  for (const Hole& hole : holes_)
    BOATO_CHECK(hole.due != never && hole.stream.raw() < context_.streams.slots());
}

}  // namespace boato
