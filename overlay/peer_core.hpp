// SPDX-License-Identifier: Apache-2.0
// One peer of the overlay, without any I/O: bytes, time and randomness come in as arguments, effects go out
// by drain(). It composes the machines of the rooms: decodes frames, hands each message to the machine it is
// for, passes small results on from one machine to the next, and knows the earliest deadline. It has no rule
// of its own. The host (node/host) runs it on sockets, the simulator (tools/sim) on virtual time; both call
// it from one thread only.
#pragma once

#include <boato/result.hpp>

#include "overlay/core_config.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/effects/self.hpp"
#include "overlay/membership/dialer.hpp"
#include "overlay/membership/directory.hpp"
#include "overlay/membership/membership.hpp"
#include "overlay/multicast/cast_ledger.hpp"
#include "overlay/multicast/reconciler.hpp"
#include "overlay/peer_view.hpp"
#include "overlay/replica/journal.hpp"
#include "overlay/replica/stored.hpp"
#include "overlay/roster/farewell.hpp"
#include "overlay/stream/event_cache.hpp"
#include "overlay/wire/batch.hpp"

#include <array>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

namespace wire {
struct Held;
}
struct Arrived;
class Roster;
struct TopicState;
class RecordPool;

// A frame as the link or the simulator hands it over.
struct Frame {
  Bytes bytes;    // the envelope, and the body behind it unless `body` holds it
  EventRef body;  // shared memory of the body, or of the whole frame if `whole`; empty: the body lies only in
                  // `bytes`
  bool whole = false;  // `body` covers all of `bytes`, envelope included
};

enum class Use : std::uint8_t { subscribe, publish };
enum class From : std::uint8_t { now, beginning };

// One open topic, for status and tools.
struct TopicView {
  TopicTag tag;
  TopicId id;
  std::string name;
  Contract contract;
  bool ready = false;
  bool subscribed = false;
  std::size_t members = 0, receivers = 0, mesh = 0, fingers = 0, streams = 0;
  std::size_t held_events = 0, missing_ranges = 0, outstanding = 0;
  std::uint64_t received = 0, delivered = 0, duplicates = 0, lost = 0;
  std::vector<PeerId> replicas;        // that keep it
  std::size_t replicas_reachable = 0;  // linked, or this peer
  bool keeps = false;                  // this peer does
  std::uint64_t kept_events = 0;       // on its disk, as far as they have no hole before them
};

class PeerCore {
 public:
  // `self`, `slabs` and `records` belong to the caller and outlive the core.
  PeerCore(const CoreConfig& config, const Self& self, SlabPool& slabs, RecordPool& records, Rng rng);
  ~PeerCore();
  PeerCore(const PeerCore&) = delete;
  PeerCore& operator=(const PeerCore&) = delete;

  // --- the world
  // What the peer's store holds, before start(). Needs wire::flag_storage among Self's flags.
  void recover(Time now, std::vector<StoredTopic> stored);
  void start(Time now, std::span<const Address> seeds);
  void add_seeds(Time now, std::span<const Address> seeds);  // names resolved later
  void on_link_up(Time now, const LinkUp& up);
  void on_link_down(Time now, LinkId link, CloseReason why);
  void on_dial_failed(Time now, const DialWish& dial);  // no address of the wish answered
  void on_frame(Time now, LinkId link, Flow flow, const Frame& frame);
  // Told when it changes much (every drain is fine).
  void on_backlog(Time now, LinkId link, const LinkBacklog& backlog);
  void on_deadline(Time now);
  [[nodiscard]] Time next_deadline() const;
  // The answers of the store, in the order of the questions.
  void on_persisted(Time now, const Persisted& answer);
  void on_store_failed(Time now);
  // What a read found, in stream order; none: it is not there any more.
  void on_read(Time now, const ReadWish& wish, std::span<const EventRef> batches);
  // Says goodbye everywhere: leaves all topics and disconnects. Links may be closed once drained and flushed.
  void leave(Time now);

  // Hands all effects to the host (see effects/effects.hpp for its verbs) and clears them.
  template <class Host>
  void drain(Host&& host) {
    fx_.dials().swap(granted_);
    journal_.flush(settled_, fx_);
    fx_.drain(host);
    granted_.clear();
  }
  [[nodiscard]] bool has_effects() const { return !fx_.empty() || !granted_.empty() || journal_.pending(); }

