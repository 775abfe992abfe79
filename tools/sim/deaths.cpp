// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/deaths.hpp"

#include <algorithm>

namespace boato::sim {

namespace {
std::uint64_t us(Duration d) { return static_cast<std::uint64_t>(d.count()); }
}  // namespace

Deaths::Slowness& Deaths::of(std::uint32_t peer) {
  if (slowness_.size() <= peer) slowness_.resize(peer + std::size_t{1});
  return slowness_[peer];
}

void Deaths::died(Time now, std::uint32_t peer) { deaths_.push_back({peer, now, false, {}}); }

void Deaths::paused(Time, std::uint32_t peer) {
  Slowness& s = of(peer);
  s.paused = true;
  s.times = 0;
}

void Deaths::resumed(Time now, std::uint32_t peer) {
  Slowness& s = of(peer);
  s.paused = false;
  s.until = now + slow_for;
}

void Deaths::suspected(Time now) {
  if (deaths_.empty() || deaths_.back().suspected) return;
  deaths_.back().suspected = true;
  first_suspicion_.add(us(now - deaths_.back().at));
}

void Deaths::declared(Time now, std::uint32_t peer) {
  Slowness& s = of(peer);
  const bool news = now >= s.said + incident;
  s.said = now;
  if (!news) return;
  if (s.paused || now < s.until) {
    slow_declared_most_ = std::max(slow_declared_most_, ++s.times);
  } else {
    ++healthy_declared_;
  }
}

bool Deaths::look(Time now, const std::vector<std::uint32_t>& members,
                  const std::function<bool(std::uint32_t, std::uint32_t)>& lists) {
  std::erase_if(deaths_, [&](Death& death) {
    const bool late = now >= death.at + look_for;
    bool listed = false;
    for (const std::uint32_t member : members) {
      if (death.struck_by.size() <= member) death.struck_by.resize(member + std::size_t{1});
      if (death.struck_by[member]) continue;
      const bool still = lists(member, death.peer);
      listed |= still;
      if (still && !late) continue;
      death.struck_by[member] = true;
      struck_.add(us(now - death.at));
    }
    return late || !listed;
  });
  return !deaths_.empty();
}

}  // namespace boato::sim
