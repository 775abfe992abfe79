// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/world.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/link/sodium.hpp"
#include "overlay/link/toy_crypto.hpp"
#include "overlay/wire/event_messages.hpp"
#include "tools/sim/full_transport.hpp"
#include "tools/sim/light_transport.hpp"

#include <algorithm>
#include <cstring>

namespace boato::sim {

namespace {
constexpr std::uint64_t wall_at_zero_us = 1'767'225'600'000'000;  // 2026-01-01
constexpr std::uint32_t wakes_at_once_max = 1000;
constexpr Duration leave_within = std::chrono::seconds{1};

NetworkId sim_network(const Crypto& crypto) {
  const std::array parts{bytes("boato/sim")};
  return NetworkId{crypto.hash(personal("boato/1 network"), parts).raw};
}

std::string ms(Time t) { return std::to_string(t.time_since_epoch().count() / 1000) + " ms"; }
}  // namespace

// Receives the effects of one turn of one peer.
class World::Sink {
 public:
  Sink(World& world, std::uint32_t peer) : w_{world}, peer_{peer} {}

  void on_send(LinkId link, Flow flow, Bytes envelope, EventRef body) {
    std::uint64_t h = envelope.size() << 32 | body.size();
    for (std::size_t i = 0; i < envelope.size(); i += 8) {
      std::uint64_t word = 0;
      std::memcpy(&word, envelope.data() + i, std::min<std::size_t>(8, envelope.size() - i));
      h = (h ^ word) * 0x9e3779b97f4a7c15ULL;
      h ^= h >> 32;
    }
    mark(1, std::uint64_t{link.raw()} << 8 | static_cast<std::uint64_t>(flow), h);
    if (w_.options_.trace) {
      wire::Cursor in{envelope};
      wire::Kind kind{};
      std::uint32_t fields = 0;
      const std::string name = wire::open_frame(in, kind, fields) ? std::string{name_of(kind)} : "malformed";
      say("send " + name + " to " + other(link) + " link " + std::to_string(link.raw()) + " " +
          std::to_string(envelope.size()) + "+" + std::to_string(body.size()) + " B");
    }
    if (peer_ == w_.publishing_ && !body.empty()) see_first_cast(link, envelope);
    if (w_.transport_->holds(peer_, link))
      w_.transport_->send(w_.now_, peer_, link, flow, envelope, std::move(body));
  }
  void on_deliver(Delivery&& d) {
    mark(2, d.topic.raw(), std::uint64_t{d.index} << 32 | std::uint64_t{d.count} << 8 | d.hops);
    const Ghost::Heard heard = w_.ghost_.delivered(w_.now_, peer_, d);
    if (heard.fresh > 0 && !heard.own && !heard.early) {
      w_.collector_.delivered(w_.now_ - heard.published, heard.fresh, d.hops);
      w_.reunion_.delivered(w_.now_, heard.published, peer_, heard.fresh);
      if (!w_.conditions_.is_slow(peer_) && !w_.conditions_.is_slow(heard.publisher))
        w_.latencies_.delivered(w_.now_, heard.published, heard.publisher, ring_place(w_.id(peer_)),
                                heard.fresh);
    }
    if (w_.options_.trace) say_delivered(d);
  }
  void say_delivered(const Delivery& d) {
    const auto batch = wire::parse_batch(d.batch.bytes(), wire::payload_bytes_limit);
    const std::uint64_t first = batch->first.raw() + d.index;
    say("deliver " + std::to_string(first) + ".." + std::to_string(first + d.count - 1) + " of " +
        std::to_string(w_.peer_of(batch->publisher)) + " in topic " + std::to_string(w_.topic_at(d.topic)) +
        " after " + std::to_string(d.hops) + " hops");
  }
  void on_gap(const GapNotice& gap) {
    mark(3, gap.first.raw(), gap.last.raw());
    if (gap.reason == GapReason::not_for_you) return w_.ghost_.not_for(w_.now_, peer_, gap);
    w_.ghost_.gap(w_.now_, peer_, gap);
    if (w_.options_.trace)
      say("gap " + std::to_string(gap.first.raw()) + ".." + std::to_string(gap.last.raw()) + " of " +
          std::to_string(w_.peer_of(gap.publisher)));
  }
  void on_notice(TopicNotice&& n) {
    mark(4, n.topic.raw(), static_cast<std::uint64_t>(n.kind));
    if (n.kind == TopicNotice::Kind::opened) w_.pattern_opened(peer_, n.topic);
    if (n.kind == TopicNotice::Kind::ready) {
      w_.ghost_.ready(w_.now_, peer_, n.topic);
      SimPeer& p = w_.peers_[peer_];
      if (p.starts > 1 && !std::exchange(p.rejoined, true))
        w_.rejoined_.add(static_cast<std::uint64_t>((w_.now_ - p.started).count()));
    }
    if (w_.options_.trace) say("notice " + std::to_string(static_cast<int>(n.kind)));
  }
  void on_taken(const TakenNotice& t) { mark(5, t.first.raw(), t.last.raw() << 8 | t.holders); }
  void on_dial(const DialWish& wish) {
    mark(6, ring_place(wish.peer), wish.addresses.empty() ? 0 : peer_at(wish.addresses[0]));
    if (w_.options_.trace && !wish.addresses.empty())
      say("dial " + std::to_string(peer_at(wish.addresses[0])));
    w_.transport_->dial(w_.now_, peer_, wish);
  }
  void on_close(LinkId link, CloseReason why) {
    mark(7, link.raw(), static_cast<std::uint64_t>(why));
    if (w_.options_.trace)
      say("close " + other(link) + " link " + std::to_string(link.raw()) + " " + std::string{to_string(why)});
    if (w_.transport_->holds(peer_, link)) w_.transport_->close(w_.now_, peer_, link, why);
  }
  void on_drop(const Drop&) {}
  void on_note(const Note& n) {
    w_.collector_.note(n);
    if (w_.options_.watch_deaths && n.counter == Counter::suspicions) w_.deaths_.suspected(w_.now_);
    if (w_.options_.watch_deaths && n.counter == Counter::members_gone) w_.declared_by(peer_);
    // All peers are honest and of one version here: whoever finds another's frame wrong has found a mistake,
    // unless the network did what no link does.
    const NetworkDials& dials = w_.conditions_.dials;
    w_.beyond_links_ |= dials.vanish > 0 || dials.forge > 0;
    if (!w_.beyond_links_ &&
        (n.counter == Counter::frames_malformed || n.counter == Counter::frames_unknown ||
         n.counter == Counter::signatures_bad || n.counter == Counter::hops_exceeded))
      w_.verdicts_.add(w_.now_, "honest",
                       "peer " + std::to_string(peer_) + " counts " + std::string{to_string(n.counter)} +
                           w_.about_last_frame());
  }

