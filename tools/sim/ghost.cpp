// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/ghost.hpp"

#include "overlay/base/bytes.hpp"

#include <algorithm>
#include <cstring>

namespace boato::sim {

namespace {
std::uint64_t mix(std::uint64_t h, std::uint64_t x) {
  h = (h ^ x) * 0x9e3779b97f4a7c15ULL;
  return h ^ (h >> 29);
}
std::uint64_t hash_bytes(std::uint64_t h, Bytes b) {
  h = mix(h, b.size());
  while (b.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, b.data(), 8);
    h = mix(h, word);
    b = b.subspan(8);
  }
  std::uint64_t rest = 0;
  if (!b.empty()) std::memcpy(&rest, b.data(), b.size());
  return mix(h, rest);
}
}  // namespace

std::uint64_t content_hash(const wire::EventView& event) {
  std::uint64_t h = mix(event.time_us, event.flags);
  h = hash_bytes(h, event.ext);
  h = hash_bytes(h, event.attributes);
  return hash_bytes(h, event.payload);
}

std::uint32_t Ghost::add_topic(TopicTag tag, const Contract& contract) {
  if (const std::uint32_t known = topic_of(tag); known != none) return known;
  topics_.push_back({tag, contract, {}});
  return static_cast<std::uint32_t>(topics_.size() - 1);
}

void Ghost::add_peer(std::uint32_t peer, const PeerId& id) {
  if (open_.size() <= peer) open_.resize(peer + std::size_t{1});
  peer_by_place_.emplace(ring_place(id), peer);
}

std::uint32_t Ghost::topic_of(TopicTag tag) const {
  for (std::uint32_t i = 0; i < topics_.size(); ++i)
    if (topics_[i].tag == tag) return i;
  return none;
}

std::uint32_t Ghost::session_of(std::uint32_t peer, std::uint32_t topic) const {
  for (const std::uint32_t s : open_[peer])
    if (sessions_[s].topic == topic) return s;
  return none;
}

std::uint32_t Ghost::stream_of(std::uint32_t topic, const PeerId& publisher, Incarnation incarnation) {
  const auto peer = peer_by_place_.find(ring_place(publisher));
  if (peer == peer_by_place_.end()) return none;
  const auto list = streams_by_key_.find(std::uint64_t{topic} << 32 | peer->second);
  if (list == streams_by_key_.end()) return none;
  for (auto it = list->second.rbegin(); it != list->second.rend(); ++it)
    if (streams_[*it].incarnation == incarnation) return *it;
  return none;
}

std::string Ghost::name(const Stream& stream, std::uint64_t seq) const {
  return "event " + std::to_string(seq) + " of peer " + std::to_string(stream.publisher) + " in topic " +
         std::to_string(stream.topic);
}

void Ghost::opened(Time now, std::uint32_t peer, std::uint32_t topic) {
  if (session_of(peer, topic) != none) return;
  const auto session = static_cast<std::uint32_t>(sessions_.size());
  sessions_.push_back({peer, topic, now});
  open_[peer].push_back(session);
  topics_[topic].sessions.push_back(session);
}

void Ghost::ready(Time now, std::uint32_t peer, TopicTag tag) {
  const std::uint32_t topic = topic_of(tag);
  const std::uint32_t session = topic == none ? none : session_of(peer, topic);
  if (session != none && sessions_[session].ready == never) sessions_[session].ready = now;
}

void Ghost::filtered(Time now, std::uint32_t peer, std::uint32_t topic, const Filter& filter) {
  if (const std::uint32_t session = session_of(peer, topic); session != none)
    sessions_[session].filters.emplace_back(now, filter);
}

bool Ghost::owes(const Session& session, const EventRecord& event, Time now) const {
  const Time until = std::min(now, event.at + grace_);
  for (std::size_t i = 0; i < session.filters.size(); ++i) {
    const auto& [since, filter] = session.filters[i];
    if (i + 1 < session.filters.size() && session.filters[i + 1].first <= event.at) continue;  // over
    if (since > until) break;
    if (!filter.takes(event.x)) return false;
  }
  return true;
}

void Ghost::closed(Time now, std::uint32_t peer, std::uint32_t topic) {
  const std::uint32_t session = session_of(peer, topic);
  if (session == none) return;
  sessions_[session].ended = now;
  std::erase(open_[peer], session);
}

void Ghost::ended(Time now, std::uint32_t peer) {
  for (const std::uint32_t session : open_[peer]) sessions_[session].ended = now;
  open_[peer].clear();
  for (Stream& stream : streams_)
    if (stream.publisher == peer && stream.ended == never) stream.ended = now;
}

