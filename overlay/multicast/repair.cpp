// SPDX-License-Identifier: Apache-2.0
// What was missed: frontiers that neighbours tell, answers to PULL, and with whom to compare what the mesh
// may have missed.
#include "overlay/base/mutant.hpp"
#include "overlay/multicast/multicast.hpp"

#include <algorithm>
#include <array>

namespace boato {

void Multicast::on(Time now, const LinkInfo& from, const wire::Have& have, Effects& fx) {
  if (!well_formed_have(have.streams)) {
    return fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag);
  }
  note_frontiers(now, from, have.streams);
}

void Multicast::note_frontiers(Time now, const LinkInfo& from, Bytes streams) {
  if (!taking_ || !context_.reliable) return;
  HaveReader reader{streams};
  bool heard = false;
  while (reader.next(have_entry_)) {
    if (have_entry_.tag == own_tag_) {  // what others claim of it is nothing that we could miss
      if (const auto own = context_.streams.find(own_tag_)) mesh_.knows(from.id, *own, have_entry_.upto);
      continue;
    }
    const Seq highest =
        have_entry_.runs.empty() ? have_entry_.upto : have_entry_.runs[have_entry_.runs.size() - 1].last;
    if (const auto index = context_.streams.find(have_entry_.tag)) {
      mesh_.knows(from.id, *index, have_entry_.upto);
      if (started_ && !context_.streams[*index].accounted(SeqRange{Seq{1}, highest}) && highest.raw() > 0)
        puller_.wanted(now, *index, highest, from.id);
    } else if (started_ && highest.raw() > 0) {
      heard |= context_.streams.hear(have_entry_.tag, highest);
    }
  }
  if (heard) puller_.on_heard(now, from.id);
}

bool Multicast::may_answer(const LinkInfo& to) const {
  if (to.repair_backlog > context_.config.answer_left_max) return false;
  std::size_t left = 0;
  for (const LinkInfo& link : context_.links.all()) left += link.repair_backlog;
  return left <= context_.config.answers_left_max;
}

// False: nothing of the range that could be given is here.
bool Multicast::answer_range(const LinkInfo& from, StreamIndex stream, SeqRange range, Answer& answer,
                             Effects& fx) {
  bool found = false;
  std::vector<CacheId> bad;
  context_.cache.each(context_.slot, stream, range, [&](const CachedBatch& b) {
    if (answer.bytes >= context_.config.answer_bytes_max) {
      found = true;
      return false;
    }
    if (b.trust == Trust::attested) {
      const auto batch = wire::parse_batch(b.bytes.bytes(), context_.config.payload_max);
      if (!batch || !verify(*batch, fx)) {
        bad.push_back(b.id);
        return true;
      }
    }
    found = true;
    if (!answer.next.empty())
      fx.send(from.id, Flow::repair, wire::Repair{context_.tag, false}, std::move(answer.next));
    answer.next = b.bytes;
    answer.bytes += b.bytes.size();
    return true;
  });
  for (CacheId id : bad) context_.cache.drop(id);
  return found;
}

void Multicast::on(Time, const LinkInfo& from, const wire::Pull& pull, Effects& fx) {
  if (!well_formed_have(pull.streams)) {
    return fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag);
  }
  unread_.reset();
  if (BOATO_MUTANT(209)) return;  // never answers
  if (!may_answer(from)) {
    fx.count(Counter::pulls_put_off);
    return fx.drop(DropReason::put_off, context_.tag, from.peer);
  }
  // The first of these ranges of which some lies on disk.
  const auto in_store = [&](std::span<const SeqRange> ranges) {
    if (!context_.kept || BOATO_MUTANT(406)) return false;
    const auto run = std::ranges::find_if(
        ranges, [&](SeqRange range) { return context_.kept->any_stored(have_entry_.tag, range); });
    if (run != ranges.end() && !unread_) unread_.emplace(Unread{have_entry_.tag, *run});
    return run != ranges.end();
  };
  Answer answer;
  HaveReader reader{pull.streams};
  while (reader.next(have_entry_)) {
    const auto index = context_.streams.find(have_entry_.tag);
    if (!index) {
      if (!in_store(have_entry_.runs.span()))
        have_not(from.id, have_entry_.tag, have_entry_.upto, have_entry_.runs.span(), fx);
      continue;
    }
    std::uint64_t numbers = 0;
    for (const SeqRange& run : have_entry_.runs) {
      numbers += run.count();
      if (numbers > 4 * context_.config.pull_numbers_max) {  // no honest peer asks for so much at once
        fx.drop(DropReason::put_off, context_.tag, from.peer);
        break;
      }
      if (answer_range(from, *index, run, answer, fx)) continue;
      if (!in_store(std::span{&run, 1}))
        have_not(from.id, have_entry_.tag, Seq{run.first.raw() - 1}, std::span{&run, 1}, fx);
    }
  }
  if (answer.next.empty()) return;
  fx.send(from.id, Flow::repair, wire::Repair{context_.tag, true}, std::move(answer.next));
  fx.count(Counter::pulls_answered);
}

void Multicast::send_read(LinkId to, std::span<const EventRef> batches, Effects& fx) {
  for (std::size_t i = 0; i < batches.size(); ++i)
    fx.send(to, Flow::repair, wire::Repair{context_.tag, i + 1 == batches.size()}, batches[i]);
  fx.count(Counter::pulls_answered);
}

void Multicast::have_not(LinkId to, StreamTag stream, Seq upto, std::span<const SeqRange> ranges,
                         Effects& fx) const {
  std::array<std::byte, have_entry_bytes_max> room;
  HaveWriter writer{room};
  static_cast<void>(writer.add(stream, upto, ranges));
  fx.send(to, Flow::control, wire::HaveNot{context_.tag, writer.written()});
}

void Multicast::on(Time now, const LinkInfo& from, const wire::HaveNot& have_not, Effects& fx) {
  if (!well_formed_have(have_not.streams)) {
    return fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag);
  }
  HaveReader reader{have_not.streams};
  while (reader.next(have_entry_))
    if (const auto index = context_.streams.find(have_entry_.tag)) puller_.on_have_not(now, *index, from.id);
}

// Half of the rounds with mesh neighbours, half with any linked member, and every fourth with a random one
// that is dialled: a mesh that has split agrees with itself.
std::optional<LinkId> Multicast::partner(std::uint64_t round, Effects& fx) {
  const auto warm = caster_.warm().all();
  std::optional<LinkId> whom;
  if ((round % 2 == 0 || warm.empty()) && !mesh_.links().empty()) {
    whom = mesh_.links()[rng_.below(mesh_.links().size())];
  } else if (!warm.empty()) {
    whom = warm[rng_.below(warm.size())].link;
  }
  if (round % 4 == 1) {
    const MemberRecord* member = context_.roster.random(rng_, context_.self.id);
    if (member && !context_.links.find(member->id) && member->dialable &&
        !context_.roster.suspected(member->id))
      fx.dial({member->id, member->addresses()});  // compared when the link is up
  }
  return whom;
}

}  // namespace boato
