// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/knock_filter.hpp"

#include "overlay/base/bytes.hpp"

#include <algorithm>

namespace boato {
namespace {

// The place of a tag, or the free place where it would go. A generation is never full, so the search ends.
std::size_t find(const std::vector<std::uint64_t>& tags, std::uint64_t tag) {
  std::size_t at = tag % tags.size();
  while (tags[at] != 0 && tags[at] != tag) at = (at + 1) % tags.size();
  return at;
}

}  // namespace

bool KnockFilter::seen(const Key32& ephemeral, Time now) {
  const Key32 digest = crypto_->keyed_hash(key_, view(ephemeral));
  const std::uint64_t tag = std::max<std::uint64_t>(1, get_be<std::uint64_t>(view(digest).data()));
  if (young_.tags.empty()) {
    young_.tags.resize(places);
    old_.tags.resize(places);
    turned_ = now;
  }
  if (young_.used >= full_at || now - turned_ >= turn_every) turn(now);
  const std::size_t place = find(young_.tags, tag);
  if (young_.tags[place] == tag || old_.tags[find(old_.tags, tag)] == tag) {
    ++replays_;
    return true;
  }
  young_.tags[place] = tag;
  ++young_.used;
  return false;
}

void KnockFilter::turn(Time now) {
  std::swap(young_, old_);
  std::ranges::fill(young_.tags, 0);
  young_.used = 0;
  turned_ = now;
}

}  // namespace boato
