// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/collector.hpp"

#include "overlay/wire/codec.hpp"

#include <algorithm>
#include <numeric>

namespace boato::sim {

std::uint64_t Histogram::floor_of(std::size_t bucket) {
  if (bucket < 32) return bucket;
  const std::size_t shift = bucket / 16 - 1;
  return (std::uint64_t{bucket} - shift * 16) << shift;
}

std::uint64_t Histogram::at(double share) const {
  if (count_ == 0) return 0;
  const auto wanted = static_cast<std::uint64_t>(share * static_cast<double>(count_ - 1)) + 1;
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted) return std::min(floor_of(i), worst_);
  }
  return worst_;
}

std::uint64_t Traffic::total_frames() const {
  return std::accumulate(frames.begin(), frames.end(), std::uint64_t{0});
}
std::uint64_t Traffic::total_bytes() const {
  return std::accumulate(flow_bytes.begin(), flow_bytes.end(), std::uint64_t{0});
}

Traffic operator-(const Traffic& now, const Traffic& before) {
  Traffic d = now;
  for (std::size_t i = 0; i < d.frames.size(); ++i) {
    d.frames[i] -= before.frames[i];
    d.bytes[i] -= before.bytes[i];
  }
  for (std::size_t i = 0; i < flows; ++i) {
    d.flow_frames[i] -= before.flow_frames[i];
    d.flow_bytes[i] -= before.flow_bytes[i];
  }
  d.body_bytes -= before.body_bytes;
  return d;
}

wire::Kind Collector::carried(const Carried& carried) {
  wire::Cursor in{carried.envelope};
  wire::Kind kind{};
  std::uint32_t fields = 0;
  const bool known = wire::open_frame(in, kind, fields);
  const std::size_t k = known && static_cast<std::size_t>(kind) < 128 ? static_cast<std::size_t>(kind) : 0;
  const std::uint64_t head = std::uint64_t{carried.envelope_bytes} + carried.overhead_bytes;
  const auto flow = static_cast<std::size_t>(carried.flow);
  ++traffic_.frames[k];
  traffic_.bytes[k] += head;
  ++traffic_.flow_frames[flow];
  traffic_.flow_bytes[flow] += head + carried.body_bytes;
  traffic_.body_bytes += carried.body_bytes;
  if (kind != wire::Kind::cast && kind != wire::Kind::repair) return kind;
  if (payload_sends_.size() <= carried.from) payload_sends_.resize(carried.from + std::size_t{1});
  ++payload_sends_[carried.from];
  return kind;
}

std::string_view name_of(wire::Kind kind) {
  using wire::Kind;
  switch (kind) {
    case Kind::neighbor: return "neighbor";
    case Kind::accept: return "accept";
    case Kind::refuse: return "refuse";
    case Kind::disconnect: return "disconnect";
    case Kind::shuffle: return "shuffle";
    case Kind::shuffle_reply: return "shuffle_reply";
    case Kind::join: return "join";
    case Kind::samples: return "samples";
    case Kind::walk: return "walk";
    case Kind::splice: return "splice";
    case Kind::splice_answer: return "splice_answer";
    case Kind::ping: return "ping";
    case Kind::pong: return "pong";
    case Kind::probe: return "probe";
    case Kind::probe_result: return "probe_result";
    case Kind::topic_push: return "topic_push";
    case Kind::topic_names: return "topic_names";
    case Kind::topic_fetch: return "topic_fetch";
    case Kind::directory_ranges: return "directory_ranges";
    case Kind::roster_join: return "roster_join";
    case Kind::roster_welcome: return "roster_welcome";
    case Kind::roster_page: return "roster_page";
    case Kind::roster_fetch: return "roster_fetch";
    case Kind::roster_ranges: return "roster_ranges";
    case Kind::roster_spread: return "roster_spread";
    case Kind::roster_want: return "roster_want";
    case Kind::cast: return "cast";
    case Kind::taken: return "taken";
    case Kind::mesh: return "mesh";
    case Kind::have: return "have";
    case Kind::pull: return "pull";
    case Kind::repair: return "repair";
    case Kind::have_not: return "have_not";
    case Kind::reconcile: return "reconcile";
    case Kind::frontiers: return "frontiers";
    case Kind::held: return "held";
    case Kind::start_ask: return "start_ask";
    case Kind::start_tell: return "start_tell";
    case Kind::view_ask: return "view_ask";
    case Kind::view_tell: return "view_tell";
    default: return "other";
  }
}

}  // namespace boato::sim
