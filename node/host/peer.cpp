// SPDX-License-Identifier: Apache-2.0
#include <boato/peer.hpp>

#include "node/host/clock.hpp"
#include "node/host/peer_impl.hpp"
#include "node/host/subscription_state.hpp"
#include "overlay/base/text.hpp"
#include "overlay/link/sodium.hpp"
#include "overlay/wire/attributes.hpp"

#include <sodium.h>

#include <filesystem>

namespace boato {

namespace {

const Error closed_error{Errc::closed, "the peer is closed"};

Result<void> read_keys(const Options& options, HostParts& parts) {
  if (options.network_key_file.empty()) return {};
  const auto key = read_key_file(options.network_key_file, "the network key file");
  if (!key) return key.error();
  parts.network_key = *key;
  // While keys are rotated the one before is still accepted.
  const std::string previous = options.network_key_file + ".previous";
  std::error_code error;
  if (!std::filesystem::exists(previous, error)) return {};
  const auto before = read_key_file(previous, "the previous network key file");
  if (!before) return before.error();
  parts.previous_key = *before;
  return {};
}

Result<void> encode_own(const std::vector<Attribute>& attributes, std::vector<std::byte>& out) {
  constexpr std::size_t bytes_max = 256;
  out.resize(wire::attribute_bytes_max);
  const auto size = wire::encode_attributes(attributes, out);
  if (!size || *size > bytes_max)
    return Error{Errc::bad_config,
                 "attributes of the peer: at most 256 bytes together, names not empty and each once"};
  out.resize(attributes.empty() ? 0 : *size);
  return {};
}

}  // namespace

Peer::Peer(std::unique_ptr<PeerImpl> impl) : impl_{std::move(impl)} {}
Peer::Peer(Peer&&) noexcept = default;

Peer& Peer::operator=(Peer&& other) noexcept {
  std::swap(impl_, other.impl_);
  return *this;
}

Peer::~Peer() {
  if (!impl_) return;
  BOATO_CHECK(!impl_->common->delivery->in_own_handler());  // it would wait for itself
  impl_->host->close(std::chrono::seconds{2});
}

Result<Peer> Peer::start(Options options) {
  if (sodium_init() < 0) return Error{Errc::internal, "libsodium cannot be initialised on this machine"};
  auto settings = read_settings(options);
  if (!settings) return settings.error();
  auto impl = std::make_unique<PeerImpl>();
  HostParts parts;
  if (auto read = read_keys(options, parts); !read) return read.error();
  if (auto encoded = encode_own(options.attributes, parts.attributes); !encoded) return encoded.error();

  Key32 seed{}, link_entropy{};
  randombytes_buf(seed.data(), seed.size());
  randombytes_buf(link_entropy.data(), link_entropy.size());
  Incarnation incarnation{wall_now_us()};
  if (!options.data_dir.empty()) {
    auto folder = DataFolder::open(options.data_dir);
    if (!folder) return folder.error();
    impl->folder = std::move(*folder);
    const auto kept = impl->folder.identity(seed);
    if (!kept) return kept.error();
    seed = *kept;
    const auto next = impl->folder.next_incarnation(incarnation.raw());
    if (!next) return next.error();
    incarnation = *next;
    if (options.role == Role::full) parts.store_folder = impl->folder.path() + "/store";
  }
  parts.identity = make_identity(fast_crypto(), seed, link_entropy, incarnation);
  sodium_memzero(seed.data(), seed.size());
  sodium_memzero(link_entropy.data(), link_entropy.size());

  auto common = std::make_shared<PeerCommon>();
  common->id = parts.identity.id;
  common->incarnation = incarnation;
  common->name = options.name.empty() ? to_text(common->id).substr(0, 8) : options.name;
  common->payload_max = settings->core.multicast.payload_max;
  common->outboxes = std::make_shared<OutboxHub>(common->inbox, settings->outbox_bytes_max);
  common->delivery = std::make_shared<DeliveryThread>(options.deliver_on);
  parts.options = std::move(options);
  parts.settings = std::move(*settings);
  parts.common = common;
  impl->common = common;
  impl->host = std::make_unique<Host>(std::move(parts));
  if (auto started = impl->host->start(); !started) return started.error();
  common->delivery->start();
  return Peer{std::move(impl)};
}

Result<void> Peer::ready(Duration within) { return impl_->host->ready(within); }
const PeerId& Peer::id() const { return impl_->common->id; }
const std::string& Peer::name() const { return impl_->common->name; }
std::vector<std::string> Peer::addresses() const { return impl_->common->addresses; }

Result<Topic> Peer::topic(std::string_view name, std::optional<Contract> contract, Duration within) {
  if (!is_topic_name(name)) return open_error(Errc::bad_name, std::string{name});
  auto request = std::make_shared<TopicRequest>();
  request->name = std::string{name};
  request->contract = std::move(contract);
  request->within = within;
  const bool posted = impl_->common->inbox.post([common = impl_->common, request] {
    common->host->topics().open(common->host->now(), request, common);
  });
  if (!posted) return closed_error;
  auto handle = request->answer.take();
  if (!handle) return handle.error();
  return TopicAccess::make(std::move(*handle));
}

Result<void> Peer::remove_topic(std::string_view name) {
  const auto removed = impl_->common->inbox.call([&] { return impl_->host->remove_topic(name); });
  if (!removed) return closed_error;
  if (*removed) return {};
  if (removed->error() == Errc::no_such)
    return Error{Errc::no_such, "there is no topic " + std::string{name} + ": see boato topic ls"};
  return Error{removed->error(),
               std::string{name} + " was founded by another peer: only that one can remove it"};
}

std::vector<TopicInfo> Peer::topics() const {
  return impl_->common->inbox.call([&] { return impl_->host->topic_list(); })
      .value_or(std::vector<TopicInfo>{});
}

Result<Subscription> Peer::subscribe(std::string_view pattern, SubscribeOptions options) {
  return subscribe(pattern, std::move(options), {});
}

Result<Subscription> Peer::subscribe(std::string_view pattern, SubscribeOptions options,
                                     std::function<void(const Item&)> handler) {
  if (!is_topic_pattern(pattern))
    return Error{Errc::bad_name, "'" + std::string{pattern} +
                                     "' is not a topic name or pattern: '+' stands for one whole level, '#' "
                                     "for the rest and comes last"};
  std::optional<EventFilter> filter;
  if (!options.where.empty()) {
    auto predicate = Predicate::parse(options.where);
    if (!predicate) return Error{Errc::bad_predicate, to_text(predicate.error(), options.where)};
    if (!predicate->takes_all()) filter.emplace(std::move(*predicate));
  }
  if (options.from.is_beginning() && pattern.find_first_of("+#") != std::string_view::npos)
    return Error{Errc::not_allowed, "from the beginning needs the exact name of a topic, not a pattern"};
  if (options.order && *options.order != Order::none && *options.order != Order::fifo)
    return Error{Errc::not_allowed, "this order is not offered by this version: none and fifo are"};
  const auto state =
      std::make_shared<SubscriptionState>(std::string{pattern}, std::move(options), std::move(handler));
  // Weak: the state is what its owner's callbacks speak of.
  const std::weak_ptr<SubscriptionState> weak{state};
  const auto on_loop = [common = impl_->common, weak](auto act) {
    common->inbox.post([common, weak, act] {
      if (const auto self = weak.lock()) act(*common->host, self.get());
    });
  };
  SubscriptionState::Owner owner;
  owner.drained = [on_loop] {
    on_loop([](Host& host, const SubscriptionState* s) { host.topics().refill(s); });
  };
  owner.resumed = [on_loop] {
    on_loop([](Host& host, const SubscriptionState* s) { host.topics().schedule(s); });
  };
  owner.cancelled = [on_loop] {
    on_loop([](Host& host, const SubscriptionState* s) { host.topics().unsubscribe(host.now(), s); });
  };
  state->set_owner(std::move(owner));
  const auto done = impl_->common->inbox.call([&]() -> Result<void> {
    return impl_->host->topics().subscribe(impl_->host->now(), state, std::move(filter));
  });
  if (!done) return closed_error;
  if (!*done) return done->error();
  return SubscriptionAccess::make(state);
}

Topology Peer::topology() const {
  return impl_->common->inbox.call([&] { return impl_->host->topology(); }).value_or(Topology{});
}

std::vector<Topology> Peer::survey(Duration within, std::size_t peers_max, const SurveyTopic& topic) const {
  auto done = std::make_shared<Answer<std::vector<Topology>>>();
  const bool posted = impl_->common->inbox.post([common = impl_->common, within, peers_max, topic, done] {
    common->host->survey(within, peers_max, topic, done);
  });
  if (!posted) return {};
  return done->take();
}

std::vector<Metric> Peer::metrics() const {
  return impl_->common->inbox.call([&] { return impl_->host->metrics(); }).value_or(std::vector<Metric>{});
}

std::vector<Dropped> Peer::drops() const {
  return impl_->common->inbox.call([&] { return impl_->host->drops(); }).value_or(std::vector<Dropped>{});
}

Result<CloseReport> Peer::close(Duration within) {
  if (impl_->common->delivery->in_own_handler())
    return Error{Errc::wrong_thread, "close() waits for handlers, so it cannot be called in one"};
  return impl_->host->close(within);
}

}  // namespace boato
