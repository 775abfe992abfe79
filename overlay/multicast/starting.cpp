// SPDX-License-Identifier: Apache-2.0
// Where a member begins: it asks one that is there, and is owed what lies above the answer.
#include "overlay/multicast/multicast.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

// Where all members have just come, somebody has to answer.
constexpr Duration silent_at_first = std::chrono::seconds{5};

}  // namespace

void Multicast::take_events(Time now, std::optional<LinkId> ask, Effects& fx) {
  expect_events(now);
  if (started_) return;
  if (want_early_ && context_.replicas) {  // only they know where the topic begins
    if (const auto link = replica_link(); link || !context_.replicas->has(context_.self.id)) {
      asked_start_ = link;
      if (link) fx.send(*link, Flow::control, wire::StartAsk{context_.tag, true});
      ask_start_at_ =
          now + rng_.jitter(link ? std::chrono::milliseconds{1000} : std::chrono::milliseconds{100});
      return;
    }
  }
  if (!ask)
    for (const WarmLink& w : caster_.warm().all())
      if (!ask || rng_.below(2) == 0) ask = w.link;
  const std::size_t others =
      context_.roster.receivers().size() - (context_.roster.find(context_.self.id) ? 1 : 0);
  if (ask && context_.links.find(*ask)) {
    asked_start_ = ask;
    fx.send(*ask, Flow::control, wire::StartAsk{context_.tag, want_early_});
    ask_start_at_ = now + rng_.jitter(std::chrono::seconds{1});
  } else if (others == 0) {
    started_ = true;
    ask_start_at_ = never;
  } else {
    const MemberRecord* member = context_.roster.random(rng_, context_.self.id);
    if (member && member->dialable) fx.dial({member->id, member->addresses()});
    ask_start_at_ = now + rng_.jitter(std::chrono::milliseconds{200});
  }
}

std::optional<LinkId> Multicast::replica_link() {
  std::optional<LinkId> found;
  std::uint64_t seen = 0;
  for (const PeerId& peer : context_.replicas->voters())
    if (const LinkInfo* link = context_.links.find(peer); link && rng_.below(++seen) == 0) found = link->id;
  return found;
}

// What is known by now was published before the joiner came, whether it is here or a hole of ours.
void Multicast::note_joiner(Time now, const PeerId& peer) {
  std::erase_if(joiners_, [&](const Joiner& j) { return j.peer == peer || j.until <= now; });
  if (joiners_.size() >= joiners_max) joiners_.erase(joiners_.begin());
  Joiner& joiner = joiners_.emplace_back(Joiner{peer, now + joiner_life, {}});
  context_.streams.each(
      [&](StreamIndex, const Stream& s) { joiner.starts.emplace_back(s.tag(), s.highest()); });
}

// The lowest number of the stream that is here; behind `upto` if none is.
Seq Multicast::first_held(StreamIndex stream, Seq upto) const {
  Seq first = next(upto);
  if (upto > Seq{})
    context_.cache.each(context_.slot, stream, {Seq{1}, upto}, [&](const CachedBatch& b) {
      first = b.first;
      return false;
    });
  return first;
}

void Multicast::on(Time now, const LinkInfo& from, const wire::StartAsk& ask, Effects& fx) {
  // Who does not know yet where itself begins would name no streams, and the asker be owed all of them from
  // their first events on. It asks another one in a second.
  if (taking_ && !started_ && now - taking_since_ < silent_at_first) return;
  // Where a topic on disk begins only those know who keep it.
  if (ask.early && context_.replicas && !context_.kept) return;
  std::array<std::byte, 16 * 1024> room;
  HaveWriter writer{room};
  const auto send = [&](bool more) {
    fx.send(from.id, Flow::control, wire::StartTell{context_.tag, more, writer.written()});
    writer = HaveWriter{room};
  };
  const auto add = [&](StreamTag tag, Seq frontier, std::span<const SeqRange> held = {}) {
    if (writer.add(tag, frontier, held)) return;
    send(true);
    static_cast<void>(writer.add(tag, frontier, held));
  };
  const auto joiner = std::ranges::find(joiners_, from.peer, &Joiner::peer);
  if (ask.early && context_.kept) {
    for (const KeptStream& s : context_.kept->all()) {
      const SeqRange held{next(s.floor), s.stored.frontier()};
      const bool any = held.first <= held.last;
      add(s.tag, s.floor, std::span{&held, any ? 1U : 0U});
    }
  } else if (ask.early) {
    context_.streams.each([&](StreamIndex index, const Stream& s) {
      const SeqRange held{first_held(index, s.frontier()), s.frontier()};
      const bool any = held.first <= held.last;
      add(s.tag(), Seq{held.first.raw() - 1}, std::span{&held, any ? 1U : 0U});
    });
  } else if (joiner != joiners_.end() && now < joiner->until) {
    for (const auto& [tag, frontier] : joiner->starts) add(tag, frontier);
  } else {
    context_.streams.each([&](StreamIndex, const Stream& s) { add(s.tag(), s.highest()); });
  }
  send(false);
}

bool Multicast::accept_start(const LinkInfo& from, const wire::StartTell& tell, Effects& fx) {
  if (!taking_ || started_ || asked_start_ != from.id) return false;
  if (!well_formed_have(tell.streams)) {
    fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag);
    return false;
  }
  ask_start_at_ = never;
  return true;
}

Seq Multicast::start_of(StreamTag tag, Seq told) const {
  const auto index = context_.streams.find(tag);
  if (!index || context_.streams.last_change(*index) < taking_since_) return told;
  const Stream& s = context_.streams[*index];
  if (s.frontier() > Seq{}) return std::min(told, s.frontier());
  if (s.above().empty()) return told;
  return std::min(told, Seq{s.above().ranges().front().first.raw() - 1});
}

}  // namespace boato
