// SPDX-License-Identifier: Apache-2.0
// Messages between members of one topic about who the members are. Bodies are statements (wire/statement.hpp)
// one behind the other: roster entries, and suspicions. Receivers verify every statement before they use or
// forward any of them; one that is malformed, forged or of another topic ends the link as `protocol`.
//
//   interval [lo, hi) of places on the ring (first 8 bytes of a peer's key); hi = 0 is 2^64
#pragma once

#include "overlay/wire/codec.hpp"

#include <tuple>

namespace boato::wire {

inline constexpr std::size_t roster_statements_max = 64;        // per body
inline constexpr std::size_t roster_body_bytes_max = 56 << 10;  // a control frame has at most 64 KiB
inline constexpr std::size_t roster_except_max = 8;
inline constexpr std::uint8_t roster_pages_max = 8;
inline constexpr std::uint8_t roster_hops_max = 32;

// Body of a statement of type `suspicion`: its issuer lost its link to a member and could not dial it.
struct Suspicion {
  TopicId topic;
  PeerId accused;
  Incarnation incarnation;  // of the accused's roster entry, like version: a newer entry voids the suspicion
  std::uint64_t version = 0;
  static constexpr auto fields =
      std::tuple{&Suspicion::topic, &Suspicion::accused, &Suspicion::incarnation, &Suspicion::version};
};

// Body: the sender's own roster entry. Receiver, a member: merge it, answer RosterWelcome, and spread it if
// it is news. A receiver that is itself still joining answers once it has joined, or at once if it asks the
// sender the same.
struct RosterJoin {
  static constexpr Kind kind = Kind::roster_join;
  TopicTag topic;
  static constexpr auto fields = std::tuple{&RosterJoin::topic};
};

// Body: all entries the sender has in [0, upto); upto = 0 is all of them. Receiver, if it asked: merge, and
// fetch the rest; if it did not ask: ignore.
struct RosterWelcome {
  static constexpr Kind kind = Kind::roster_welcome;
  TopicTag topic;
  std::uint64_t members = 0;
  std::uint64_t digest = 0;
  std::uint64_t upto = 0;
  static constexpr auto fields = std::tuple{&RosterWelcome::topic, &RosterWelcome::members,
                                            &RosterWelcome::digest, &RosterWelcome::upto};
};

// Receiver: answer with at most `pages` RosterPages that cover [lo, hi) from its beginning without holes.
// Nothing is answered to a link whose repair class is full; the sender asks again.
struct RosterFetch {
  static constexpr Kind kind = Kind::roster_fetch;
  TopicTag topic;
  std::uint64_t lo = 0, hi = 0;
  std::uint8_t pages = 1;
  static constexpr auto fields =
      std::tuple{&RosterFetch::topic, &RosterFetch::lo, &RosterFetch::hi, &RosterFetch::pages};
};

// Body: all entries the sender has in [lo, hi). lo = hi = 1 covers nothing: single entries that the receiver
// lacks, or the reasons (suspicions, a leaving entry) why the sender refused what it was sent. Receiver:
// merge; hand a suspicion to the accused if it is linked.
struct RosterPage {
  static constexpr Kind kind = Kind::roster_page;
  TopicTag topic;
  std::uint64_t lo = 1, hi = 1;
  static constexpr auto fields = std::tuple{&RosterPage::topic, &RosterPage::lo, &RosterPage::hi};
};

// What the sender has: how many entries and the sum of their hashes; mesh neighbours exchange this now and
// then. `ranges`: claims and lists of base/ranges.hpp over the map place -> hash of the entry; empty at
// first. Receiver: nothing if it has the same digest. Else it fetches all if it has next to nothing, tells
// its own digest if the sender has next to nothing, and goes on with ranges otherwise: it sends what a list
// lacks, and asks for what it lacks itself.
struct RosterRanges {
  static constexpr Kind kind = Kind::roster_ranges;
  TopicTag topic;
  std::uint64_t members = 0;
  std::uint64_t digest = 0;
  Bytes ranges;
  static constexpr auto fields =
      std::tuple{&RosterRanges::topic, &RosterRanges::members, &RosterRanges::digest, &RosterRanges::ranges};
};

// Receiver: send its entries at these places.
struct RosterWant {
  static constexpr Kind kind = Kind::roster_want;
  TopicTag topic;
  List<std::uint64_t, roster_statements_max> places;
  static constexpr auto fields = std::tuple{&RosterWant::topic, &RosterWant::places};
};

// Body: news. Receiver: merge, and forward to the members in [lo, hi) that are not in `except`, whether or
// not it was news here.
struct RosterSpread {
  static constexpr Kind kind = Kind::roster_spread;
  TopicTag topic;
  std::uint64_t lo = 0, hi = 0;
  List<std::uint64_t, roster_except_max> except;  // places of those inside [lo, hi) that have it already
  std::uint8_t hops = 0;                          // links crossed before this one; at 32 it ends
  static constexpr auto fields = std::tuple{&RosterSpread::topic, &RosterSpread::lo, &RosterSpread::hi,
                                            &RosterSpread::except, &RosterSpread::hops};
};

}  // namespace boato::wire
