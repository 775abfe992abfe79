// SPDX-License-Identifier: Apache-2.0
// A handful of whole peers in one place: links come up when they are wished for, frames arrive after one
// millisecond, and a test may look at each frame on its way and drop it. Time only moves by pass().
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/link/toy_crypto.hpp"
#include "overlay/peer_core.hpp"
#include "overlay/roster/record_pool.hpp"
#include "overlay/topic_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace boato::lab {

struct Got {
  PeerId publisher;
  std::uint64_t seq = 0;
  std::string payload;
  bool operator==(const Got&) const = default;
};

class Lab {
 public:
  struct Peer {
    Self self;
    SignSecret secret{};
    std::unique_ptr<PeerCore> core;
    std::vector<Got> got;
    std::vector<GapNotice> gaps;
    std::vector<TopicNotice> notices;
    std::map<Counter, std::uint64_t> counts;
    std::map<std::pair<DropReason, PeerId>, std::uint64_t> drops;  // by reason, and whose
    std::vector<std::pair<LinkId, CloseReason>> closed;
    bool up = true;
    std::uint64_t published = 0;
  };
  struct Packet {
    Time at{};
    std::size_t from = 0, to = 0;
    LinkId link;  // at the receiver
    Flow flow{};
    std::vector<std::byte> envelope;
    EventRef body;
  };

  explicit Lab(std::size_t peers, const CoreConfig& config = {}) : config_{config} {
    for (std::size_t i = 0; i < peers; ++i) add();
  }
  ~Lab() {
    queue_.clear();
    peers_.clear();
  }

  std::size_t add() {
    auto peer = std::make_unique<Peer>();
    Key32 seed{};
    seed[0] = static_cast<std::uint8_t>(peers_.size() * 37 + 11);
    seed[1] = static_cast<std::uint8_t>(peers_.size());
    toy_crypto().sign_keypair(seed, peer->self.id, peer->secret);
    peer->self.crypto = &toy_crypto();
    peer->self.secret = &peer->secret;
    peer->self.incarnation = Incarnation{1};
    peer->self.addresses.push_back(address(peers_.size()));
    peer->core = std::make_unique<PeerCore>(config_, peer->self, slabs_, records_, Rng{peers_.size() + 1});
    peers_.push_back(std::move(peer));
    const std::size_t index = peers_.size() - 1;
    std::vector<Address> seeds;
    if (index > 0) seeds.push_back(address(0));
    at(index).core->start(now_, seeds);
    settle(index);
    return index;
  }

  Peer& at(std::size_t i) { return *peers_[i]; }
  [[nodiscard]] std::size_t size() const { return peers_.size(); }
  [[nodiscard]] Time now() const { return now_; }
  SlabPool& slabs() { return slabs_; }

  TopicTag open(std::size_t i, Use use, const std::optional<Contract>& contract = {},
                std::string_view name = "t") {
    const auto tag = at(i).core->open_topic(now_, name, contract, use);
    EXPECT_TRUE(tag.has_value());
    settle(i);
    return *tag;
  }
  void publish(std::size_t i, TopicTag tag, std::string_view payload) {
    wire::BatchBuilder batch{slabs_.take(wire::batch_header_bytes + 64 + payload.size())};
    wire::EventView event;
    event.payload = bytes(payload);
    ASSERT_TRUE(batch.add(event));
    ASSERT_TRUE(at(i).core->publish(now_, tag, batch, Seq{++at(i).published}));
    settle(i);
  }

  // Moves time on, frame by frame and deadline by deadline.
  void pass(Duration d) {
    const Time end = now_ + d;
    for (;;) {
      Time next = end;
      if (!queue_.empty()) next = std::min(next, queue_.front().at);
      for (const auto& peer : peers_)
        if (peer->up) next = std::min(next, std::max(now_, peer->core->next_deadline()));
      now_ = std::max(now_, next);
      while (!queue_.empty() && queue_.front().at <= now_) {
        Packet packet = std::move(queue_.front());
        queue_.pop_front();
        arrive(packet);
      }
      for (std::size_t i = 0; i < peers_.size(); ++i) {
        if (!at(i).up || at(i).core->next_deadline() > now_) continue;
        at(i).core->on_deadline(now_);
        settle(i);
      }
      if (now_ >= end && (queue_.empty() || queue_.front().at > now_)) return;
    }
  }
  // Until every topic is ready everywhere; false after a minute of simulated time.
  bool gather(TopicTag tag) {
    for (int i = 0; i < 600; ++i) {
      pass(std::chrono::milliseconds{100});
      bool all = true;
      for (const auto& peer : peers_)
        all = all && (!peer->up || !peer->core->topic(tag) || peer->core->topic_ready(tag));
      if (all) return true;
    }
    return false;
  }

  // All subscribe, `publisher` publishes too, all are ready, and the links have come to rest.
  TopicTag all_subscribe(std::size_t publisher) {
    TopicTag tag{};
    for (std::size_t i = 0; i < size(); ++i) tag = open(i, Use::subscribe);
    open(publisher, Use::publish);
    EXPECT_TRUE(gather(tag));
    pass(std::chrono::seconds{2});
    return tag;
  }

  void kill(std::size_t i, bool noticed = true) {
    at(i).up = false;
    for (std::size_t other = 0; noticed && other < peers_.size(); ++other) {
      if (!at(other).up) continue;
      if (const LinkInfo* link = at(other).core->links().find(at(i).self.id)) {
        at(other).core->on_link_down(now_, link->id, CloseReason::cut);
        settle(other);
      }
    }
  }