void Ghost::published(Time now, std::uint32_t peer, Incarnation incarnation, TopicTag tag, Seq first,
                      std::span<const std::uint64_t> hashes, std::span<const std::int64_t> xs) {
  const std::uint32_t topic = topic_of(tag);
  BOATO_CHECK(topic != none);
  auto& list = streams_by_key_[std::uint64_t{topic} << 32 | peer];
  if (list.empty() || streams_[list.back()].incarnation != incarnation) {
    list.push_back(static_cast<std::uint32_t>(streams_.size()));
    streams_.push_back({topic, peer, incarnation, never, {}});
  }
  Stream& stream = streams_[list.back()];
  BOATO_CHECK(first.raw() == stream.events.size() + 1);
  for (std::size_t i = 0; i < hashes.size(); ++i)
    stream.events.push_back({hashes[i], now, xs.empty() ? 0 : xs[i]});
  events_ += hashes.size();
}

Ghost::Heard Ghost::delivered(Time now, std::uint32_t peer, const Delivery& delivery) {
  Heard heard;
  const auto bad = [&](const char* rule, const std::string& what) {
    verdicts_.add(now, rule, "peer " + std::to_string(peer) + ": " + what);
  };
  const auto batch = wire::parse_batch(delivery.batch.bytes(), wire::payload_bytes_limit);
  if (!batch) return bad("content", "delivered bytes that are no batch"), heard;
  const std::uint32_t topic = topic_of(delivery.topic);
  const std::uint32_t at = topic == none ? none : stream_of(topic, batch->publisher, batch->incarnation);
  if (at == none) return bad("published", "delivered an event of an unknown stream"), heard;
  Stream& stream = streams_[at];
  const std::uint32_t session = session_of(peer, topic);
  if (session == none)
    return bad("published", "delivered " + name(stream, batch->first.raw()) + " without a subscription"),
           heard;
  if (std::size_t{delivery.index} + delivery.count > batch->count)
    return bad("content", "delivered more events than the batch has"), heard;

  Got& got = got_[std::uint64_t{session} << 32 | at];
  wire::EventCursor cursor{batch->events};
  wire::EventView event;
  heard.own = stream.publisher == peer;
  heard.publisher = stream.publisher;
  for (std::uint32_t i = 0; i < std::uint32_t{delivery.index} + delivery.count && cursor.next(event); ++i) {
    if (i < delivery.index) continue;
    const std::uint64_t seq = batch->first.raw() + i;
    if (seq == 0 || seq > stream.events.size()) {
      bad("published", "delivered " + name(stream, seq) + ", which was never published");
      continue;
    }
    EventRecord& record = stream.events[seq - 1];
    if (content_hash(event) != record.hash) bad("content", name(stream, seq) + " came with other bytes");
    const Session& s = sessions_[session];
    if (!s.filters.empty() && !s.filters.back().second.takes(record.x))
      continue;  // the application lets it go
    if (got.all.has(seq)) {
      ++duplicates_;
      bad("duplicate", name(stream, seq) + " was delivered again");
      continue;
    }
    if (got.missing.has(seq)) bad("gap", name(stream, seq) + " came after it was told as missing");
    const bool ordered = topics_[topic].contract.order != Order::none;
    if (ordered && seq <= got.last)
      bad("fifo", name(stream, seq) + " came after " + std::to_string(got.last));
    // Who comes late begins where it is let in; who was there before the stream begins at its beginning.
    const bool begun = got.last > 0 || sessions_[session].ready < stream.events.front().at;
    bool left_out = ordered && begun && seq > got.last + 1;
    if (left_out && !s.filters.empty()) {
      left_out = false;
      for (std::uint64_t between = got.last + 1; between < seq && !left_out; ++between)
        left_out = stream.events[between - 1].at > s.ready && owes(s, stream.events[between - 1], now);
    }
    if (left_out)
      bad("gap", name(stream, seq) + " came behind " + std::to_string(got.last) +
                     ", and nothing was told of those between");
    got.last = std::max(got.last, seq);
    got.all.set(seq);
    if (now - record.at > soon) got.late.set(seq);
    ++deliveries_;
    if (heard.fresh++ == 0) heard.published = record.at;
    if (record.at < sessions_[session].opened) {
      heard.early = true;
      ++early_;
    }
    if (!heard.own) {
      ++record.deliveries;
      record.last_hop = std::max(record.last_hop, delivery.hops);
      if (record.at >= sessions_[session].opened)
        record.last_after = std::max(record.last_after, now - record.at);
    }
  }
  return heard;
}

