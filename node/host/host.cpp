// SPDX-License-Identifier: Apache-2.0
#include "node/host/host.hpp"

#include "node/host/clock.hpp"
#include "overlay/base/text.hpp"
#include "overlay/link/sodium.hpp"
#include "overlay/wire/records.hpp"

#include <sodium.h>

#include <algorithm>

namespace boato {
namespace {

constexpr std::uint64_t tick_ms = 100;

Key32 entropy() {
  Key32 key;
  randombytes_buf(key.data(), key.size());
  return key;
}

std::uint64_t seed() {
  std::uint64_t value = 0;
  randombytes_buf(&value, sizeof value);
  return value;
}

}  // namespace

// The host's side of overlay/effects/effects.hpp. Deliveries wait until all notices are known, since a notice
// may name the topic they are for.
struct Host::Effects {
  Host& host;
  void on_send(LinkId link, Flow flow, Bytes envelope, EventRef body) const {
    host.network_->send(host.now_, link, flow, envelope, std::move(body));
  }
  void on_deliver(Delivery&& delivery) const { host.deliveries_.emplace_back(std::move(delivery)); }
  void on_gap(const GapNotice& gap) const { host.deliveries_.emplace_back(gap); }
  void on_notice(TopicNotice&& notice) const { host.topics_->on_notice(host.now_, notice); }
  void on_taken(const TakenNotice& taken) const { host.topics_->on_taken(taken); }
  void on_persist(Persist&& batch) const { host.store_->persist(std::move(batch)); }
  void on_read(const ReadWish& wish) const { host.store_->read(wish); }
  void on_dial(const DialWish& wish) const { host.network_->dial(host.now_, wish); }
  void on_close(LinkId link, CloseReason why) const { host.network_->close(host.now_, link, why); }
  void on_note(const Note& note) const { host.counts_[static_cast<std::size_t>(note.counter)] += note.n; }
  void on_drop(const Drop& drop) const { host.note_drop(drop); }
  void flush() const {
    for (auto& item : host.deliveries_) {
      if (auto* delivery = std::get_if<Delivery>(&item))
        host.topics_->on_delivery(std::move(*delivery));
      else
        tell(*std::get_if<GapNotice>(&item));
    }
    host.deliveries_.clear();
  }
  void tell(const GapNotice& gap) const {
    const std::uint64_t events = gap.last.raw() - gap.first.raw() + 1;
    host.log_->line(host.now_, LinkId{}, "gap.lost", {.level = "warn", .peer = &gap.publisher, .n = events});
    host.topics_->on_gap(gap);
  }
};

Host::Host(HostParts parts) : parts_{std::move(parts)}, common_{parts_.common} {
  const Crypto& crypto = fast_crypto();
  common_->host = this;
  const std::array<Bytes, 1> name{bytes(parts_.options.network)};
  const Digest network = crypto.hash(personal("boato/1 network"), name);
  self_.network.raw = network.raw;
  self_.id = parts_.identity.id;
  self_.incarnation = parts_.identity.incarnation;
  self_.name = common_->name;
  self_.attributes = parts_.attributes;
  self_.crypto = &crypto;
  self_.secret = &parts_.identity.secret;
  self_.started_us = wall_now_us() - static_cast<std::uint64_t>(monotonic_now().time_since_epoch().count());
  if (parts_.options.role == Role::guest) self_.flags |= wire::flag_guest;
  if (parts_.options.listen.empty()) self_.flags |= wire::flag_no_inbound;

  records_ = std::make_unique<RecordPool>(crypto, self_.network);
  knocks_ = std::make_unique<KnockFilter>(crypto, entropy());
  log_ = std::make_unique<HostLog>(parts_.options.log, common_->delivery);
}

Host::~Host() {
  if (thread_.joinable()) close(Duration{0});
  topics_.reset();
  network_.reset();
  core_.reset();
  if (loop_open_) {
    uv_run(&loop_, UV_RUN_NOWAIT);  // the callbacks of what was closed
    uv_loop_close(&loop_);
  }
  common_->outboxes->drop_spares();
}

Result<void> Host::start() {
  if (uv_loop_init(&loop_) != 0) return Error{Errc::internal, "no event loop could be made"};
  loop_open_ = true;
  now_ = monotonic_now();
  if (!parts_.store_folder.empty()) {
    auto store = HostStore::open(parts_.store_folder, self_.incarnation.raw(), common_->inbox);
    if (!store) return store.error();
    store_ = std::move(*store);
    self_.flags |= wire::flag_storage;
  }
  core_ =
      std::make_unique<PeerCore>(parts_.settings.core, self_, common_->home->slabs(), *records_, Rng{seed()});

  if (store_) {
    core_->recover(now_, std::move(store_->state()));
    store_->start({[this](const Persisted& answer) { core_->on_persisted(monotonic_now(), answer); },
                   [this] {
                     log_->line(now_, LinkId{}, "store.sync_failed",
                                {.level = "error", .reason = store_->why()});
                     core_->on_store_failed(monotonic_now());
                   },
                   [this](const HostStore::Read& read) {
                     std::vector<EventRef> batches;
                     for (const auto& bytes : read.batches)
                       batches.push_back(common_->home->slabs().copy(bytes));
                     core_->on_read(monotonic_now(), read.wish, batches);
                   }});
  }

  LinkSetup setup;
  setup.crypto = self_.crypto;
  setup.identity = &parts_.identity;
  setup.network = self_.network;
  setup.network_key = parts_.network_key;
  setup.previous_key = parts_.previous_key;
  setup.limits = parts_.settings.link;
  setup.slabs = &common_->home->slabs();
  setup.knocks = knocks_.get();
  network_ = std::make_unique<Network>(Network::Parts{&loop_, &parts_.settings, core_.get(), log_.get(),
                                                      [this] { now_ = monotonic_now(), carry_out(); },
                                                      entropy, [this](const Drop& drop) { note_drop(drop); }},
                                       std::move(setup));
  topics_ = std::make_unique<LocalTopics>(*common_, *core_, *log_, drops_);

  for (const Address& address : parts_.settings.advertise) addresses_.push_back(address);
  for (const Endpoint& endpoint : parts_.settings.listen) {
    const auto real = network_->listen(*endpoint.address);
    if (!real) return real.error();
    common_->addresses.push_back(to_text(*real));
    reachable_addresses(*real, addresses_);
  }
  for (const Address& address : addresses_)
    if (!self_.addresses.full()) self_.addresses.push_back(address);

  std::array<std::byte, 1024> body;
  const wire::PeerRecord record{self_.addresses, self_.flags, self_.name, self_.attributes};
  const auto size = wire::encode_record(record, body);
  BOATO_CHECK(size.has_value());
  peer_record_.resize(wire::statement_bytes_max);
  const Bytes signed_record = wire::sign_statement(
      *self_.crypto, self_.network, self_.id, *self_.secret,
      {wire::StatementType::peer_record, self_.incarnation, 1, Bytes{body}.first(*size)}, peer_record_);
  network_->set_peer_record(signed_record);
  open_handles();
  common_->home->on_pressure([common = common_.get()] { common->inbox.wake(); });
  thread_ = std::thread{[this] { run(); }};
  return {};
}

// A topic nobody has told us of has no name here: whoever makes tags up fills no rows with them.
void Host::note_drop(const Drop& drop) {
  const TopicRecord* record = drop.topic == TopicTag{} ? nullptr : core_->directory().find(drop.topic);
  drops_.add(drop.reason, record ? std::string_view{record->name} : std::string_view{}, drop.peer, drop.n);
}

void Host::open_handles() {
  const auto turn_of = [](auto* handle) { static_cast<Host*>(handle->data)->turn(); };
  uv_async_init(&loop_, &async_, [](uv_async_t* async) {
    Host& host = *static_cast<Host*>(async->data);
    host.now_ = monotonic_now();
    host.common_->inbox.run();
  });
  uv_timer_init(&loop_, &timer_);
  uv_timer_init(&loop_, &tick_timer_);
  uv_prepare_init(&loop_, &prepare_);
  uv_check_init(&loop_, &check_);
  async_.data = timer_.data = tick_timer_.data = prepare_.data = check_.data = this;
  // After timers and before the loop sleeps; and after sockets and tasks.
  uv_prepare_start(&prepare_, turn_of);
  uv_check_start(&check_, turn_of);
  uv_timer_start(
      &tick_timer_, [](uv_timer_t* t) { static_cast<Host*>(t->data)->tick(); }, tick_ms, tick_ms);
  common_->inbox.open(&async_);
}

void Host::run() {
  now_ = monotonic_now();
  std::vector<Address> seeds;
  for (const Endpoint& endpoint : parts_.settings.join) {
    if (!endpoint.address) {
      unresolved_.push_back(endpoint);
      continue;
    }
    seeds.push_back(*endpoint.address);
    if (endpoint.id) network_->expect(*endpoint.address, *endpoint.id);
  }
  core_->start(now_, seeds);
  log_->line(now_, LinkId{}, "node.ready", {.peer = &self_.id});
  note_joined();
  uv_run(&loop_, UV_RUN_DEFAULT);
  end();
}

void Host::resolve(const Endpoint& endpoint) {
  struct Lookup {
    uv_getaddrinfo_t request;
    Host* host;
    Endpoint endpoint;
  };
  auto lookup = std::make_unique<Lookup>();
  lookup->host = this;
  lookup->endpoint = endpoint;
  lookup->request.data = lookup.get();
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  const int error = uv_getaddrinfo(
      &loop_, &lookup->request,
      [](uv_getaddrinfo_t* request, int status, addrinfo* found) {
        const std::unique_ptr<Lookup> done{static_cast<Lookup*>(request->data)};
        Host& host = *done->host;
        std::vector<Address> seeds;
        if (host.phase_ != Phase::running) status = UV_ECANCELED;
        for (const addrinfo* at = found; status == 0 && at && seeds.size() < wire::addresses_max;
             at = at->ai_next) {
          Address address = from_socket(at->ai_addr);
          address.port = done->endpoint.port;
          seeds.push_back(address);
          if (done->endpoint.id) host.network_->expect(address, *done->endpoint.id);
        }
        if (found) uv_freeaddrinfo(found);
        if (host.phase_ != Phase::running) return;
        host.now_ = monotonic_now();
        if (seeds.empty()) {
          host.unresolved_.push_back(done->endpoint);
          std::lock_guard lock{host.mutex_};
          host.causes_ = done->endpoint.text + ": this name is not known (" + uv_strerror(status) + ")";
          return;
        }
        host.core_->add_seeds(host.now_, seeds);
      },
      lookup->endpoint.host.c_str(), nullptr, &hints);
  if (error == 0) static_cast<void>(lookup.release());
}

void Host::turn() {
  if (phase_ == Phase::ended) return;
  now_ = monotonic_now();
  again_ = false;
  if (core_->next_deadline() <= now_) core_->on_deadline(now_);
  carry_out();
  if (topics_->settle(now_)) carry_out();
  if (topics_->publish(now_)) again_ = true;
  carry_out();
  for (PeerView& view : core_->take_views())
    for (const auto& survey : surveys_)
      if (survey->on_view(now_, *core_, view)) break;
  // Writing tells the core how much waits, and links that break are told: both may answer.
  for (int round = 0; round < 4; ++round) {
    network_->flush(now_);
    if (!core_->has_effects() && !network_->report(now_)) break;
    carry_out();
  }
  topics_->wake();
  common_->home->collect();
  note_joined();
  step_close();
  if (again_) common_->inbox.wake();
  arm();
}

void Host::carry_out() {
  // Two peers in ill agreement could answer each other's answers for ever; the rest waits for the next turn.
  for (int round = 0; round < 64; ++round) {
    const Effects effects{*this};
    const bool any = core_->has_effects();
    if (any) {
      core_->drain(effects);
      effects.flush();
    }
    if (!network_->report(now_) && !any) return;
  }
  again_ = true;
}

Result<void, Errc> Host::remove_topic(std::string_view name) {
  auto removed = core_->remove_topic(now_, name);
  carry_out();
  return removed;
}

void Host::arm() {
  if (phase_ == Phase::ended) return;
  const Time due = core_->next_deadline();
  if (armed_ <= due && armed_ > now_) return;  // a timer that comes too early costs one empty turn
  armed_ = due;
  if (due == never) {
    uv_timer_stop(&timer_);
    return;
  }
  const auto left = std::max<std::int64_t>(0, (due - now_).count());
  uv_update_time(&loop_);
  uv_timer_start(
      &timer_, [](uv_timer_t*) {}, static_cast<std::uint64_t>((left + 999) / 1000), 0);
}

void Host::tick() {
  now_ = monotonic_now();
  network_->tick(now_);
  if (phase_ == Phase::running && !unresolved_.empty() && now_ >= resolve_again_) {
    resolve_again_ = now_ + std::chrono::seconds{5};
    for (const Endpoint& endpoint : std::exchange(unresolved_, {})) resolve(endpoint);
  }
  std::erase_if(surveys_, [this](const auto& survey) { return survey->on_tick(now_, *core_); });
  if (!network_->dial_errors().empty()) {
    std::string causes;
    for (const auto& [address, cause] : network_->dial_errors())
      if (causes.size() < 400) causes += (causes.empty() ? "" : "; ") + to_text(address) + ": " + cause;
    std::lock_guard lock{mutex_};
    causes_ = std::move(causes);
  }
}

void Host::note_joined() {
  const bool alone = parts_.settings.join.empty();
  const bool joined = alone ? core_->joined() : !core_->membership().active().empty();
  if (!joined) return;
  std::lock_guard lock{mutex_};
  if (joined_) return;
  joined_ = true;
  changed_.notify_all();
  if (!alone) log_->line(now_, LinkId{}, "join.ok", {.n = network_->links()});
}

Result<void> Host::ready(Duration within) {
  std::unique_lock lock{mutex_};
  changed_.wait_until(lock, std::chrono::steady_clock::now() + within, [this] { return joined_ || ended_; });
  if (joined_) return {};
  if (ended_) return Error{Errc::closed, "the peer is closed"};
  if (causes_.empty())
    return Error{Errc::timeout, "no peer of `join` has taken us in yet; this peer goes on trying"};
  return Error{Errc::unreachable, "no peer of `join` can be reached: " + causes_};
}

}  // namespace boato
