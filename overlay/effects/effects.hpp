// SPDX-License-Identifier: Apache-2.0
// What a machine may answer with: send, deliver, persist, read, dial, close, note, drop. A handler only
// appends; nothing happens before drain. Timers are not effects (each machine answers next_deadline()).
#pragma once

#include "overlay/base/slab.hpp"
#include "overlay/base/strong.hpp"
#include "overlay/effects/close_reason.hpp"
#include "overlay/effects/drop.hpp"
#include "overlay/effects/note.hpp"
#include "overlay/effects/persist.hpp"
#include "overlay/wire/codec.hpp"
#include "overlay/wire/fields.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace boato {

// One frame for one link: the envelope lies in the turn's arena, the body is shared.
struct Send {
  LinkId link;
  Flow flow{};
  std::uint32_t offset = 0, size = 0;  // of the envelope in the arena
  EventRef body;
};

// Events of one batch for the application, in the order that the topic's contract promises.
struct Delivery {
  TopicTag topic;
  EventRef batch;           // a whole batch; parses (checked on arrival)
  std::uint16_t index = 0;  // of the first event for the application
  std::uint16_t count = 0;
  std::uint8_t hops = 0;  // links it crossed; 0 for own events
};

enum class GapReason : std::uint8_t { lost, expired, overflow, refused, not_for_you };

// Events [first, last] of one stream that will not come.
struct GapNotice {
  TopicTag topic;
  PeerId publisher;
  Incarnation incarnation;
  Seq first, last;
  GapReason reason{};
};

// What happened to a topic that the application has opened.
struct TopicNotice {
  enum class Kind : std::uint8_t {
    opened,         // a pattern matched a topic that was not open here: its name is in `text`
    ready,          // nothing published from here on is missed
    lagging,        // this peer is behind by `number` events and catches up
    refused,        // another founding of the same name won: `text` says which contract
    member_joined,  // `peer`
    member_left,
    no_quorum,    // for a while too few replicas are reachable: `number` are, `text` says who is missing
    quorum_back,  // enough are
  };
  Kind kind{};
  TopicTag topic;
  PeerId peer;
  std::uint64_t number = 0;
  std::string text;  // rare notices only
};

// One of our own batches has been taken by `holders` distinct other peers. Zero: there is no other member to
// take it.
struct TakenNotice {
  TopicTag topic;
  Seq first, last;  // of our own stream
  std::uint32_t holders = 0;
};

// Events that were asked for and lie only in the store: to be read, and given to PeerCore::on_read.
struct ReadWish {
  LinkId to;  // who asked
  TopicTag topic;
  TopicId id;
  PeerId publisher;
  Incarnation incarnation;
  Seq first, last;
};

struct DialWish {
  PeerId peer;  // all zero: whoever answers there
  wire::AddressList addresses;
};

class Effects {
 public:
  // Encodes once for every link in `to`. The body follows the envelope on the wire and is not copied here.
  template <wire::Message M>
  void send(std::span<const LinkId> to, Flow flow, const M& envelope, const EventRef& body = {}) {
    if (to.empty()) return;
    const std::uint32_t offset = used_;
    for (std::size_t room = 512;; room *= 4) {  // warm: the first size fits and nothing grows
      if (arena_.size() < offset + room) arena_.resize(offset + room);
      const auto size = wire::encode(envelope, std::span{arena_}.subspan(offset, room));
      if (!size) continue;
      used_ += static_cast<std::uint32_t>(*size);
      break;
    }
    for (LinkId link : to) sends_.push_back({link, flow, offset, used_ - offset, body});
  }
  template <wire::Message M>
  void send(LinkId to, Flow flow, const M& envelope, const EventRef& body = {}) {
    send(std::span{&to, 1}, flow, envelope, body);
  }
  void deliver(Delivery d) { deliveries_.push_back(std::move(d)); }
  void deliver(const GapNotice& gap) { gaps_.push_back({deliveries_.size(), gap}); }
  void tell(TopicNotice notice) { notices_.push_back(std::move(notice)); }
  void taken(const TakenNotice& taken) { taken_.push_back(taken); }
  void persist(Persist batch) { persists_.push_back(std::move(batch)); }
  void read(const ReadWish& wish) { reads_.push_back(wish); }
  void dial(const DialWish& wish) { dials_.push_back(wish); }
  void close(LinkId link, CloseReason why) { closes_.push_back({link, why}); }
  void note(const Note& n) { notes_.push_back(n); }
  void count(Counter counter, std::uint64_t n = 1) { notes_.push_back({counter, n}); }
  // Wherever something that came, was asked for or should go out is let go. Costs nothing until then.
  void drop(DropReason reason, TopicTag topic, const PeerId& peer, std::uint64_t n = 1) {
    drops_.push_back({reason, topic, peer, n});
  }

