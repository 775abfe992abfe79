// SPDX-License-Identifier: Apache-2.0
// The mesh of one topic: a few symmetric links on which members tell each other their frontiers, so that
// whatever the tree missed is noticed within one flush. The two nearest live neighbours on the ring of
// receivers make it connected by construction, random ones make it robust. Roles are asked for, answered, and
// given up by message, so both ends agree. Knows who is a neighbour and what each was told; does not know how
// holes are filled. Invariants: (1) at most mesh_max confirmed neighbours; (2) every neighbour is a live
// link.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/multicast/context.hpp"
#include "overlay/multicast/have_pace.hpp"
#include "overlay/wire/event_messages.hpp"

#include <optional>
#include <vector>

namespace boato {

class Mesh {
 public:
  Mesh(const MulticastContext& context, Rng rng);

  void on(Time now, const LinkInfo& from, const wire::Mesh& message, Effects& fx);
  void on_link_up(Time now, const LinkInfo& link, Effects& fx);
  void on_link_down(Time now, LinkId link);
  void start(Time now) {
    running_ = true;
    next_care_ = now;
  }
  void leave(Effects& fx);  // gives all roles up
  // The roster has a new member: who has hardly any neighbour looks for one now, not at the next round.
  void on_member_joined(Time now);
  void on_member_changed(Time now);  // who is next to us on the ring may be another

  // A neighbour that wanted nothing wants events: what it was not told so far it is told now.
  void on_interest(Time now, LinkId link);
  // A frontier of ours has moved: it is told to the neighbours that do not know, all changes of a while in
  // one frame.
  void on_frontier(Time now);
  // Events come by other ways than the tree: frontiers are told at once for a while.
  void on_trouble(Time now) { pace_.on_trouble(now); }
  // What a neighbour is known to have: it said so, it sent us the events, or we sent them to it.
  void knows(LinkId link, StreamIndex stream, Seq upto);
  [[nodiscard]] Seq known(LinkId link, StreamIndex stream) const;  // 0: nothing
  void knows_run(LinkId link, StreamIndex stream, SeqRange run);
  void forget(StreamIndex stream);

  // Neighbours that are known to hold `seq`, into `out`.
  void holders(StreamIndex stream, Seq seq, std::vector<LinkId>& out) const;

  [[nodiscard]] std::span<const LinkId> links() const { return confirmed_; }
  [[nodiscard]] bool has(LinkId link) const;
  [[nodiscard]] Time next_deadline() const { return std::min(next_care_, pace_.next_deadline()); }
  void on_deadline(Time now, Effects& fx);
  // All frontiers to one link, whatever it knows.
  void tell_all(LinkId link, Effects& fx) const;
  void check_invariants() const;

 private:
  struct Neighbour {
    LinkId link;
    PeerId peer;
    bool confirmed = false;
    bool owed_all = false;  // all frontiers, with the next flush
    Time asked{};
    std::vector<Seq> known{};  // by stream index
  };
  struct Wished {  // a neighbour to be, once it is linked
    PeerId peer;
    Time until{};
  };
  struct BackOff {
    PeerId peer;
    Time until{};
  };
  [[nodiscard]] Neighbour* find(LinkId link);
  [[nodiscard]] const Neighbour* find(LinkId link) const;
  void remember();
  void care(Time now, Effects& fx);
  enum class Round : std::uint8_t { polite, full };
  void flush(Time now, Round round, Effects& fx);
  void give_up(LinkId link);
  [[nodiscard]] bool satisfied(std::size_t aim) const;
  [[nodiscard]] std::size_t knowing(StreamIndex stream, Seq upto) const;
  void ask(Time now, const MemberRecord& member, Effects& fx);
  [[nodiscard]] const MemberRecord* random_linked();
  [[nodiscard]] bool backs_off(Time now, const PeerId& peer);
  [[nodiscard]] bool is_ring_neighbour(const PeerId& peer) const;

  const MulticastContext& context_;
  Rng rng_;
  std::vector<Neighbour> neighbours_;
  std::vector<Wished> wished_;
  std::vector<LinkId> confirmed_;
  std::vector<BackOff> back_off_;
  HavePace pace_;
  std::uint64_t flushed_ = 0;       // version of the stream set that was told last ...
  std::uint64_t flushed_full_ = 0;  // ... and to all neighbours
  Time next_care_ = never;          // also while nothing can be better: changes of members and links end that
  bool running_ = false;
};

}  // namespace boato
