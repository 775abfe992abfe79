// SPDX-License-Identifier: Apache-2.0
#include "overlay/stream/stream_set.hpp"

#include "overlay/base/mix.hpp"
#include "overlay/wire/batch.hpp"

#include <algorithm>

namespace boato {
namespace {

using TagOf = std::pair<StreamTag, StreamIndex>;

}  // namespace

// A stream of which nothing is left above the floor counts like one that was never met, else members who came
// after it expired could never agree with those who saw it.
std::uint64_t StreamSet::digest(const Stream& stream) {
  const Seq highest = stream.highest();
  if (highest.raw() == 0 || highest < stream.floor() || stream.sparse()) return 0;
  const std::uint64_t base = mix(stream.tag().raw() + 0x9e3779b97f4a7c15ULL);
  std::uint64_t sum = mix(base + stream.frontier().raw());
  for (const SeqRange& run : stream.above().ranges())
    sum += mix(mix(base ^ run.first.raw()) + run.last.raw());
  return sum;
}

StreamSet::Place StreamSet::find_or_add(Time now, const StreamKey& key, Room room) {
  if (last_used_ != none && slots_[last_used_].stream.key() == key)
    return {Found::known, StreamIndex{last_used_}};

  const auto at = std::ranges::lower_bound(publishers_, key.publisher, {}, &Publisher::id);
  const bool met = at != publishers_.end() && at->id == key.publisher;
  std::uint32_t* place = nullptr;  // where the new stream stands among the open ones
  bool close_one = false;
  if (met) {
    for (std::uint32_t& slot : at->open) {
      if (slot == none) {
        place = &slot;
        continue;
      }
      if (slots_[slot].stream.key().incarnation != key.incarnation) continue;
      last_used_ = slot;
      return {Found::known, StreamIndex{slot}};
    }
    if (!place) {
      place = &*std::ranges::min_element(
          at->open, {}, [&](std::uint32_t slot) { return slots_[slot].stream.key().incarnation; });
      // The newest open_max stay open, so whatever was closed is older than all of them.
      if (key.incarnation < slots_[*place].stream.key().incarnation &&
          !BOATO_MUTANT(165))  // 165: opens it again
        return {Found::stale, {}};
      close_one = true;
    }
  }

  const StreamTag tag = wire::stream_tag(*crypto_, topic_, key.publisher, key.incarnation);
  std::optional<StreamIndex> index = find(tag);
  if (index && slots_[index->raw()].stream.named()) return {Found::full, {}};
  if (index) {
    --unnamed_;
  } else {
    if (by_tag_.size() - (close_one ? 1 : 0) >= config_.streams_max && room == Room::shared)
      return {Found::full, {}};
    index = take_slot(tag);
  }
  slots_[index->raw()].stream.name(key);
  touch(now, index->raw());
  Place result{Found::added, *index, {}, take_heard(tag)};
  if (close_one) {
    BOATO_CHECK(slots_[*place].stream.key().incarnation < key.incarnation);  // the newest stay open
    result.closed = StreamIndex{*place};
    close(*result.closed);
  }
  if (met) {
    *place = index->raw();
  } else {
    Publisher publisher;
    publisher.id = key.publisher;
    publisher.open[0] = index->raw();
    publishers_.insert(at, publisher);
  }
  last_used_ = index->raw();
  return result;
}

std::optional<StreamIndex> StreamSet::find(StreamTag tag) const {
  if (last_used_ != none && slots_[last_used_].stream.tag() == tag) return StreamIndex{last_used_};
  const auto at = std::ranges::lower_bound(by_tag_, tag, {}, &TagOf::first);
  if (at == by_tag_.end() || at->first != tag) return std::nullopt;
  return at->second;
}

StreamIndex StreamSet::take_slot(StreamTag tag) {
  std::uint32_t slot = static_cast<std::uint32_t>(slots_.size());
  if (free_.empty()) {
    slots_.emplace_back();
  } else {
    slot = free_.back();
    free_.pop_back();
  }
  slots_[slot].stream = Stream{tag};
  by_tag_.insert(std::ranges::lower_bound(by_tag_, tag, {}, &TagOf::first), {tag, StreamIndex{slot}});
  return StreamIndex{slot};
}

void StreamSet::close(StreamIndex index) {
  Slot& slot = slots_[index.raw()];
  digest_ -= digest(slot.stream);
  unlink(index.raw());
  by_tag_.erase(std::ranges::lower_bound(by_tag_, slot.stream.tag(), {}, &TagOf::first));
  if (last_used_ == index.raw()) last_used_ = none;
  slot = Slot{};
  free_.push_back(index.raw());
}

void StreamSet::unlink(std::uint32_t slot) {
  const Slot& s = slots_[slot];
  if (s.version == 0) return;  // was not linked
  (s.newer == none ? newest_ : slots_[s.newer].older) = s.older;
  if (s.older != none) slots_[s.older].newer = s.newer;
}

void StreamSet::touch(Time now, std::uint32_t slot) {
  Slot& s = slots_[slot];
  if (newest_ != slot) {
    unlink(slot);
    s.newer = none;
    s.older = newest_;
    if (newest_ != none) slots_[newest_].newer = slot;
    newest_ = slot;
  }
  s.version = ++version_;
  s.last_change = now;
}

void StreamSet::account(Time now, StreamIndex index, SeqRange range, Fresh& fresh) {
  Stream& stream = slots_[index.raw()].stream;
  const std::uint64_t before = digest(stream);
  stream.account(range, fresh);
  if (fresh.empty()) return;
  digest_ += digest(stream) - before;
  touch(now, index.raw());
}

void StreamSet::skip(Time now, StreamIndex index, Seq upto) {
  Stream& stream = slots_[index.raw()].stream;
  if (upto <= stream.frontier()) return;
  const std::uint64_t before = digest(stream);
  stream.skip(upto);
  digest_ += digest(stream) - before;
  touch(now, index.raw());
}

bool StreamSet::raise_floor(Time now, StreamIndex index, Seq floor) {
  Stream& stream = slots_[index.raw()].stream;
  const std::uint64_t before = digest(stream);
  if (!stream.raise_floor(floor)) return false;
  digest_ += digest(stream) - before;
  touch(now, index.raw());
  return true;
}

void StreamSet::make_sparse(StreamIndex index) {
  Stream& stream = slots_[index.raw()].stream;
  digest_ -= digest(stream);
  stream.make_sparse();
}

void StreamSet::refit(Time now, StreamIndex index, std::span<const SeqRange> held) {
  Stream& stream = slots_[index.raw()].stream;
  BOATO_CHECK(stream.sparse());
  stream.refit(held);
  touch(now, index.raw());
}

std::optional<StreamIndex> StreamSet::start_at(Time now, StreamTag tag, Seq frontier) {
  std::optional<StreamIndex> index = find(tag);
  if (!index) {
    if (unnamed_ >= config_.unnamed_max || by_tag_.size() >= config_.streams_max) return std::nullopt;
    index = take_slot(tag);
    ++unnamed_;
    touch(now, index->raw());
  }
  skip(now, *index, frontier);
  return index;
}

bool StreamSet::hear(StreamTag tag, Seq upto) {
  if (const auto index = find(tag); index && slots_[index->raw()].stream.named()) return true;
  const auto at = std::ranges::lower_bound(heard_, tag, {}, &std::pair<StreamTag, Seq>::first);
  if (at != heard_.end() && at->first == tag) {
    at->second = std::max(at->second, upto);
    return true;
  }
  if (heard_.size() >= config_.heard_max) return false;
  heard_.insert(at, {tag, upto});
  return true;
}

Seq StreamSet::take_heard(StreamTag tag) {
  const auto at = std::ranges::lower_bound(heard_, tag, {}, &std::pair<StreamTag, Seq>::first);
  if (at == heard_.end() || at->first != tag) return Seq{};
  const Seq upto = at->second;
  heard_.erase(at);
  return upto;
}

void StreamSet::check_invariants() const {
  std::uint64_t sum = 0;
  std::size_t unnamed = 0, linked = 0, open = 0;
  for (std::size_t i = 0; i < by_tag_.size(); ++i) {
    const Stream& stream = (*this)[by_tag_[i].second];
    BOATO_CHECK(stream.tag() == by_tag_[i].first);
    BOATO_CHECK(i == 0 || by_tag_[i - 1].first < by_tag_[i].first);
    stream.check_invariants();
    sum += digest(stream);
    unnamed += stream.named() ? 0 : 1;
  }
  BOATO_CHECK(sum == digest_ && unnamed == unnamed_);
  BOATO_CHECK(by_tag_.size() <= config_.streams_max + open_max && unnamed_ <= config_.unnamed_max);
  BOATO_CHECK(heard_.size() <= config_.heard_max);
  BOATO_CHECK(by_tag_.size() + free_.size() == slots_.size());
  std::uint64_t version = version_;
  for (std::uint32_t i = newest_; i != none; i = slots_[i].older, ++linked) {
    BOATO_CHECK(slots_[i].version <= version);
    version = slots_[i].version - 1;
  }
  BOATO_CHECK(linked == by_tag_.size());
  for (const Publisher& publisher : publishers_)
    for (std::uint32_t slot : publisher.open) {
      if (slot == none) continue;
      ++open;
      const StreamKey& key = slots_[slot].stream.key();
      BOATO_CHECK(key.publisher == publisher.id);
    }
  BOATO_CHECK(open + unnamed == by_tag_.size());
}

}  // namespace boato
