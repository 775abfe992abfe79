// SPDX-License-Identifier: Apache-2.0
// Comparing rosters: a digest; then ranges, each answered by sixteen smaller ones, until a few entries are
// left, which are listed; then what the other side lacks. A side that has next to nothing fetches.
#include "overlay/base/mutant.hpp"
#include "overlay/roster/roster_machine.hpp"

#include <algorithm>

namespace boato {
namespace {

constexpr std::size_t list_max = 32;    // ranges with so few entries are listed
constexpr std::size_t fetch_min = 256;  // and fetched if the other side has more than this

}  // namespace

bool RosterMachine::take(Time now, const LinkInfo& from, Bytes body, Effects& fx) {
  batch_.clear();
  heard_.clear();
  const std::uint64_t checked = records_.verified();
  const auto refuse = [&](Counter why) {
    fx.count(why);
    fx.close(from.id, CloseReason::protocol);
    batch_.clear();
    heard_.clear();
    return false;
  };
  for (std::size_t count = 0; !body.empty(); ++count) {
    if (count == wire::roster_statements_max) return refuse(Counter::frames_malformed);
    Interned one = records_.take(now, body);
    if (one.verdict == Verdict::malformed) return refuse(Counter::frames_malformed);
    if (one.verdict == Verdict::forged) return refuse(Counter::signatures_bad);
    body = body.subspan(one.size);
    if (one.verdict == Verdict::full) {
      fx.count(Counter::roster_refused);
      continue;
    }
    if ((one.record ? one.record->topic : one.accusation->topic) != topic_)
      return refuse(Counter::frames_malformed);
    if (one.record)
      batch_.push_back(std::move(one.record));
    else
      heard_.push_back(std::move(one.accusation));
  }
  if (records_.verified() != checked) fx.count(Counter::signatures_checked, records_.verified() - checked);
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
    const Bytes own{own_->statement};
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
        if (source == Source::page)
          if (const Gone* gone = roster_.find_gone(record.id)) tell_reason(from, *gone, fx);
        break;
      case Merge::full: fx.count(Counter::roster_refused); break;
      case Merge::older: break;
    }
  });
  if (news && source == Source::page && phase_ == Phase::ready)
    digest_at_ = std::min(digest_at_, now + rng_.jitter(config_.digest_after_news));
  batch_.clear();
}

void RosterMachine::send_digest(LinkId link, Effects& fx) {
  wire::RosterRanges m{tag_, {}};
  m.ranges.push_back(roster_.range({}));
  fx.send(link, Flow::control, m);
}

void RosterMachine::send_single(LinkId link, std::span<const Bytes> statements, Effects& fx) {
  fx.send(link, Flow::repair, wire::RosterPage{tag_, 1, 1}, pack(statements));
}

void RosterMachine::on(Time now, const LinkInfo& from, const wire::RosterRanges& m, Bytes, Effects& fx) {
  if (phase_ != Phase::ready) return;
  for (const wire::RosterRange& theirs : m.ranges) compare(now, from, theirs, fx);
}

void RosterMachine::compare(Time now, const LinkInfo& from, const wire::RosterRange& theirs, Effects& fx) {
  const Interval interval{theirs.lo, theirs.hi};
  if (interval.empty()) return;
  const wire::RosterRange mine = roster_.range(interval);
  if (mine.sum == theirs.sum && mine.members == theirs.members) return;
  if (!afford(now, from, 1024)) return;
  const auto members = members_in(roster_.all(), interval);
  if (members.size() <= list_max) {
    if (theirs.members <= fetch_min) {
      send_list(from.id, interval, true, fx);
      return;
    }
    std::uint64_t next = 0;
    if (!members.empty())
      fx.send(from.id, Flow::repair, wire::RosterPage{tag_, 1, 1}, pack_page(members, next));
    fetch(now, interval, from.id, false, fx);
    return;
  }
  wire::RosterRanges answer{tag_, {}};
  if (members.size() > fetch_min && theirs.members <= list_max) {
    answer.ranges.push_back(mine);
  } else {
    std::uint64_t lo = interval.lo;
    for (std::size_t i = 1; i <= wire::roster_ranges_max; ++i) {
      const bool last = i == wire::roster_ranges_max;
      const std::uint64_t hi =
          last ? interval.hi : members[members.size() * i / wire::roster_ranges_max].place;
      if (!last && hi <= lo) continue;
      answer.ranges.push_back(roster_.range({lo, hi}));
      lo = hi;
    }
  }
  fx.send(from.id, Flow::control, answer);
}