  // --- the application
  // Opens a topic, founding it if nobody has. Uses are counted: close_topic once for each open. Errors:
  // bad_name, conflict (declared with another contract), too_large (too many topics), not_allowed (a contract
  // this peer cannot keep; or from the beginning of a topic that nobody keeps, or that this peer takes
  // already), no_quorum (a topic of durability disk, and no peer with a store is known).
  Result<TopicTag, Errc> open_topic(Time now, std::string_view name, const std::optional<Contract>& contract,
                                    Use use, From from = From::now);
  void close_topic(Time now, TopicTag topic, Use use);
  // Opens every topic the pattern takes, now and whenever one appears; each is told by TopicNotice::opened
  // before its events.
  Result<void, Errc> subscribe_pattern(Time now, std::string_view pattern);
  void unsubscribe_pattern(Time now, std::string_view pattern);
  // Deletes a topic that this peer founded. Errors: no_such, not_allowed.
  Result<void, Errc> remove_topic(Time now, std::string_view name);

  // Hashes batches that are about to be published: several at once cost a fraction of one by one.
  void hash(std::span<wire::BatchBuilder* const> batches) const {
    wire::BatchBuilder::hash(*self_.crypto, batches);
  }
  // Publishes a batch whose first event is `first`; numbers are dense per topic, from 1 (checked). The
  // builder's slab must belong to the peer's pool. False: the topic is not open for publishing (refused or
  // closed).
  bool publish(Time now, TopicTag topic, wire::BatchBuilder& batch, Seq first);
  // False while more than half of the topic's first links are full: hold batches back, ask again after the
  // next drain.
  [[nodiscard]] bool has_room(TopicTag topic) const;
  // True: the host should not leave yet. Who subscribes by pattern needs a moment to learn of a topic that
  // this peer has just made and published in, and to fetch what is in it.
  [[nodiscard]] bool should_stay(Time now) const;
  // Whether some of our own batches in the topic have not been taken by any other member (false if there is
  // no other member).
  [[nodiscard]] std::uint64_t untaken_events(TopicTag topic) const;
  // The first batch with numbers of this range that the event cache still keeps; empty if there is none. For
  // subscriptions that lagged behind.
  [[nodiscard]] EventRef held(TopicTag topic, const StreamKey& stream, SeqRange range) const;

  // --- looking
  [[nodiscard]] const Self& self() const { return self_; }
  [[nodiscard]] const LinkTable& links() const { return links_; }
  [[nodiscard]] const Membership& membership() const { return membership_; }
  [[nodiscard]] const Directory& directory() const { return directory_; }
  [[nodiscard]] const EventCache& cache() const { return cache_; }
  [[nodiscard]] bool joined() const { return membership_.joined(); }
  // Joined, and the topics that others know are known here: a name that is not found is most likely not in
  // use.
  [[nodiscard]] bool settled() const { return joined() && (directory_.compared() || links_.size() == 0); }
  // How long to wait for that before a topic is founded: some while if there is anybody, for thousands may be
  // joining.
  [[nodiscard]] Duration settle_within() const {
    return met_anybody_ ? std::chrono::seconds{10} : std::chrono::seconds{2};
  }
  [[nodiscard]] bool topic_ready(TopicTag topic) const;
  [[nodiscard]] std::vector<TopicView> topics() const;
  [[nodiscard]] std::optional<TopicView> topic(TopicTag tag) const;
  // The members of an open topic, in ring order: ids with whether they receive events.
  [[nodiscard]] std::vector<std::pair<PeerId, bool>> members(TopicTag topic) const;
  [[nodiscard]] const PeerView& own_view(const ViewQuestion& question = {});
  // Asks another peer for its view; dials it if there is no link. Answers arrive in take_views().
  void ask_view(Time now, const PeerId& peer, const wire::AddressList& addresses, std::uint32_t token,
                const ViewQuestion& question = {});
  [[nodiscard]] std::vector<PeerView> take_views();

  [[nodiscard]] const Roster* roster(TopicTag topic) const;  // null: takes no part in it

  // Sets a roster, as no message could: simulations study rosters that differ. `records` are the pool's; our
  // own stays whether it is among them or not.
  void set_roster(Time now, TopicTag topic, std::span<const MemberRecord* const> records);

  void check_invariants() const;

 private:
  struct Pattern {
    std::string text;
    std::uint32_t uses = 0;
    std::uint64_t since_us = 0;  // a topic made later is owed whole
  };
  struct ViewWish {
    PeerId peer;
    std::uint32_t token = 0;
    ViewQuestion question;
    Time until{};
  };
  struct Due {
    Time at{};
    TopicTag topic;
  };

