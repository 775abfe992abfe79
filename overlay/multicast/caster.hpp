// SPDX-License-Identifier: Apache-2.0
// Carries one topic's batches: splits the interval this peer is responsible for and hands each part to one
// member. Source: k-ary broadcast, El-Ansary et al. 2003, section 3. Departs: a child that does not take its
// part in time is replaced, twice at most; then the mesh finds whom the tree has missed. Knows rosters, links
// and intervals; does not know order, frontiers or signatures: whoever calls has verified the batch.
// Invariants: (1) parts are disjoint and cover the interval; (2) no part goes to a lagging link; (3) the
// publisher, this peer and the excepted are never children.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/multicast/cast_ledger.hpp"
#include "overlay/multicast/context.hpp"
#include "overlay/multicast/warm_links.hpp"

#include <optional>
#include <vector>

namespace boato {

class Caster {
 public:
  Caster(const MulticastContext& context, CastLedger& ledger, Rng rng);

  // Sends the batch to the members in `duty.interval`. `publisher` is the batch's.
  void forward(Time now, const Duty& duty, const PeerId& publisher, Effects& fx);
  // A child did not take it: another one gets the same part. False: nobody is left to try.
  bool take_over(Time now, Duty duty, const PeerId& publisher, Effects& fx);
  // To one link only, without any duty (flooding during mass death).
  void flood(const EventRef& batch, std::uint8_t hops, LinkId to, Effects& fx);

  void on_link_up(Time now, const LinkInfo& link, Effects& fx);  // also sends parts that waited for it
  void on_link_down(LinkId link);
  void on_dial_failed(Time now, const PeerId& peer, Effects& fx);
  // A record or link of the member has changed. The link, if it is one that wants events since now.
  std::optional<LinkId> on_member_changed(const PeerId& peer);

  // A publisher outside the roster hands its batches to this member, who cuts for it.
  void set_entry(std::optional<LinkId> entry) { entry_ = entry; }
  [[nodiscard]] std::optional<LinkId> entry() const { return entry_; }

  [[nodiscard]] const WarmLinks& warm() const { return warm_; }
  // Whether less than half of the links that the first cut would use are full.
  [[nodiscard]] bool has_room() const;
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

  [[nodiscard]] Time next_deadline() const;
  void on_deadline(Time now, Effects& fx);
  void check_invariants() const;

 private:
  struct Pending {  // a part that waits for a link
    PeerId child;
    Time until{};
    PeerId publisher;
    Duty duty;
  };
  struct Choice {
    const LinkInfo* link = nullptr;        // a warm one
    const MemberRecord* member = nullptr;  // or one to dial
  };
  [[nodiscard]] bool usable(const LinkInfo& link) const;
  [[nodiscard]] Choice choose(const Part& part, const Duty& duty, std::uint64_t publisher, std::size_t todo);
  void give(Time now, const Choice& choice, Duty part, const PeerId& publisher, Effects& fx);
  void send(Time now, const LinkInfo& link, Duty part, Effects& fx);

  const MulticastContext& context_;
  CastLedger& ledger_;
  Rng rng_;
  WarmLinks warm_;
  std::vector<Pending> pending_;
  std::optional<LinkId> entry_;
};

}  // namespace boato
