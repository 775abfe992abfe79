// SPDX-License-Identifier: Apache-2.0
// One peer's part in the roster of one topic: it joins, tells everybody what changes, finds out who is gone,
// and compares its roster with others' now and then, so that all become equal.
//   join.cpp       contacts, welcome, fetching the roster
//   spread.cpp     news down the computed tree to all members
//   suspicion.cpp  who is dead: accusers, refutation, the way back
//   sync.cpp       digests, ranges (base/ranges.hpp), pages
// Knows the links and the members; does not know events, the overlay graph or the directory. Never dials:
// it wishes for links.
#pragma once

#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/effects/self.hpp"
#include "overlay/roster/roster.hpp"
#include "overlay/wire/roster_messages.hpp"

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace boato {

// What we say about ourselves in a topic. Interest: canonical predicate; "" or "true" = everything, "false" =
// publishes only.
struct OwnEntry {
  std::string_view interest;
  Bytes attributes;
};

// What peer_core passes on to other machines.
struct RosterChange {
  enum class Kind : std::uint8_t {
    ready,       // the roster is as whole as the one of the member that welcomed us on `link`; no link: we
                 // are alone, the topic's first member or out of reach of its others
    joined,      // `peer`; not told for what was there before `ready`
    joins_here,  // `peer` has asked us to let it in: nobody has learnt of it earlier
    updated,     // `peer` has a newer entry
    left,        // `peer` left, is gone, or its entry expired
    announce_contact,  // the directory should name us: own_statement() is what to tell
    doubted,  // others cannot reach `peer`, and we are linked with it by `link`: it should be tested now
  };
  Kind kind{};
  PeerId peer;
  LinkId link;
};

class RosterMachine {
 public:
  // `config`, `self`, `records`, `slabs` and `links` outlive the machine.
  RosterMachine(const RosterConfig& config, const TopicId& topic, const Self& self, RecordPool& records,
                SlabPool& slabs, const LinkTable& links, Rng rng);

  // Takes part from now on. `contacts`: roster entries as the directory tells them; bad ones, our own and
  // leaving ones are passed over. None: we are the first, and ready at once.
  void start(Time now, const OwnEntry& own, std::span<const Bytes> contacts, Effects& fx);
  // Makes a new version of our entry and tells everybody. Interest and attributes within the limits
  // (checked).
  void set_own(Time now, const OwnEntry& own, Effects& fx);
  // Ends the membership and tells everybody at once. Returns the leaving entry, which also takes us off the
  // directory's contacts; valid while the machine lives. The machine is silent afterwards.
  [[nodiscard]] Bytes leave(Time now, Effects& fx);

  // `body` is what stands behind the envelope; valid during the call.
  void on(Time now, const LinkInfo& from, const wire::RosterJoin& m, Bytes body, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::RosterWelcome& m, Bytes body, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::RosterFetch& m, Bytes body, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::RosterPage& m, Bytes body, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::RosterRanges& m, Bytes body, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::RosterWant& m, Bytes body, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::RosterSpread& m, Bytes body, Effects& fx);

  // A member shows its entry (one statement) along with what it asks. False: it was refused.
  bool learn(Time now, const LinkInfo& from, Bytes body, Effects& fx);

  // Every link of the peer, whatever its roles.
  void on_link_up(Time now, const LinkInfo& link, Effects& fx);
  void on_link_down(Time now, const LinkInfo& link, CloseReason why, Effects& fx);
  void on_dial_failed(Time now, const PeerId& peer, Effects& fx);
  // A link is (no longer) a mesh link of this topic: digests go there.
  void on_mesh_up(Time now, LinkId link, Effects& fx);
  void on_mesh_down(LinkId link);
  // The link to a member broke and a fresh dial failed.
  void on_unreachable(Time now, const PeerId& peer, Effects& fx);
  // The directory names a contact of this topic.
  void on_contact(Time now, Bytes statement, Effects& fx);
  // Begins to compare rosters over the link.
  void compare(LinkId with, Effects& fx) {
    if (phase_ == Phase::ready) send_digest(with, fx);
  }
  // This process did not run for a while: answers to what it had heard before may have passed it by.
  void on_slept(Time now);
  void on_deadline(Time now, Effects& fx);
  [[nodiscard]] Time next_deadline() const;

  [[nodiscard]] const Roster& roster() const { return roster_; }
  [[nodiscard]] bool ready() const { return phase_ == Phase::ready; }
  [[nodiscard]] TopicTag topic() const { return tag_; }
  [[nodiscard]] Bytes own_statement() const { return own_ ? own_->statement() : Bytes{}; }
  [[nodiscard]] const MemberRecord* own_record() const { return own_.get(); }

  [[nodiscard]] std::span<const RosterChange> changes() const { return changes_; }
  void clear_changes();

  // Sets the whole roster at once, and is ready: for simulations and tests. `records` are the pool's; our own
  // stays whether it is among them or not.
  void set_members(Time now, std::span<const MemberRecord* const> records, Effects& fx);

  void check_invariants() const;

 private:
  enum class Phase : std::uint8_t { idle, joining, ready, left };

  // A member that is asked to let us in, or may be.
  struct Contact {
    RecordRef record;
    enum class State : std::uint8_t { fresh, dialling, asked, failed } state = State::fresh;
    Time until{};
    bool out_of_reach = false;  // a dial failed, and none since has reached it
  };
  // A part of a roster that one link was asked for; [lo, hi) shrinks as pages come in.
  struct Fetch {
    Interval range;
    LinkId link;
    Time until{};
    std::uint8_t pages = 0;  // still to come of the last question
    bool join = false;       // we are not ready before it is done
  };
  struct ReachOut {  // to a member, as the directory says, that ours do not know
    RecordRef record;
    Time next{};  // asked again then, until one side has learnt of the other
    Time until{};
  };
  struct Waiting {  // an accusation
    PeerId accused;
    Time at{};
  };
  enum class Source : std::uint8_t { spread, page };

  // join.cpp
  void sign_own(Time now, std::uint32_t flags);
  void try_contacts(Time now, Effects& fx);
  void ask_to_join(Time now, Contact& contact, LinkId link, Effects& fx);
  void welcome(const LinkInfo& to, Effects& fx);
  void continue_join(Time now, Effects& fx);
  void become_ready(Time now, LinkId link, Effects& fx);
  void fetch(Time now, Interval range, LinkId link, bool join, Effects& fx);
  void ask_fetch(Time now, Fetch& fetch, Effects& fx);
  void take_page(Time now, LinkId from, Interval covered, Effects& fx);
  void stay_hopeful(Time now);
  void lose_fetches(Time now, LinkId link, Effects& fx);  // of a link; LinkId{}: those whose time is over
  [[nodiscard]] LinkId any_member_link(LinkId except);

  // spread.cpp
  void spread_later(Time now, RecordRef record, Effects& fx);
  void spread_later(Time now, AccusationRef accusation, Effects& fx);
  void spread_outbox(Effects& fx);
  void forward(const wire::RosterSpread& m, Bytes body, Effects& fx);
  [[nodiscard]] LinkId choose(const wire::RosterSpread& m, const Part& part);
  [[nodiscard]] bool served(const wire::RosterSpread& m, const RingMember& member) const;

  // suspicion.cpp
  void accuse(Time now, Effects& fx);
  bool outweigh(Time now, const AccusationRef& accusation, LinkId link);  // false: known
  void end_outweighed(Time now, Effects& fx);
  void hear_outweighed(Time now, const PeerId& accused, Effects& fx);
  void forget_outweighed(const PeerId& accused);
  void hear(Time now, const AccusationRef& accusation, Source source, LinkId from, Effects& fx);
  void end_suspicions(Time now, Effects& fx);
  void ask_others(std::span<const PeerId> suspects, Effects& fx);
  void bury(Time now, const PeerId& peer, Effects& fx);
  void refute(Time now, Effects& fx);
  void test_ghost(Effects& fx);
  void tell_reason(LinkId link, const Gone& gone, Effects& fx, bool with_entry = false);
  [[nodiscard]] std::size_t accusers_needed(const PeerId& accused) const;

  // sync.cpp
  bool take(Time now, const LinkInfo& from, Bytes body,
            Effects& fx);  // into batch_ and heard_; false: closed
  void merge_batch(Time now, Source source, LinkId from, Effects& fx);
  void hear_batch(Time now, Source source, LinkId from, Effects& fx);
  void send_digest(LinkId link, Effects& fx) { send_ranges(link, {}, fx); }
  void send_ranges(LinkId link, Bytes ranges, Effects& fx);
  void send_members(Time now, const LinkInfo& to, std::span<const RingMember> members, Effects& fx);
  void send_single(LinkId link, std::span<const Bytes> statements, Effects& fx);
  void send_pages(Time now, const LinkInfo& to, Interval interval, std::size_t pages, Effects& fx);
  bool afford(Time now, const LinkInfo& to, std::size_t bytes, Effects& fx);
  [[nodiscard]] bool calm(Time now) const {
    return news_at_ == Time{} || now - news_at_ >= config_.calm_after;
  }

  [[nodiscard]] bool mass_death(Time now) const;
  void on_neighbour_failed(Time now, const PeerId& peer, Effects& fx);
  void reach_out(Time now, Effects& fx);
  void change(RosterChange::Kind kind, const PeerId& peer, LinkId link = {});
  [[nodiscard]] bool linked(const PeerId& peer) const { return links_.find(peer) != nullptr; }
  // The statements one behind the other in a slab of their own.
  [[nodiscard]] EventRef pack(std::span<const Bytes> statements);
  // As many entries from `from` on as one body holds; `next`: the place of the first one left out, 0 if none.
  [[nodiscard]] EventRef pack_page(std::span<const RingMember> members, std::uint64_t& next);

  const RosterConfig& config_;
  const TopicId topic_;
  const TopicTag tag_;
  const Self& self_;
  RecordPool& records_;
  SlabPool& slabs_;
  const LinkTable& links_;
  Rng rng_;
  Roster roster_;
  Phase phase_ = Phase::idle;

  std::string interest_;
  std::vector<std::byte> attributes_;
  RecordRef own_;
  std::uint64_t own_version_ = 0;
  std::uint64_t accusation_version_ = 0;
  Time refresh_at_ = never;

  std::vector<Contact> contacts_;
  std::vector<LinkId> waiting_joins_;
  std::vector<Fetch> fetches_;
  LinkId welcomed_by_;  // LinkId{} until a welcome has come
  Time alone_at_ = never;
  Time alone_latest_{};
  Time retry_at_ = never;
  Duration retry_every_{};

  std::vector<RecordRef> outbox_;  // at most one body
  std::vector<AccusationRef> outbox_accusations_;
  Time spread_at_ = never;

  std::vector<Waiting> waiting_;
  // By an own link; it counts once that link turns out dead, or once the accused, told of it over that link,
  // has not answered: its process lives, but it is no member any more.
  struct Outweighed {
    AccusationRef what;
    Time until{};
  };
  std::vector<Outweighed> outweighed_;
  std::vector<Time> accused_at_;  // the last accuse_burst accusations
  std::vector<LinkId> refute_to_;
  Time refute_at_ = never;
  Time suspicions_at_ = never;
  Time ghost_at_ = never;
  Time expire_at_ = never;

  std::vector<LinkId> mesh_;
  std::vector<ReachOut> reach_outs_;
  std::uint64_t joined_as_ = 0;          // version of our entry that asked to join
  std::array<PeerId, 2> failed_once_{};  // neighbours on the ring whose last dial failed
  Time digest_at_ = never;
  Time news_at_{};      // of members, down the tree: others are on their way to them
  Time compared_at_{};  // a difference was looked for during unrest
  std::uint64_t answer_bytes_ = 0;
  Time answered_at_{};

  std::vector<RecordRef> batch_;  // of the frame at hand
  std::vector<AccusationRef> heard_;
  std::vector<Bytes> parts_;  // of the body being packed
  std::vector<RosterChange> changes_;
};

}  // namespace boato
