// SPDX-License-Identifier: Apache-2.0
// Brings batches to members that are listed by name, and short messages to one member. A list is cut by the
// links there are: each part goes to one of its members that we are linked with, who hands on the rest; where
// there is none, to a member that lies nearer on the ring (a carrier, which wants nothing of it); one that
// needs carriers again soon is dialled. Parts get shorter or nearer with each hop, so nothing runs in
// circles. Knows links and names; does not know interests, streams or why somebody is listed. Whoever calls
// has checked the signature.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/multicast/cast_ledger.hpp"
#include "overlay/multicast/context.hpp"
#include "overlay/multicast/recipients.hpp"
#include "overlay/multicast/warm_links.hpp"

#include <optional>
#include <span>
#include <vector>

namespace boato {

class Courier {
 public:
  Courier(const MulticastContext& context, CastLedger& ledger, const WarmLinks& warm, Rng rng);

  // Hands the batch of `duty` to the members listed, which do not include us; `duty.tried` have failed.
  void bring(Time now, std::span<const Recipient> list, const Duty& duty, const PeerId& publisher,
             Effects& fx);
  // A child did not take the part that duty.list holds.
  void take_over(Time now, const Duty& duty, const PeerId& publisher, Effects& fx);

  // The link over which a short message gets nearer to the member at this place; none: it is dialled if it is
  // known, and the message is let go.
  [[nodiscard]] std::optional<LinkId> toward(std::uint64_t place, Effects& fx) const;

  void on_link_up(Time now, const LinkInfo& link, Effects& fx);  // parts that waited for it
  void on_dial_failed(const PeerId& peer, Effects& fx);
  [[nodiscard]] Time next_deadline() const;
  void on_deadline(Time now, Effects& fx);
  void check_invariants() const;

 private:
  struct Near {  // a link that may be used
    std::uint64_t name = 0;
    const LinkInfo* link = nullptr;
  };
  struct Part {
    LinkId link;
    std::uint32_t recipient = 0;  // index in the list
  };
  struct Cold {
    std::uint64_t name = 0;
    Time at{};
  };
  struct Pending {  // waits for a link to its only recipient
    PeerId child;
    Time until{};
    PeerId publisher;
    Recipient recipient;
    Duty duty;
  };
  void see_links(const Duty& duty);
  [[nodiscard]] const LinkInfo* nearest(std::uint64_t name, std::uint64_t within) const;
  void assign_few(std::span<const Recipient> list);
  void assign_many(std::span<const Recipient> list);
  void leave_over(Time now, const Recipient& r, const Duty& duty, const PeerId& publisher, Effects& fx);
  void send_parts(Time now, std::span<const Recipient> list, const Duty& duty, Effects& fx);
  bool cold_again(Time now, std::uint64_t name);
  [[nodiscard]] const MemberRecord* member(std::uint64_t name) const;
  void undeliverable(const PeerId& publisher, Effects& fx) const;

  const MulticastContext& context_;
  CastLedger& ledger_;
  const WarmLinks& warm_;
  Rng rng_;
  std::vector<Pending> pending_;
  std::vector<Cold> cold_;
  std::size_t next_cold_ = 0;
  // Of bring(): reused.
  std::vector<Near> near_, heads_;
  std::vector<Part> parts_;
  std::vector<std::uint32_t> over_;     // recipients that no link leads nearer to
  std::vector<std::uint32_t> carried_;  // recipients that go by a carrier
  std::vector<Recipient> list_, group_;
};

}  // namespace boato
