// SPDX-License-Identifier: Apache-2.0
// Comparing rosters: a digest; where it differs, ranges (base/ranges.hpp) until the entries that differ are
// known; then those. A side that has next to nothing fetches all.
#include "overlay/base/mutant.hpp"
#include "overlay/base/ranges_answer.hpp"
#include "overlay/roster/roster_machine.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

constexpr std::size_t few = 128;  // entries that are cheaper to compare than to fetch

std::vector<RangeEntry> entries_of(std::span<const RingMember> ring) {
  std::vector<RangeEntry> entries;
  entries.reserve(ring.size());
  for (const RingMember& m : ring) entries.push_back({m.place, m.record->hash});
  return entries;
}

}  // namespace

bool RosterMachine::take(Time now, const LinkInfo& from, Bytes body, Effects& fx) {
  batch_.clear();
  heard_.clear();
  const std::uint64_t checked = records_.verified();
  const auto refuse = [&](DropReason why) {
    fx.refuse(why, from.id, from.peer, tag_);
    batch_.clear();
    heard_.clear();
    return false;
  };
  for (std::size_t count = 0; !body.empty(); ++count) {
    if (count == wire::roster_statements_max) return refuse(DropReason::malformed);
    Interned one = records_.take(now, body);
    if (one.verdict == Verdict::malformed) return refuse(DropReason::malformed);
    if (one.verdict == Verdict::forged) return refuse(DropReason::forged);
    body = body.subspan(one.size);
    if (one.verdict == Verdict::full) {
      fx.count(Counter::roster_refused);
      fx.drop(DropReason::roster_full, tag_, from.peer);
      continue;
    }
    if ((one.record ? one.record->topic() : one.accusation->topic) != topic_)
      return refuse(DropReason::malformed);
    if (one.record)
      batch_.push_back(std::move(one.record));
    else
      heard_.push_back(std::move(one.accusation));
  }
  if (records_.verified() != checked) fx.count(Counter::signatures_checked, records_.verified() - checked);
  return true;
}

bool RosterMachine::learn(Time now, const LinkInfo& from, Bytes body, Effects& fx) {
  if (phase_ != Phase::joining && phase_ != Phase::ready) return false;
  if (!take(now, from, body, fx)) return false;
  heard_.clear();
  merge_batch(now, Source::page, from.id, fx);
  return true;
}

void RosterMachine::merge_batch(Time now, Source source, LinkId from, Effects& fx) {
  // Only we speak for ourselves. An entry of ours that is newer than ours was lost with our state, or ended
  // an earlier membership: a newer one replaces it.
  bool outdone = false;
  std::erase_if(batch_, [&](const RecordRef& record) {
    if (record->id != self_.id) return false;
    outdone |= record->entry_version() > own_->entry_version() && record->incarnation == self_.incarnation;
    if (outdone) own_version_ = std::max(own_version_, record->version);
    return true;
  });
  if (outdone && own_version_ != ~std::uint64_t{0}) {
    sign_own(now, 0);
    spread_later(now, own_, fx);
    const Bytes own = own_->statement();
    if (source == Source::page) send_single(from, std::span{&own, 1}, fx);
  }

  bool news = false;
  roster_.merge(now, batch_, [&](const MemberRecord& record, Merge result) {
    switch (result) {
      case Merge::added:
        news = true;
        change(RosterChange::Kind::joined, record.id);
        break;
      case Merge::updated:
        news = true;
        change(RosterChange::Kind::updated, record.id);
        break;
      case Merge::left:
        news = true;
        change(RosterChange::Kind::left, record.id);
        break;
      case Merge::gone:
        // Who brings the very goodbye that we know needs no answer: it would be answered in turn, for ever.
        if (source == Source::page)
          if (const Gone* gone = roster_.find_gone(record.id);
              gone && !(gone->last->hash == record.hash && (record.flags & wire::flag_leaving) != 0))
            tell_reason(from, *gone, fx, record.entry_version() < gone->last->entry_version());
        break;
      case Merge::full:
        fx.count(Counter::roster_refused);
        fx.drop(DropReason::roster_full, tag_, record.id);
        break;
      case Merge::older: break;
    }
  });
  if (news && source == Source::spread) {
    news_at_ = now;
    // A spread is sent without receipts: whoever missed a part of it, we or our neighbour, is found by one
    // comparison, and need not wait for the reconciler, whose rounds may be minutes apart.
    if (phase_ == Phase::ready && !BOATO_MUTANT(154))  // 154: trusts its relays
      digest_at_ = std::min(digest_at_, now + rng_.jitter(config_.digest_after_spread));
  }
  if (news && source == Source::page && phase_ == Phase::ready)
    digest_at_ = std::min(digest_at_, now + rng_.jitter(config_.digest_after_news));
  batch_.clear();
}

