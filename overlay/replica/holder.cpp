// SPDX-License-Identifier: Apache-2.0
#include "overlay/replica/holder.hpp"

#include "overlay/base/mutant.hpp"
#include "overlay/stream/have_codec.hpp"
#include "overlay/wire/event_messages.hpp"
#include "overlay/wire/replica_messages.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

constexpr std::size_t held_room = 16 * 1024;

}  // namespace

void Holder::recover(const StoredStream& stored) {
  const StreamTag tag =
      wire::stream_tag(*context_.self.crypto, context_.id, stored.key.publisher, stored.key.incarnation);
  KeptStream& kept = kept_.make(tag, stored.key);
  kept.floor = stored.floor;
  kept.stored.skip(std::max(stored.floor, stored.upto));
  for (const SeqRange& run : stored.above) kept.stored.account(run, fresh_);
  note(kept);
}

Seq Holder::stored_upto(StreamTag tag) const {
  const KeptStream* kept = kept_.find(tag);
  return kept ? kept->stored.frontier() : Seq{};
}

// --- asking the store

bool Holder::lacks(StreamTag tag, SeqRange range) const {
  const KeptStream* kept = kept_.find(tag);
  return !kept || (!kept->stored.accounted(range) && !kept->in_hands(range));
}

void Holder::keep(Time now, StreamTag tag, const wire::BatchView& batch, const EventRef& bytes,
                  Journal& journal, Effects& fx) {
  const SeqRange range{batch.first, batch.last()};
  KeptStream* kept = kept_.find(tag);
  if (!kept && kept_.size() >= context_.config.streams_max)
    return fx.drop(DropReason::streams_full, context_.tag, batch.publisher, batch.count);
  if (!kept) kept = &kept_.make(tag, {batch.publisher, batch.incarnation});
  // It came again: whoever sent it has not heard that it is held.
  if (kept->stored.accounted(range)) return note(*kept);
  if (kept->in_hands(range)) return;
  if (journal.failed()) return fx.drop(DropReason::store_refused, context_.tag, batch.publisher, batch.count);
  ask(now, *kept, batch, bytes, journal);
  if (BOATO_MUTANT(402)) {  // says HELD before the store has answered
    kept->stored.account(range, fresh_);
    note(*kept);
    tell(fx);
  }
}

void Holder::ask(Time now, KeptStream& kept, const wire::BatchView& batch, const EventRef& bytes,
                 Journal& journal) {
  const SeqRange range{batch.first, batch.last()};
  if (!journal.has_room()) return owe(now, {kept.tag, range, kept.stored.frontier()});
  kept.in_flight.push_back(range);
  kept.asked_upto = std::max(kept.asked_upto, range.last);
  journal.append(log_, context_.id, context_.tag, kept.tag, batch, bytes);
}

void Holder::on_stored(Time now, const Journal::Asked& asked, std::optional<Refusal> refused) {
  KeptStream* kept = kept_.find(asked.stream);
  if (!kept) return;
  for (std::size_t i = 0; i < kept->in_flight.size(); ++i)  // the first, since answers come in order
    if (kept->in_flight[i] == asked.range) {
      kept->in_flight.erase(i);
      break;
    }
  const Owed owed{asked.stream, asked.range, kept->stored.frontier()};
  if (refused && !BOATO_MUTANT(403)) {  // 403: what a full disk refused counts as held
    if (*refused == Refusal::disk_full || *refused == Refusal::too_many_holes) owe(now, owed);
    return;  // of a conflict, what was there first stays
  }
  kept->stored.account(asked.range, fresh_);
  if (BOATO_MUTANT(404)) kept->stored.skip(asked.range.last);       // HELD steps over holes
  if (!kept->stored.accounted(asked.range)) return owe(now, owed);  // more holes than are remembered
  if (kept->stored.frontier() != owed.stored) note(*kept);
}

// --- what the peer has had and its disk has not

void Holder::owe(Time now, const Owed& owed) {
  again_at_ = std::min(again_at_, now + context_.config.again_after);
  if (!owed_.empty() && owed_.back().stream == owed.stream &&
      next(owed_.back().range.last) == owed.range.first) {
    owed_.back().range.last = owed.range.last;
  } else if (owed_.size() < context_.config.owed_max) {
    owed_.push_back(owed);  // beyond it, the next start of this peer finds the hole
  }
}

void Holder::passed(Time now, StreamTag tag, const StreamKey& key, Seq upto) {
  if (upto == Seq{} || kept_.size() >= context_.config.streams_max) return;
  const KeptStream& kept = kept_.make(tag, key);
  if (!kept.stored.accounted(SeqRange{Seq{1}, upto})) owe(now, {tag, {Seq{1}, upto}, kept.stored.frontier()});
}

