// SPDX-License-Identifier: Apache-2.0
// A peer inside this process: it owns two threads, the loop thread (protocol and sockets, never user code)
// and the delivery thread (all handlers). Any method may be called from any thread, handlers included, unless
// its comment says otherwise. No exception leaves or enters: what can fail returns a Result, and a handler
// that throws ends the program.
#pragma once

#include <boato/event.hpp>
#include <boato/result.hpp>
#include <boato/subscription.hpp>
#include <boato/topic.hpp>
#include <boato/types.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boato {

enum class Role : std::uint8_t {
  full,
  guest,  // stays briefly: forwards for nobody and is nobody's neighbour by choice
};

struct Options {
  std::string name{};                              // for people; default: the first letters of the key
  std::vector<std::string> listen{"127.0.0.1:0"};  // several allowed; empty = dials only
  std::vector<std::string>
      join{};  // addresses of any peers, all retried for ever; empty = the first peer of an overlay
  std::string data_dir{};  // where the identity is kept; empty = all in memory and a new key each start
  std::string network = "default";  // the overlay's name: peers of different networks never link
  std::string network_key_file{};   // admission; empty = open overlay, on loopback only
  Role role = Role::full;
  std::vector<Attribute> attributes{};              // of this peer
  std::size_t memory_max = std::size_t{256} << 20;  // of all queues and caches together
  std::function<void(std::function<void()>)>
      deliver_on{};  // run handlers here, e.g. on a GUI thread; must keep order
  std::function<void(std::string_view json_line)> log{};  // default: none; the library never writes to stderr
  std::vector<std::pair<std::string, std::string>>
      set{};  // any key of the configuration's [limits] and [network] tables
};

// What was accepted and nobody else holds.
struct CloseReport {
  std::uint64_t unsent = 0;
  std::uint64_t unstored = 0;
  bool left_cleanly = false;
};

struct Topology {
  struct Link {
    PeerId peer;
    bool active = false, mesh = false, finger = false;
    Duration rtt{0};
    std::vector<std::string> addresses;
  };
  // How the peer came by an event that a survey asked for.
  enum class Way : std::uint8_t {
    none,     // it takes no part in the topic, or none was named
    member,   // it takes part; no event was asked for
    missing,  // it does not hold the event, or not any more
    own,      // it published it
    tree,     // it was handed on to it
    repair,   // it fetched it
  };
  PeerId id;
  std::string name;
  std::vector<std::string> addresses;
  std::uint32_t topics = 0;
  std::uint32_t passive = 0;
  std::vector<Link> links;
  // With SurveyTopic: links have their roles in that topic, and
  Way way = Way::none;
  std::optional<PeerId> from;   // who brought it the event first; empty: nobody, or its link has ended
  std::uint8_t hops = 0;        // links the event had crossed by then; Way::tree only
  std::vector<EventId> newest;  // of each stream the peer has; Way::member only, at most 64
};

// What a survey asks about one topic.
struct SurveyTopic {
  std::string name{};
  // seq 0: which streams there are, from this publisher on in the order of keys. Else: how each peer came by
  // it.
  EventId event{};
};

// The way of one event: peers with how each came by it.
struct EventTree {
  std::string topic;
  EventId event;
  std::vector<Topology> peers;
};

struct Metric {
  std::string name;  // "boato_events_published_total"
  std::vector<std::pair<std::string, std::string>> labels;
  double value = 0;
};

// What this peer let go of since its start: so many events, frames or requests for one reason. Duplicates are
// none of it. Reasons (names only grow; of overlay/effects/drop.hpp, which says what each counts): malformed,
// forged, unknown_kind, no_topic, unwanted, stale, streams_full, window, hops, undeliverable, put_off, late,
// hold_full, evicted, lost, roster_full, directory_full, views_full, link_lagging, queue_full, too_large,
// subscription_full, topic_closed, bad_event.
struct Dropped {
  std::string reason;          // "link_lagging"
  std::string topic;           // empty: none, or one that this peer has not heard of
  std::optional<PeerId> peer;  // whose link it is, or who published what had been taken in
  bool other = false;          // the rest of this reason: 256 rows are kept by name
  std::uint64_t count = 0;
};

