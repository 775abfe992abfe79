// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/reconciler.hpp"

#include "overlay/base/mix.hpp"

namespace boato {
namespace {

// 32 bits of a digest, other ones on each link: an accident that hides a difference hides it on one link.
std::uint64_t fold(std::uint64_t digest, const LinkInfo& link) {
  return digest == 0 ? 0 : mix(digest ^ get_be<std::uint64_t>(view(link.tag).data())) >> 32;
}

}  // namespace

std::vector<RangeEntry> Reconciler::entries(const LinkInfo& with, wire::Compared what,
                                            std::span<const CommonTopic> common) {
  std::vector<RangeEntry> entries;
  entries.reserve(common.size());
  for (const CommonTopic& c : common) {
    const std::uint64_t streams = asks(what, wire::Compared::streams) ? fold(c.streams, with) : 0;
    const std::uint64_t rosters = asks(what, wire::Compared::rosters) ? fold(c.rosters, with) : 0;
    entries.push_back({c.topic.raw(), rosters << 32 | streams});
  }
  return entries;
}

void Reconciler::begin(const LinkInfo& with, wire::Compared what, std::span<const CommonTopic> common,
                       Effects& fx) {
  if (common.empty()) return;
  std::array<std::byte, ranges_bytes_max> room;
  ByteWriter out{room};
  begin_ranges(entries(with, what, common), static_cast<std::uint32_t>(rng_.next()), out);
  fx.send(with.id, Flow::control, wire::Reconcile{what, out.written()});
  fx.count(Counter::reconciled);
}

void Reconciler::note(std::uint64_t place, std::uint64_t halves) {
  if (differences_.empty() || differences_.back().place != place)  // places rise
    differences_.push_back({place, halves});
  else
    differences_.back().halves |= halves;
}

}  // namespace boato
