// SPDX-License-Identifier: Apache-2.0
// Messages that carry events and repair them. Each comment states the receiver's duty.
#pragma once

#include "overlay/wire/fields.hpp"
#include "overlay/wire/kind.hpp"

#include <tuple>

namespace boato::wire {

// A packed list of ring places (8 bytes each, big-endian): at most so many peers are excepted in one part.
inline constexpr std::size_t except_max = 16;

// Body: one batch. Receiver: deliver it to all members in [lo, hi) of the ring that want it (hi = 0 stands
// for 2^64), known to the sender or not, except those whose places are listed. It checks the signature before
// it forwards, forwards even when it holds the batch already, and counts the frame in its next TAKEN.
struct Cast {
  static constexpr Kind kind = Kind::cast;
  TopicTag topic;
  std::uint64_t lo = 0, hi = 0;
  Bytes except;
  std::uint8_t flags = 0;
  std::uint8_t hops = 0;  // links crossed before this one; 32 ends the frame
  static constexpr auto fields =
      std::tuple{&Cast::topic, &Cast::lo, &Cast::hi, &Cast::except, &Cast::flags, &Cast::hops};
};
enum CastFlags : std::uint8_t {
  cast_takeover = 1,  // another child did not take this part in time
  cast_flood =
      2,  // mass death: whoever finds the batch new sends it on to all its mesh links, with an empty interval
  cast_no_duty = 4,  // the interval is empty: only for the receiver
};

// Receiver: the first `count` CAST frames it sent on this link are taken: it need not see to their parts any
// more.
struct Taken {
  static constexpr Kind kind = Kind::taken;
  std::uint64_t count = 0;
  static constexpr auto fields = std::tuple{&Taken::count};
};

enum class MeshVerb : std::uint8_t { ask = 0, yes = 1, no = 2, leave = 3 };

// Receiver of ask: answer yes (both are mesh neighbours in the topic from now on) or no. Of leave: forget the
// role. Of yes: if it did not ask, answer leave.
struct Mesh {
  static constexpr Kind kind = Kind::mesh;
  TopicTag topic;
  MeshVerb verb{};
  static constexpr auto fields = std::tuple{&Mesh::topic, &Mesh::verb};
};

// `streams` is packed as stream/have_codec.hpp says: frontiers of the sender that changed. Receiver: whatever
// lies below a frontier and is not here is missing; pull it from someone who said HAVE. Never answered.
struct Have {
  static constexpr Kind kind = Kind::have;
  TopicTag topic;
  Bytes streams;
  static constexpr auto fields = std::tuple{&Have::topic, &Have::streams};
};

// `streams`: per stream the ranges that are asked for (upto = last number below the first range). Receiver:
// answer with the batches that hold events of the ranges, in stream order, as REPAIR, up to a budget, and
// with HAVE_NOT if it holds nothing of them. It is silent only while an earlier answer still leaves: the link
// keeps its order, so asking twice would only send everything twice.
struct Pull {
  static constexpr Kind kind = Kind::pull;
  TopicTag topic;
  Bytes streams;
  static constexpr auto fields = std::tuple{&Pull::topic, &Pull::streams};
};

// Body: one batch that was asked for. Carries no duty to forward. `last`: the answer to the PULL ends here;
// receiver: ask on at once for what is still missing.
struct Repair {
  static constexpr Kind kind = Kind::repair;
  TopicTag topic;
  bool last = false;
  static constexpr auto fields = std::tuple{&Repair::topic, &Repair::last};
};

// `streams`: ranges the sender was asked for and does not hold. Receiver: ask someone else.
struct HaveNot {
  static constexpr Kind kind = Kind::have_not;
  TopicTag topic;
  Bytes streams;
  static constexpr auto fields = std::tuple{&HaveNot::topic, &HaveNot::streams};
};

// A round of anti-entropy over all topics that the two peers have in common. `items`: base/ranges.hpp over
// the map topic tag -> digests (multicast/reconciler.hpp). Receiver: nothing if all is equal, RECONCILE with
// what differs while it is not known topic by topic, and for each topic that differs FRONTIERS, ROSTER_RANGES
// or both.
enum class Compared : std::uint8_t { streams = 1, rosters = 2, both = 3 };
struct Reconcile {
  static constexpr Kind kind = Kind::reconcile;
  Compared what{};
  Bytes items;
  static constexpr auto fields = std::tuple{&Reconcile::what, &Reconcile::items};
};

// The sender's frontiers of one topic, as far as they are not yet known to be equal. `streams`: some of them,
// as HAVE. `ranges`: base/ranges.hpp over the map stream tag -> digest of the frontier; what a `told` item
// covers is in `streams`. Empty: `rest` is the sum of the digests of all other streams. Receiver: HAVE for
// what the sender lacks, PULL of what it lacks itself, FRONTIERS for ranges that differ; if `rest` does,
// ranges of all streams, or first what changed here lately if the sender told none.
struct Frontiers {
  static constexpr Kind kind = Kind::frontiers;
  TopicTag topic;
  std::uint64_t rest = 0;
  Bytes streams;
  Bytes ranges;
  static constexpr auto fields =
      std::tuple{&Frontiers::topic, &Frontiers::rest, &Frontiers::streams, &Frontiers::ranges};
};

// A member that begins to take events asks where to begin. Receiver: answer with all its frontiers as
// START_TELL; if `early` is set, with the numbers below what it still holds, and what it holds as a range
// above each: the asker subscribed by pattern before the topic was made.
struct StartAsk {
  static constexpr Kind kind = Kind::start_ask;
  TopicTag topic;
  bool early = false;
  static constexpr auto fields = std::tuple{&StartAsk::topic, &StartAsk::early};
};

// Receiver that asked: what lies at or below these frontiers was published before it began and is not owed to
// it; everything above is, and so is all of streams not named. Ranges above can be pulled here at once.
// `more` announces a further part.
struct StartTell {
  static constexpr Kind kind = Kind::start_tell;
  TopicTag topic;
  bool more = false;
  Bytes streams;
  static constexpr auto fields = std::tuple{&StartTell::topic, &StartTell::more, &StartTell::streams};
};

}  // namespace boato::wire
