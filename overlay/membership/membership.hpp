// SPDX-License-Identifier: Apache-2.0
// The overlay graph: a small symmetric active view of open links, a larger passive view of addresses, and
// ghosts. Source: HyParView (Leitao, Pereira, Rodrigues, DSN 2007). Departs: newcomers are put into edges
// (random regular graphs by Law and Siu, INFOCOM 2003) instead of evicting neighbours, the passive view is as
// large as survival of mass crashes needs, and healing never stops.
// Knows links, peers, addresses and time. Does not know topics: the directory and the rosters have machines
// of their own. Whom it wants a link with it tells by Effects::dial; the Dialer grants. Invariants: (1) the
// active view is at most its cap, holds each peer and each link once, and only linked peers; (2) passive view
// and ghosts hold neither this peer nor each other's peers. A link is "ours" as long as it is active, asked,
// or has just come up for a reason: see uses().
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/effects/self.hpp"
#include "overlay/membership/config.hpp"
#include "overlay/membership/liveness.hpp"
#include "overlay/membership/views.hpp"
#include "overlay/wire/membership_messages.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace boato {

struct ActivePeer {
  PeerId peer;
  LinkId link;
  std::uint32_t degree = 0;    // as the peer told last
  std::uint32_t unequal = 0;   // keep-alives in a row that did not count us as neighbour
  Time crowded_since = never;  // both ends above the target since then
  Time spliced_until{};        // in a splice: in no other one
};

class Membership {
 public:
  Membership(const MembershipConfig& config, const Self& self, const LinkTable& links, Rng rng);

  void on_start(Time now, std::span<const Address> seeds, Effects& fx);
  void add_seeds(Time now, std::span<const Address> seeds, Effects& fx);
  // After the link is in the LinkTable.
  void on_link_up(Time now, const LinkInfo& link, Effects& fx);
  // `link` is a copy or still in the table: both are fine.
  void on_link_down(Time now, const LinkInfo& link, CloseReason why, Effects& fx);
  void on_dial_failed(Time now, const DialWish& dial, Effects& fx);

  void on(Time now, const LinkInfo& from, const wire::Neighbor& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Accept& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Refuse& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Disconnect& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Shuffle& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::ShuffleReply& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Join& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Samples& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Walk& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Splice& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::SpliceAnswer& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Ping& m, Effects& fx);
  // The round trip, smoothed, for the LinkTable; zero if this answered nothing.
  Duration on(Time now, const LinkInfo& from, const wire::Pong& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Probe& m, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::ProbeResult& m, Effects& fx);

  void on_deadline(Time now, Effects& fx);
  [[nodiscard]] Time next_deadline() const;
  // Tells every link goodbye. Afterwards nothing is asked or answered any more.
  void leave(Time now, Effects& fx);

  // Another room has (or has no longer) a role for the link: decides how closely it is watched.
  void set_busy(LinkId link, bool busy, bool watched) { liveness_.set_busy(link, busy, watched); }
  // The other end has a use for the link, as it last said.
  [[nodiscard]] bool used_there(LinkId link) const { return liveness_.used_there(link); }
  // Others cannot reach the peer, or it does not do its part: asked at once, whatever the link's role.
  void doubt_link(LinkId link) { liveness_.doubt(link); }

  // Has a neighbour, or never had a seed to ask.
  [[nodiscard]] bool joined() const { return !active_.empty() || (started_ && seeds_.empty()); }
  [[nodiscard]] std::span<const ActivePeer> active() const { return active_; }
  // The link has a role in the overlay graph, or is being asked for one.
  [[nodiscard]] bool uses(LinkId link) const;
  [[nodiscard]] std::span<const KnownPeer> passive() const { return passive_.all(); }
  [[nodiscard]] std::span<const KnownPeer> ghosts() const { return ghosts_.all(); }
  // Many links died at once, a moment ago: flood, hurry, accuse nobody.
  [[nodiscard]] bool mass_death(Time now) const { return now < mass_until_; }
  [[nodiscard]] std::uint32_t health() const { return liveness_.health(); }
  // Peers found dead since clear_deaths(): by silence and indirect probe, or by a cut link and failed dials.
  [[nodiscard]] std::span<const PeerId> deaths() const { return deaths_; }
  void clear_deaths() { deaths_.clear(); }
  void check_invariants() const;

