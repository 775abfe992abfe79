// SPDX-License-Identifier: Apache-2.0
// The all-knowing record of a simulated world, and the rules that are judged by it: what was published, who
// was owed it, who got it. Peers never see it. Rules:
//   published   nothing is delivered that nobody published
//   content     delivered bytes are the published bytes
//   duplicate   no event is delivered twice to one start of a subscriber
//   fifo        events of one stream come in rising order, where the contract says so
//   gap         what a subscriber is told as missing was published, did not come before and does not come
//   later;
//               where the contract orders, nothing is left out without being told
//   complete    reliable: at the end every correct member has every event of publishers that stayed up
//   agreement   reliable: what one correct member got, all correct members that were owed it got
// A member with a filter is owed what the filter takes: an event that all filters take that were in force
// from its publishing on, for `grace`. What its present filter does not take the application lets go. A
// member is correct from the notice `ready` on, while it runs and stays subscribed; it is owed what was
// published after that.
#pragma once

#include "overlay/effects/effects.hpp"
#include "overlay/wire/batch.hpp"

#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

namespace boato::sim {

struct Violation {
  Time at{};
  std::string rule, what;
};

// Which events an application wants, by the number each bears.
struct Filter {
  std::int64_t lo = std::numeric_limits<std::int64_t>::min(), hi = std::numeric_limits<std::int64_t>::max();
  [[nodiscard]] bool takes(std::int64_t x) const { return x >= lo && x < hi; }
  bool operator==(const Filter&) const = default;
};

// What is broken, in order; the first are kept, all are counted.
class Verdicts {
 public:
  void add(Time at, std::string rule, std::string what) {
    ++count_;
    if (kept_.size() < kept_max) kept_.push_back({at, std::move(rule), std::move(what)});
  }
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] bool good() const { return count_ == 0; }
  [[nodiscard]] const std::vector<Violation>& kept() const { return kept_; }

 private:
  static constexpr std::size_t kept_max = 20;
  std::vector<Violation> kept_;
  std::uint64_t count_ = 0;
};

class Ghost {
 public:
  struct EventRecord {
    std::uint64_t hash = 0;
    Time at{};
    std::int64_t x = 0;
    std::uint32_t receptions = 0;  // copies of its bytes that reached a peer other than its publisher
    std::uint32_t deliveries = 0;  // to subscribers other than its publisher
    std::uint8_t last_hop = 0;     // of the first copy each got by the tree
    Duration last_after{0};        // until the last of those deliveries
  };
  struct Stream {
    std::uint32_t topic = 0, publisher = 0;
    Incarnation incarnation;
    Time ended = never;  // its publisher stopped
    std::vector<EventRecord> events;
  };

  static constexpr Duration soon = std::chrono::seconds{10};

  explicit Ghost(Verdicts& verdicts, Duration grace = soon) : verdicts_{verdicts}, grace_{grace} {}

  std::uint32_t add_topic(TopicTag tag, const Contract& contract);
  void add_peer(std::uint32_t peer, const PeerId& id);

  void opened(Time now, std::uint32_t peer, std::uint32_t topic);
  void ready(Time now, std::uint32_t peer, TopicTag tag);
  void filtered(Time now, std::uint32_t peer, std::uint32_t topic, const Filter& filter);
  void closed(Time now, std::uint32_t peer, std::uint32_t topic);
  void ended(Time now,
             std::uint32_t peer);  // crash or departure: sessions and streams of this start are over

  void published(Time now, std::uint32_t peer, Incarnation incarnation, TopicTag tag, Seq first,
                 std::span<const std::uint64_t> hashes, std::span<const std::int64_t> xs = {});
  // What became of a delivery: how many of its events were new, and when the first was published.
  struct Heard {
    std::uint32_t fresh = 0;
    Time published{};
    std::uint32_t publisher = 0;
    bool own = false, early = false;
  };
  Heard delivered(Time now, std::uint32_t peer, const Delivery& delivery);
  void gap(Time now, std::uint32_t peer, const GapNotice& gap);
  void not_for(Time now, std::uint32_t peer, const GapNotice& gap);  // says its peer, who leaves them out
  void received(std::uint32_t peer, TopicTag tag, Bytes batch);

