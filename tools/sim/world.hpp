// SPDX-License-Identifier: Apache-2.0
// Thousands of peers in one process on virtual time. Every peer is a real PeerCore with clocks of its own;
// the network is a transport; the application is a list of subscriptions and publishers. Everything random
// comes from one seed, nothing depends on memory addresses, so the same seed and build give the same trace
// hash. The world applies faults and asks the oracles; it does not choose faults (swarm.hpp, scenario.hpp).
#pragma once

#include "overlay/core_config.hpp"
#include "overlay/peer_core.hpp"
#include "overlay/roster/record_pool.hpp"
#include "tools/sim/baselines.hpp"
#include "tools/sim/collector.hpp"
#include "tools/sim/conditions.hpp"
#include "tools/sim/deaths.hpp"
#include "tools/sim/disk.hpp"
#include "tools/sim/event_heap.hpp"
#include "tools/sim/ghost.hpp"
#include "tools/sim/graph.hpp"
#include "tools/sim/latencies.hpp"
#include "tools/sim/reunion.hpp"
#include "tools/sim/transport.hpp"

#include <algorithm>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace boato::sim {

struct WorldOptions {
  std::uint64_t seed = 1;
  NetworkDials network{};
  CoreConfig core{};
  std::uint32_t seeds = 3;        // the first peers: the others join through them
  bool full_links = false;        // real handshakes, records and byte streams
  bool hasty = false;             // topics are opened at once, so that many peers found the same one
  bool real_crypto = false;       // else the toy table: ten thousand peers of real cryptography do not fit
  bool baselines = false;         // what ours publishes is also spread by flood and Plumtree, beside it
  Window calm{}, trouble{};       // events published then are measured apart
  bool watch_deaths = false;      // see deaths.hpp
  std::uint32_t check_every = 1;  // check_invariants() after each n-th step of a peer; 0 = never
  std::function<void(const std::string&)> trace{};  // one line per effect
};

class World final : public TransportHost, public BaselineHost {
 public:
  explicit World(WorldOptions options);
  ~World();
  World(const World&) = delete;
  World& operator=(const World&) = delete;

  [[nodiscard]] Time now() const { return now_; }
  void run_until(Time until);
  void run_for(Duration span) { run_until(now_ + span); }
  // Calls f at that moment, between the steps of peers.
  void at(Time when, std::function<void()> f);

  // --- the application
  std::uint32_t add_topic(std::string name, std::optional<Contract> contract = {});
  std::uint32_t add_peer();  // not started yet
  void want(std::uint32_t peer, std::uint32_t topic, bool subscribe,
            bool publish);  // opens now or at the start
  void want_pattern(std::uint32_t peer, std::string pattern);
  void drop(std::uint32_t peer, std::uint32_t topic);  // closes

  // Opens it from the beginning, now or at the start: all that was acknowledged is owed to it.
  void want_replay(std::uint32_t peer, std::uint32_t topic);

  struct Publisher {
    std::uint32_t peer = 0, topic = 0;
    Duration every = std::chrono::seconds{1};
    std::uint32_t payload = 200;
    std::uint16_t batch = 1;
    Time until = never;
  };
  void add_publisher(const Publisher& publisher, Time from);
  // So many events in a row, now, by a publisher that runs. Nothing if there is none.
  void publish_at_once(std::uint64_t events);

  // --- faults
  void start(std::uint32_t peer);
  void crash(std::uint32_t peer, bool silent);  // its process dies; silent: with its machine
  // When an event is published next, one of those to whom its publisher handed a part of more than themselves
  // loses power while the frame is on its way.
  void crash_relay_of_next_event() { ++relays_to_crash_; }
  void give_store(std::uint32_t peer);  // before it starts
  void wipe_disk(std::uint32_t peer);   // while it is down
  void set_disk(std::uint32_t peer, bool full, bool slow);
  void lose_key(std::uint32_t peer);  // while it is down: it is another peer at the old address
  void leave(std::uint32_t peer);
  void pause(std::uint32_t peer);
  void resume(std::uint32_t peer);
  // From now on its clocks run `ppm` faster, and its wall clock is off by `offset`.
  void skew(std::uint32_t peer, Duration offset, std::int64_t ppm);
  Conditions& conditions() { return conditions_; }
  void conditions_changed();
  std::size_t cut_links(double chance) { return transport_->cut_some(now_, chance); }
  // A partition has ended; `alone` was cut off from all, or ~0.
  void reunite(std::uint32_t alone);
  // Everybody runs who did not leave or crash, and the network is whole again.
  void heal();