  // Asked for each frame; true drops it.
  std::function<bool(const Packet&, wire::Kind)> drop;
  std::function<void(Packet&, wire::Kind)> change;
  std::map<wire::Kind, std::uint64_t> sent;
  std::map<std::pair<std::size_t, LinkId>, std::uint64_t> casts;  // by sender and its link

  [[nodiscard]] static wire::Kind kind_of(Bytes envelope) {
    wire::Cursor in{envelope};
    wire::Kind kind{};
    std::uint32_t fields = 0;
    EXPECT_TRUE(wire::open_frame(in, kind, fields));
    return kind;
  }
  void settle(std::size_t i) {
    BOATO_CHECK(at(i).up);
    at(i).core->check_invariants();
    while (at(i).core->has_effects()) {
      Host host{*this, i, {}, {}, {}};
      at(i).core->drain(host);
      for (const auto& [link, why] : host.closes) {
        at(i).closed.emplace_back(link, why);
        close(i, link, why);
      }
      for (const DialWish& wish : host.dials) dial(i, wish);
      for (Packet& packet : host.packets) queue_.push_back(std::move(packet));
    }
  }

 private:
  struct Host {
    Lab& lab;
    std::size_t self;
    std::vector<std::pair<LinkId, CloseReason>> closes;
    std::vector<DialWish> dials;
    std::vector<Packet> packets;
    void on_send(LinkId link, Flow flow, Bytes envelope, EventRef body) {
      const auto other = lab.ends_.find({self, link});
      if (other == lab.ends_.end()) return;
      Packet packet{lab.now_ + std::chrono::milliseconds{1},
                    self,
                    other->second.first,
                    other->second.second,
                    flow,
                    {envelope.begin(), envelope.end()},
                    std::move(body)};
      const wire::Kind kind = kind_of(packet.envelope);
      ++lab.sent[kind];
      if (kind == wire::Kind::cast) ++lab.casts[{self, link}];
      if (lab.change) lab.change(packet, kind);
      if (lab.drop && lab.drop(packet, kind)) return;
      packets.push_back(std::move(packet));
    }
    void on_deliver(Delivery&& d) {
      const auto batch = wire::parse_batch(d.batch.bytes());
      ASSERT_TRUE(batch.has_value());
      wire::EventCursor events{batch->events};
      wire::EventView event;
      for (std::uint16_t i = 0; events.next(event); ++i)
        if (i >= d.index && i < d.index + d.count)
          lab.at(self).got.push_back(
              {batch->publisher, batch->first.raw() + i, std::string{text(event.payload)}});
    }
    void on_gap(const GapNotice& gap) { lab.at(self).gaps.push_back(gap); }
    void on_notice(TopicNotice&& notice) { lab.at(self).notices.push_back(std::move(notice)); }
    void on_taken(const TakenNotice&) {}
    void on_dial(const DialWish& wish) { dials.push_back(wish); }
    void on_close(LinkId link, CloseReason why) { closes.emplace_back(link, why); }
    void on_note(const Note& note) { lab.at(self).counts[note.counter] += note.n; }
    void on_drop(const Drop& drop) { lab.at(self).drops[{drop.reason, drop.peer}] += drop.n; }
  };

  static Address address(std::size_t i) {
    Address a;
    a.port = static_cast<std::uint16_t>(1000 + i);
    return a;
  }
  void dial(std::size_t i, const DialWish& wish) {
    for (const Address& a : wish.addresses) {
      const std::size_t other = a.port - 1000U;
      if (other >= peers_.size() || other == i || !at(other).up) continue;
      const LinkId here{++next_link_}, there{++next_link_};
      ends_[{i, here}] = {other, there};
      ends_[{other, there}] = {i, here};
      at(i).core->on_link_up(now_, up(here, other, true));
      at(other).core->on_link_up(now_, up(there, i, false));
      settle(other);
      return;
    }
    at(i).core->on_dial_failed(now_, wish);
  }
  LinkUp up(LinkId link, std::size_t peer, bool dialed) {
    return {link, at(peer).self.id,    at(peer).self.incarnation, dialed,
            {},   at(peer).self.flags, at(peer).self.addresses};
  }
  void close(std::size_t i, LinkId link, CloseReason why) {
    const auto end = ends_.find({i, link});
    if (end == ends_.end()) return;
    const auto [other, there] = end->second;
    ends_.erase(end);
    ends_.erase({other, there});
    at(i).core->on_link_down(now_, link, why);
    if (!at(other).up) return;
    at(other).core->on_link_down(now_, there, why);
    settle(other);
  }
  void arrive(Packet& packet) {
    if (!at(packet.to).up || !ends_.contains({packet.to, packet.link})) return;
    at(packet.to).core->on_frame(now_, packet.link, packet.flow, Frame{packet.envelope, packet.body, false});
    settle(packet.to);
  }

  CoreConfig config_;
  SlabPool slabs_;
  RecordPool records_{toy_crypto(), NetworkId{}};
  std::vector<std::unique_ptr<Peer>> peers_;
  std::map<std::pair<std::size_t, LinkId>, std::pair<std::size_t, LinkId>> ends_;
  std::deque<Packet> queue_;
  std::uint32_t next_link_ = 0;
  Time now_{std::chrono::seconds{1}};
};

inline std::size_t times(const Lab::Peer& peer, std::string_view payload) {
  return static_cast<std::size_t>(std::ranges::count(peer.got, payload, &Got::payload));
}

}  // namespace boato::lab
