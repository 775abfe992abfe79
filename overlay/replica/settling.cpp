// SPDX-License-Identifier: Apache-2.0
#include "overlay/replica/settling.hpp"

#include "overlay/base/mutant.hpp"
#include "overlay/wire/event_messages.hpp"

#include <algorithm>

namespace boato {

void Settling::published(Time now, Seq first, Seq last, const EventRef& bytes) {
  own_.push_back({first, last, bytes, now});
  bytes_ += bytes.size();
  due_ = std::min(due_, now + config_.push_after);
}

void Settling::restart() {
  own_.clear();
  settled_ = 0;
  held_ = {};
  bytes_ = 0;
  due_ = never;
}

std::uint32_t Settling::holders(Seq last) const {
  return static_cast<std::uint32_t>(std::count_if(held_.begin(),
                                                  held_.begin() + static_cast<std::ptrdiff_t>(set_.size()),
                                                  [&](Seq held) { return held >= last; }));
}

void Settling::on_held(const PeerId& replica, Seq upto, Effects& fx) {
  const auto voter = set_.index_of(replica);
  if (!voter || own_.empty()) return;
  // Nobody holds what was not published yet.
  upto = std::min(upto, own_.back().last);
  const Seq before = std::exchange(held_[*voter], std::max(held_[*voter], upto));
  if (held_[*voter] == before) return;
  std::size_t i = 0;
  for (std::size_t end = own_.size(); i < end;) {  // the first that it had not said
    const std::size_t middle = (i + end) / 2;
    if (own_[middle].last <= before)
      i = middle + 1;
    else
      end = middle;
  }
  TakenNotice taken{tag_, {}, {}, 0};  // neighbours that as many hold are told together
  for (; i < own_.size() && own_[i].last <= held_[*voter]; ++i) {
    Own& own = own_[i];
    std::uint32_t count = holders(own.last);
    if (BOATO_MUTANT(405)) ++count;  // counts one voter twice
    if (count >= set_.quorum() && i == settled_) {
      bytes_ -= own.bytes.size();
      own.bytes = {};
      ++settled_;
    }
    if (taken.holders != count) {
      if (taken.holders > 0) fx.taken(taken);
      taken = {tag_, own.first, own.last, count};
    }
    taken.last = own.last;
  }
  if (taken.holders > 0) fx.taken(taken);
  while (settled_ > 0 && (holders(own_.front().last) == set_.size() || own_.size() > config_.entries_max)) {
    own_.pop_front();
    --settled_;
  }
}

void Settling::on_link_down(const PeerId& peer) {
  const auto voter =
      peer == self_ || BOATO_MUTANT(401) ? std::nullopt : set_.index_of(peer);  // 401: it counts on
  if (voter) held_[*voter] = Seq{};
}

std::uint64_t Settling::unsettled() const {
  return settled_ == own_.size() ? 0 : own_.back().last.raw() - own_[settled_].first.raw() + 1;
}

void Settling::on_deadline(Time now, Effects& fx) {
  if (due_ > now) return;
  due_ = never;
  for (std::size_t v = 0; v < set_.size(); ++v) {
    const PeerId& voter = set_.voters()[v];
    const LinkInfo* link = voter == self_ ? nullptr : links_.find(voter);
    if (!link || link->lagging) continue;
    std::size_t bytes = 0;
    for (std::size_t i = settled_; i < own_.size() && bytes < config_.push_bytes; ++i) {
      const Own& own = own_[i];
      if (own.last <= held_[v]) continue;
      if (now - own.pushed < config_.push_after) break;
      bytes += own.bytes.size();
      fx.send(link->id, Flow::repair, wire::Repair{tag_, false}, own.bytes);
    }
  }
  for (std::size_t i = settled_; i < own_.size(); ++i) {
    if (now - own_[i].pushed >= config_.push_after) own_[i].pushed = now;
    due_ = std::min(due_, own_[i].pushed + config_.push_after);
  }
}

void Settling::check_invariants() const {
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < own_.size(); ++i) {
    bytes += own_[i].bytes.size();
    BOATO_CHECK(i == 0 || own_[i - 1].last < own_[i].first);
    BOATO_CHECK(own_[i].bytes.empty() == (i < settled_));
    BOATO_CHECK(i < settled_ || holders(own_[i].last) < set_.quorum());
  }
  BOATO_CHECK(bytes == bytes_);
  BOATO_CHECK(settled_ == own_.size() || due_ != never);
}

}  // namespace boato