 private:
  enum class Why : std::uint8_t { fill, walk, splice, heal, join };
  // One peer that is wanted as neighbour: wished for, dialled, asked.
  struct Ask {
    PeerId peer;
    LinkId link;  // none: not linked yet
    Time until{};
    Why why{};
  };
  // A newcomer is put into the link between us and `other`.
  struct Splicing {
    std::uint32_t token = 0;  // the beginner's
    PeerId newcomer;
    LinkId other;
    Time until{};
    bool ours = false;          // we began it, and close the link to `other` at the end
    bool asked = false;         // the newcomer waits for an answer of ours
    bool self_linked = false;   // our link with the newcomer is confirmed
    bool other_linked = false;  // and so is the other one's
  };
  static constexpr std::size_t helpers_most = 4;
  using Helpers = wire::List<LinkId, helpers_most>;
  // Whether a peer lives: asked by another peer, or about a link of ours that was cut.
  struct Doubt {
    PeerId peer;
    LinkId asker;                  // none: our own doubt
    std::uint32_t token = 0;       // the asker's, or that of our own probes
    std::uint32_t ping_token = 0;  // of our ping, if the peer is linked
    Time until{};
    Time refused_at{};     // when it ends at the earliest if all who try are refused:
    bool dialing = false;  // we ...
    Helpers helpers;       // ... and those who have not answered yet
  };
  struct Seed {
    Address address;
    PeerId peer;          // once known
    bool failed = false;  // the last dial did
    Time dialed = never;  // last, without an answer yet
  };
  struct Rest {
    PeerId peer;
    Time until{};
  };

  [[nodiscard]] std::size_t cap() const;
  [[nodiscard]] std::size_t target() const;
  [[nodiscard]] std::size_t minimum() const;
  [[nodiscard]] std::uint32_t degree() const { return static_cast<std::uint32_t>(active_.size()); }
  [[nodiscard]] ActivePeer* active_at(LinkId link);
  [[nodiscard]] bool is_active(const PeerId& peer) const;
  [[nodiscard]] Ask* ask_of(const PeerId& peer);
  [[nodiscard]] bool resting(Time now, const PeerId& peer) const;
  [[nodiscard]] bool may_meet(LinkId link) const;  // a link whose peer others may be sent to
  // A random neighbour for which ok(ActivePeer) holds; null: none.
  template <class Ok>
  [[nodiscard]] ActivePeer* random_active(Ok&& ok);