// Asks one of the other replicas, each in its turn. False: there is no link to any.
bool Holder::pull(const KeptStream& kept, SeqRange range, Effects& fx) {
  const auto voters = context_.set.voters();
  const LinkInfo* link = nullptr;
  for (std::size_t i = 0; i < voters.size() && !link; ++i)
    link = context_.links.find(voters[turn_++ % voters.size()]);
  if (!link) return false;
  std::array<SeqRange, RangeSet::ranges_max> holes;
  std::size_t count = 0;
  std::uint64_t numbers = 0;
  const std::uint64_t most = context_.config.pull_numbers_max;
  kept.stored.each_hole(range, [&](SeqRange hole) {
    if (hole.count() > most - numbers) hole.last = Seq{hole.first.raw() + (most - numbers) - 1};
    holes[count++] = hole;
    numbers += hole.count();
    return numbers < most && count < holes.size();
  });
  if (count == 0) return false;
  std::array<std::byte, have_entry_bytes_max> room;
  HaveWriter writer{room};
  static_cast<void>(writer.add(kept.tag, Seq{holes[0].first.raw() - 1}, std::span{holes.data(), count}));
  fx.send(link->id, Flow::control, wire::Pull{context_.tag, writer.written()});
  fx.count(Counter::pulls_sent);
  return true;
}

void Holder::on_deadline(Time now, TopicSlot slot, const StreamSet& streams, const EventCache& cache,
                         Journal& journal, Effects& fx) {
  if (again_at_ > now) return;
  again_at_ = never;
  std::size_t pulls = 0;
  for (Owed owed : std::exchange(owed_, {})) {
    KeptStream* kept = kept_.find(owed.stream);
    if (!kept || kept->stored.accounted(owed.range) || journal.failed()) continue;
    if (std::exchange(owed.stored, kept->stored.frontier()) != kept->stored.frontier()) owed.tries = 0;
    if (owed.tries++ >= context_.config.tries_max) continue;
    bool here = false;
    if (const auto index = streams.find(owed.stream))
      cache.each(slot, *index, owed.range, [&](const CachedBatch& cached) {
        if (cached.trust != Trust::verified || !lacks(owed.stream, {cached.first, cached.last})) return true;
        const auto batch = wire::parse_batch(cached.bytes.bytes(), wire::payload_bytes_limit);
        if (batch && journal.has_room()) ask(now, *kept, *batch, cached.bytes, journal);
        return here = true;
      });
    if (!here && pulls < context_.config.pulls_max && pull(*kept, owed.range, fx)) ++pulls;
    owe(now, owed);  // until it is on disk
  }
}

// --- what is said

void Holder::note(KeptStream& kept) {
  if (std::exchange(kept.told, false)) news_.push_back(kept.tag);
}

void Holder::tell(Effects& fx) {
  if (news_.empty()) return;
  std::ranges::sort(news_, {}, [&](StreamTag tag) { return kept_.find(tag)->key; });
  std::array<std::byte, held_room> room;
  HaveWriter writer{room};
  const LinkInfo* link = nullptr;
  const auto send = [&] {
    if (!writer.empty()) fx.send(link->id, Flow::control, wire::Held{context_.tag, writer.written()});
    writer = HaveWriter{room};
  };
  for (const StreamTag tag : news_) {
    KeptStream& kept = *kept_.find(tag);
    kept.told = true;
    if (!link || link->peer != kept.key.publisher) {
      send();
      link = context_.links.find(kept.key.publisher);
    }
    if (!link || kept.stored.frontier() == Seq{}) continue;  // it hears when its link comes up
    if (writer.add(tag, kept.stored.frontier(), {})) continue;
    send();
    static_cast<void>(writer.add(tag, kept.stored.frontier(), {}));
  }
  send();
  news_.clear();
}

void Holder::on_link_up(const LinkInfo& link) {
  for (KeptStream& kept : kept_.all())
    if (kept.key.publisher == link.peer) note(kept);
}

// --- reading and trying again

bool Holder::read(LinkId link, StreamTag stream, SeqRange range, Effects& fx) {
  const KeptStream* kept = kept_.find(stream);
  if (!kept || reading_.size() >= context_.config.reads_max ||
      std::ranges::find(reading_, link) != reading_.end())
    return false;
  reading_.push_back(link);
  fx.read(
      {link, context_.tag, context_.id, kept->key.publisher, kept->key.incarnation, range.first, range.last});
  return true;
}

}  // namespace boato