  // Since when the peer subscribes to the topic, an index; never: it does not.
  [[nodiscard]] Time subscribed_since(std::uint32_t peer, std::uint32_t topic) const {
    const std::uint32_t session = session_of(peer, topic);
    return session == none ? never : sessions_[session].opened;
  }
  // Calls f(peer) for each member that was ready for the topic before that moment and has stayed until now.
  template <class F>
  void each_correct(std::uint32_t topic, Time at, F&& f) const {
    for (const std::uint32_t i : topics_[topic].sessions)
      if (sessions_[i].ended == never && sessions_[i].ready < at) f(sessions_[i].peer);
  }

  // Judges `complete` and `agreement`.
  void judge(Time now);

  [[nodiscard]] const std::vector<Stream>& streams() const { return streams_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }
  [[nodiscard]] std::uint64_t deliveries() const { return deliveries_; }
  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }
  [[nodiscard]] std::uint64_t gaps() const { return gaps_; }  // events that peers reported as missing
  [[nodiscard]] std::uint64_t early() const {
    return early_;
  }  // delivered though published before the subscription
  [[nodiscard]] std::uint64_t owed() const { return owed_; }  // by judge: pairs of event and member
  [[nodiscard]] std::uint64_t lost() const { return lost_; }  // by judge: of those, not delivered
  [[nodiscard]] std::uint64_t late() const { return late_; }  // by judge: of those, not within `soon`
  // By judge: the least share of an event's subscribers that had it within `soon`; 1 if nobody was owed any.
  [[nodiscard]] double reached_least() const { return reached_least_; }
  // By judge: `lost`, and the events that no correct member got because their publisher stopped.
  [[nodiscard]] std::uint64_t missed() const { return missed_; }
  [[nodiscard]] std::uint64_t unready() const { return unready_; }  // by judge: members never told `ready`

 private:
  struct Topic {
    TopicTag tag;
    Contract contract;
    std::vector<std::uint32_t> sessions;
  };
  struct Session {
    std::uint32_t peer = 0, topic = 0;
    Time opened{}, ready = never, ended = never;
    std::vector<std::pair<Time, Filter>> filters{};  // since when; none: everything
  };
  struct Bits {
    std::vector<std::uint64_t> words;
    [[nodiscard]] bool has(std::uint64_t i) const {
      return i / 64 < words.size() && (words[i / 64] >> (i % 64) & 1) != 0;
    }
    void set(std::uint64_t i) {
      if (i / 64 >= words.size()) words.resize(i / 64 + 1);
      words[i / 64] |= std::uint64_t{1} << (i % 64);
    }
  };
  // What one session got of one stream.
  struct Got {
    Bits all, late, missing;  // by number; late: not within `soon`; missing: told as a gap
    std::uint64_t last = 0;   // delivered or told as missing
  };
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  [[nodiscard]] bool owes(const Session& session, const EventRecord& event, Time now) const;
  [[nodiscard]] std::uint32_t topic_of(TopicTag tag) const;
  [[nodiscard]] std::uint32_t session_of(std::uint32_t peer, std::uint32_t topic) const;
  [[nodiscard]] std::uint32_t stream_of(std::uint32_t topic, const PeerId& publisher,
                                        Incarnation incarnation);
  [[nodiscard]] std::string name(const Stream& stream, std::uint64_t seq) const;

  Verdicts& verdicts_;
  Duration grace_;
  std::vector<Topic> topics_;
  std::vector<Session> sessions_;
  std::vector<std::vector<std::uint32_t>> open_;  // sessions of each peer
  std::vector<Stream> streams_;
  // Looked up only, never walked: their order reaches nothing.
  std::unordered_map<std::uint64_t, std::uint32_t> peer_by_place_;
  std::unordered_map<std::uint64_t, std::vector<std::uint32_t>> streams_by_key_;
  std::unordered_map<std::uint64_t, Got> got_;  // by session and stream
  std::vector<std::uint64_t> hashes_;
  std::uint64_t events_ = 0, deliveries_ = 0, duplicates_ = 0, gaps_ = 0, owed_ = 0, lost_ = 0, late_ = 0,
                missed_ = 0, unready_ = 0, early_ = 0;
  double reached_least_ = 1;
};

// Of everything in an event that the application sees.
[[nodiscard]] std::uint64_t content_hash(const wire::EventView& event);

}  // namespace boato::sim