void RosterMachine::send_ranges(LinkId link, Bytes ranges, Effects& fx) {
  fx.send(link, Flow::control, wire::RosterRanges{tag_, roster_.size(), roster_.digest(), ranges});
}

void RosterMachine::send_single(LinkId link, std::span<const Bytes> statements, Effects& fx) {
  fx.send(link, Flow::repair, wire::RosterPage{tag_, 1, 1}, pack(statements));
}

void RosterMachine::on(Time now, const LinkInfo& from, const wire::RosterRanges& m, Bytes, Effects& fx) {
  if (phase_ != Phase::ready || m.digest == roster_.digest()) return;
  // While members come and go by the second, rosters differ by what is on its way: not every neighbour's
  // digest is worth a comparison.
  if (m.ranges.empty() && !calm(now)) {
    if (compared_at_ != Time{} && now - compared_at_ < config_.digest_after_news) return;
    compared_at_ = now;
  }
  if (!afford(now, from, ranges_bytes_max, fx)) return;
  const auto ring = roster_.all();
  std::array<std::byte, ranges_bytes_max> room;
  ByteWriter out{room};
  if (m.ranges.empty()) {
    if (m.members / 2 > ring.size() + few) {
      send_members(now, from, ring, fx);
      fetch(now, {}, from.id, false, fx);
    } else if (ring.size() / 2 > m.members + few) {
      send_digest(from.id, fx);
    } else {
      begin_ranges(entries_of(ring), static_cast<std::uint32_t>(rng_.next()), out);
      send_ranges(from.id, out.written(), fx);
    }
    return;
  }
  std::vector<RingMember> ours;
  wire::RosterWant want{tag_, {}};
  const auto lacks = [&](const RangeEntry& entry) {
    const auto at = std::ranges::lower_bound(ring, entry.place, {}, &RingMember::place);
    for (auto i = at; i != ring.end() && i->place == entry.place; ++i)
      if (i->record->hash == entry.hash) ours.push_back(*i);
  };
  const auto has = [&](const RangeEntry& entry) {
    const auto grave = std::ranges::lower_bound(roster_.gone(), entry.place, {},
                                                [](const Gone& g) { return ring_place(g.last->id); });
    if (grave != roster_.gone().end() && grave->last->hash == entry.hash)
      tell_reason(from.id, *grave, fx);
    else if (!want.places.full())
      want.places.push_back(entry.place);
  };
  if (!answer_ranges(entries_of(ring), m.ranges, out, ListedRanges{has, lacks})) {
    fx.refuse(DropReason::malformed, from.id, from.peer, tag_);
    return;
  }
  if (!ours.empty()) send_members(now, from, ours, fx);
  if (!want.places.empty()) fx.send(from.id, Flow::control, want);
  if (out.used() > 0) send_ranges(from.id, out.written(), fx);
}

void RosterMachine::on(Time now, const LinkInfo& from, const wire::RosterWant& m, Bytes, Effects& fx) {
  if (phase_ != Phase::ready) return;
  std::vector<RingMember> wanted;
  for (std::uint64_t place : m.places) {
    const auto at = std::ranges::lower_bound(roster_.all(), place, {}, &RingMember::place);
    if (at != roster_.all().end() && at->place == place) wanted.push_back(*at);
  }
  send_members(now, from, wanted, fx);
}

