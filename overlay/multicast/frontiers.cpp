// SPDX-License-Identifier: Apache-2.0
// Comparing the frontiers of one topic with another member, so that either side learns what it lacks. What
// changed lately is told outright, for it differs most often; the rest by ranges (base/ranges.hpp), whose
// short ends are told as frontiers.
#include "overlay/base/ranges_answer.hpp"
#include "overlay/multicast/multicast.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

constexpr std::size_t frontiers_bytes_max = 8 * 1024;  // of streams in one message; the rest is for later

// Whether all that we have of the stream is within what the entry says.
bool covered(const HaveEntry& entry, const Stream& s) {
  Stream theirs{entry.tag};
  theirs.skip(entry.upto);
  Fresh fresh;
  for (const SeqRange& run : entry.runs) theirs.account(run, fresh);
  return theirs.accounted(SeqRange{Seq{1}, s.frontier()}) &&
         std::ranges::all_of(s.above().ranges(), [&](const SeqRange& run) { return theirs.accounted(run); });
}

// Our side of a comparison by ranges.
struct StreamRanges {
  const StreamSet& streams;
  std::span<const StreamTag> told_by_them;  // sorted
  HaveWriter& tells;
  std::vector<StreamIndex>& they_lack;

  bool tell(std::span<const RangeEntry> own) {
    return std::ranges::all_of(own, [&](const RangeEntry& e) {
      const auto index = streams.find(StreamTag{e.place});
      return index && tells.add(streams[*index]);
    });
  }
  void told(std::span<const RangeEntry> own) {
    for (const RangeEntry& e : own)
      if (!std::ranges::binary_search(told_by_them, StreamTag{e.place})) ours(e);
  }
  void ours(const RangeEntry& e) {
    if (const auto index = streams.find(StreamTag{e.place})) they_lack.push_back(*index);
  }
  static void theirs(const RangeEntry&) {}  // lists are for sides that do not tell
};

std::vector<RangeEntry> entries_of(const StreamSet& streams) {
  std::vector<RangeEntry> entries;
  entries.reserve(streams.size());
  streams.each([&](StreamIndex, const Stream& s) {
    if (const std::uint64_t digest = StreamSet::digest(s); digest != 0)  // 0: counts like one never met
      entries.push_back({s.tag().raw(), digest});
  });
  return entries;
}

}  // namespace

void Multicast::compare(Time now, LinkId with, Effects& fx) {
  if (!running_ || !context_.reliable) return;
  if (!comparable()) return mesh_.tell_all(with, fx);  // who takes no events has its own to tell of
  std::array<std::byte, frontiers_bytes_max> room;
  HaveWriter tells{room};
  std::uint64_t rest = context_.streams.digest();
  std::size_t told = 0;
  context_.streams.each_changed(0, [&](StreamIndex index, const Stream& s) {
    if (s.sparse()) return true;  // only its publisher can compare
    const bool lately = now - context_.streams.last_change(index) <= context_.config.frontiers_lately;
    if (!lately || told == context_.config.frontiers_told || !tells.add(s)) return false;
    rest -= StreamSet::digest(s);
    ++told;
    return true;
  });
  fx.send(with, Flow::control, wire::Frontiers{context_.tag, rest, tells.written(), {}});
  fx.count(Counter::comparisons);
}

void Multicast::send_frontier_ranges(LinkId with, Effects& fx) {
  std::array<std::byte, frontiers_bytes_max> room;
  HaveWriter tells{room};
  std::array<std::byte, ranges_bytes_max> ranges_room;
  ByteWriter out{ranges_room};
  std::vector<StreamIndex> unused;
  StreamRanges side{context_.streams, {}, tells, unused};
  begin_unequal_ranges(entries_of(context_.streams), static_cast<std::uint32_t>(rng_.next()), out, side);
  fx.send(with, Flow::control, wire::Frontiers{context_.tag, 0, tells.written(), out.written()});
}

void Multicast::on(Time now, const LinkInfo& from, const wire::Frontiers& m, Effects& fx) {
  const auto malformed = [&] { fx.refuse(DropReason::malformed, from.id, from.peer, context_.tag); };
  if (!well_formed_have(m.streams)) return malformed();
  if (!comparable()) {
    if (running_ && context_.reliable && !taking_) mesh_.tell_all(from.id, fx);
    return;
  }
  const StreamSet& streams = context_.streams;
  std::vector<StreamIndex> they_lack;
  std::vector<StreamTag> told;
  std::uint64_t rest = streams.digest();
  HaveReader reader{m.streams};
  while (reader.next(have_entry_)) {
    told.push_back(have_entry_.tag);
    const auto index = streams.find(have_entry_.tag);
    if (!index) continue;
    rest -= StreamSet::digest(streams[*index]);
    if (!streams[*index].sparse() && !covered(have_entry_, streams[*index])) they_lack.push_back(*index);
  }
  note_frontiers(now, from, m.streams);
  std::ranges::sort(told);

  std::array<std::byte, frontiers_bytes_max> room;
  HaveWriter tells{room};
  std::array<std::byte, ranges_bytes_max> ranges_room;
  ByteWriter out{ranges_room};
  if (m.ranges.empty()) {
    // They have nothing new to tell: what is new here is the likelier difference, and the cheaper one.
    const bool news = now - streams.last_change() <= context_.config.frontiers_lately;
    if (rest != m.rest && m.streams.empty() && news)
      compare(now, from.id, fx);
    else if (rest != m.rest)
      send_frontier_ranges(from.id, fx);
  } else {
    StreamRanges side{streams, told, tells, they_lack};
    if (!answer_ranges(entries_of(streams), m.ranges, out, side)) return malformed();
    if (out.used() > 0)
      fx.send(from.id, Flow::control, wire::Frontiers{context_.tag, 0, tells.written(), out.written()});
  }
  tell_lacking(from.id, they_lack, fx);
}

// HAVE, which is not answered: they pull.
void Multicast::tell_lacking(LinkId link, std::span<StreamIndex> streams, Effects& fx) {
  if (streams.empty()) return;
  std::ranges::sort(streams);
  std::array<std::byte, frontiers_bytes_max> room;
  HaveWriter writer{room};
  for (std::size_t i = 0; i < streams.size(); ++i)
    if ((i == 0 || streams[i] != streams[i - 1]) && !writer.add(context_.streams[streams[i]])) break;
  fx.send(link, Flow::control, wire::Have{context_.tag, writer.written()});
  fx.count(Counter::have_sent);
}

}  // namespace boato
