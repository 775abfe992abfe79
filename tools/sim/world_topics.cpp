// SPDX-License-Identifier: Apache-2.0
// The applications of a simulated world: who opens which topic, subscribes and publishes.
#include "overlay/base/bytes.hpp"
#include "overlay/link/sodium.hpp"
#include "overlay/link/toy_crypto.hpp"
#include "overlay/roster/roster.hpp"
#include "overlay/wire/attributes.hpp"
#include "overlay/wire/event_messages.hpp"
#include "tools/sim/full_transport.hpp"
#include "tools/sim/light_transport.hpp"
#include "tools/sim/world.hpp"

#include <algorithm>
#include <array>
#include <cstring>

namespace boato::sim {
namespace {

constexpr Duration look_again = std::chrono::milliseconds{100};

std::string text_of(const Filter& f) {
  return "x >= " + std::to_string(f.lo) + " AND x < " + std::to_string(f.hi);
}

}  // namespace

std::uint32_t World::add_topic(std::string name, std::optional<Contract> contract) {
  topics_.push_back({std::move(name), std::move(contract), {}});
  return static_cast<std::uint32_t>(topics_.size() - 1);
}

void World::want(std::uint32_t peer, std::uint32_t topic, bool subscribe, bool publish) {
  SimPeer& p = peers_[peer];
  for (Want& want : p.wants) {
    if (want.topic != topic) continue;
    const Want more{topic, subscribe && !want.subscribe, publish && !want.publish, want.filter};
    want.subscribe |= subscribe;
    want.publish |= publish;
    if (p.core && (more.subscribe || more.publish)) {
      open(peer, more, now_);
      settle(peer);
    }
    return;
  }
  p.wants.push_back({topic, subscribe, publish, {}});
  if (p.core) {
    open(peer, p.wants.back(), now_);
    settle(peer);
  }
}

// As a host does: a name that is not known is founded only once the neighbours have been asked for it.
void World::open(std::uint32_t peer, const Want& want, Time since) {
  const SimPeer& p = peers_[peer];
  const bool asked = now_ >= since + p.core->settle_within() || p.core->settled() ||
                     p.core->directory().find(topics_[want.topic].name) != nullptr;
  if (options_.hasty || (asked && !p.paused)) return open_now(peer, want);
  at(now_ + look_again, [this, peer, want, since, starts = p.starts] {
    const SimPeer& later = peers_[peer];
    const auto still = std::ranges::find(later.wants, want.topic, &Want::topic);
    if (!later.core || later.starts != starts || later.leaving || still == later.wants.end()) return;
    open(peer,
         {want.topic, want.subscribe && still->subscribe, want.publish && still->publish, still->filter},
         since);
    settle(peer);
  });
}

void World::open_now(std::uint32_t peer, const Want& want) {
  SimPeer& p = peers_[peer];
  SimTopic& topic = topics_[want.topic];
  for (const Use use : {Use::subscribe, Use::publish}) {
    if (!(use == Use::subscribe ? want.subscribe : want.publish)) continue;
    const auto tag = p.core->open_topic(local(p), topic.name, topic.contract, use,
                                        want.filter ? text_of(*want.filter) : "TRUE");
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
    if (use == Use::subscribe) {
      ghost_.opened(now_, peer, topic.ghost);
      apply_filter(peer, want);
    }
  }
}

void World::filter(std::uint32_t peer, std::uint32_t topic, const Filter& filter) {
  SimPeer& p = peers_[peer];
  for (Want& want : p.wants) {
    if (want.topic != topic) continue;
    want.filter = filter;
    if (!p.core || p.leaving || p.paused || !want.subscribe) return;
    apply_filter(peer, want);
    return settle(peer);
  }
}

std::optional<Filter> World::filter_of(std::uint32_t peer, std::uint32_t topic) const {
  for (const Want& want : peers_[peer].wants)
    if (want.topic == topic && want.subscribe) return want.filter;
  return std::nullopt;
}

// The application and its peer change their minds in one moment.
void World::apply_filter(std::uint32_t peer, const Want& want) {
  SimPeer& p = peers_[peer];
  const SimTopic& topic = topics_[want.topic];
  if (!want.filter || !topic.known || ghost_.subscribed_since(peer, topic.ghost) == never) return;
  ghost_.filtered(now_, peer, topic.ghost, *want.filter);
  BOATO_CHECK(p.core->set_interest(local(p), topic.tag, text_of(*want.filter)));
}

void World::drop(std::uint32_t peer, std::uint32_t topic) {
  SimPeer& p = peers_[peer];
  for (std::size_t i = 0; i < p.wants.size(); ++i) {
    if (p.wants[i].topic != topic) continue;
    const Want want = p.wants[i];
    p.wants.erase(p.wants.begin() + static_cast<std::ptrdiff_t>(i));
    if (!p.core || !topics_[topic].known || !p.core->topic(topics_[topic].tag)) return;
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
  publish(index, s.what.batch);
}

void World::publish_at_once(std::uint64_t events) {
  for (std::uint32_t i = 0; i < publishers_.size(); ++i) {
    if (!serves(publishers_[i].what.peer)) continue;
    for (std::uint64_t left = events; left > 0;) {
      const auto n = static_cast<std::uint16_t>(std::min<std::uint64_t>(left, 64));
      publish(i, n);
      left -= n;
    }
    return;
  }
}

void World::publish(std::uint32_t index, std::uint16_t events) {
  PublisherState& s = publishers_[index];
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
      wire::batch_header_bytes + events * (wire::event_header_bytes + std::size_t{s.what.payload} + 32);
  wire::BatchBuilder batch{slabs_.take(room)};
  content_.clear();
  xs_.clear();
  std::array<std::byte, wire::attribute_bytes_max> attributes;
  payload_.resize(std::max<std::size_t>(s.what.payload, 16));
  for (std::uint16_t i = 0; i < events; ++i) {
    Rng fill{(std::uint64_t{index} << 40 | p.starts << 32) ^ (s.next + i)};
    put_be(payload_.data(), s.next + i);
    put_be(payload_.data() + 8, fill.next());
    wire::EventView event;
    event.time_us = wall_us(p);
    event.payload = Bytes{payload_}.first(std::max<std::size_t>(s.what.payload, 16));
    std::int64_t x = 0;
    if (s.what.numbered) {
      const std::uint64_t number = fill.below(s.what.values == 0 ? numbers : s.what.values);
      x = static_cast<std::int64_t>(s.what.values == 0 ? number
                                                       : (2 * number + 1) * numbers / (2 * s.what.values));
      const Attribute bears{"x", x};
      const auto size = wire::encode_attributes(std::span{&bears, 1}, attributes);
      event.attributes = Bytes{attributes}.first(*size);
    }
    if (!batch.add(event)) break;
    content_.push_back(content_hash(event));
    xs_.push_back(x);
  }
  if (!p.core->publish(local(p), topic.tag, batch, Seq{s.next})) {
    ++publish_refused_;
    return settle(s.what.peer);
  }
  ghost_.published(now_, s.what.peer, p.self.incarnation, topic.tag, Seq{s.next}, content_, xs_);
  const bool promised = topic.contract.value_or(Contract{}).reliability != Reliability::unreliable;
  if (baselines_ && promised)
    baselines_->publish(now_, {topic.ghost, s.what.peer, s.next, static_cast<std::uint32_t>(content_.size()),
                               static_cast<std::uint32_t>(room), now_});
  s.next += content_.size();
  publishing_ = s.what.peer;
  settle(s.what.peer);
  publishing_ = ~std::uint32_t{0};
  publisher_copies_most_ = std::max(publisher_copies_most_, static_cast<std::uint32_t>(first_casts_.size()));
  if (relays_to_crash_ > 0) crash_relay(s.what.peer);
  first_casts_.clear();
}

void World::crash_relay(std::uint32_t publisher) {
  std::erase_if(first_casts_, [&](const FirstCast& cast) {
    const auto inside = [&](std::uint32_t i) {
      return i != cast.to && up(i) && cast.part.has(ring_place(id(i)));
    };
    for (std::uint32_t i = 0; i < peers(); ++i)
      if (inside(i)) return publishes(cast.to);
    return true;  // a part of its own only
  });
  if (first_casts_.empty()) return;
  --relays_to_crash_;
  const FirstCast& cast = first_casts_[rng_.below(first_casts_.size())];
  latencies_.orphaned(now_, publisher, cast.part);
  crash(cast.to, true);
}

void World::forget_members(double part, std::uint64_t seed) {
  Rng rng{seed};
  std::vector<const MemberRecord*> kept;
  for (std::uint32_t i = 0; i < peers(); ++i) {
    SimPeer& p = peers_[i];
    if (!p.core) continue;
    for (const SimTopic& topic : topics_) {
      const Roster* roster = topic.known ? p.core->roster(topic.tag) : nullptr;
      if (!roster) continue;
      kept.clear();
      for (const RingMember& m : roster->all())
        if (!rng.chance(part)) kept.push_back(m.record);
      p.core->set_roster(local(p), topic.tag, kept);
    }
    settle(i);
  }
}

}  // namespace boato::sim
