// SPDX-License-Identifier: Apache-2.0
// How records travel: pushed and named at once, compared now and then.
#include "overlay/base/mutant.hpp"
#include "overlay/membership/directory.hpp"

#include <algorithm>
#include <array>

namespace boato {

void Directory::spread(Time now, const TopicRecord& record, Bytes what, std::optional<LinkId> from,
                       Active active, Effects& fx) {
  std::erase_if(spreads_, [&](const Spread& s) { return s.topic == record.tag; });
  Spread s{record.tag, now + config_.names_after, {}};
  if (from) s.have.push_back(*from);
  std::array<LinkId, 32> others;
  std::size_t n = 0;
  for (const LinkId link : active)
    if (n < others.size() && std::ranges::find(s.have, link) == s.have.end()) others[n++] = link;
  rng_.shuffle(std::span{others}.first(n));
  const std::size_t at_once = std::min(n, config_.push_at_once);
  fx.send(std::span{others}.first(at_once), Flow::control, wire::TopicPush{record.tag, record.version, what});
  if (at_once == n) return;
  s.have.insert(s.have.end(), others.begin(), others.begin() + static_cast<std::ptrdiff_t>(at_once));
  if (spreads_.size() < config_.spreads_max) spreads_.push_back(std::move(s));
}

void Directory::send_whole(LinkId to, const TopicRecord& record, Effects& fx) {
  std::vector<std::byte> whole;
  whole.reserve(record.counted);
  append_statements(record, whole);
  fx.send(to, Flow::repair, wire::TopicPush{record.tag, record.version, whole});
}

// Whether to ask `from` for the topic now; remembers that it was asked.
bool Directory::wanted(Time now, TopicTag topic, std::uint64_t version, LinkId from) {
  const TopicRecord* record = at(topic);
  if (record && record->version == version) return false;
  const auto asked = std::ranges::find(fetches_, topic, &Fetch::topic);
  if (asked != fetches_.end()) {
    if (now < asked->until) return false;
    *asked = {topic, from, now + config_.fetch_within};
    return true;
  }
  if (fetches_.size() >= config_.fetches_max) return false;
  fetches_.push_back({topic, from, now + config_.fetch_within});
  return true;
}

// A whole record has come. The last one that was asked for: compare again, unless nothing was new since the
// last comparison (then what differs is what one side refuses).
void Directory::fetched(TopicTag topic, LinkId from, Effects& fx) {
  if (std::erase_if(fetches_, [&](const Fetch& f) { return f.topic == topic; }) == 0) return;
  if (!fetches_.empty() || news_ == news_compared_) return;
  if (std::ranges::binary_search(known_active_, from)) compare(from, fx);
}

void Directory::send_names(Time now, Active active, Effects& fx) {
  bool due = false;
  for (const Spread& s : spreads_) due |= s.names_at <= now;
  if (!due) return;
  for (const LinkId link : active) {
    wire::TopicNames names;
    for (const Spread& s : spreads_) {
      const TopicRecord* record = at(s.topic);
      if (!record || now < s.names_at || std::ranges::find(s.have, link) != s.have.end()) continue;
      names.topics.push_back({s.topic, record->version});
      if (!names.topics.full()) continue;
      fx.send(link, Flow::control, names);
      names.topics.clear();
    }
    if (!names.topics.empty()) fx.send(link, Flow::control, names);
  }
  std::erase_if(spreads_, [&](const Spread& s) { return s.names_at <= now; });
}

void Directory::compare(LinkId with, Effects& fx) {
  if (BOATO_MUTANT(123)) return;  // directory: what spreading missed is never found
  std::array<std::byte, 256> room;
  ByteWriter out{room};
  begin_ranges(ranges_, static_cast<std::uint32_t>(rng_.next()), out);
  news_compared_ = news_;
  fx.send(with, Flow::control, wire::DirectoryRanges{out.written()});
}

void Directory::on_active(Time now, Active active, Effects& fx) {
  if (next_compare_ == never) {
    young_until_ = now + config_.young;
    next_compare_ = now + rng_.jitter(config_.compare_every_young);
  }
  bool same = active.size() == known_active_.size();
  for (const LinkId link : active) same = same && std::ranges::binary_search(known_active_, link);
  if (same) return;
  for (const LinkId link : active)
    if (!std::ranges::binary_search(known_active_, link)) compare(link, fx);
  known_active_.assign(active.begin(), active.end());
  std::ranges::sort(known_active_);
}

void Directory::expire_tombstones(Time now) {
  for (std::size_t i = records_.size(); i-- > 0;)
    if (!records_[i]->alive() && expired(now, records_[i]->removed_us)) drop(*records_[i]);
}

}  // namespace boato
