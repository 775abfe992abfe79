// SPDX-License-Identifier: Apache-2.0
// Who answers for which part: per link, the CASTs that were sent and not yet taken, and how many were
// received and not yet told. One for all topics of a peer, since TAKEN counts frames of a link. Knows links
// and time; does not know rosters or what a part contains. Invariant: entries of a link rise in number.
#pragma once

#include "overlay/base/slab.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/multicast/config.hpp"
#include "overlay/roster/member.hpp"
#include "overlay/stream/ring.hpp"
#include "overlay/wire/event_messages.hpp"

#include <array>
#include <cstdint>
#include <vector>

namespace boato {

// Places of members that need no copy inside a part.
class Excepted {
 public:
  void add(std::uint64_t place) {
    if (count_ < places_.size()) places_[count_++] = place;  // one too many costs a duplicate, not a loss
  }
  [[nodiscard]] bool holds(std::uint64_t place) const {
    for (std::size_t i = 0; i < count_; ++i)
      if (places_[i] == place) return true;
    return false;
  }
  [[nodiscard]] std::span<const std::uint64_t> places() const { return {places_.data(), count_}; }

 private:
  std::array<std::uint64_t, wire::except_max> places_{};
  std::size_t count_ = 0;
};

// A part of one batch's work, with all that is needed to hand it to somebody else.
struct Duty {
  TopicTag topic;
  EventRef batch;
  Interval interval;
  Excepted except;
  EventRef list;                // of a CAST_TO: its recipients as they travel, in place of the interval
  std::uint64_t tried[3] = {};  // places of children that had it before
  std::uint8_t takeovers = 0;
  std::uint8_t hops = 0;  // of the frame that carries it
  std::uint8_t flags = 0;
};

// A duty that nobody has taken in time, and who should have.
struct Overdue {
  LinkId link;
  Duty duty;
};

class CastLedger {
 public:
  explicit CastLedger(const MulticastConfig& config) : config_{config} {}

  void on_link_up(LinkId link);
  // The link's unfinished duties go to `lost`.
  void on_link_down(LinkId link, std::vector<Duty>& lost);

  // False: too many are outstanding; the link counts as lagging.
  [[nodiscard]] bool may_send(LinkId link) const;
  void sent(Time now, const LinkInfo& link, Duty duty);
  // A frame without a part: the other end counts it all the same.
  void sent_without_duty(LinkId link);
  void received(Time now, LinkId link, Effects& fx);
  // emit(Duty&&) for each duty that the link has taken. False: it claims more than was sent.
  template <class Emit>
  [[nodiscard]] bool on_taken(LinkId link, std::uint64_t count, Emit&& emit) {
    Line* line = find(link);
    if (!line || count > line->sent) return line == nullptr;
    while (!line->waiting.empty() && line->waiting.front().number <= count) emit(line->take());
    next_ = earliest();
    return true;
  }

  // Before this peer leaves: whoever sent to us shall not wait for a word that never comes.
  void tell_all(Effects& fx);

  // Kept, not computed: it is asked for after each frame of the peer.
  [[nodiscard]] Time next_deadline() const { return next_; }
  // Tells what is due to be told; duties that nobody has taken in time go to `overdue`.
  void on_deadline(Time now, Effects& fx, std::vector<Overdue>& overdue);
  [[nodiscard]] std::size_t outstanding() const;
  void check_invariants() const;

 private:
  struct Waiting {
    std::uint64_t number = 0;
    Time due{};
    Duty duty;
  };
  struct Line {
    LinkId link;
    std::uint64_t sent = 0;
    std::uint64_t received = 0, told = 0;
    Time tell_at = never;
    bool flows = false;  // the last TAKEN covered several CASTs
    Ring<Waiting> waiting;
    std::size_t late = 0;  // so many at the front were given to others already; a late TAKEN still counts
    Duty take() {
      Duty duty = std::move(waiting[0].duty);
      waiting.pop_front();
      late -= late > 0 ? 1 : 0;
      return duty;
    }
  };
  Line* find(LinkId link);
  [[nodiscard]] const Line* find(LinkId link) const;
  void tell(Line& line, Effects& fx);
  [[nodiscard]] Time earliest() const;
  const MulticastConfig& config_;
  std::vector<Line> lines_;  // by link
  Time next_ = never;
};

}  // namespace boato
