// SPDX-License-Identifier: Apache-2.0
#include "overlay/effects/link_table.hpp"

#include "overlay/base/check.hpp"

#include <algorithm>

namespace boato {

std::size_t LinkTable::index_of(LinkId id) const {
  return static_cast<std::size_t>(std::ranges::lower_bound(ids_, id) - ids_.begin());
}

const LinkInfo* LinkTable::find(LinkId id) const {
  const std::size_t at = index_of(id);
  return at < ids_.size() && ids_[at] == id ? &links_[at] : nullptr;
}

LinkInfo* LinkTable::edit(LinkId id) {
  const std::size_t at = index_of(id);
  return at < ids_.size() && ids_[at] == id ? &links_[at] : nullptr;
}

const LinkInfo* LinkTable::find(const PeerId& peer) const {
  const std::uint64_t place = ring_place(peer);
  for (auto at = std::ranges::lower_bound(by_place_, place, {}, &Placed::place);
       at != by_place_.end() && at->place == place; ++at)
    if (const LinkInfo* link = find(at->link); link->peer == peer) return link;
  return nullptr;
}

LinkInfo& LinkTable::add(const LinkUp& up, Time now) {
  BOATO_CHECK(!find(up.peer));
  const std::uint64_t place = ring_place(up.peer);
  by_place_.insert(std::ranges::lower_bound(by_place_, place, {}, &Placed::place), {place, up.link});
  const auto at = static_cast<std::ptrdiff_t>(index_of(up.link));
  ids_.insert(ids_.begin() + at, up.link);
  LinkInfo info{up.link, up.peer, up.incarnation, up.dialed, up.tag, up.flags, up.addresses, now, now};
  return *links_.insert(links_.begin() + at, info);
}

void LinkTable::remove(LinkId id) {
  const std::size_t at = index_of(id);
  BOATO_CHECK(at < ids_.size() && ids_[at] == id);
  std::erase_if(by_place_, [&](const Placed& p) { return p.link == id; });
  ids_.erase(ids_.begin() + static_cast<std::ptrdiff_t>(at));
  links_.erase(links_.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace boato