  // views (membership.cpp)
  bool activate(Time now, const LinkInfo& link, std::uint32_t their_degree);
  void deactivate(Time now, LinkId link);
  void rest(Time now, const PeerId& peer, Duration how_long);
  void learn(Time now, const wire::PeerSample& sample);
  template <std::size_t Max>
  void learn(Time now, const wire::List<wire::PeerSample, Max>& samples);
  void saw(Time now, const LinkInfo& link);  // first-hand evidence
  void bury(Time now, const PeerId& peer);
  [[nodiscard]] wire::PeerSample own_sample() const;
  [[nodiscard]] static wire::PeerSample sample_of(const LinkInfo& link);
  template <std::size_t Max>
  void pick_samples(Time now, const PeerId& reader, std::size_t actives,
                    wire::List<wire::PeerSample, Max>& out);
  void say_disconnect(Time now, const LinkInfo& link, CloseReason why, Effects& fx);
  // neighbours (neighbors.cpp)
  bool ask(Time now, const PeerId& peer, const wire::AddressList& addresses, Why why, Effects& fx);
  void send_neighbor(LinkId link, Why why, Effects& fx);
  void end_ask(const PeerId& peer);
  void expire_asks(Time now);
  void release_served(Time now, Effects& fx);
  void fill(Time now, Effects& fx);
  bool fill_one(Time now, const PeerSet& from, bool newest_first, Effects& fx);
  void hurry_fill(Time now);
  void trim(Time now, Effects& fx);
  void accept(Time now, const LinkInfo& from, std::uint32_t their_degree, Effects& fx);
  void refuse(Time now, const LinkInfo& from, Effects& fx);
  void make_room(Time now, Effects& fx);
  // joining, shuffling and healing (joining.cpp)
  void dial_seed(Time now, Effects& fx);
  void send_join(Time now, const LinkInfo& link, Effects& fx);
  void end_walk(Time now, const wire::PeerSample& origin, Effects& fx);
  void heal(Time now, Effects& fx);
  void healed(Time now, const LinkInfo& link, Effects& fx);
  void shuffle(Time now, LinkId link, Effects& fx);
  Seed* seed_of(Time now, const LinkInfo& link);
  [[nodiscard]] bool is_own(const Address& address) const;
  // splicing (splicing.cpp)
  bool begin_splice(Time now, const wire::PeerSample& newcomer, bool asked, Effects& fx);
  void splice_linked(Time now, const PeerId& newcomer, Effects& fx);
  bool finish_splice(Time now, const Splicing& s, Effects& fx);  // true: it is over
  void end_splice(Time now, std::size_t index, Effects& fx);     // without success
  void expire_splices(Time now, Effects& fx);
  // liveness (watching.cpp)
  void watch(Time now, Effects& fx);
  [[nodiscard]] std::uint32_t roles_of(LinkId link) const;
  void compare_roles(Time now, const LinkInfo& from, std::uint32_t their_degree, std::uint32_t roles,
                     Effects& fx);
  static void on_refused(Time now, Doubt& doubt);
  Helpers ask_helpers(const LinkInfo& target, std::uint32_t token, Effects& fx);
  void doubt(Time now, const LinkInfo& gone, Effects& fx);
  void found_alive(const PeerId& peer, Effects& fx);
  void found_dead(Time now, const PeerId& peer, Effects& fx);
  void expire_doubts(Time now, Effects& fx);
  void note_death(Time now);

  const MembershipConfig config_;
  const Self& self_;
  const LinkTable& links_;
  Rng rng_;
  Liveness liveness_;
  std::vector<ActivePeer> active_;  // in order of arrival
  PeerSet passive_, ghosts_;        // of a ghost, `heard` is when it was given up
  std::vector<Seed> seeds_;
  std::vector<Ask> asks_;
  std::vector<Splicing> splices_;
  std::vector<Doubt> doubts_;
  std::vector<Rest> rests_;  // not to be asked before
  struct Served {            // a newcomer whose JOIN was answered; its link is given back if nobody needs it
    PeerId peer;
    LinkId link;
    Time since{};
  };
  std::vector<Served> served_;
  std::vector<PeerId> deaths_;
  std::vector<Time> recent_deaths_;
  std::vector<LivenessStep> steps_;  // reused
  std::size_t next_seed_ = 0;
  Time started_at_{};
  Time next_join_ = never, next_fill_ = never, next_shuffle_ = never, next_heal_ = never, next_trim_ = never;
  Time expected_ = never;  // the deadline that was last asked for
  Time last_death_ = Time::min();
  Time last_loss_ = Time::min();  // a known peer did not answer
  Time last_heal_ = Time::min();
  Time mass_until_ = Time::min();
  Duration join_pause_{};
  Duration fill_pause_{};
  std::uint32_t next_token_ = 1;
  bool started_ = false;
  bool leaving_ = false;
  bool seed_next_ = false;  // of the healing timer: the next is a seed, not a ghost
};

}  // namespace boato
