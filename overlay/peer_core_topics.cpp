// SPDX-License-Identifier: Apache-2.0
// Topics of one peer: opening, publishing, and what the machines of a topic tell each other.
#include "overlay/base/text.hpp"
#include "overlay/peer_core.hpp"
#include "overlay/topic_state.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>

namespace boato {
namespace {

// What this version keeps; another contract is refused at once, never weakened in silence.
bool offered(const Contract& c) {
  return c.reliability != Reliability::uniform && DeliveryQueue::offers(c.order) &&
         (c.durability == Durability::memory || c.reliability == Reliability::reliable) &&
         c.hold == Hold::none && c.domain.empty();
}

}  // namespace

TopicState* PeerCore::find(TopicTag tag) const {
  const auto at = std::ranges::lower_bound(topics_, tag, {}, [](const auto& t) { return t->tag; });
  return at != topics_.end() && (*at)->tag == tag ? at->get() : nullptr;
}

TopicState& PeerCore::open(Time now, const TopicRecord& record) {
  const auto at = std::ranges::lower_bound(topics_, record.tag, {}, [](const auto& t) { return t->tag; });
  TopicSlot slot{slots_};
  if (free_slots_.empty()) {
    ++slots_;
  } else {
    slot = free_slots_.back();
    free_slots_.pop_back();
  }
  const TopicState::World world{config_, self_, links_, records_, slabs_, cache_, casts_, holds_};
  TopicState& topic =
      **topics_.insert(at, std::make_unique<TopicState>(world, record, slot, rng_.fork("topic")));
  if (topic.replication) begin_holding(now, topic, record);
  return topic;
}

Result<TopicTag, Errc> PeerCore::open_topic(Time now, std::string_view name,
                                            const std::optional<Contract>& contract, Use what, From from) {
  if (contract && !offered(*contract)) return Errc::not_allowed;
  const std::uint32_t replicas = contract.value_or(Contract{}).replicas;
  const auto record = directory_.declare(
      now, name, contract, active_links(), [&](const TopicId& id) { return choose(id, replicas); }, fx_);
  if (!record) return record.error();
  if (!offered((*record)->contract)) return Errc::not_allowed;
  TopicState* topic = find((*record)->tag);
  if (from == From::beginning && ((*record)->replicas.empty() || (topic && topic->wants_events())))
    return Errc::not_allowed;
  if (!topic && topics_.size() >= config_.topics_max) return Errc::too_large;
  if (!topic) topic = &open(now, **record);
  const TopicTag tag = topic->tag;
  if (from == From::beginning) topic->multicast.want_early();
  ++(what == Use::subscribe ? topic->subscribers : topic->publishers);
  use(now, *topic);
  settle(now);
  return tag;
}

void PeerCore::close_topic(Time now, TopicTag tag, Use what) {
  TopicState* topic = find(tag);
  if (!topic) return;
  std::uint32_t& uses = what == Use::subscribe ? topic->subscribers : topic->publishers;
  if (uses == 0) return;
  --uses;
  use(now, *topic);
  settle(now);
}

// Follows what the application wants of the topic: nothing, publishing only, or events.
void PeerCore::use(Time now, TopicState& topic) {
  if (!topic.in_use()) return end(now, topic);
  const bool guest = (self_.flags & wire::flag_guest) != 0;
  topic.outside = guest && !topic.wants_events();
  const OwnEntry own{topic.wants_events() ? "true" : "false", self_.attributes};
  if (topic.replication) {
    if (topic.publishers > 0 || topic.replica() || topic.multicast.wants_early())
      topic.replication->links.start(now);
    else
      topic.replication->links.stop();
  }
  if (topic.replica() && topic.started && topic.delivers() != topic.delivering) {
    topic.streams.each([&](StreamIndex index, const Stream& s) {
      topic.delivery.forget(index);
      topic.delivery.start_at(index, s.highest(), fx_);
    });
    topic.told_ready = false;
  }
  topic.delivering = topic.delivers();
  if (topic.outside) {
    care_outside(now, topic);
  } else if (!topic.started) {
    topic.started = true;
    if (topic.replica())
      topic.multicast.take_all(now);
    else if (topic.wants_events())
      topic.multicast.expect_events(now);
    std::vector<Bytes> contacts;
    if (const TopicRecord* record = directory_.find(topic.tag))
      for (const TopicContact& contact : record->contacts) contacts.emplace_back(contact.statement);
    topic.roster.start(now, own, contacts, fx_);
    follow_roster(now, topic);
  } else if (topic.wants_events() != topic.multicast.taking()) {
    topic.roster.set_own(now, own, fx_);
    follow_roster(now, topic);
    topic.told_ready = false;  // being ready to publish is another thing than missing nothing
    if (topic.wants_events() && !topic.roster.ready()) {
      topic.multicast.expect_events(now);  // asks where to begin as soon as the roster stands
    } else if (topic.wants_events()) {
      topic.streams.each(
          [&](StreamIndex index, const Stream& s) {  // our own: what we published before is not for us
            topic.delivery.start_at(index, s.frontier(), fx_);
          });
      topic.multicast.take_events(now, std::nullopt, fx_);
    } else {
      topic.multicast.stop_taking();
    }
  }
  tell_ready(topic);
  touch(now, topic);
}

void PeerCore::end(Time now, TopicState& topic) {
  if (topic.started) {
    const Bytes goodbye = topic.roster.leave(now, fx_);
    if (!goodbye.empty()) directory_.withdraw_contact(now, topic.tag, goodbye, active_links(), fx_);
    topic.multicast.leave(fx_);
  }
  cache_.forget(topic.slot);
  free_slots_.push_back(topic.slot);
  std::erase_if(topics_, [&](const auto& t) { return t.get() == &topic; });
}

Result<void, Errc> PeerCore::subscribe_pattern(Time now, std::string_view pattern) {
  if (!is_topic_pattern(pattern)) return Errc::bad_name;
  const auto at = std::ranges::find(patterns_, pattern, &Pattern::text);
  if (at != patterns_.end()) {
    ++at->uses;
    return {};
  }
  if (patterns_.size() >= config_.patterns_max) return Errc::too_large;
  patterns_.push_back({std::string{pattern}, 1, self_.wall_us(now)});
  std::vector<TopicTag> taken;
  directory_.each([&](const TopicRecord& record) {
    if (pattern_takes(pattern, record.name)) taken.push_back(record.tag);
  });
  for (TopicTag tag : taken)
    if (const TopicRecord* record = directory_.find(tag)) match_patterns(now, *record);
  settle(now);
  return {};
}

void PeerCore::unsubscribe_pattern(Time now, std::string_view pattern) {
  const auto at = std::ranges::find(patterns_, pattern, &Pattern::text);
  if (at == patterns_.end() || --at->uses > 0) return;
  patterns_.erase(at);
  std::vector<TopicTag> open;
  for (const auto& topic : topics_)
    if (topic->patterns > 0) open.push_back(topic->tag);
  for (TopicTag tag : open) {
    TopicState* topic = find(tag);
    if (!topic) continue;
    const bool wanted =
        std::ranges::any_of(patterns_, [&](const Pattern& p) { return pattern_takes(p.text, topic->name); });
    if (wanted) continue;
    topic->patterns = 0;
    use(now, *topic);
  }
  settle(now);
}

// Opens the topic if a pattern of ours takes it. However many do, it counts once.
void PeerCore::match_patterns(Time now, const TopicRecord& record) {
  bool wanted = false, younger = false;
  for (const Pattern& pattern : patterns_) {
    if (!pattern_takes(pattern.text, record.name)) continue;
    wanted = true;
    younger = younger || record.created_us >= pattern.since_us;
  }
  if (!wanted || !offered(record.contract)) return;
  TopicState* topic = find(record.tag);
  if (!topic && topics_.size() >= config_.topics_max) {
    fx_.count(Counter::directory_refused);
    return fx_.drop(DropReason::directory_full, record.tag, record.creator);
  }
  if (!topic) topic = &open(now, record);
  if (topic->patterns > 0) return;
  if (younger && !topic->wants_events()) topic->multicast.want_early();
  topic->patterns = 1;
  fx_.tell({TopicNotice::Kind::opened, topic->tag, {}, 0, topic->name});
  use(now, *topic);
}

Result<void, Errc> PeerCore::remove_topic(Time now, std::string_view name) {
  const TopicRecord* record = directory_.find(name);
  if (!record) return Errc::no_such;
  const auto removed = directory_.remove(now, record->tag, active_links(), fx_);
  settle(now);
  return removed;
}

bool PeerCore::publish(Time now, TopicTag tag, wire::BatchBuilder& batch, Seq first) {
  TopicState* topic = find(tag);
  if (!topic || (!topic->started && !topic->outside)) return false;
  BOATO_CHECK(first == topic->next_own);
  const std::uint16_t count = batch.count();
  const EventRef bytes = batch.finish(
      {self_.crypto, self_.secret, &self_.network, &topic->id, self_.id, self_.incarnation, first});
  const auto view = wire::parse_batch(bytes.bytes(), config_.multicast.payload_max);
  BOATO_CHECK(view.has_value());
  const Arrived* arrived = topic->multicast.publish(now, *view, bytes, membership_.mass_death(now), fx_);
  if (!arrived) {
    fx_.tell({TopicNotice::Kind::refused, tag, self_.id, 0,
              "another process has started with this peer's identity: give each its own data folder"});
    end(now, *topic);
    settle(now);
    return false;
  }
  topic->next_own = Seq{first.raw() + count};
  if (topic->replication) topic->replication->settling.published(now, first, view->last(), bytes);
  if (topic->replica())
    topic->replication->holder->keep(now, topic->multicast.own_tag(), *view, bytes, journal_, fx_);
  fx_.count(Counter::events_published, count);
  deliver(now, *topic, *arrived);
  touch(now, *topic);
  settle(now);
  return true;
}

void PeerCore::deliver(Time now, TopicState& topic, const Arrived& arrived) {
  if (arrived.closed) topic.delivery.forget(*arrived.closed);
  if (!topic.delivers()) return;
  topic.delivered += arrived.fresh.events();
  topic.delivery.on_batch(now, {arrived.stream, &arrived.batch, &arrived.bytes, arrived.hops},
                          arrived.fresh.ranges(), fx_);
  if (topic.delivery.spilled()) topic.delivery.refill(topic.slot, topic.streams, cache_, fx_);
}

bool PeerCore::has_room(TopicTag tag) const {
  const TopicState* topic = find(tag);
  return topic && topic->multicast.caster().has_room() &&
         (!topic->replication || topic->replication->settling.has_room());
}

std::uint64_t PeerCore::untaken_events(TopicTag tag) const {
  const TopicState* topic = find(tag);
  if (topic && topic->replication) return topic->replication->settling.unsettled();
  return topic ? topic->multicast.untaken() : 0;
}

bool PeerCore::should_stay(Time now) const {
  return links_.size() > 0 && std::ranges::any_of(topics_, [&](const auto& topic) {
           const TopicRecord* record = directory_.find(topic->tag);
           return record && record->creator == self_.id && topic->next_own > Seq{1} &&
                  record->created_us + static_cast<std::uint64_t>(config_.stay_after_founding.count()) >
                      self_.wall_us(now);
         });
}

EventRef PeerCore::held(TopicTag tag, const StreamKey& stream, SeqRange range) const {
  const TopicState* topic = find(tag);
  if (!topic) return {};
  const auto index =
      topic->streams.find(wire::stream_tag(*self_.crypto, topic->id, stream.publisher, stream.incarnation));
  if (!index) return {};
  EventRef found;
  cache_.each(topic->slot, *index, range, [&](const CachedBatch& batch) {
    found = batch.bytes;
    return false;
  });
  return found;
}

// --- what machines tell each other

void PeerCore::follow_directory(Time now) {
  const std::vector<DirectoryChange> changes{directory_.changes().begin(), directory_.changes().end()};
  directory_.clear_changes();
  for (const DirectoryChange& change : changes) {
    const TopicRecord* record = directory_.find(change.topic);
    TopicState* topic = find(change.topic);
    switch (change.kind) {
      case DirectoryChange::Kind::added:
        if (record) match_patterns(now, *record);
        if (record) open_replica(now, *record);
        break;
      case DirectoryChange::Kind::contacts:
        if (!record || !topic) break;
        if (topic->outside) care_outside(now, *topic);
        if (!topic->started) break;
        for (const TopicContact& contact : record->contacts)
          topic->roster.on_contact(now, contact.statement, fx_);
        follow_roster(now, *topic);
        touch(now, *topic);
        break;
      case DirectoryChange::Kind::conflict_lost:
        fx_.count(Counter::directory_conflicts);
        if (record && topic && topic->contract == record->contract) {
          if (topic->replication) replace_replicas(now, *topic, *record);
          touch(now, *topic);
          break;
        }
        if (!topic) {
          if (record) open_replica(now, *record);
          break;
        }
        fx_.tell({TopicNotice::Kind::refused, topic->tag, record ? record->creator : PeerId{}, 0,
                  "another declaration of " + topic->name + " is older: open it again with its contract"});
        end(now, *topic);
        if (record) open_replica(now, *record);
        if (record) match_patterns(now, *record);  // who subscribed by pattern follows the one that won
        break;
      case DirectoryChange::Kind::removed:
        if (!topic) break;
        if (topic->replica()) journal_.save(topic->replication->holder->log(), {});
        fx_.tell(
            {TopicNotice::Kind::refused, topic->tag, {}, 0, topic->name + " was removed by its creator"});
        end(now, *topic);
        break;
    }
  }
}

void PeerCore::follow_roster(Time now, TopicState& topic) {
  if (topic.roster.changes().empty()) return;
  const std::vector<RosterChange> changes{topic.roster.changes().begin(), topic.roster.changes().end()};
  topic.roster.clear_changes();
  for (const RosterChange& change : changes) {
    switch (change.kind) {
      case RosterChange::Kind::ready:
        for (const LinkInfo& link : links_.all()) topic.multicast.on_member_changed(now, link.peer);
        topic.multicast.start(now);
        if (topic.replica())  // where newcomers and publishers find it
          directory_.announce_contact(now, topic.tag, topic.roster.own_statement(), active_links(), fx_);
        if (topic.wants_events()) {
          const bool welcomed = change.link != LinkId{};
          topic.multicast.take_events(now, welcomed ? std::optional{change.link} : std::nullopt, fx_);
        }
        topic.multicast.send_waiting(now, fx_);
        tell_ready(topic);
        break;
      case RosterChange::Kind::joined:
        topic.multicast.on_member_joined(now, change.peer);
        if (change.peer != self_.id)
          fx_.tell({TopicNotice::Kind::member_joined, topic.tag, change.peer, 0, {}});
        break;
      case RosterChange::Kind::updated: topic.multicast.on_member_changed(now, change.peer); break;
      case RosterChange::Kind::left:
        topic.multicast.on_member_changed(now, change.peer);
        topic.multicast.on_member_left(fx_);
        fx_.tell({TopicNotice::Kind::member_left, topic.tag, change.peer, 0, {}});
        break;
      case RosterChange::Kind::joins_here:
        topic.multicast.note_joiner(now, change.peer);
        if (const MemberRecord* record = topic.roster.roster().find(change.peer))
          directory_.offer_contact(now, topic.tag, record->statement(), record->flags, active_links(), fx_);
        break;
      case RosterChange::Kind::doubted: membership_.doubt_link(change.link); break;
      case RosterChange::Kind::announce_contact:
        directory_.announce_contact(now, topic.tag, topic.roster.own_statement(), active_links(), fx_);
        break;
    }
  }
}

void PeerCore::follow_mesh(Time now, TopicState& topic) {
  const auto links = topic.multicast.mesh().links();
  if (std::ranges::equal(links, topic.mesh_told)) return;
  const auto in = [](const auto& list, LinkId link) { return std::ranges::find(list, link) != list.end(); };
  for (LinkId link : topic.mesh_told)
    if (!in(links, link)) topic.roster.on_mesh_down(link);
  for (LinkId link : links)
    if (!in(topic.mesh_told, link)) topic.roster.on_mesh_up(now, link, fx_);
  topic.mesh_told.assign(links.begin(), links.end());
}

void PeerCore::tell_ready(TopicState& topic) {
  if (topic.told_ready || topic.subscribers + topic.publishers + topic.patterns == 0 ||
      !topic_ready(topic.tag))
    return;
  topic.told_ready = true;
  fx_.tell({TopicNotice::Kind::ready, topic.tag, {}, 0, {}});
}

// A publisher outside the roster needs one member that cuts for it. Without any member there is nobody to
// wait for.
void PeerCore::care_outside(Time now, TopicState& topic) {
  const TopicRecord* record = directory_.find(topic.tag);
  if (!record || topic.multicast.caster().entry()) return;
  for (const TopicContact& contact : record->contacts)
    if (const LinkInfo* link = links_.find(contact.peer)) {
      topic.multicast.set_entry(now, link->id, fx_);
      tell_ready(topic);
      return;
    }
  std::size_t dials = 0;
  for (const TopicContact& contact : record->contacts)
    if (contact.peer != self_.id && !contact.addresses.empty() && dials++ < 3)
      fx_.dial({contact.peer, contact.addresses});
}

void PeerCore::on_topic_deadline(Time now, TopicState& topic) {
  fx_.count(Counter::topic_deadlines);
  if (topic.roster.next_deadline() <= now) topic.roster.on_deadline(now, fx_);
  follow_roster(now, topic);
  topic.lost.clear();
  if (topic.multicast.next_deadline() <= now) topic.multicast.on_deadline(now, fx_, topic.lost);
  for (const Puller::Lost& lost : topic.lost) {
    const StreamKey& key = topic.streams[lost.stream].key();
    fx_.count(Counter::events_lost, lost.range.count());
    fx_.drop(DropReason::lost, topic.tag, key.publisher, lost.range.count());
    if (topic.delivers()) topic.delivery.on_gap(lost.stream, key, lost.range, GapReason::lost, fx_);
  }
  if (topic.delivery.next_deadline() <= now) topic.delivery.on_deadline(now, fx_);
  if (topic.delivery.spilled()) topic.delivery.refill(topic.slot, topic.streams, cache_, fx_);
  if (topic.replication && topic.replication->next_deadline() <= now) on_replication_deadline(now, topic);
  follow_mesh(now, topic);
  tell_ready(topic);
}

// --- looking

bool PeerCore::topic_ready(TopicTag tag) const {
  const TopicState* topic = find(tag);
  if (!topic) return false;
  if (topic->outside) return topic->multicast.caster().entry().has_value();
  return topic->started && topic->roster.ready() && (!topic->wants_events() || topic->multicast.started());
}

std::optional<TopicView> PeerCore::topic(TopicTag tag) const {
  const TopicState* topic = find(tag);
  if (!topic) return std::nullopt;
  TopicView view;
  view.tag = tag;
  view.id = topic->id;
  view.name = topic->name;
  view.contract = topic->contract;
  view.ready = topic_ready(tag);
  view.subscribed = topic->delivers();
  view.members = topic->roster.roster().size();
  view.receivers = topic->roster.roster().receivers().size();
  view.mesh = topic->multicast.mesh().links().size();
  view.fingers = topic->multicast.fingers().size();
  view.streams = topic->streams.size();
  view.held_events = topic->delivery.held().events;
  view.missing_ranges = topic->multicast.puller().missing();
  view.received = topic->multicast.counts().received;
  view.delivered = topic->delivered;
  view.duplicates = topic->multicast.counts().duplicates;
  view.lost = topic->multicast.counts().lost;
  if (topic->replication) {
    const auto voters = topic->replication->set.voters();
    view.replicas.assign(voters.begin(), voters.end());
    view.replicas_reachable = topic->replication->links.reachable();
    view.keeps = topic->replica();
    if (view.keeps)
      for (const KeptStream& s : topic->replication->holder->kept().all())
        view.kept_events += s.stored.frontier().raw() - s.floor.raw();
  }
  return view;
}

std::vector<TopicView> PeerCore::topics() const {
  std::vector<TopicView> out;
  for (const auto& topic : topics_) out.push_back(*this->topic(topic->tag));
  return out;
}

std::vector<std::pair<PeerId, bool>> PeerCore::members(TopicTag tag) const {
  std::vector<std::pair<PeerId, bool>> out;
  if (const TopicState* topic = find(tag))
    for (const RingMember& m : topic->roster.roster().all())
      out.emplace_back(m.record->id, m.record->interest != Interest::nothing);
  return out;
}

const Roster* PeerCore::roster(TopicTag tag) const {
  const TopicState* topic = find(tag);
  return topic && topic->started ? &topic->roster.roster() : nullptr;
}

void PeerCore::set_roster(Time now, TopicTag tag, std::span<const MemberRecord* const> records) {
  TopicState* topic = find(tag);
  BOATO_CHECK(topic != nullptr);
  topic->roster.set_members(now, records, fx_);
  follow_roster(now, *topic);
  touch(now, *topic);
}

}  // namespace boato
