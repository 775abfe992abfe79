// SPDX-License-Identifier: Apache-2.0
// Fills holes: one owner per stream that misses something, one outstanding question at a time, always a
// timer. A hole is asked for only when it has stood for a while, since most close by themselves when the
// tree's copy arrives. Knows what is missing and who may have it; does not know how events came to be missed.
// Invariant: every stream with a hole or an announced number above it has an entry with a live deadline.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/multicast/context.hpp"
#include "overlay/multicast/mesh.hpp"
#include "overlay/multicast/warm_links.hpp"
#include "overlay/wire/event_messages.hpp"

#include <vector>

namespace boato {

class Puller {
 public:
  Puller(const MulticastContext& context, Rng rng);

  // Someone (`from`) has the stream up to `upto`: what is missing below will be asked for.
  void wanted(Time now, StreamIndex stream, Seq upto, LinkId from);
  // The stream has moved: its entry ends when nothing is missing.
  void on_progress(Time now, StreamIndex stream);
  // `link` was asked and its answer is here, which ended with something new or not: it is asked on at once
  // for what is still missing.
  void on_answered(Time now, LinkId link, bool fresh);
  // `link` was asked and does not have what it was asked for.
  void on_have_not(Time now, StreamIndex stream, LinkId link);
  void forget(StreamIndex stream);

  // Streams known by tag only: the whole stream is asked for, of whoever spoke of it.
  void on_heard(Time now, LinkId from);

  struct Lost {
    StreamIndex stream;
    SeqRange range;
  };
  [[nodiscard]] Time next_deadline() const;
  // Asks what is due; what nobody could give in give_up_after goes to `lost`.
  void on_deadline(Time now, const Mesh& mesh, const WarmLinks& warm, Effects& fx, std::vector<Lost>& lost);
  [[nodiscard]] std::size_t missing() const { return holes_.size(); }
  void check_invariants() const;

 private:
  struct Hole {
    StreamIndex stream;
    Seq target;    // highest number that somebody has
    Seq snapshot;  // holes below it have stood for a whole wait
    Time due{};
    Time since{};   // of the oldest hole
    Seq oldest;     // the frontier at `since`
    LinkId source;  // who spoke of it last
    LinkId asked{};
    std::uint8_t attempts = 0;
    bool answered = false;  // by `asked`, which may have more
    Seq asked_at{};         // the frontier then
  };
  Hole* find(StreamIndex stream);
  void ask(Time now, Hole& hole, const Mesh& mesh, const WarmLinks& warm, Effects& fx);
  void ask_heard(Time now, Effects& fx);
  void look_further(const PeerId& publisher, std::uint32_t attempts, Effects& fx);
  [[nodiscard]] Duration wait_for(LinkId link) const;
  void learn_spread(Duration late);

  const MulticastContext& context_;
  Rng rng_;
  std::vector<Hole> holes_;
  std::vector<LinkId> candidates_;
  std::vector<LinkId> speakers_;  // who spoke of streams that no batch has named yet
  Duration spread_;               // from the first word of an event to its copy by the tree
  Time heard_due_ = never;
};

}  // namespace boato