  // --- looking
  [[nodiscard]] std::uint32_t peers() const { return static_cast<std::uint32_t>(peers_.size()); }
  [[nodiscard]] bool up(std::uint32_t peer) const { return peers_[peer].core != nullptr; }
  [[nodiscard]] bool is_paused(std::uint32_t peer) const { return peers_[peer].paused; }
  [[nodiscard]] bool departed(std::uint32_t peer) const { return peers_[peer].departed; }
  [[nodiscard]] bool crashed(std::uint32_t peer) const {
    return !peers_[peer].core && !peers_[peer].departed && peers_[peer].starts > 0;
  }
  [[nodiscard]] bool publishes(std::uint32_t peer) const;
  [[nodiscard]] bool wants(std::uint32_t peer, std::uint32_t topic) const;  // opened it, by name
  [[nodiscard]] bool has_store(std::uint32_t peer) const { return peers_[peer].disk.has_value(); }
  [[nodiscard]] std::uint64_t acked_events() const { return acked_events_; }  // said to be held by a quorum
  [[nodiscard]] std::size_t waiting_peak() const { return transport_->waiting_peak(); }
  [[nodiscard]] std::size_t slab_bytes() const { return slabs_.live_bytes(); }
  [[nodiscard]] PeerCore& core(std::uint32_t peer) { return *peers_[peer].core; }
  [[nodiscard]] const PeerId& id(std::uint32_t peer) const { return peers_[peer].self.id; }
  [[nodiscard]] std::uint32_t peer_of(const PeerId& id) const;  // ~0: none
  [[nodiscard]] std::uint32_t topics() const { return static_cast<std::uint32_t>(topics_.size()); }
  [[nodiscard]] TopicTag tag(std::uint32_t topic) const { return topics_[topic].tag; }
  [[nodiscard]] const std::string& topic_name(std::uint32_t topic) const { return topics_[topic].name; }
  [[nodiscard]] std::size_t topic_at(TopicTag tag) const {
    return static_cast<std::size_t>(std::ranges::find(topics_, tag, &SimTopic::tag) - topics_.begin());
  }
  [[nodiscard]] bool stormy() const { return stormy_; }  // it was stopped, and time stands still
  [[nodiscard]] Verdicts& verdicts() { return verdicts_; }
  [[nodiscard]] Ghost& ghost() { return ghost_; }
  [[nodiscard]] const Collector& collector() const { return collector_; }
  [[nodiscard]] const Latencies& latencies() const { return latencies_; }
  [[nodiscard]] const Deaths& deaths() const { return deaths_; }
  [[nodiscard]] const Reunion& reunion() const { return reunion_; }
  // Of all that run, by active links.
  [[nodiscard]] Graph overlay() const;
  // The part of all pairs of members of which one lists the other; 1 if there is no topic.
  [[nodiscard]] double rosters_filled() const;
  [[nodiscard]] std::uint64_t restarts() const { return restarts_; }
  [[nodiscard]] const Histogram& rejoined() const { return rejoined_; }  // us, from a restart to `ready`
  [[nodiscard]] std::uint32_t publisher_copies_most() const { return publisher_copies_most_; }
  [[nodiscard]] const Baselines* baselines() const { return baselines_.get(); }  // null: not asked for
  [[nodiscard]] const TransportCounters& transport() const { return transport_->counters(); }
  [[nodiscard]] std::uint64_t hash() const { return hash_; }  // of all effects so far
  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] std::uint64_t happenings() const { return happenings_; }  // taken from the heap
  [[nodiscard]] std::uint64_t publish_refused() const {
    return publish_refused_;
  }  // no room, or the topic not open

  // Each member forgets so many of the others, each other ones, without a reason.
  void forget_members(double part, std::uint64_t seed);
  // Rules that hold at rest: symmetric views and mesh, equal rosters, every clock moves on.
  void judge_rest();
  void judge_directories();
  void judge_calm(const Traffic& said, Duration span);  // what all peers sent at rest, and in which time
  // Everything at the end: `complete`, `agreement`, and buffers within their caps.
  void judge_end();

 private:
  struct Want {
    std::uint32_t topic = 0;
    bool subscribe = false, publish = false;
    bool replay = false;
  };
  // Input that came while the process was paused.
  struct Input {
    enum class What : std::uint8_t { up, down, failed, frame };
    What what{};
    LinkUp up;
    LinkId link;
    CloseReason why{};
    DialWish wish;
    Flow flow{};
    std::vector<std::byte> bytes;
    EventRef body;
    bool whole = false;
  };
  struct SimPeer {
    Self self;
    SignSecret secret{};
    Key32 key_seed{};
    std::string name;
    std::unique_ptr<PeerCore> core;
    std::vector<Want> wants;
    std::vector<Address> seeds;
    std::vector<std::string> patterns;
    std::vector<Input> inputs;
    std::optional<Disk> disk;
    // Local clock: base + (world - since) * rate.
    Time base{}, since{};
    std::int64_t ppm = 0;
    Duration wall_offset{0};
    Time armed = never;
    std::uint64_t starts = 0;
    Time started{};
    bool rejoined = false;         // ready in some topic since a restart
    std::uint32_t wakes_here = 0;  // timers at one moment in a row
    Time last_wake{};
    bool paused = false, machine_up = false, departed = false, leaving = false;
  };
  struct SimTopic {
    std::string name;
    std::optional<Contract> contract;
    TopicTag tag;
    bool known = false;
    std::uint32_t ghost = 0;
  };
  struct PublisherState {
    Publisher what;
    std::uint64_t next = 1;
    std::uint64_t start = 0;  // of its peer, to which `next` belongs
  };
  class Sink;
  friend class Sink;

  // TransportHost
  [[nodiscard]] bool running(std::uint32_t peer) const override;
  [[nodiscard]] bool paused(std::uint32_t peer) const override { return peers_[peer].paused; }
  [[nodiscard]] bool answers(std::uint32_t peer) const override;
  [[nodiscard]] const Self& self(std::uint32_t peer) const override { return peers_[peer].self; }
  void carried(const Carried& carried) override {
    reunion_.carried(now_, carried, collector_.carried(carried));
    if (now_ >= second_began_ + std::chrono::seconds{1}) second_began_ = now_, second_frames_ = 0;
    if (++second_frames_ > storm_frames_most * peers_.size() && !stormy_) end_storm();
  }
  void link_up(std::uint32_t peer, const LinkUp& up) override;
  void link_down(std::uint32_t peer, LinkId link, CloseReason why) override;
  void dial_failed(std::uint32_t peer, const DialWish& wish) override;
  void frame(std::uint32_t peer, LinkId link, Flow flow, const Frame& frame) override;
  void backlog(std::uint32_t peer, LinkId link, const LinkBacklog& backlog) override;

  // BaselineHost
  [[nodiscard]] bool takes_part(std::uint32_t peer) const override {
    return running(peer) && !peers_[peer].leaving;
  }
  [[nodiscard]] bool holds(std::uint32_t peer, LinkId link) const override {
    return transport_->holds(peer, link);
  }
  void neighbours(std::uint32_t peer, std::vector<Neighbour>& out) const override;
  [[nodiscard]] Time subscribed_since(std::uint32_t peer, std::uint32_t topic) const override {
    return ghost_.subscribed_since(peer, topic);
  }

  [[nodiscard]] Time local(const SimPeer& peer) const;
  [[nodiscard]] Time world_time(const SimPeer& peer, Time local) const;
  [[nodiscard]] std::uint64_t wall_us(const SimPeer& peer) const;
  void happen(const EventHeap::Entry& entry);
  void on_timer(std::uint32_t peer);
  void on_publish(std::uint32_t publisher);
  void take(std::uint32_t peer, Input& input);
  void settle(std::uint32_t peer);  // hands its effects out and arms its timer
  void arm(std::uint32_t peer);
  void open(std::uint32_t peer, const Want& want, Time since);
  void open_now(std::uint32_t peer, const Want& want);
  bool name_more_seeds(std::uint32_t peer);
  void publish(std::uint32_t publisher, std::uint16_t events);
  void crash_relay(std::uint32_t publisher);
  void look_for_dead();
  void look_for_one_component();
  void declared_by(std::uint32_t peer);  // it has just struck somebody from its roster
  [[nodiscard]] bool lists(std::uint32_t member, std::uint32_t other) const;
  [[nodiscard]] bool serves(std::uint32_t peer) const {
    return peers_[peer].core && !peers_[peer].leaving && !peers_[peer].paused;
  }
  // world_disks.cpp
  void on_persist(std::uint32_t peer, Persist persist);
  void plan_commit(std::uint32_t peer);
  void commit(std::uint32_t peer, std::uint64_t starts);
  void on_read(std::uint32_t peer, const ReadWish& wish);
  void read_done(std::uint32_t peer, std::uint64_t starts, const ReadWish& wish);
  [[nodiscard]] const TopicRecord* record_of(std::uint32_t topic) const;
  [[nodiscard]] bool keeps(std::uint32_t peer, std::uint32_t topic) const;
  [[nodiscard]] std::size_t voters_that_hold(const TopicRecord& record, const StreamKey& key,
                                             SeqRange range) const;
  void on_receipt(std::uint32_t peer, const TakenNotice& taken);
  void judge_disks();
  void pattern_opened(std::uint32_t peer, TopicTag tag);
  void end(std::uint32_t peer, bool silent);
  void draw_key(std::uint32_t peer);
  void see(std::uint32_t peer, const Frame& frame);
  [[nodiscard]] std::string about_last_frame() const;
  void end_storm();
  void mix(std::uint64_t a, std::uint64_t b);
  void say(std::uint32_t peer, const std::string& what);

  WorldOptions options_;
  Rng rng_;
  Rng disk_rng_;  // of its own, so that worlds without stores are what they were
  const Crypto& crypto_;
  NetworkId network_{};
  SlabPool slabs_;
  RecordPool records_;
  EventHeap heap_;
  Conditions conditions_;
  Verdicts verdicts_;
  Ghost ghost_;
  Collector collector_;
  Latencies latencies_;
  Deaths deaths_;
  Reunion reunion_;
  bool looking_for_dead_ = false;
  // The parts that the publisher of this moment hands out.
  struct FirstCast {
    std::uint32_t to = 0;
    RingPart part;
  };
  std::uint32_t publishing_ = ~std::uint32_t{0};
  std::vector<FirstCast> first_casts_;
  std::uint32_t relays_to_crash_ = 0, publisher_copies_most_ = 0;
  std::uint64_t restarts_ = 0;
  Histogram rejoined_;
  std::deque<SimPeer> peers_;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> by_place_;
  std::vector<SimTopic> topics_;
  std::vector<PublisherState> publishers_;
  std::vector<std::function<void()>> actions_;
  std::unique_ptr<Transport> transport_;
  std::unique_ptr<Baselines> baselines_;
  Time now_{};
  std::uint64_t hash_ = 0xcbf29ce484222325ULL;
  std::uint64_t steps_ = 0, happenings_ = 0, publish_refused_ = 0;
  // A world in which words beget words does not end by itself: it is stopped.
  static constexpr std::uint64_t storm_frames_most = 20'000;  // of each peer, in one second
  Time second_began_{};
  std::uint64_t second_frames_ = 0;
  bool stormy_ = false;
  bool beyond_links_ = false;  // frames have vanished or were altered
  Bytes last_frame_{};         // the one that is handled just now
  struct Acked {
    std::vector<SeqRange> ranges;
    std::vector<PeerId> voters;  // of the founding under which the first of them were
  };
  std::map<std::pair<std::uint32_t, StreamKey>, Acked> acked_;  // by topic and stream
  std::uint64_t acked_events_ = 0;
  std::vector<std::pair<std::uint32_t, std::uint32_t>> replays_;  // peer and topic
  std::vector<std::uint64_t> content_;
  std::vector<std::byte> payload_;
};

}  // namespace boato::sim
