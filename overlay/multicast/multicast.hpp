// SPDX-License-Identifier: Apache-2.0
// Events of one topic: taking them in, passing them on, noticing and repairing what is missing.
//   CAST -> check -> account and cache -> forward my interval (caster)
//   frontiers -> neighbours (mesh) -> holes -> PULL (puller) -> REPAIR; comparing with random members
//   (reconciler, frontiers.cpp) finds what the mesh did not
// Verify before forwarding: a batch that came over the link of its own publisher is proven to us by that link
// and may be delivered; its signature is checked before it is passed on to anybody. Every other batch is
// checked before anything is done with it. Knows events as numbers and bytes; does not know delivery order:
// what is new is returned to the caller.
#pragma once

#include "overlay/base/rng.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/multicast/accepted.hpp"
#include "overlay/multicast/caster.hpp"
#include "overlay/multicast/fingers.hpp"
#include "overlay/multicast/mesh.hpp"
#include "overlay/multicast/puller.hpp"
#include "overlay/stream/have_codec.hpp"
#include "overlay/wire/event_messages.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace boato {

// A batch that brought something new. Valid until the next call.
struct Arrived {
  StreamIndex stream;
  wire::BatchView batch;
  EventRef bytes;
  Fresh fresh;
  std::uint8_t hops = 0;
  std::optional<StreamIndex> closed;  // see Multicast::closed
};

struct MulticastCounts {
  std::uint64_t received = 0, duplicates = 0, lost = 0;
};

class Multicast {
 public:
  Multicast(const MulticastContext& context, CastLedger& ledger, Rng rng);
  Multicast(const Multicast&) = delete;
  Multicast& operator=(const Multicast&) = delete;

  // The topic's roster stands: begin to keep mesh and fingers.
  void start(Time now);
  void leave(Effects& fx);
  // Begin to take events: where is asked of a member (the welcomer, if given); at once if there is no other.
  void take_events(Time now, std::optional<LinkId> ask, Effects& fx);
  // Before take_events: what comes early is kept for the start. Who has learnt of us may send at once, before
  // our own roster is ready.
  void expect_events(Time now) {
    if (!std::exchange(taking_, true)) taking_since_ = now;
  }
  // Before take_events: everything that members still hold is wanted, not only what comes from here on.
  void want_early() { want_early_ = true; }
  [[nodiscard]] bool wants_early() const { return want_early_; }
  // A replica begins with what it has stored, and is owed everything above.
  void take_all(Time now) {
    expect_events(now);
    started_ = true;
    ask_start_at_ = never;
  }
  void set_kept(const KeptStreams* kept) { context_.kept = kept; }
  void stop_taking() { taking_ = started_ = want_early_ = false; }
  [[nodiscard]] bool taking() const { return taking_; }
  [[nodiscard]] bool started() const { return started_; }  // nothing published from here on is missed

  // One of our own batches, verified by having been signed here. Null: others have seen so many later starts
  // of this identity that its stream is over.
  const Arrived* publish(Time now, const wire::BatchView& batch, const EventRef& bytes, bool flood,
                         Effects& fx);
  // Own batches published before anybody was known are sent now.
  void send_waiting(Time now, Effects& fx);

  // Null: nothing new in it. A bad batch closes the link. Either way closed() may name an older stream whose
  // index will be reused.
  const Arrived* on(Time now, const LinkInfo& from, const wire::Cast& cast, const EventRef& batch, bool flood,
                    Effects& fx);
  const Arrived* on(Time now, const LinkInfo& from, const wire::Repair& repair, const EventRef& batch,
                    Effects& fx);
  // The last batch that came, new or not, if it was one that could be taken; null: it was refused.
  [[nodiscard]] const Arrived* last_seen() const { return seen_ ? &arrived_ : nullptr; }
  // Checks the signature of the last batch seen, unless that was done. False: it does not hold, and the link
  // is closed.
  bool check_seen(const LinkInfo& from, Effects& fx);
  // The stream that the last batch closed, whether anything of it was new or not: forget it before the next.
  [[nodiscard]] std::optional<StreamIndex> closed() const { return arrived_.closed; }
  void on(Time now, const LinkInfo& from, const wire::Mesh& mesh, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Have& have, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Pull& pull, Effects& fx);
  // What of the last pull nothing but the store can answer: one range at a time, the others are asked for
  // again.
  struct Unread {
    StreamTag stream;
    SeqRange range;
  };
  [[nodiscard]] const std::optional<Unread>& unread() const { return unread_; }
  // What was read of the store goes out as an answer to a pull.
  void send_read(LinkId to, std::span<const EventRef> batches, Effects& fx);
  void have_not(LinkId to, StreamTag stream, Seq upto, std::span<const SeqRange> ranges, Effects& fx) const;
  [[nodiscard]] StreamTag own_tag() const { return own_tag_; }
  void on(Time now, const LinkInfo& from, const wire::HaveNot& have_not, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::Frontiers& frontiers, Effects& fx);
  void on(Time now, const LinkInfo& from, const wire::StartAsk& ask, Effects& fx);
  // The peer has just joined through us: nobody has learnt of it earlier. What is published from here on may
  // be on its way to it before it asks where to begin, so it is told the frontiers of this moment.
  void note_joiner(Time now, const PeerId& peer);
  // Calls start_at(StreamIndex, Seq) for each stream's start position.
  template <class StartAt>
  void on(Time now, const LinkInfo& from, const wire::StartTell& tell, Effects& fx, StartAt&& start_at) {
    if (!accept_start(from, tell, fx)) return;
    HaveReader reader{tell.streams};
    while (reader.next(have_entry_)) {
      if (have_entry_.tag == own_tag_) {  // nobody knows better than we what we have published
        if (const auto own = context_.streams.find(own_tag_))
          start_at(*own, context_.streams[*own].frontier());
        continue;
      }
      const Seq upto = start_of(have_entry_.tag, have_entry_.upto);
      const auto index = context_.streams.start_at(now, have_entry_.tag, upto);
      // Not the frontier: it may have joined runs that came early and still wait for their turn.
      if (!index) continue;
      start_at(*index, upto);
      if (!have_entry_.runs.empty())
        puller_.wanted(now, *index, have_entry_.runs[have_entry_.runs.size() - 1].last, from.id);
    }
    if (!tell.more) started_ = true;
  }

