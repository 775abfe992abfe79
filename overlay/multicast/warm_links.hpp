// SPDX-License-Identifier: Apache-2.0
// The links to members of one topic that take events, by place on the ring: finding one inside a slice is a
// binary search, whatever the roster's size.
#pragma once

#include "overlay/base/strong.hpp"
#include "overlay/roster/member.hpp"

#include <algorithm>
#include <span>
#include <vector>

namespace boato {

struct WarmLink {
  std::uint64_t place = 0;
  LinkId link;
};

class WarmLinks {
 public:
  void add(std::uint64_t place, LinkId link) {
    remove(link);
    links_.insert(std::ranges::lower_bound(links_, place, {}, &WarmLink::place), WarmLink{place, link});
  }
  void remove(LinkId link) {
    std::erase_if(links_, [&](const WarmLink& w) { return w.link == link; });
  }
  [[nodiscard]] bool has(LinkId link) const {
    return std::ranges::find(links_, link, &WarmLink::link) != links_.end();
  }
  [[nodiscard]] std::span<const WarmLink> in(Interval interval) const {
    const auto first = std::ranges::lower_bound(links_, interval.lo, {}, &WarmLink::place);
    const auto last =
        interval.hi == 0 ? links_.end() : std::ranges::lower_bound(links_, interval.hi, {}, &WarmLink::place);
    return first < last ? std::span<const WarmLink>{first, last} : std::span<const WarmLink>{};
  }
  [[nodiscard]] std::span<const WarmLink> all() const { return links_; }

 private:
  std::vector<WarmLink> links_;
};

}  // namespace boato
