// SPDX-License-Identifier: Apache-2.0
#include "overlay/replica/holder.hpp"

#include "overlay/base/mutant.hpp"
#include "overlay/stream/have_codec.hpp"
#include "overlay/wire/replica_messages.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

constexpr std::size_t held_room = 16 * 1024;
constexpr std::size_t owed_max = 4096;

}  // namespace

void Holder::recover(const StoredStream& stored) {
  const StreamTag tag =
      wire::stream_tag(*context_.self.crypto, context_.id, stored.key.publisher, stored.key.incarnation);
  KeptStream& kept = kept_.make(tag, stored.key);
  kept.floor = stored.floor;
  for (Stream* stream : {&kept.asked, &kept.stored}) {
    stream->skip(std::max(stored.floor, stored.upto));
    for (const SeqRange& run : stored.above) stream->account(run, fresh_);
  }
  note(kept);
}

Seq Holder::stored_upto(StreamTag tag) const {
  const KeptStream* kept = kept_.find(tag);
  return kept ? kept->stored.frontier() : Seq{};
}

void Holder::owe(Time now, StreamTag stream, SeqRange range) {
  if (owed_.size() < owed_max) owed_.push_back({stream, range});  // beyond it, its publisher pushes it again
  again_at_ = std::min(again_at_, now + context_.config.again_after);
}

void Holder::keep(Time now, const wire::BatchView& batch, const EventRef& bytes, Journal& journal,
                  Effects& fx) {
  const StreamKey key{batch.publisher, batch.incarnation};
  const StreamTag tag = wire::stream_tag(*context_.self.crypto, context_.id, key.publisher, key.incarnation);
  const SeqRange range{batch.first, batch.last()};
  KeptStream& kept = kept_.make(tag, key);
  if (kept.stored.accounted(range)) {
    // It came again: whoever sent it has not heard that it is held.
    return note(kept);
  }
  if (journal.failed()) return;
  const bool was_refused =
      std::erase_if(owed_, [&](const Owed& owed) { return owed.stream == tag && owed.range == range; }) > 0;
  if (kept.asked.accounted(range) && !was_refused) return;  // the store has it in hands
  if (!journal.has_room()) return owe(now, tag, range);
  kept.asked.account(range, fresh_);
  if (!kept.asked.accounted(range)) return;  // too many holes: it comes again when older ones have closed
  journal.append(log_, context_.id, context_.tag, tag, batch, bytes);
  if (BOATO_MUTANT(402)) {  // says HELD before the store has answered
    kept.stored.account(range, fresh_);
    note(kept);
    tell(fx);
  }
}

void Holder::on_stored(Time now, const Journal::Asked& asked, std::optional<Refusal> refused) {
  KeptStream* kept = kept_.find(asked.stream);
  if (!kept) return;
  if (refused && !BOATO_MUTANT(403)) {  // 403: what a full disk refused counts as held
    if (*refused == Refusal::disk_full || *refused == Refusal::too_many_holes)
      owe(now, asked.stream, asked.range);
    return;  // of a conflict, what was there first stays
  }
  const Seq before = kept->stored.frontier();
  kept->stored.account(asked.range, fresh_);
  if (BOATO_MUTANT(404)) kept->stored.skip(asked.range.last);  // HELD steps over holes
  if (kept->stored.frontier() == before) return;
  note(*kept);
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

void Holder::on_deadline(Time now, TopicSlot slot, const StreamSet& streams, const EventCache& cache,
                         Journal& journal) {
  if (again_at_ > now) return;
  again_at_ = never;
  for (const Owed& owed : std::exchange(owed_, {})) {
    const KeptStream* kept = kept_.find(owed.stream);
    if (!kept || kept->stored.accounted(owed.range)) continue;
    const auto index = streams.find(owed.stream);
    if (!index) continue;
    cache.each(slot, *index, owed.range, [&](const CachedBatch& cached) {
      const auto batch = wire::parse_batch(cached.bytes.bytes(), wire::payload_bytes_limit);
      if (!batch || cached.trust != Trust::verified) return true;
      if (!journal.has_room()) {
        owe(now, owed.stream, {batch->first, batch->last()});
        return true;
      }
      kept_.find(owed.stream)->asked.account({batch->first, batch->last()}, fresh_);
      journal.append(log_, context_.id, context_.tag, owed.stream, *batch, cached.bytes);
      return true;
    });
  }
}

}  // namespace boato