  // peer_core.cpp: links and time
  void settle(Time now);  // what every handler ends with
  void drop_link(Time now, const LinkInfo& link, CloseReason why);
  void sweep_links(Time now);
  void touch(Time now, TopicState& topic);  // its deadline or what it holds may have changed
  void reconcile(Time now);
  [[nodiscard]] std::span<const CommonTopic> common_topics(const PeerId& peer);
  [[nodiscard]] Directory::Active active_links();

  // peer_core_frames.cpp: from bytes to machines
  template <class M>
  bool read(const LinkInfo& from, wire::Cursor& in, std::uint32_t fields, M& m);
  template <class M>
  void to_membership(Time now, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields);
  template <class M>
  void to_directory(Time now, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields);
  template <class M>
  void to_roster(Time now, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields, const Frame& frame);
  template <class M>
  void to_multicast(Time now, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields);
  template <class M>
  void batch_to_multicast(Time now, const LinkInfo& from, wire::Cursor& in, std::uint32_t fields,
                          const Frame& frame);
  void dispatch(Time now, const LinkInfo& from, const Frame& frame, wire::Kind kind, wire::Cursor in,
                std::uint32_t fields);
  void malformed(const LinkInfo& from);
  void no_topic(const LinkInfo& from, TopicTag topic);
  [[nodiscard]] EventRef body_of(const Frame& frame, const wire::Cursor& in);

  // peer_core_replicas.cpp: topics that replicas keep
  [[nodiscard]] wire::ReplicaSet choose(const TopicId& topic, std::uint32_t wanted) const;
  void open_replica(Time now, const TopicRecord& record);
  void begin_holding(Time now, TopicState& topic, const TopicRecord& record);
  void replace_replicas(Time now, TopicState& topic, const TopicRecord& record);
  void keep(Time now, TopicState& topic, const LinkInfo& from);
  void own_held(TopicState& topic);
  void read_for(const LinkInfo& from, TopicState& topic);
  void on_held(const LinkInfo& from, const wire::Held& held);
  [[nodiscard]] wire::AddressList addresses_of(const TopicState& topic, const PeerId& peer) const;
  void on_replication_deadline(Time now, TopicState& topic);

  // peer_core_view.cpp: views for topology tools
  void tell_topic(const TopicState& topic, const ViewQuestion& question, PeerView& view) const;
  void send_question(LinkId to, std::uint32_t token, const ViewQuestion& question);
  void ask_wished_views(const LinkInfo& link);
  void answer_view(const LinkInfo& from, const wire::ViewAsk& ask);
  void keep_view(const LinkInfo& from, const wire::ViewTell& tell);

  // peer_core_topics.cpp: topics and what their machines tell each other
  [[nodiscard]] TopicState* find(TopicTag tag) const;
  TopicState& open(Time now, const TopicRecord& record);
  void use(Time now, TopicState& topic);  // after its uses have changed
  void end(Time now, TopicState& topic);
  void deliver(Time now, TopicState& topic, const Arrived& arrived);
  void follow_directory(Time now);
  void follow_roster(Time now, TopicState& topic);
  void follow_mesh(Time now, TopicState& topic);
  void tell_ready(TopicState& topic);
  void care_outside(Time now, TopicState& topic);
  void match_patterns(Time now, const TopicRecord& record);
  void on_topic_deadline(Time now, TopicState& topic);

  const CoreConfig config_;
  const Self& self_;
  SlabPool& slabs_;
  RecordPool& records_;
  Rng rng_;
  Effects fx_;
  LinkTable links_;
  Dialer dialer_;
  Membership membership_;
  Directory directory_;
  Farewell farewell_;
  EventCache cache_;
  CastLedger casts_;
  HoldBudget holds_;
  Reconciler reconciler_;
  Journal journal_;
  std::vector<StoredTopic> stored_;
  std::vector<std::unique_ptr<TopicState>> topics_;  // by tag
  std::vector<TopicSlot> free_slots_;
  std::uint32_t slots_ = 0;
  std::vector<Due> due_;  // a heap by time; entries that are no longer a topic's `queued` are passed over
  std::vector<Pattern> patterns_;
  std::vector<DialWish> granted_;
  std::vector<DialWish> wishes_;
  std::vector<ViewWish> view_wishes_;
  std::vector<LinkUse> uses_;  // of the sweep at hand
  std::vector<PeerView> views_;
  std::vector<LinkId> active_;
  std::vector<Overdue> overdue_;
  std::vector<CommonTopic> common_;
  PeerView own_view_;
  Time next_sweep_ = never;
  Time settled_{};         // the last turn
  Time expected_ = never;  // when the next deadline was to come, as of the last one
  bool met_anybody_ = false;
  bool leaving_ = false;
};

}  // namespace boato