void RosterMachine::send_list(LinkId link, Interval interval, bool answer, Effects& fx) {
  wire::RosterList m{tag_, interval.lo, interval.hi, answer, {}};
  for (const Member& member : members_in(roster_.all(), interval)) {
    if (m.items.full()) return;
    m.items.push_back({member.place, member.record->hash});
  }
  fx.send(link, Flow::control, m);
}

void RosterMachine::on(Time now, const LinkInfo& from, const wire::RosterList& m, Bytes, Effects& fx) {
  const Interval interval{m.lo, m.hi};
  if (phase_ != Phase::ready || interval.empty()) return;
  const auto members = members_in(roster_.all(), interval);
  bool lacking = false;
  std::size_t common = 0, pages = wire::roster_pages_max;
  parts_.clear();
  std::size_t bytes = 0;
  const auto flush = [&] {
    if (!parts_.empty() && pages > 0 && afford(now, from, bytes)) {
      --pages;
      send_single(from.id, parts_, fx);
    }
    parts_.clear();
    bytes = 0;
  };
  for (const Member& member : members) {
    const auto listed = std::ranges::find_if(m.items, [&](const wire::RosterItem& item) {
      return item.place == member.place && item.hash == member.record->hash;
    });
    if (listed != m.items.end()) {
      ++common;
      continue;
    }
    if (parts_.size() == wire::roster_statements_max ||
        bytes + member.record->statement.size() > wire::roster_body_bytes_max)
      flush();
    if (pages == 0) break;
    parts_.push_back(member.record->statement);
    bytes += member.record->statement.size();
  }
  flush();
  lacking = common < m.items.size();
  if (!m.answer || !lacking) return;
  if (members.size() <= wire::roster_items_max)
    send_list(from.id, interval, false, fx);
  else
    fetch(now, interval, from.id, false, fx);
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
    if (!afford(now, to, body.size() + 64)) return;
    const std::uint64_t hi = next == 0 ? interval.hi : next;
    fx.send(to.id, Flow::repair, wire::RosterPage{tag_, interval.lo, hi}, body);
    if (next == 0) return;
    interval.lo = next;
  }
}

// A bucket that leaks at answer_bytes_per_s. What it refuses is asked again, or found by the next comparison.
bool RosterMachine::afford(Time now, const LinkInfo& to, std::size_t bytes) {
  if (to.backlog > config_.backlog_max) return false;
  const auto passed = static_cast<std::uint64_t>(std::max<std::int64_t>(0, (now - answered_at_).count()));
  const std::uint64_t leaked =
      passed > 1'000'000 ? config_.answer_bytes_per_s : passed * config_.answer_bytes_per_s / 1'000'000;
  answer_bytes_ -= std::min<std::uint64_t>(answer_bytes_, leaked);
  answered_at_ = now;
  if (answer_bytes_ + bytes > config_.answer_bytes_burst) return false;
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

EventRef RosterMachine::pack_page(std::span<const Member> members, std::uint64_t& next) {
  parts_.clear();
  next = 0;
  std::size_t bytes = 0, i = 0;
  for (; i < members.size() && parts_.size() < wire::roster_statements_max; ++i) {
    bytes += members[i].record->statement.size();
    if (bytes > wire::roster_body_bytes_max) break;
    parts_.push_back(members[i].record->statement);
  }
  // Members at one place stay on one page, for the next page begins at a place.
  while (i < members.size() && i > 1 && members[i].place == members[i - 1].place) --i, parts_.pop_back();
  if (i < members.size()) next = members[i].place;
  return pack(parts_);
}

}  // namespace boato