void Ghost::gap(Time now, std::uint32_t peer, const GapNotice& gap) {
  const auto bad = [&](const std::string& what) {
    verdicts_.add(now, "gap", "peer " + std::to_string(peer) + ": " + what);
  };
  if (gap.first > gap.last || gap.first.raw() == 0) return bad("a gap without numbers");
  gaps_ += gap.last.raw() - gap.first.raw() + 1;
  const std::uint32_t topic = topic_of(gap.topic);
  const std::uint32_t at = topic == none ? none : stream_of(topic, gap.publisher, gap.incarnation);
  const std::uint32_t session = topic == none ? none : session_of(peer, topic);
  if (at == none || session == none) return bad("a gap in a stream that is not there");
  const Stream& stream = streams_[at];
  Got& got = got_[std::uint64_t{session} << 32 | at];
  if (gap.last.raw() > stream.events.size())
    return bad(name(stream, gap.last.raw()) + " was told as missing and never published");
  const bool ordered = topics_[topic].contract.order != Order::none;
  if (ordered && gap.first.raw() <= got.last)
    bad(name(stream, gap.first.raw()) + " was told as missing after " + std::to_string(got.last));
  if (ordered && got.last > 0 && gap.first.raw() > got.last + 1 && sessions_[session].filters.empty())
    bad(name(stream, gap.first.raw()) + " was told as missing behind " + std::to_string(got.last) +
        ", and nothing of those between");
  for (std::uint64_t seq = gap.first.raw(); seq <= gap.last.raw(); ++seq) {
    if (got.all.has(seq)) bad(name(stream, seq) + " was told as missing, and had come");
    if (got.missing.has(seq)) bad(name(stream, seq) + " was told as missing twice");
    got.missing.set(seq);
  }
  got.last = std::max(got.last, gap.last.raw());
}

void Ghost::not_for(Time now, std::uint32_t peer, const GapNotice& gap) {
  const std::uint32_t topic = topic_of(gap.topic);
  const std::uint32_t at = topic == none ? none : stream_of(topic, gap.publisher, gap.incarnation);
  const std::uint32_t session = topic == none ? none : session_of(peer, topic);
  if (at == none || session == none) return;
  const Session& s = sessions_[session];
  const Stream& stream = streams_[at];
  if (s.ready == never) return;
  for (std::uint64_t seq = gap.first.raw(); seq <= gap.last.raw() && seq <= stream.events.size(); ++seq)
    if (stream.ended == never && stream.events[seq - 1].at > s.ready && owes(s, stream.events[seq - 1], now))
      return verdicts_.add(
          now, "gap",
          "peer " + std::to_string(peer) + ": " + name(stream, seq) + " was left out, and is owed");
}

void Ghost::received(std::uint32_t peer, TopicTag tag, Bytes batch) {
  const auto view = wire::parse_batch(batch, wire::payload_bytes_limit);
  if (!view) return;
  const std::uint32_t topic = topic_of(tag);
  const std::uint32_t at = topic == none ? none : stream_of(topic, view->publisher, view->incarnation);
  if (at == none || streams_[at].publisher == peer) return;
  auto& events = streams_[at].events;
  for (std::uint64_t seq = view->first.raw(); seq <= view->last().raw() && seq <= events.size(); ++seq)
    if (seq > 0) ++events[seq - 1].receptions;
}

void Ghost::judge(Time now) {
  owed_ = lost_ = late_ = missed_ = unready_ = 0;
  reached_least_ = 1;
  for (const Session& session : sessions_) unready_ += session.ended == never && session.ready == never;
  for (std::uint32_t s = 0; s < streams_.size(); ++s) {
    const Stream& stream = streams_[s];
    const Topic& topic = topics_[stream.topic];
    if (topic.contract.reliability == Reliability::unreliable) continue;
    std::vector<std::pair<const Session*, const Got*>> correct;
    static const Got nothing{};
    for (const std::uint32_t i : topic.sessions) {
      const Session& session = sessions_[i];
      if (session.ended != never || session.ready == never) continue;
      const auto found = got_.find(std::uint64_t{i} << 32 | s);
      correct.emplace_back(&session, found == got_.end() ? &nothing : &found->second);
    }
    for (std::uint64_t seq = 1; seq <= stream.events.size(); ++seq) {
      const EventRecord& event = stream.events[seq - 1];
      const bool stayed = stream.ended == never;
      const bool seen = std::ranges::any_of(correct, [&](const auto& m) { return m.second->all.has(seq); });
      if (!stayed && !seen) {
        missed_ += static_cast<std::uint64_t>(std::ranges::count_if(
            correct, [&](const auto& m) { return m.first->ready < event.at && owes(*m.first, event, now); }));
        continue;
      }
      std::uint64_t owed = 0, late = 0;
      for (const auto& [session, got] : correct) {
        if (session->ready >= event.at || !owes(*session, event, now)) continue;
        ++owed;
        late += !got->all.has(seq) || got->late.has(seq);
        if (got->all.has(seq)) continue;
        ++lost_;
        ++missed_;
        verdicts_.add(now, stayed ? "complete" : "agreement",
                      "peer " + std::to_string(session->peer) + " never got " + name(stream, seq) +
                          ", published at " + std::to_string(event.at.time_since_epoch().count() / 1000) +
                          " ms");
      }
      owed_ += owed;
      late_ += late;
      if (owed > 0)
        reached_least_ = std::min(reached_least_, 1 - static_cast<double>(late) / static_cast<double>(owed));
    }
  }
}

}  // namespace boato::sim
