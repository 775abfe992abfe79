// SPDX-License-Identifier: Apache-2.0
// Names of streams and of runs of their numbers inside one peer.
#pragma once

#include "overlay/base/strong.hpp"

#include <compare>
#include <cstdint>

namespace boato {

// One topic of this peer: small and dense, given by whoever owns the topics. Never on the wire.
using TopicSlot = Strong<struct TopicSlotTag, std::uint32_t>;

// One stream inside its topic's StreamSet: dense, stable while the stream is open, reused after it was
// closed. Never on the wire.
using StreamIndex = Strong<struct StreamIndexTag, std::uint32_t>;

struct StreamKey {
  PeerId publisher;
  Incarnation incarnation;
  auto operator<=>(const StreamKey&) const = default;
};

// The numbers first to last, both included; first <= last.
struct SeqRange {
  Seq first, last;
  auto operator<=>(const SeqRange&) const = default;
  [[nodiscard]] std::uint64_t count() const { return last.raw() - first.raw() + 1; }
  [[nodiscard]] bool holds(Seq seq) const { return first <= seq && seq <= last; }
};

}  // namespace boato
