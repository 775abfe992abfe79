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
    if (w_.transport_->holds(peer_, link))
      w_.transport_->send(w_.now_, peer_, link, flow, envelope, std::move(body));
  }
  void on_deliver(Delivery&& d) {
    mark(2, d.topic.raw(), std::uint64_t{d.index} << 32 | std::uint64_t{d.count} << 8 | d.hops);
    const Ghost::Heard heard = w_.ghost_.delivered(w_.now_, peer_, d);
    if (heard.fresh > 0 && !heard.own && !heard.early)
      w_.collector_.delivered(w_.now_ - heard.published, heard.fresh, d.hops);
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
    w_.ghost_.gap(w_.now_, peer_, gap);
    if (w_.options_.trace)
      say("gap " + std::to_string(gap.first.raw()) + ".." + std::to_string(gap.last.raw()) + " of " +
          std::to_string(w_.peer_of(gap.publisher)));
  }
  void on_notice(TopicNotice&& n) {
    mark(4, n.topic.raw(), static_cast<std::uint64_t>(n.kind));
    if (n.kind == TopicNotice::Kind::opened) w_.pattern_opened(peer_, n.topic);
    if (n.kind == TopicNotice::Kind::ready) w_.ghost_.ready(w_.now_, peer_, n.topic);
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
  void on_note(const Note& n) {
    w_.collector_.note(n);
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
      ghost_{verdicts_} {
  const Rng rng = rng_.fork("transport");
  if (options_.full_links)
    transport_ = std::make_unique<FullTransport>(*this, heap_, conditions_, rng, crypto_, network_, slabs_);
  else
    transport_ = std::make_unique<LightTransport>(*this, heap_, conditions_, rng);
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
  while (heap_.next_at() <= until) {
    const EventHeap::Entry entry = heap_.take();
    BOATO_CHECK(entry.at >= now_);
    now_ = entry.at;
    happen(entry);
  }
  now_ = until;
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
  Rng keys = rng_.fork("peer");
  for (auto& byte : p.key_seed) byte = static_cast<std::uint8_t>(keys.next());
  crypto_.sign_keypair(p.key_seed, p.self.id, p.secret);
  p.name = "sim-" + std::to_string(index);
  p.self.addresses.push_back(address_of(index));
  p.self.name = p.name;
  p.self.network = network_;
  p.self.crypto = &crypto_;
  p.self.secret = &p.secret;
  conditions_.add_peer();
  ghost_.add_peer(index, p.self.id);
  by_place_.emplace(std::ranges::lower_bound(by_place_, std::pair{ring_place(p.self.id), std::uint32_t{0}}),
                    ring_place(p.self.id), index);
  return index;
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
  ++p.starts;
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
  for (const Want& want : p.wants) open(peer, want);
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
  if (p.core && !p.leaving) p.paused = true;
}

void World::resume(std::uint32_t peer) {
  SimPeer& p = peers_[peer];
  if (!p.core || !p.paused) return;
  p.paused = false;
  // What waited in its sockets comes first, in order, as one turn each; then its late timers.
  std::vector<Input> inputs = std::exchange(p.inputs, {});
  for (Input& input : inputs)
    if (p.core) take(peer, input);
  if (p.core) {
    p.armed = never;
    arm(peer);
  }
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

// --- input

void World::link_up(std::uint32_t peer, const LinkUp& up) {
  SimPeer& p = peers_[peer];
  Input input;
  input.what = Input::What::up;
  input.up = up;
  input.link = up.link;
  if (p.paused) return p.inputs.push_back(std::move(input));
  take(peer, input);
}

void World::link_down(std::uint32_t peer, LinkId link, CloseReason why) {
  SimPeer& p = peers_[peer];
  Input input;
  input.what = Input::What::down;
  input.link = link;
  input.why = why;
  if (p.paused) return p.inputs.push_back(std::move(input));
  take(peer, input);
}

void World::dial_failed(std::uint32_t peer, const DialWish& wish) {
  SimPeer& p = peers_[peer];
  Input input;
  input.what = Input::What::failed;
  input.wish = wish;
  if (p.paused) return p.inputs.push_back(std::move(input));
  take(peer, input);
}

void World::backlog(std::uint32_t peer, LinkId link, std::size_t bytes, std::size_t of_repair) {
  SimPeer& p = peers_[peer];
  if (p.paused) return;
  p.core->on_backlog(local(p), link, bytes, of_repair);
  settle(peer);
}

void World::frame(std::uint32_t peer, LinkId link, Flow flow, const Frame& frame) {
  SimPeer& p = peers_[peer];
  if (p.paused) {
    Input input;
    input.what = Input::What::frame;
    input.link = link;
    input.flow = flow;
    input.bytes.assign(frame.bytes.begin(), frame.bytes.end());
    input.body = frame.body;
    input.whole = frame.whole;
    return p.inputs.push_back(std::move(input));
  }
  see(peer, link, frame);
  last_frame_ = frame.bytes;
  p.core->on_frame(local(p), link, flow, frame);
  settle(peer);
  last_frame_ = {};
}

void World::take(std::uint32_t peer, Input& input) {
  SimPeer& p = peers_[peer];
  const Time t = local(p);
  switch (input.what) {
    case Input::What::up:
      if (options_.trace)
        say(peer, "link " + std::to_string(input.link.raw()) + " up with " +
                      std::to_string(peer_of(input.up.peer)));
      p.core->on_link_up(t, input.up);
      break;
    case Input::What::down:
      if (options_.trace)
        say(peer, "link " + std::to_string(input.link.raw()) + " down: " + std::string{to_string(input.why)});
      p.core->on_link_down(t, input.link, input.why);
      break;
    case Input::What::failed: p.core->on_dial_failed(t, input.wish); break;
    case Input::What::frame: {
      if (!transport_->holds(peer, input.link)) return;  // it has closed this link since
      Frame frame;
      frame.bytes = input.whole && input.body ? input.body.bytes() : Bytes{input.bytes};
      frame.body = std::move(input.body);
      frame.whole = input.whole;
      see(peer, input.link, frame);
      last_frame_ = frame.bytes;
      p.core->on_frame(t, input.link, input.flow, frame);
      break;
    }
  }
  settle(peer);
  last_frame_ = {};
}

std::string World::about_last_frame() const {
  if (last_frame_.empty()) return " outside of a frame";
  wire::Cursor in{last_frame_};
  wire::Kind kind{};
  std::uint32_t fields = 0;
  if (!wire::open_frame(in, kind, fields)) return " in a frame without a kind";
  return " in a frame " + std::string{name_of(kind)} + " of " + std::to_string(last_frame_.size()) + " bytes";
}

void World::see(std::uint32_t peer, LinkId link, const Frame& frame) {
  if (!frame.body && !frame.whole) return;
  wire::Cursor in{frame.bytes};
  wire::Kind kind{};
  std::uint32_t fields = 0;
  if (!wire::open_frame(in, kind, fields)) return;
  TopicTag topic;
  std::uint8_t hops = 0;
  if (kind == wire::Kind::cast) {
    wire::Cast cast;
    if (!wire::read(in, fields, cast)) return;
    topic = cast.topic;
    hops = static_cast<std::uint8_t>(cast.hops + 1);
  } else if (kind == wire::Kind::repair) {
    wire::Repair repair;
    if (!wire::read(in, fields, repair)) return;
    topic = repair.topic;
  } else {
    return;
  }
  const Bytes batch = frame.whole || !frame.body ? in.rest() : frame.body.bytes();
  ghost_.received(peer, topic, batch);
  if (!watching_ || watched_seq_ == 0 || topic != topics_[watched_topic_].tag) return;
  const auto view = wire::parse_batch(batch, wire::payload_bytes_limit);
  if (!view || view->publisher != peers_[watched_publisher_].self.id || view->first.raw() > watched_seq_ ||
      view->last().raw() < watched_seq_)
    return;
  const bool first = std::ranges::none_of(paths_, [&](const Path& path) { return path.to == peer; });
  if (!first) return;
  const auto ends = transport_->ends(link);
  paths_.push_back({ends[0] == peer ? ends[1] : ends[0], peer, hops, now_});
}

void World::watch_event(std::uint32_t publisher_peer, std::uint32_t topic, std::uint64_t seq) {
  watching_ = true;
  watched_publisher_ = publisher_peer;
  watched_topic_ = topic;
  watched_seq_ = seq;
  paths_.clear();
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

// --- the application

std::uint32_t World::add_topic(std::string name, std::optional<Contract> contract) {
  topics_.push_back({std::move(name), std::move(contract), {}});
  return static_cast<std::uint32_t>(topics_.size() - 1);
}

void World::want(std::uint32_t peer, std::uint32_t topic, bool subscribe, bool publish) {
  SimPeer& p = peers_[peer];
  for (Want& want : p.wants) {
    if (want.topic != topic) continue;
    const Want more{topic, subscribe && !want.subscribe, publish && !want.publish};
    want.subscribe |= subscribe;
    want.publish |= publish;
    if (p.core && (more.subscribe || more.publish)) {
      open(peer, more);
      settle(peer);
    }
    return;
  }
  p.wants.push_back({topic, subscribe, publish});
  if (p.core) {
    open(peer, p.wants.back());
    settle(peer);
  }
}

void World::open(std::uint32_t peer, const Want& want) {
  SimPeer& p = peers_[peer];
  SimTopic& topic = topics_[want.topic];
  for (const Use use : {Use::subscribe, Use::publish}) {
    if (!(use == Use::subscribe ? want.subscribe : want.publish)) continue;
    const auto tag = p.core->open_topic(local(p), topic.name, topic.contract, use);
    if (!tag) {
      verdicts_.add(now_, "open",
                    "peer " + std::to_string(peer) + " may not open " + topic.name + ": " +
                        std::string{to_string(tag.error())});
      continue;
    }
    if (!topic.known) {
      topic.known = true;
      topic.tag = *tag;
      topic.ghost = ghost_.add_topic(*tag, topic.contract.value_or(Contract{}));
    }
    if (use == Use::subscribe) ghost_.opened(now_, peer, topic.ghost);
  }
}

void World::drop(std::uint32_t peer, std::uint32_t topic) {
  SimPeer& p = peers_[peer];
  for (std::size_t i = 0; i < p.wants.size(); ++i) {
    if (p.wants[i].topic != topic) continue;
    const Want want = p.wants[i];
    p.wants.erase(p.wants.begin() + static_cast<std::ptrdiff_t>(i));
    if (!p.core || !topics_[topic].known) return;
    if (want.subscribe) {
      ghost_.closed(now_, peer, topics_[topic].ghost);
      p.core->close_topic(local(p), topics_[topic].tag, Use::subscribe);
    }
    if (want.publish) p.core->close_topic(local(p), topics_[topic].tag, Use::publish);
    return settle(peer);
  }
}

void World::want_pattern(std::uint32_t peer, std::string pattern) {
  SimPeer& p = peers_[peer];
  p.patterns.push_back(pattern);
  if (!p.core) return;
  BOATO_CHECK(p.core->subscribe_pattern(local(p), pattern));
  settle(peer);
}

void World::pattern_opened(std::uint32_t peer, TopicTag tag) {
  for (const SimTopic& topic : topics_)
    if (topic.known && topic.tag == tag) return ghost_.opened(now_, peer, topic.ghost);
  verdicts_.add(now_, "pattern", "peer " + std::to_string(peer) + " opened a topic that nobody made");
}

bool World::wants(std::uint32_t peer, std::uint32_t topic) const {
  return std::ranges::any_of(peers_[peer].wants, [&](const Want& want) { return want.topic == topic; });
}

bool World::publishes(std::uint32_t peer) const {
  return std::ranges::any_of(publishers_, [&](const PublisherState& s) { return s.what.peer == peer; });
}

void World::add_publisher(const Publisher& publisher, Time from) {
  want(publisher.peer, publisher.topic, false, true);
  publishers_.push_back({publisher, 1, 0});
  heap_.plan(std::max(from, now_), Happening::publish, static_cast<std::uint32_t>(publishers_.size() - 1));
}

void World::on_publish(std::uint32_t index) {
  PublisherState& s = publishers_[index];
  if (now_ > s.what.until) return;
  heap_.plan(now_ + std::max(s.what.every, Duration{1}), Happening::publish, index);
  SimPeer& p = peers_[s.what.peer];
  const SimTopic& topic = topics_[s.what.topic];
  if (!p.core || p.paused || p.leaving || !topic.known) return;
  if (s.start != p.starts) {
    s.start = p.starts;
    s.next = 1;
  }
  if (!p.core->has_room(topic.tag)) {
    ++publish_refused_;
    return;
  }
  const std::size_t room =
      wire::batch_header_bytes + s.what.batch * (wire::event_header_bytes + std::size_t{s.what.payload});
  wire::BatchBuilder batch{slabs_.take(room)};
  content_.clear();
  payload_.resize(std::max<std::size_t>(s.what.payload, 16));
  for (std::uint16_t i = 0; i < s.what.batch; ++i) {
    Rng fill{(std::uint64_t{index} << 40 | p.starts << 32) ^ (s.next + i)};
    put_be(payload_.data(), s.next + i);
    put_be(payload_.data() + 8, fill.next());
    wire::EventView event;
    event.time_us = wall_us(p);
    event.payload = Bytes{payload_}.first(std::max<std::size_t>(s.what.payload, 16));
    if (!batch.add(event)) break;
    content_.push_back(content_hash(event));
  }
  if (!p.core->publish(local(p), topic.tag, batch, Seq{s.next})) {
    ++publish_refused_;
    return settle(s.what.peer);
  }
  ghost_.published(now_, s.what.peer, p.self.incarnation, topic.tag, Seq{s.next}, content_);
  if (watching_ && watched_seq_ == 0 && s.what.topic == watched_topic_ && s.what.peer == watched_publisher_)
    watched_seq_ = s.next;
  s.next += content_.size();
  settle(s.what.peer);
}

void World::preload(std::uint32_t topic) {
  std::vector<const MemberRecord*> records;
  const TopicTag tag = topics_[topic].tag;
  for (SimPeer& p : peers_)
    if (p.core)
      if (const MemberRecord* own = p.core->own_record(tag)) records.push_back(own);
  std::ranges::sort(records, {}, [](const MemberRecord* r) { return ring_place(r->id); });
  for (const MemberRecord* record : records) records_.keep(record);
  for (std::uint32_t i = 0; i < peers(); ++i) {
    if (!peers_[i].core || !peers_[i].core->own_record(tag)) continue;
    peers_[i].core->preload_roster(local(peers_[i]), tag, records);
    settle(i);
  }
  for (const MemberRecord* record : records) records_.drop(record);
}

}  // namespace boato::sim
