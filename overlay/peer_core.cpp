// SPDX-License-Identifier: Apache-2.0
#include "overlay/peer_core.hpp"

#include "overlay/topic_state.hpp"

#include <algorithm>

namespace boato {
namespace {

// Of two links between the same two peers one stays, and both ends decide alike: the newer incarnation; of
// two dials that crossed, the one that the smaller key began; else the newer link, since the older one is
// presumed half-open.
constexpr Duration crossing_window = std::chrono::seconds{5};

bool newer_stays(const LinkInfo& old, const LinkUp& up, const PeerId& self, Time now) {
  if (old.incarnation != up.incarnation) return old.incarnation < up.incarnation;
  const bool crossed = old.dialed != up.dialed && now - old.since < crossing_window;
  if (!crossed) return true;
  return up.dialed == (self < up.peer);
}

// Frames that carry events, answer them or ask for some.
bool is_work(wire::Kind kind) {
  return kind == wire::Kind::cast || kind == wire::Kind::taken || kind == wire::Kind::pull ||
         kind == wire::Kind::repair || kind == wire::Kind::cast_to;
}

}  // namespace

PeerCore::PeerCore(const CoreConfig& config, const Self& self, SlabPool& slabs, RecordPool& records, Rng rng)
    : config_{config},
      self_{self},
      slabs_{slabs},
      records_{records},
      rng_{rng},
      dialer_{config_.dialer, self_, links_, rng_.fork("dialer")},
      membership_{config_.membership, self_, links_, rng_.fork("membership")},
      directory_{config_.directory, self_, rng_.fork("directory")},
      farewell_{self_, slabs_},
      cache_{config_.cache},
      casts_{config_.multicast},
      holds_{config_.hold_bytes_max, 0},
      reconciler_{config_.multicast, rng_.fork("reconciler")} {}

PeerCore::~PeerCore() = default;

Directory::Active PeerCore::active_links() {
  active_.clear();
  for (const ActivePeer& peer : membership_.active()) active_.push_back(peer.link);
  return active_;
}

void PeerCore::start(Time now, std::span<const Address> seeds) {
  next_sweep_ = now + config_.sweep_every;
  membership_.on_start(now, seeds, fx_);
  settle(now);
}

void PeerCore::add_seeds(Time now, std::span<const Address> seeds) {
  membership_.add_seeds(now, seeds, fx_);
  settle(now);
}

void PeerCore::on_link_up(Time now, const LinkUp& up) {
  if (up.peer == self_.id) return fx_.close(up.link, CloseReason::self);
  if (const LinkInfo* old = links_.find(up.peer)) {
    fx_.count(Counter::links_duplicate);
    if (!newer_stays(*old, up, self_.id, now)) return fx_.close(up.link, CloseReason::duplicate);
    const LinkInfo gone = *old;
    fx_.close(gone.id, CloseReason::duplicate);
    drop_link(now, gone, CloseReason::duplicate);
  }
  fx_.count(Counter::links_up);
  met_anybody_ = true;
  const LinkInfo link = links_.add(up, now);
  casts_.on_link_up(link.id);
  dialer_.on_link_up(now, link);
  membership_.on_link_up(now, link, fx_);
  for (auto& topic : topics_) {
    if (topic->started) {
      topic->roster.on_link_up(now, link, fx_);
      topic->multicast.on_link_up(now, link, fx_);
      follow_roster(now, *topic);
    }
    if (topic->outside) care_outside(now, *topic);
    touch(now, *topic);
  }
  if (link.dialed) reconciler_.begin(link, wire::Compared::streams, common_topics(link.peer), fx_);
  ask_wished_views(link);
  settle(now);
}

void PeerCore::on_link_down(Time now, LinkId id, CloseReason why) {
  const LinkInfo* link = links_.find(id);
  if (!link) return;  // it lost to another link to the same peer
  const LinkInfo gone = *link;
  drop_link(now, gone, why);
  settle(now);
}

void PeerCore::drop_link(Time now, const LinkInfo& link, CloseReason why) {
  fx_.count(Counter::links_down);
  links_.remove(link.id);
  std::vector<Duty> duties;
  casts_.on_link_down(link.id, duties);
  dialer_.on_link_down(now, link, why);
  membership_.on_link_down(now, link, why, fx_);
  for (auto& topic : topics_) {
    topic->multicast.on_link_down(now, link.id);
    if (topic->started) topic->roster.on_link_down(now, link, why, fx_);
  }
  for (Duty& duty : duties)
    if (TopicState* topic = find(duty.topic)) topic->multicast.take_over(now, std::move(duty), fx_);
  for (auto& topic : topics_) {
    follow_mesh(now, *topic);
    follow_roster(now, *topic);
    if (topic->outside) care_outside(now, *topic);
    touch(now, *topic);
  }
}

void PeerCore::on_dial_failed(Time now, const DialWish& dial) {
  fx_.count(Counter::dials_failed);
  dialer_.on_result(now, dial, false);
  membership_.on_dial_failed(now, dial, fx_);
  if (dial.peer != PeerId{})
    for (auto& topic : topics_) {
      if (!topic->started) continue;
      topic->roster.on_dial_failed(now, dial.peer, fx_);
      topic->multicast.on_dial_failed(now, dial.peer, fx_);
      follow_roster(now, *topic);
      touch(now, *topic);
    }
  settle(now);
}

void PeerCore::on_frame(Time now, LinkId id, Flow, const Frame& frame) {
  LinkInfo* link = links_.edit(id);
  if (!link) return;
  link->last_heard = now;
  fx_.count(Counter::frames_received);
  wire::Cursor in{frame.bytes};
  wire::Kind kind{};
  std::uint32_t fields = 0;
  const bool whole = wire::open_frame(in, kind, fields);
  if (whole && is_work(kind)) link->last_work = now;
  const LinkInfo from = *link;  // handlers may change the table
  if (whole)
    dispatch(now, from, frame, kind, in, fields);
  else
    malformed(from);
  settle(now);
}

void PeerCore::on_backlog(Time now, LinkId id, const LinkBacklog& backlog) {
  LinkInfo* link = links_.edit(id);
  if (!link) return;
  const std::size_t bytes =
      backlog.refused ? std::max(backlog.bytes, config_.multicast.link_lagging_bytes + 1) : backlog.bytes;
  link->backlog = bytes;
  link->repair_backlog = backlog.of_repair;
  if (!link->lagging && bytes > config_.multicast.link_lagging_bytes) {
    link->lagging = true;
    fx_.count(Counter::lagging);
  } else if (link->lagging && bytes < config_.multicast.link_lagging_bytes / 2) {
    link->lagging = false;
    for (auto& topic : topics_) topic->multicast.on_lag_ended(now, id, fx_);
  }
}

Time PeerCore::next_deadline() const {
  const Time topics = due_.empty() ? never : due_.front().at;
  return std::min({topics, next_sweep_, membership_.next_deadline(),
                   leaving_ ? never : dialer_.next_deadline(), directory_.next_deadline(),
                   reconciler_.next_deadline(), casts_.next_deadline(), cache_.next_deadline()});
}

void PeerCore::on_deadline(Time now) {
  if (expected_ != never && now - expected_ >= config_.slept_least)
    for (auto& topic : topics_)
      if (topic->started) topic->roster.on_slept(now);
  if (membership_.next_deadline() <= now) membership_.on_deadline(now, fx_);
  if (directory_.next_deadline() <= now) directory_.on_deadline(now, active_links(), fx_);
  if (cache_.next_deadline() <= now) cache_.on_deadline(now, fx_);
  if (casts_.next_deadline() <= now) {
    overdue_.clear();
    casts_.on_deadline(now, fx_, overdue_);
    for (Overdue& o : overdue_) {
      membership_.doubt_link(o.link);  // its next keep-alive may be seconds away
      if (TopicState* topic = find(o.duty.topic)) {
        topic->multicast.take_over(now, std::move(o.duty), fx_);
        touch(now, *topic);
      }
    }
    overdue_.clear();
  }
  const auto later = [](const Due& a, const Due& b) {
    return a.at != b.at ? a.at > b.at : a.topic > b.topic;
  };
  while (!due_.empty() && due_.front().at <= now) {
    const Due due = due_.front();
    std::ranges::pop_heap(due_, later);
    due_.pop_back();
    TopicState* topic = find(due.topic);
    if (!topic || topic->queued != due.at) continue;
    topic->queued = never;
    if (topic->next_deadline() <= now) on_topic_deadline(now, *topic);
    if (TopicState* still = find(due.topic)) touch(now, *still);
  }
  if (reconciler_.next_deadline() <= now) reconcile(now);
  if (next_sweep_ <= now) sweep_links(now);
  settle(now);
  expected_ = std::max(now, next_deadline());
}

// One round compares all topics in common with a member of one of those that have changed.
void PeerCore::reconcile(Time now) {
  const std::uint64_t round = reconciler_.next_round(now);
  std::vector<TopicState*> changed, others;
  for (const auto& topic : topics_)
    if (topic->started) (topic->activity() != topic->reconciled_at ? changed : others).push_back(topic.get());
  const auto& from = changed.empty() ? others : changed;
  if (from.empty()) return;
  TopicState& topic = *from[reconciler_.pick(from.size())];
  const auto with = topic.multicast.partner(round, fx_);
  if (const LinkInfo* link = with ? links_.find(*with) : nullptr) {
    const auto common = common_topics(link->peer);
    reconciler_.begin(*link, wire::Compared::both, common, fx_);
    for (const CommonTopic& c : common)
      if (TopicState* covered = find(c.topic)) covered->reconciled_at = covered->activity();
    if (std::ranges::any_of(changed, [](TopicState* t) { return t->activity() != t->reconciled_at; }))
      reconciler_.on_change(now);  // with members of those we do it next
  }
}

std::span<const CommonTopic> PeerCore::common_topics(const PeerId& peer) {
  common_.clear();
  for (const auto& topic : topics_) {
    if (!topic->started || !topic->roster.ready()) continue;
    const MemberRecord* member = topic->roster.roster().find(peer);
    if (!member) continue;
    const bool streams = topic->multicast.comparable() && member->interest != Interest::nothing;
    common_.push_back({topic->tag, streams ? topic->streams.digest() : 0, topic->roster.roster().digest()});
  }
  return common_;
}

void PeerCore::touch(Time now, TopicState& topic) {
  if (const std::uint64_t activity = topic.activity(); topic.started && activity != topic.active_at) {
    topic.active_at = activity;
    reconciler_.on_change(now);
  }
  const Time at = topic.next_deadline();
  if (at >= topic.queued) return;
  topic.queued = at;
  due_.push_back({at, topic.tag});
  std::ranges::push_heap(
      due_, [](const Due& a, const Due& b) { return a.at != b.at ? a.at > b.at : a.topic > b.topic; });
}

// Links without any role are closed after a while, and liveness learns which links other rooms use.
void PeerCore::sweep_links(Time now) {
  next_sweep_ = now + rng_.jitter(config_.sweep_every);
  uses_.clear();
  for (const LinkInfo& link : links_.all()) {
    bool used = false, watched = false;
    for (const auto& topic : topics_) {
      used |= topic->multicast.uses(link.id);
      watched |= topic->multicast.mesh().has(link.id);
    }
    membership_.set_busy(link.id, used, watched);
    const bool ours = used || membership_.uses(link.id) || link.backlog > 0;
    uses_.push_back({link.id, link.since, link.last_work, ours, membership_.used_there(link.id)});
  }
  if (!leaving_)
    for (const LinkId link : spare_links(now, config_.links, uses_)) fx_.close(link, CloseReason::idle);
  std::erase_if(view_wishes_, [&](const ViewWish& w) { return w.until <= now; });
  for (auto& topic : topics_)
    if (topic->outside) care_outside(now, *topic);
}

void PeerCore::settle(Time now) {
  directory_.on_active(now, active_links(), fx_);
  if (!directory_.changes().empty()) follow_directory(now);
  if (!membership_.deaths().empty()) {
    for (const PeerId& peer : membership_.deaths())
      for (auto& topic : topics_)
        if (topic->started) {
          topic->roster.on_unreachable(now, peer, fx_);
          follow_roster(now, *topic);
          touch(now, *topic);
        }
    membership_.clear_deaths();
  }
  dialer_.set_mass_death(membership_.mass_death(now));
  if (!fx_.dials().empty()) {
    wishes_.swap(fx_.dials());
    for (const DialWish& wish : wishes_) dialer_.on_wish(now, wish);
    wishes_.clear();
  }
  if (leaving_) return;
  while (auto dial = dialer_.take(now)) {
    fx_.count(Counter::dials);
    granted_.push_back(*dial);
  }
}

void PeerCore::leave(Time now) {
  leaving_ = true;
  casts_.tell_all(fx_);
  for (auto& topic : topics_) {
    topic->subscribers = topic->publishers = topic->patterns = 0;  // nothing is told of it from here on
    if (!topic->started) continue;
    const Bytes goodbye = topic->roster.leave(now, fx_);
    if (!goodbye.empty()) directory_.withdraw_contact(now, topic->tag, goodbye, active_links(), fx_);
    topic->multicast.leave(fx_);
    // What is held back for a hole would be handed out when the wait for the hole is over.
    topic->streams.each([&](StreamIndex index, const Stream&) { topic->delivery.forget(index); });
    topic->started = false;
  }
  membership_.leave(now, fx_);
  settle(now);
}

void PeerCore::check_invariants() const {
  membership_.check_invariants();
  directory_.check_invariants();
  dialer_.check_invariants();
  cache_.check_invariants();
  casts_.check_invariants();
  BOATO_CHECK(holds_.used <= holds_.bytes_max);
  for (const auto& topic : topics_) {
    topic->roster.check_invariants();
    topic->streams.check_invariants();
    topic->delivery.check_invariants();
    topic->multicast.check_invariants();
    BOATO_CHECK(topic->queued <= topic->next_deadline());
  }
}

}  // namespace boato