// Single entries, as many pages as we can afford; what stays behind is found by the next comparison.
void RosterMachine::send_members(Time now, const LinkInfo& to, std::span<const RingMember> members,
                                 Effects& fx) {
  for (std::size_t pages = wire::roster_pages_max; pages > 0 && !members.empty(); --pages) {
    std::uint64_t next = 0;
    const EventRef body = pack_page(members, next);
    if (!afford(now, to, body.size() + 64, fx)) return;
    fx.send(to.id, Flow::repair, wire::RosterPage{tag_, 1, 1}, body);
    members = members.subspan(parts_.size());
  }
}

void RosterMachine::on(Time now, const LinkInfo& from, const wire::RosterPage& m, Bytes body, Effects& fx) {
  if (phase_ != Phase::joining && phase_ != Phase::ready) return;
  if (!take(now, from, body, fx)) return;
  merge_batch(now, Source::page, from.id, fx);
  hear_batch(now, Source::page, from.id, fx);
  take_page(now, from.id, {m.lo, m.hi}, fx);
}

void RosterMachine::send_pages(Time now, const LinkInfo& to, Interval interval, std::size_t pages,
                               Effects& fx) {
  for (; pages > 0; --pages) {
    std::uint64_t next = 0;
    const EventRef body = pack_page(members_in(roster_.all(), interval), next);
    if (!afford(now, to, body.size() + 64, fx)) return;
    const std::uint64_t hi = next == 0 ? interval.hi : next;
    fx.send(to.id, Flow::repair, wire::RosterPage{tag_, interval.lo, hi}, body);
    if (next == 0) return;
    interval.lo = next;
  }
}

// A bucket that leaks at answer_bytes_per_s. What it refuses is asked again, or found by the next comparison.
bool RosterMachine::afford(Time now, const LinkInfo& to, std::size_t bytes, Effects& fx) {
  const auto put_off = [&] {
    fx.drop(DropReason::put_off, tag_, to.peer);
    return false;
  };
  if (to.backlog > config_.backlog_max) return put_off();
  const auto passed = static_cast<std::uint64_t>(std::max<std::int64_t>(0, (now - answered_at_).count()));
  const std::uint64_t leaked =
      passed > 1'000'000 ? config_.answer_bytes_per_s : passed * config_.answer_bytes_per_s / 1'000'000;
  answer_bytes_ -= std::min<std::uint64_t>(answer_bytes_, leaked);
  answered_at_ = now;
  if (answer_bytes_ + bytes > config_.answer_bytes_burst) return put_off();
  answer_bytes_ += bytes;
  return true;
}

EventRef RosterMachine::pack(std::span<const Bytes> statements) {
  std::size_t size = 0;
  for (Bytes statement : statements) size += statement.size();
  if (size == 0) return {};
  SlabRef slab = slabs_.take(size);
  ByteWriter out{{slab.data(), size}};
  for (Bytes statement : statements) out.bytes(statement);
  return slab.slice(0, static_cast<std::uint32_t>(size));
}

EventRef RosterMachine::pack_page(std::span<const RingMember> members, std::uint64_t& next) {
  parts_.clear();
  next = 0;
  std::size_t bytes = 0, i = 0;
  for (; i < members.size() && parts_.size() < wire::roster_statements_max; ++i) {
    bytes += members[i].record->statement().size();
    if (bytes > wire::roster_body_bytes_max) break;
    parts_.push_back(members[i].record->statement());
  }
  // Members at one place stay on one page, for the next page begins at a place.
  while (i < members.size() && i > 1 && members[i].place == members[i - 1].place) --i, parts_.pop_back();
  if (i < members.size()) next = members[i].place;
  return pack(parts_);
}

}  // namespace boato
