// SPDX-License-Identifier: Apache-2.0
#include "overlay/effects/link_table.hpp"

#include "overlay/base/check.hpp"

#include <algorithm>

namespace boato {

const LinkInfo* LinkTable::find(LinkId id) const {
  const auto at = std::ranges::lower_bound(links_, id, {}, &LinkInfo::id);
  return at != links_.end() && at->id == id ? &*at : nullptr;
}

LinkInfo* LinkTable::edit(LinkId id) {
  const auto at = std::ranges::lower_bound(links_, id, {}, &LinkInfo::id);
  return at != links_.end() && at->id == id ? &*at : nullptr;
}

const LinkInfo* LinkTable::find(const PeerId& peer) const {
  const auto at = std::ranges::lower_bound(by_peer_, peer, {}, &std::pair<PeerId, LinkId>::first);
  return at != by_peer_.end() && at->first == peer ? find(at->second) : nullptr;
}

LinkInfo& LinkTable::add(const LinkUp& up, Time now) {
  const auto place = std::ranges::lower_bound(by_peer_, up.peer, {}, &std::pair<PeerId, LinkId>::first);
  BOATO_CHECK(place == by_peer_.end() || place->first != up.peer);
  by_peer_.insert(place, {up.peer, up.link});
  LinkInfo info{up.link, up.peer, up.incarnation, up.dialed, up.tag, up.flags, up.addresses, now, now};
  return *links_.insert(std::ranges::lower_bound(links_, up.link, {}, &LinkInfo::id), info);
}

void LinkTable::remove(LinkId id) {
  const auto at = std::ranges::lower_bound(links_, id, {}, &LinkInfo::id);
  BOATO_CHECK(at != links_.end() && at->id == id);
  std::erase_if(by_peer_, [&](const auto& entry) { return entry.second == id; });
  links_.erase(at);
}

}  // namespace boato
