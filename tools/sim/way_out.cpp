// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/way_out.hpp"

namespace boato::sim {

bool WayOut::push(Time now, std::uint32_t peer, const Piece& piece) {
  auto& pieces = peers_[peer].pieces;
  pieces.push_back(piece);
  Line& line = lines_[piece.line];
  const auto flow = static_cast<std::size_t>(piece.flow);
  ++line.pieces;
  line.bytes[flow] += piece.bytes;
  line.since[flow].push_back(now);
  return pieces.size() == 1;
}

WayOut::Piece WayOut::pop(std::uint32_t peer) {
  const auto way = peers_.find(peer);
  const Piece piece = way->second.pieces.front();
  way->second.pieces.pop_front();
  if (way->second.pieces.empty()) peers_.erase(way);
  const auto line = lines_.find(piece.line);
  const auto flow = static_cast<std::size_t>(piece.flow);
  line->second.bytes[flow] -= piece.bytes;
  line->second.since[flow].pop_front();
  if (--line->second.pieces == 0) lines_.erase(line);
  return piece;
}

std::size_t WayOut::bytes(std::uint32_t line, Flow flow) const {
  const auto at = lines_.find(line);
  return at == lines_.end() ? 0 : at->second.bytes[static_cast<std::size_t>(flow)];
}

Time WayOut::oldest(std::uint32_t line, Flow flow) const {
  const auto at = lines_.find(line);
  if (at == lines_.end()) return never;
  const auto& since = at->second.since[static_cast<std::size_t>(flow)];
  return since.empty() ? never : since.front();
}

}  // namespace boato::sim
