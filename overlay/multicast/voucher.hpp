// SPDX-License-Identifier: Apache-2.0
// Streams that are handed out selectively: numbers that did not come may not have been for us, and only the
// publisher knows. So each such stream has two numbers: what is accounted for (its frontier, moved by what
// relays claim) and what the publisher has vouched for. It is asked from the latter on: soon when a hole
// holds events back or our interest has changed, now and then while numbers are heard of that nothing is
// known about, and never while nothing is published. Where the publisher is gone, a member that takes
// everything is asked; where there is none, what is left counts as not ours after a while. Also spreads,
// slowly, how far such streams reach. Knows streams and names; does not know events, order or who is chosen.
// Invariant: a watched stream with a hole, or with numbers heard of beyond what was vouched for, has a live
// deadline.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/multicast/context.hpp"
#include "overlay/multicast/courier.hpp"
#include "overlay/multicast/mesh.hpp"
#include "overlay/wire/selective_messages.hpp"

#include <optional>
#include <vector>

namespace boato {

class Voucher {
 public:
  Voucher(const MulticastContext& context, Courier& courier, Rng rng);

  // The stream is handed out selectively; no effect if that is known.
  void watch(StreamIndex stream);
  // It has numbers up to here.
  void hear(Time now, StreamIndex stream, Seq upto);
  // Something below what came is missing, or may be.
  void on_hole(Time now, StreamIndex stream);
  // There is a new neighbour on the mesh, which was told nothing yet.
  void on_neighbour(Time now);
  // A start position: nothing at or below it is owed.
  void on_start(StreamIndex stream, Seq upto);
  // Our own entry has another interest: what was not for us may be from the frontier on.
  void on_interest(Time now);
  void forget(StreamIndex stream);
  // The entry of this member has come, changed or gone: where it was the publisher of a stream and is none
  // any more, its last events may have reached some only.
  void on_member(Time now, const PeerId& peer);
  // A copy came of what was here: somebody hands the stream out again.
  void on_again(StreamIndex stream, Seq first);
  // Streams of which we are to hand out again what came lately; cleared by the caller.
  [[nodiscard]] std::vector<StreamIndex>& again() { return again_; }
  [[nodiscard]] bool was_again(StreamIndex stream, Seq first) const;

  // What an answer has moved: the frontier; and what nobody has any more, if last is not 0.
  struct Moved {
    StreamIndex stream;
    SeqRange lost{};
  };
  // Null: not for us, or nothing new. Malformed ones are the caller's to refuse.
  [[nodiscard]] std::optional<Moved> on(Time now, const wire::Vouched& m);

  [[nodiscard]] Time next_deadline() const;
  // Asks and tells what is due; `asking`: we are owed events. What was given up goes to `moved`.
  void on_deadline(Time now, bool asking, Mesh& mesh, Effects& fx, std::vector<Moved>& moved);
  [[nodiscard]] std::size_t watched() const { return watches_.size(); }
  [[nodiscard]] Seq vouched(StreamIndex stream) const;
  void check_invariants() const;

 private:
  struct Watch {
    StreamIndex stream;
    Seq exists;          // highest number heard of
    Seq vouched;         // up to here we have what is ours
    Seq told, told_all;  // of `exists`, to some neighbours and to all
    Time due = never;
    Duration every{0};
    std::uint8_t attempts = 0;      // since the last answer
    bool own = false;               // nobody need vouch for it
    bool untold = true;             // the publisher may not know our present interest
    Time orphan_since = never;      // its publisher is no member any more
    Time heard_at{};                // it was heard to go on: its publisher may live
    Time again_at = never;          // what we hold is handed out again
    std::vector<Seq> seen_again{};  // batches that somebody else has handed out again since
  };
  Watch* find(StreamIndex stream);
  [[nodiscard]] const Watch* find(StreamIndex stream) const;
  [[nodiscard]] bool settled(const Watch& w) const;
  void ask(Time now, Watch& w, Effects& fx, std::vector<Moved>& moved);
  [[nodiscard]] const MemberRecord* whom(Time now, Watch& w);
  [[nodiscard]] const MemberRecord* one_that_has_all();
  void look_for_publisher(Time now, Watch& w);
  void tell_news(Time now, Mesh& mesh, Effects& fx);

  const MulticastContext& context_;
  Courier& courier_;
  Rng rng_;
  std::vector<Watch> watches_;
  Time news_at_ = never;
  std::vector<StreamIndex> again_;
};

}  // namespace boato