 private:
  void mark(std::uint64_t verb, std::uint64_t a, std::uint64_t b) {
    w_.mix(static_cast<std::uint64_t>(w_.now_.time_since_epoch().count()), verb << 32 | peer_);
    w_.mix(a, b);
  }
  void see_first_cast(LinkId link, Bytes envelope) {
    wire::Cast cast;
    if (!wire::decode(envelope, cast) || cast.hops != 0) return;
    const auto ends = w_.transport_->ends(link);
    w_.first_casts_.push_back({ends[0] == peer_ ? ends[1] : ends[0], {cast.lo, cast.hi}});
  }
  void say(const std::string& what) { w_.say(peer_, what); }
  std::string other(LinkId link) const {
    const auto ends = w_.transport_->ends(link);
    return std::to_string(ends[0] == peer_ ? ends[1] : ends[0]);
  }
  World& w_;
  std::uint32_t peer_;
};

World::World(WorldOptions options)
    : options_{std::move(options)},
      rng_{options_.seed},
      crypto_{options_.real_crypto ? sodium_crypto() : toy_crypto()},
      network_{sim_network(crypto_)},
      records_{crypto_, network_},
      conditions_{options_.network, rng_.fork("conditions")},
      ghost_{verdicts_, options_.grace},
      latencies_{options_.calm, options_.trouble} {
  const Rng rng = rng_.fork("transport");
  if (options_.full_links)
    transport_ = std::make_unique<FullTransport>(*this, heap_, conditions_, rng, crypto_, network_, slabs_);
  else
    transport_ = std::make_unique<LightTransport>(*this, heap_, conditions_, rng);
  if (options_.baselines)
    baselines_ = std::make_unique<Baselines>(*this, conditions_, Rng{options_.seed}.fork("baselines"));
}

World::~World() {
  for (SimPeer& peer : peers_) {
    peer.core.reset();
    peer.inputs.clear();
  }
  transport_.reset();
}

void World::mix(std::uint64_t a, std::uint64_t b) {
  hash_ = (hash_ ^ a) * 0x9e3779b97f4a7c15ULL;
  hash_ = (hash_ ^ (hash_ >> 32) ^ b) * 0xbf58476d1ce4e5b9ULL;
  hash_ ^= hash_ >> 29;
}

void World::say(std::uint32_t peer, const std::string& what) {
  options_.trace(ms(now_) + "  peer " + std::to_string(peer) + "  " + what);
}

void World::at(Time when, std::function<void()> f) {
  actions_.push_back(std::move(f));
  heap_.plan(std::max(when, now_), Happening::action, static_cast<std::uint32_t>(actions_.size() - 1));
}

void World::run_until(Time until) {
  while (!stormy_ && heap_.next_at() <= until) {
    const EventHeap::Entry entry = heap_.take();
    BOATO_CHECK(entry.at >= now_);
    if (baselines_) baselines_->run_until(entry.at);
    now_ = entry.at;
    ++happenings_;
    happen(entry);
  }
  if (baselines_) baselines_->run_until(until);
  now_ = until;
}

void World::end_storm() {
  stormy_ = true;
  verdicts_.add(now_, "storm", "more than " + std::to_string(storm_frames_most) + " frames/s of each peer");
}

void World::happen(const EventHeap::Entry& entry) {
  switch (entry.what) {
    case Happening::timer: return on_timer(entry.subject);
    case Happening::arrival: return transport_->on_arrival(now_, entry.subject);
    case Happening::stage: return transport_->on_stage(now_, entry.subject);
    case Happening::look: return transport_->on_look(now_, entry.subject);
    case Happening::leaves: return transport_->on_leaves(now_, entry.subject);
    case Happening::publish: return on_publish(entry.subject);
    case Happening::action: {
      const auto f = std::move(actions_[entry.subject]);
      return f();
    }
  }
}

// --- clocks

Time World::local(const SimPeer& peer) const {
  const std::int64_t passed = (now_ - peer.since).count();
  return peer.base +
         Duration{passed + passed / 1'000'000 * peer.ppm + passed % 1'000'000 * peer.ppm / 1'000'000};
}

Time World::world_time(const SimPeer& peer, Time at) const {
  if (at == never) return never;
  const Time here = local(peer);
  if (at <= here) return now_;
  const std::int64_t wait = (at - here).count();
  if (peer.ppm == 0) return wait > (never - now_).count() ? never : now_ + Duration{wait};
  // Rounded up, with one more for the two roundings of local().
  return now_ + Duration{wait / (1'000'000 + peer.ppm) * 1'000'000 +
                         wait % (1'000'000 + peer.ppm) * 1'000'000 / (1'000'000 + peer.ppm) + 2};
}

std::uint64_t World::wall_us(const SimPeer& peer) const {
  return wall_at_zero_us + static_cast<std::uint64_t>((now_.time_since_epoch() + peer.wall_offset).count());
}

void World::skew(std::uint32_t peer, Duration offset, std::int64_t ppm) {
  SimPeer& p = peers_[peer];
  p.base = local(p);
  p.since = now_;
  p.ppm = ppm;
  p.wall_offset = offset;
  if (p.core && !p.paused) arm(peer);
}

// --- peers

std::uint32_t World::add_peer() {
  const auto index = static_cast<std::uint32_t>(peers_.size());
  SimPeer& p = peers_.emplace_back();
  p.name = "sim-" + std::to_string(index);
  p.self.addresses.push_back(address_of(index));
  p.self.name = p.name;
  p.self.network = network_;
  p.self.crypto = &crypto_;
  p.self.secret = &p.secret;
  conditions_.add_peer();
  draw_key(index);
  return index;
}

void World::draw_key(std::uint32_t peer) {
  SimPeer& p = peers_[peer];
  Rng keys = rng_.fork("peer");
  for (auto& byte : p.key_seed) byte = static_cast<std::uint8_t>(keys.next());
  crypto_.sign_keypair(p.key_seed, p.self.id, p.secret);
  ghost_.add_peer(peer, p.self.id);
  by_place_.emplace(std::ranges::lower_bound(by_place_, std::pair{ring_place(p.self.id), std::uint32_t{0}}),
                    ring_place(p.self.id), peer);
}

void World::lose_key(std::uint32_t peer) {
  if (!peers_[peer].core) draw_key(peer);
}

std::uint32_t World::peer_of(const PeerId& id) const {
  const auto it = std::ranges::lower_bound(by_place_, std::pair{ring_place(id), std::uint32_t{0}});
  return it != by_place_.end() && it->first == ring_place(id) ? it->second : ~std::uint32_t{0};
}

bool World::running(std::uint32_t peer) const { return peer < peers_.size() && peers_[peer].core != nullptr; }
bool World::answers(std::uint32_t peer) const { return peer < peers_.size() && peers_[peer].machine_up; }

void World::start(std::uint32_t peer) {
  SimPeer& p = peers_[peer];
  if (p.core) return;
  restarts_ += p.starts > 0;
  ++p.starts;
  p.started = now_;
  p.rejoined = false;
  p.machine_up = true;
  p.departed = p.leaving = p.paused = false;
  // Clocks of different peers have nothing in common, so that mixing them up shows.
  p.base = Time{} + std::chrono::seconds{1} + Duration{static_cast<std::int64_t>(rng_.below(1'000'000'000))};
  p.since = now_;
  p.armed = never;
  p.self.incarnation = Incarnation{std::max(p.self.incarnation.raw() + 1, wall_us(p))};
  p.self.started_us = wall_us(p) - static_cast<std::uint64_t>(p.base.time_since_epoch().count());
  p.core = std::make_unique<PeerCore>(options_.core, p.self, slabs_, records_, rng_.fork("core"));
  mix(0, p.self.incarnation.raw());

  std::vector<Address>& seeds = p.seeds;
  seeds.clear();
  const std::uint32_t known = peer == 0 && p.starts == 1 ? 0 : std::min(options_.seeds, peers());
  for (std::uint32_t i = 0; i < known; ++i)
    if (i != peer && !(p.starts == 1 && peer < options_.seeds && i > peer)) seeds.push_back(address_of(i));
  name_more_seeds(peer);
  p.core->start(local(p), seeds);
  for (const std::string& pattern : p.patterns) BOATO_CHECK(p.core->subscribe_pattern(local(p), pattern));
  for (const Want& want : p.wants) open(peer, want, now_);
  settle(peer);
}

// Who starts a peer, or sees it alone because all seeds it knows have gone for good, gives it some that run.
bool World::name_more_seeds(std::uint32_t peer) {
  std::vector<Address>& seeds = peers_[peer].seeds;
  if (std::ranges::any_of(seeds, [&](const Address& a) { return serves(peer_at(a)); })) return false;
  const std::size_t most = seeds.size() + 2;
  for (std::uint32_t i = 0; i < peers() && seeds.size() < most; ++i)
    if (i != peer && serves(i)) seeds.push_back(address_of(i));
  return true;
}

void World::end(std::uint32_t peer, bool silent) {
  SimPeer& p = peers_[peer];
  transport_->ended(now_, peer, silent);
  ghost_.ended(now_, peer);
  if (baselines_) baselines_->ended(peer);
  p.core.reset();
  p.inputs.clear();
  p.paused = p.leaving = false;
  p.armed = never;
  if (silent) p.machine_up = false;
}

void World::crash(std::uint32_t peer, bool silent) {
  if (!peers_[peer].core) return;
  mix(1, peer);
  end(peer, silent);
  if (!options_.watch_deaths) return;
  deaths_.died(now_, peer);
  if (!std::exchange(looking_for_dead_, true)) at(now_ + Deaths::look_every, [this] { look_for_dead(); });
}

void World::leave(std::uint32_t peer) {
  SimPeer& p = peers_[peer];
  if (!p.core || p.leaving) return;
  if (p.paused) resume(peer);
  p.leaving = p.departed = true;
  ghost_.ended(now_, peer);
  p.core->leave(local(p));
  settle(peer);
  const std::uint64_t start = p.starts;
  at(now_ + leave_within, [this, peer, start] {
    if (peers_[peer].core && peers_[peer].starts == start && peers_[peer].leaving) end(peer, false);
  });
}

void World::pause(std::uint32_t peer) {
  SimPeer& p = peers_[peer];
  if (!p.core || p.leaving) return;
  p.paused = true;
  deaths_.paused(now_, peer);
}

void World::resume(std::uint32_t peer) {
  SimPeer& p = peers_[peer];
  if (!p.core || !p.paused) return;
  p.paused = false;
  deaths_.resumed(now_, peer);
  // What waited in its sockets comes first, in order, as one turn each; then its late timers.
  std::vector<Input> inputs = std::exchange(p.inputs, {});
  for (Input& input : inputs)
    if (p.core) take(peer, input);
  if (p.core) {
    p.armed = never;
    arm(peer);
  }
  if (baselines_) baselines_->resumed(now_, peer);
}

void World::conditions_changed() {
  transport_->release(now_);
  if (baselines_) baselines_->released(now_);
}

void World::heal() {
  conditions_.heal();
  conditions_changed();
  for (std::uint32_t i = 0; i < peers(); ++i)
    if (peers_[i].core && peers_[i].paused) resume(i);
  for (std::uint32_t i = 0; i < peers(); ++i) {
    SimPeer& p = peers_[i];
    if (!serves(i) || p.core->links().size() > 0 || !name_more_seeds(i)) continue;
    p.core->add_seeds(local(p), p.seeds);
    settle(i);
  }
}

void World::neighbours(std::uint32_t peer, std::vector<Neighbour>& out) const {
  out.clear();
  if (!peers_[peer].core) return;
  for (const ActivePeer& active : peers_[peer].core->membership().active()) {
    const auto ends = transport_->ends(active.link);
    out.push_back({ends[0] == peer ? ends[1] : ends[0], active.link});
  }
}

// --- turns

namespace {
std::string whose_deadline(const PeerCore& core, Time t) {
  if (core.membership().next_deadline() <= t) return "membership";
  if (core.directory().next_deadline() <= t) return "directory";
  if (core.cache().next_deadline() <= t) return "cache";
  return "a topic, the dialer or the ledger";
}
}  // namespace

void World::on_timer(std::uint32_t peer) {
  SimPeer& p = peers_[peer];
  if (!p.core || p.paused || p.armed != now_) return;  // an older appointment
  p.armed = never;
  const Time t = local(p);
  if (p.core->next_deadline() > t) return arm(peer);
  p.wakes_here = p.last_wake == now_ ? p.wakes_here + 1 : 0;
  p.last_wake = now_;
  if (p.wakes_here > wakes_at_once_max) {
    verdicts_.add(now_, "clock",
                  "peer " + std::to_string(peer) + " asks to be woken again and again at one moment (" +
                      whose_deadline(*p.core, t) + ")");
    p.armed = now_ + std::chrono::milliseconds{10};
    heap_.plan(p.armed, Happening::timer, peer);
    return;
  }
  p.core->on_deadline(t);
  settle(peer);
}

void World::settle(std::uint32_t peer) {
  SimPeer& p = peers_[peer];
  if (p.core->has_effects()) p.core->drain(Sink{*this, peer});
  ++steps_;
  if (options_.check_every != 0 && steps_ % options_.check_every == 0) p.core->check_invariants();
  arm(peer);
}

void World::arm(std::uint32_t peer) {
  SimPeer& p = peers_[peer];
  const Time at = world_time(p, p.core->next_deadline());
  if (at >= p.armed || at == never) return;
  p.armed = at;
  heap_.plan(at, Happening::timer, peer);
}

}  // namespace boato::sim
