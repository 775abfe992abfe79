// SPDX-License-Identifier: Apache-2.0
// Topics that replicas keep: who they are, what they store, what they say, and what publishers hear.
#include "overlay/base/bytes.hpp"
#include "overlay/peer_core.hpp"
#include "overlay/replica/choice.hpp"
#include "overlay/stream/have_codec.hpp"
#include "overlay/topic_state.hpp"
#include "overlay/wire/event_messages.hpp"
#include "overlay/wire/replica_messages.hpp"

#include <algorithm>

namespace boato {
namespace {

// Peers behind one address are on one host, as far as we can see.
std::uint64_t place_of(const wire::AddressList& addresses) {
  if (addresses.empty()) return 0;
  return get_be<std::uint64_t>(std::as_bytes(std::span{addresses[0].ip}).data()) * 31 +
         get_be<std::uint64_t>(std::as_bytes(std::span{addresses[0].ip}).data() + 8);
}

}  // namespace

void PeerCore::recover(Time now, std::vector<StoredTopic> stored) {
  stored_ = std::move(stored);
  for (const StoredTopic& topic : stored_)
    if (!topic.genesis.empty()) directory_.recover(now, bytes(topic.genesis));
}

wire::ReplicaSet PeerCore::choose(const TopicId& topic, std::uint32_t wanted) const {
  const auto fit = [](std::uint32_t flags) {
    return (flags & wire::flag_storage) != 0 && (flags & wire::flag_guest) == 0;
  };
  std::vector<Candidate> candidates;
  if (fit(self_.flags)) candidates.push_back({self_.id, place_of(self_.addresses), true});
  for (const LinkInfo& link : links_.all())
    if (fit(link.flags)) candidates.push_back({link.peer, place_of(link.addresses), true});
  for (const KnownPeer& peer : membership_.passive())
    if (fit(peer.flags)) candidates.push_back({peer.id, place_of(peer.addresses), false});
  return choose_replicas(*self_.crypto, topic, candidates, wanted);
}

// A founding that names us, or a topic that our store has something of: others may lack it.
void PeerCore::open_replica(Time now, const TopicRecord& record) {
  if ((self_.flags & wire::flag_storage) == 0 || record.replicas.empty() || leaving_) return;
  const bool stored = std::ranges::find(stored_, record.id, &StoredTopic::topic) != stored_.end();
  if (!record.replicas.has(self_.id) && !stored) return;
  TopicState* topic = find(record.tag);
  if (!topic && topics_.size() >= config_.topics_max) {
    fx_.count(Counter::directory_refused);
    return fx_.drop(DropReason::directory_full, record.tag, record.creator);
  }
  if (!topic) topic = &open(now, record);
  use(now, *topic);
}

// When the topic is opened here: what we keep of it goes on where the store ended.
void PeerCore::begin_holding(Time now, TopicState& topic, const TopicRecord& record) {
  if ((self_.flags & wire::flag_storage) == 0) return;
  const auto stored = std::ranges::find(stored_, record.id, &StoredTopic::topic);
  const bool known = stored != stored_.end();
  if (!topic.replication->set.has(self_.id) && !known) return;
  const Contract& c = topic.contract;
  const LogSlot log = journal_.open(topic.id, Retention{c.retain_for, c.retain_bytes, c.retain_count});
  journal_.save(log, record.genesis);
  topic.replication->holder.emplace(
      Holder::Context{config_.replication.holder, self_, links_, topic.replication->set, topic.tag, topic.id},
      log);
  Holder& holder = *topic.replication->holder;
  topic.multicast.set_kept(&holder.kept());
  if (!known) return;
  Fresh fresh;
  for (const StoredStream& s : stored->streams) {
    holder.recover(s);
    const auto place = topic.streams.find_or_add(now, s.key);
    if (place.closed) topic.delivery.forget(*place.closed);
    if (place.found != StreamSet::Found::known && place.found != StreamSet::Found::added) continue;
    topic.streams.skip(now, place.index, std::max(s.floor, s.upto));
    for (const SeqRange& run : s.above) topic.streams.account(now, place.index, run, fresh);
    topic.delivery.start_at(place.index, topic.streams[place.index].highest(), fx_);
  }
}

// Two peers founded the topic at once, with one contract and other replicas: the older founding stands. What
// this peer still has of its own goes to those; who has stored anything goes on giving it.
void PeerCore::replace_replicas(Time now, TopicState& topic, const TopicRecord& record) {
  Replication& r = *topic.replication;
  if (r.set == record.replicas) return;
  r.set = record.replicas;
  r.settling.restart();
  if (const auto own = topic.streams.find(topic.multicast.own_tag()); own && topic.next_own > Seq{1})
    cache_.each(topic.slot, *own, {Seq{1}, Seq{topic.next_own.raw() - 1}}, [&](const CachedBatch& b) {
      r.settling.published(now, b.first, b.last, b.bytes);
      return true;
    });
  if (!r.holder && r.set.has(self_.id)) {
    begin_holding(now, topic, record);
    if (topic.replica()) {
      topic.streams.each([&](StreamIndex, const Stream& s) {
        if (s.named()) r.holder->passed(now, s.tag(), s.key(), s.highest());
      });
      use(now, topic);  // it wants events now, whatever the application wants
      if (topic.started) topic.multicast.take_all(now);
    }
  }
  if (!topic.replica()) return;
  journal_.save(r.holder->log(), record.genesis);
  own_held(topic);
}

void PeerCore::keep(Time now, TopicState& topic, const LinkInfo& from) {
  if (!topic.replica()) return;
  const Arrived* seen = topic.multicast.last_seen();
  if (!seen) return;
  Holder& holder = *topic.replication->holder;
  const StreamTag tag = topic.streams[seen->stream].tag();
  if (holder.lacks(tag, {seen->batch.first, seen->batch.last()}) && !topic.multicast.check_seen(from, fx_))
    return;
  holder.keep(now, tag, seen->batch, seen->bytes, journal_, fx_);
  holder.tell(fx_);
}

void PeerCore::on_persisted(Time now, const Persisted& answer) {
  std::vector<TopicState*> rose;
  journal_.on_persisted(answer, [&](const Journal::Asked& asked, std::optional<Refusal> refused) {
    TopicState* topic = find(asked.topic);
    if (!topic || !topic->replica()) return;
    topic->replication->holder->on_stored(now, asked, refused);
    if (refused) fx_.drop(DropReason::store_refused, asked.topic, self_.id, asked.range.count());
    if (std::ranges::find(rose, topic) == rose.end()) rose.push_back(topic);
  });
  for (TopicState* topic : rose) {
    own_held(*topic);
    topic->replication->holder->tell(fx_);
    touch(now, *topic);
  }
  settle(now);
}

// What we hold of our own stream counts, if we are a replica by the founding.
void PeerCore::own_held(TopicState& topic) {
  const Seq upto = topic.replication->holder->stored_upto(topic.multicast.own_tag());
  topic.replication->settling.on_held(self_.id, upto, fx_);
}

void PeerCore::on_store_failed(Time now) {
  journal_.fail();
  settle(now);
}

void PeerCore::on_read(Time now, const ReadWish& wish, std::span<const EventRef> batches) {
  TopicState* topic = find(wish.topic);
  if (!topic || !topic->replica()) return;
  topic->replication->holder->on_read(wish.to);
  if (!links_.find(wish.to)) return;
  const SeqRange range{wish.first, wish.last};
  if (batches.empty())
    topic->multicast.have_not(wish.to,
                              wire::stream_tag(*self_.crypto, topic->id, wish.publisher, wish.incarnation),
                              Seq{wish.first.raw() - 1}, std::span{&range, 1}, fx_);
  else
    topic->multicast.send_read(wish.to, batches, fx_);
  settle(now);
}

void PeerCore::read_for(const LinkInfo& from, TopicState& topic) {
  const auto& unread = topic.multicast.unread();
  if (!topic.replica() || !unread) return;
  if (topic.replication->holder->read(from.id, unread->stream, unread->range, fx_)) return;
  fx_.count(Counter::pulls_put_off);
  fx_.drop(DropReason::put_off, topic.tag, from.peer);
}

void PeerCore::on_held(const LinkInfo& from, const wire::Held& held) {
  TopicState* topic = find(held.topic);
  if (!topic || !topic->replication) return no_topic(from, held.topic);
  if (!well_formed_have(held.streams)) return malformed(from);
  Replication& r = *topic->replication;
  HaveReader reader{held.streams};
  HaveEntry entry;
  while (reader.next(entry))
    if (entry.tag == topic->multicast.own_tag()) r.settling.on_held(from.peer, entry.upto, fx_);
}

wire::AddressList PeerCore::addresses_of(const TopicState& topic, const PeerId& peer) const {
  if (const MemberRecord* member = topic.roster.roster().find(peer)) return member->addresses();
  if (const TopicRecord* record = directory_.find(topic.tag))
    for (const TopicContact& contact : record->contacts)
      if (contact.peer == peer) return contact.addresses;
  for (const KnownPeer& known : membership_.passive())
    if (known.id == peer) return known.addresses;
  return {};
}

void PeerCore::on_replication_deadline(Time now, TopicState& topic) {
  Replication& r = *topic.replication;
  if (r.settling.next_deadline() <= now) r.settling.on_deadline(now, fx_);
  if (r.holder && r.holder->next_deadline() <= now)
    r.holder->on_deadline(now, topic.slot, topic.streams, cache_, journal_, fx_);
  r.links.on_deadline(
      now, [&](const PeerId& p) { return addresses_of(topic, p); }, fx_);
  const bool minority = topic.publishers > 0 && r.links.minority();
  if (std::exchange(r.told_minority, minority) == minority || topic.publishers == 0) return;
  if (!minority) return fx_.tell({TopicNotice::Kind::quorum_back, topic.tag, {}, r.links.reachable(), {}});
  std::string who;
  for (const PeerId& peer : r.set.voters())
    if (peer != self_.id && !links_.find(peer))
      who += (who.empty() ? "" : ", ") + to_text(peer).substr(0, 12);
  fx_.tell({TopicNotice::Kind::no_quorum,
            topic.tag,
            {},
            r.links.reachable(),
            std::to_string(r.set.quorum()) + " of " + std::to_string(r.set.size()) + " replicas of " +
                topic.name + " are needed, " + std::to_string(r.links.reachable()) +
                (r.links.reachable() == 1 ? " is" : " are") + " reachable; missing: " + who});
}

}  // namespace boato