  // Bytes that break a rule (malformed), or a signature that does not hold (forged): the link ends.
  void refuse(DropReason why, LinkId link, const PeerId& peer, TopicTag topic = {}) {
    count(why == DropReason::forged ? Counter::signatures_bad : Counter::frames_malformed);
    drop(why, topic, peer);
    close(link, CloseReason::protocol);
  }

  [[nodiscard]] bool empty() const {
    return sends_.empty() && deliveries_.empty() && gaps_.empty() && notices_.empty() && taken_.empty() &&
           persists_.empty() && reads_.empty() && dials_.empty() && closes_.empty() && notes_.empty() &&
           drops_.empty();
  }
  [[nodiscard]] Bytes envelope(const Send& s) const { return Bytes{arena_}.subspan(s.offset, s.size); }
  [[nodiscard]] std::vector<DialWish>& dials() { return dials_; }

  // Hands every effect over in order, then clears; a warm turn allocates nothing. The host offers
  //   on_send(LinkId, Flow, Bytes envelope, EventRef body), on_deliver(Delivery&&), on_gap(GapNotice),
  //   on_notice(TopicNotice&&), on_taken(TakenNotice), on_dial(DialWish), on_close(LinkId, CloseReason),
  //   on_note(Note), on_drop(Drop); and, if the peer has a store, on_persist(Persist&&), on_read(ReadWish).
  // Gaps and deliveries keep their order. The host must not call into the core from inside.
  template <class Host>
  void drain(Host&& host) {
    for (Send& s : sends_) host.on_send(s.link, s.flow, envelope(s), std::move(s.body));
    std::size_t gap = 0;
    for (std::size_t i = 0; i <= deliveries_.size(); ++i) {
      for (; gap < gaps_.size() && gaps_[gap].first <= i; ++gap) host.on_gap(gaps_[gap].second);
      if (i < deliveries_.size()) host.on_deliver(std::move(deliveries_[i]));
    }
    for (TopicNotice& n : notices_) host.on_notice(std::move(n));
    for (const TakenNotice& t : taken_) host.on_taken(t);
    if constexpr (requires { host.on_persist(Persist{}); }) {
      for (Persist& p : persists_) host.on_persist(std::move(p));
      for (const ReadWish& r : reads_) host.on_read(r);
    } else {
      BOATO_CHECK(persists_.empty() && reads_.empty());  // who has no store is no replica
    }
    for (const DialWish& d : dials_) host.on_dial(d);
    for (const auto& [link, why] : closes_) host.on_close(link, why);
    for (const Note& n : notes_) host.on_note(n);
    for (const Drop& d : drops_) host.on_drop(d);
    clear();
  }
  void clear() {
    sends_.clear();
    deliveries_.clear();
    gaps_.clear();
    notices_.clear();
    taken_.clear();
    persists_.clear();
    reads_.clear();
    dials_.clear();
    closes_.clear();
    notes_.clear();
    drops_.clear();
    used_ = 0;
  }
  [[nodiscard]] std::span<const Send> sends() const { return sends_; }
  [[nodiscard]] std::span<const Delivery> deliveries() const { return deliveries_; }
  [[nodiscard]] std::span<const std::pair<LinkId, CloseReason>> closes() const { return closes_; }
  [[nodiscard]] std::span<const Note> notes() const { return notes_; }
  [[nodiscard]] std::span<const Drop> drops() const { return drops_; }

 private:
  std::vector<std::byte> arena_;
  std::uint32_t used_ = 0;
  std::vector<Send> sends_;
  std::vector<Delivery> deliveries_;
  std::vector<std::pair<std::size_t, GapNotice>> gaps_;  // the delivery each comes before
  std::vector<TopicNotice> notices_;
  std::vector<TakenNotice> taken_;
  std::vector<Persist> persists_;
  std::vector<ReadWish> reads_;
  std::vector<DialWish> dials_;
  std::vector<std::pair<LinkId, CloseReason>> closes_;
  std::vector<Note> notes_;
  std::vector<Drop> drops_;
};

}  // namespace boato
