// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/chooser.hpp"

#include "overlay/base/mutant.hpp"

#include <algorithm>

namespace boato {

void Chooser::follow() {
  interests_.sync([&](std::uint64_t place) {
    // What was published before it came, or changed, was not asked by this interest: nothing is claimed of
    // it.
    if (selective_ && head_ > plain_upto_ && !BOATO_MUTANT(221)) note(place, head_);
  });
}

void Chooser::note(std::uint64_t place, Seq last) {
  const auto at = std::ranges::lower_bound(sent_, place, {}, &Sent::place);
  if (at != sent_.end() && at->place == place)
    at->last = std::max(at->last, last);
  else
    sent_.insert(at, Sent{place, last});
}

Seq Chooser::last_of(std::uint64_t place) const {
  const auto at = std::ranges::lower_bound(sent_, place, {}, &Sent::place);
  return at != sent_.end() && at->place == place ? std::max(at->last, plain_upto_) : plain_upto_;
}

// Whether this batch is listed for those that want it alone; keeps the mean share of the last batches.
bool Chooser::decide(Time now, std::size_t wanted) {
  const std::size_t members = std::max<std::size_t>(1, interests_.receivers());
  const auto share = static_cast<std::uint32_t>(std::min(wanted, members) * 65536 / members);
  if (shares_.size() < config_.select_batches) {
    shares_.push_back(share);
  } else {
    share_sum_ -= shares_[next_share_];
    shares_[next_share_] = share;
    next_share_ = (next_share_ + 1) % shares_.size();
  }
  share_sum_ += share;
  const std::uint64_t mean = share_sum_ / shares_.size();
  if (selective_) return mean <= config_.select_above;
  if (mean >= config_.select_below && !(head_ == Seq{} && mean <= config_.select_above)) {
    few_since_ = never;
    return false;
  }
  if (few_since_ == never) few_since_ = now;
  return head_ == Seq{} ||
         now - few_since_ >= config_.select_after;  // a new stream has nothing to swing from
}

std::optional<std::span<const Recipient>> Chooser::choose(Time now, const wire::BatchView& batch,
                                                          std::uint64_t me) {
  if (roster_.filtered() == 0 && !selective_) {  // nobody asks what events say
    head_ = batch.last();
    plain_upto_ = head_;
    return std::nullopt;
  }
  follow();
  const bool was = selective_;
  const bool possible = roster_.filtered() > 0 && !interests_.twins();
  const std::size_t wanted = possible ? interests_.match(reader_, batch) : interests_.receivers();
  const bool now_selective = decide(now, wanted) && possible;
  if (!was && !now_selective) {
    head_ = batch.last();
    plain_upto_ = head_;
    return std::nullopt;
  }
  if (!was) {
    plain_upto_ = Seq{batch.first.raw() - 1};
    sent_.clear();
  }
  // Twins have come: listed once more, the pair by one name; what either misses it is vouched for.
  now_selective ? interests_.gather(chosen_) : interests_.gather_all(chosen_);
  list_.clear();
  for (const RosterInterests::Chosen& c : chosen_) {
    const std::uint64_t name = name_of(c.place);
    if (!list_.empty() && list_.back().name == name) {
      list_.back().tag = 0;
      continue;
    }
    Recipient r{name, c.tag, batch.first.raw() - 1 - last_of(c.place).raw()};
    if (BOATO_MUTANT(222)) r.skip = batch.first.raw() - 1;  // 222: claims that nothing before was for it
    if (now_selective) note(c.place, batch.last());
    if (c.place != me) list_.push_back(r);
  }
  head_ = batch.last();
  if (!now_selective) {
    plain_upto_ = head_;
    sent_.clear();
    few_since_ = never;
  }
  selective_ = now_selective;
  return std::span<const Recipient>{list_};
}

}  // namespace boato