  // Whether what we have can be compared with what another member has that takes events, too.
  [[nodiscard]] bool comparable() const { return running_ && context_.reliable && taking_ && started_; }
  // Begins to compare frontiers over the link.
  void compare(Time now, LinkId with, Effects& fx);
  // With whom to compare in this round; may also dial a member that links do not lead to.
  [[nodiscard]] std::optional<LinkId> partner(std::uint64_t round, Effects& fx);

  // A duty of ours whose child has gone or stayed silent.
  void take_over(Time now, Duty duty, Effects& fx);
  // A duty of ours was taken; counts how many hold our own batches.
  void taken(const Duty& duty, Effects& fx);
  // A member left. If it was the last other one, nobody will take what nobody has taken: publishers are told.
  void on_member_left(Effects& fx);

  void on_link_up(Time now, const LinkInfo& link, Effects& fx);
  void on_link_down(Time now, LinkId link);
  void on_dial_failed(Time now, const PeerId& peer, Effects& fx) { caster_.on_dial_failed(now, peer, fx); }
  void on_lag_ended(Time now, LinkId link, Effects& fx);
  void on_member_joined(Time now, const PeerId& peer);
  void on_member_changed(Time now, const PeerId& peer);
  void set_entry(Time now, std::optional<LinkId> entry, Effects& fx);

  [[nodiscard]] Time next_deadline() const;
  // What is given up goes to `lost`: the caller states it as a gap.
  void on_deadline(Time now, Effects& fx, std::vector<Puller::Lost>& lost);

  [[nodiscard]] bool uses(LinkId link) const {
    return mesh_.has(link) || fingers_.uses(link) || caster_.entry() == link;
  }
  [[nodiscard]] std::uint32_t roles(LinkId link) const;
  [[nodiscard]] const Caster& caster() const { return caster_; }
  [[nodiscard]] const Mesh& mesh() const { return mesh_; }
  [[nodiscard]] const Fingers& fingers() const { return fingers_; }
  [[nodiscard]] const Puller& puller() const { return puller_; }
  [[nodiscard]] const MulticastCounts& counts() const { return counts_; }
  [[nodiscard]] std::uint64_t untaken() const;
  void check_invariants() const;

 private:
  enum class Came : std::uint8_t { fresh, duplicate, unwanted, bad };
  Came take_in(Time now, const LinkInfo& from, const EventRef& bytes, std::uint8_t hops, Effects& fx);
  void forget(std::optional<StreamIndex> closed);
  [[nodiscard]] bool counts_taken() const { return context_.replicas == nullptr; }  // else replicas do
  [[nodiscard]] bool far_behind(StreamIndex stream, const wire::BatchView& batch) const;
  [[nodiscard]] std::optional<LinkId> replica_link();
  bool verify(const wire::BatchView& batch, Effects& fx);
  void bad_batch(const LinkInfo& from, Effects& fx);
  bool accept_start(const LinkInfo& from, const wire::StartTell& tell, Effects& fx);
  // Where a stream begins for us: behind what the other has, but not behind what was sent to us already, by
  // someone who knew that we want it.
  [[nodiscard]] Seq start_of(StreamTag tag, Seq told) const;
  [[nodiscard]] Seq first_held(StreamIndex stream, Seq upto) const;
  struct Answer {
    std::size_t bytes = 0;
    EventRef next;  // one behind, so that the last one can say so
  };
  bool answer_range(const LinkInfo& from, StreamIndex stream, SeqRange range, Answer& answer, Effects& fx);
  [[nodiscard]] bool may_answer(const LinkInfo& to) const;
  void note_frontiers(Time now, const LinkInfo& from, Bytes streams);
  void send_frontier_ranges(LinkId with, Effects& fx);
  void tell_lacking(LinkId link, std::span<StreamIndex> streams, Effects& fx);
  void note_own(Seq first, Seq last);

  MulticastContext context_;
  StreamTag own_tag_;
  CastLedger& ledger_;
  Rng rng_;
  Caster caster_;
  Mesh mesh_;
  Fingers fingers_;
  Puller puller_;
  AcceptedIntervals accepted_;
  Arrived arrived_;
  Trust trust_{};   // of arrived_
  CacheId cached_;  // of arrived_
  bool seen_ = false;
  std::optional<Unread> unread_;
  HaveEntry have_entry_;
  MulticastCounts counts_;

  struct Own {  // one of our own batches that somebody may still have to take
    Seq first, last;
    std::uint32_t holders = 0;
  };
  Ring<Own> own_;
  Seq cast_upto_{};       // own batches up to here were sent
  bool outside_ = false;  // publishes through an entry, is no member
  bool running_ = false;
  struct Joiner {
    PeerId peer;
    Time until{};
    std::vector<std::pair<StreamTag, Seq>> starts;
  };
  static constexpr std::size_t joiners_max = 16;  // x 16 B per stream of the topic
  static constexpr Duration joiner_life = std::chrono::seconds{5};
  std::vector<Joiner> joiners_;
  bool taking_ = false, started_ = false, want_early_ = false;
  Time taking_since_{};
  std::optional<LinkId> asked_start_;
  Time ask_start_at_ = never;
};

}  // namespace boato