// What local subscriptions to a topic want. One that another covers adds nothing to the interest of the peer.
struct LocalInterest {
  std::string where;  // canonical; "TRUE" = everything
  std::uint64_t subscriptions = 0;
  std::string covered_by;  // the predicate of another, if that takes all that this one takes
};

struct TopicInfo {
  std::string name;
  Contract contract;
  bool open = false;  // this peer takes part
  bool ready = false;
  std::uint64_t members = 0, receivers = 0, mesh = 0, streams = 0;
  std::uint64_t received = 0, held = 0, delivered = 0, duplicates = 0, lost = 0;
  std::uint64_t filtered = 0;  // members with a predicate
  bool selective = false;      // what this peer publishes goes only to those that want it
  std::string interest;        // of this peer as the others know it; "true" = everything, "false" = nothing
  std::vector<LocalInterest> local;
};

class Peer {
 public:
  // Binds and starts the threads; does not wait for others. Errors: bad_config (says which option and what to
  // do), unreachable (an address to listen on is in use), not_allowed (no network key and not on loopback).
  static Result<Peer> start(Options options);
  Peer(Peer&&) noexcept;
  Peer& operator=(Peer&&) noexcept;
  // Closes within 2 s. Never from one of its own handlers (checked).
  ~Peer();

  // Waits until joined to an overlay through any of `join`; at once if there is none. Errors: timeout,
  // unreachable (with causes).
  Result<void> ready(Duration within);
  [[nodiscard]] const PeerId& id() const;
  [[nodiscard]] const std::string& name() const;
  [[nodiscard]] std::vector<std::string> addresses() const;

  // First use founds the topic; no contract = what is declared, else the default. Waits until the peer takes
  // part in it. Errors: conflict (declared with another contract), bad_name, not_allowed (a contract that is
  // not offered), timeout.
  Result<Topic> topic(std::string_view name, std::optional<Contract> contract = {},
                      Duration within = std::chrono::seconds{5});
  // Removes the topic's record everywhere. Errors: no_such, not_allowed (founded by another peer).
  Result<void> remove_topic(std::string_view name);
  // Every topic this peer has heard of.
  [[nodiscard]] std::vector<TopicInfo> topics() const;

  // pattern: a name, or with `+` (one level) and `#` (the rest). A peer's own events come too. Each topic
  // keeps its own order. Poll style: take items with Subscription::poll. Errors: bad_name, not_allowed,
  // bad_predicate.
  Result<Subscription> subscribe(std::string_view pattern, SubscribeOptions options = {});
  // Handler style: runs on the delivery thread, or where Options::deliver_on says; never twice at a time for
  // one subscription.
  Result<Subscription> subscribe(std::string_view pattern, SubscribeOptions options,
                                 std::function<void(const Item&)> handler);

  [[nodiscard]] Topology topology() const;  // own links and views
  // Asks peer after peer for its view, at most `peers_max`, for at most `within`.
  [[nodiscard]] std::vector<Topology> survey(Duration within, std::size_t peers_max = 10000,
                                             const SurveyTopic& topic = {}) const;
  // Follows the newest event of one publisher that at least half of those who know the stream have. Takes up
  // to twice `within`. `publisher`: how its id begins; empty if the topic has only one. Errors: no_such (no
  // such topic, nobody has published), bad_name (no id begins so, or several publishers' ids do).
  Result<EventTree> event_tree(std::string_view topic, std::string_view publisher, Duration within) const;
  [[nodiscard]] std::vector<Metric> metrics() const;  // O(metrics): once per second is cheap
  [[nodiscard]] std::vector<Dropped> drops() const;   // most first; empty: nothing was dropped

  // Graceful: refuses new events, waits until others hold what was accepted, says goodbye, stops. Waits at
  // most `within`, then stops anyway and tells what nobody else holds. wrong_thread in an own handler. A
  // second call returns the first one's report.
  Result<CloseReport> close(Duration within = std::chrono::seconds{10});

 private:
  friend struct PeerAccess;
  explicit Peer(std::unique_ptr<struct PeerImpl> impl);
  std::unique_ptr<struct PeerImpl> impl_;
};

}  // namespace boato
