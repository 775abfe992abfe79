// SPDX-License-Identifier: Apache-2.0
// Whom a batch of our own stream goes to: everybody (plain), or the members that want it, each told how many
// numbers before it were not for it (selective). Plain as long as a quarter of the members and more want what
// is published, since lists then cost more than they spare; the last batch before a stream turns plain is
// listed for all, so that everybody knows where it stands. Knows interests and numbers; does not know links.
// Invariant: a claim `skip` covers only numbers for which the member was asked by one interest, the one its
// tag names, or which were handed to everybody.
#pragma once

#include "overlay/multicast/config.hpp"
#include "overlay/multicast/roster_interests.hpp"

#include <optional>
#include <vector>

namespace boato {

class Chooser {
 public:
  Chooser(const MulticastConfig& config, const Roster& roster, std::string_view topic, std::uint64_t seed)
      : config_{config}, roster_{roster}, interests_{roster, seed}, reader_{topic} {}

  // Up to here everything was handed to everybody.
  void begin(Seq upto) { head_ = plain_upto_ = upto; }
  // There was nobody to hand it to.
  void passed(Seq last) {
    head_ = last;
    if (!selective_) plain_upto_ = last;
  }
  // The members to list, by rising name, without `me`; nothing: hand it to everybody. Valid until the next
  // call. `first` of the batches of a stream comes in order.
  [[nodiscard]] std::optional<std::span<const Recipient>> choose(Time now, const wire::BatchView& batch,
                                                                 std::uint64_t me);
  [[nodiscard]] bool selective() const { return selective_; }
  // Is in step with the roster before it is asked.
  [[nodiscard]] RosterInterests& interests() {
    follow();
    return interests_;
  }
  [[nodiscard]] BatchReader& reader() { return reader_; }
  void check_invariants() const { interests_.check_invariants(); }

 private:
  struct Sent {
    std::uint64_t place = 0;
    Seq last;  // number that was handed to it, or before which it was not asked by its present interest
  };
  void follow();
  void note(std::uint64_t place, Seq last);
  [[nodiscard]] Seq last_of(std::uint64_t place) const;
  bool decide(Time now, std::size_t wanted);

  const MulticastConfig& config_;
  const Roster& roster_;
  RosterInterests interests_;
  BatchReader reader_;
  bool selective_ = false;
  Seq head_{};              // last own number that was handed out
  Seq plain_upto_{};        // up to here everything went to everybody
  std::vector<Sent> sent_;  // by place; since then
  std::vector<Recipient> list_;
  std::vector<RosterInterests::Chosen> chosen_;
  // Of the last batches, the share of members that wanted each, in 1/65536.
  std::vector<std::uint32_t> shares_;
  std::size_t next_share_ = 0;
  std::uint64_t share_sum_ = 0;
  Time few_since_ = never;
};

}  // namespace boato
