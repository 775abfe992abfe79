// SPDX-License-Identifier: Apache-2.0
#include "overlay/stream/stream.hpp"

namespace boato {

void Stream::account(SeqRange range, Fresh& fresh) {
  BOATO_CHECK(range.first.raw() > 0 && range.first <= range.last);
  fresh.count = 0;
  fresh.refused = false;
  if (range.first == next(frontier_) && above_.empty()) {  // in order: nearly always
    fresh.pieces[0] = range;
    fresh.count = 1;
    frontier_ = range.last;
    return;
  }
  if (BOATO_MUTANT(160)) {  // takes duplicates for new
    fresh.pieces[0] = range;
    fresh.count = 1;
    skip(range.last);
    return;
  }
  each_hole(range, [&](SeqRange hole) {
    if (fresh.count == Fresh::pieces_max) {
      fresh.refused = true;
      return false;
    }
    fresh.pieces[fresh.count++] = hole;
    return true;
  });
  if (BOATO_MUTANT(161) && fresh.count > 0) return skip(range.last);  // jumps over holes
  // A piece joins the runs beside it, so only a run of its own can be one too many; that one is the last
  // piece or the only one.
  for (std::uint8_t i = 0; i < fresh.count; ++i) {
    if (fresh.pieces[i].first == next(frontier_)) {
      frontier_ = fresh.pieces[i].last;
      settle();
    } else if (!above_.add(fresh.pieces[i])) {
      fresh.count = i;
      fresh.refused = true;
      break;
    }
  }
}

void Stream::skip(Seq upto) {
  if (upto <= frontier_) return;
  frontier_ = upto;
  above_.drop_upto(upto);
  settle();
}

bool Stream::raise_floor(Seq floor) {
  if (floor <= floor_ || floor.raw() == 0) return false;
  floor_ = floor;
  skip(Seq{floor.raw() - 1});
  return true;
}

void Stream::refit(std::span<const SeqRange> held) {
  above_.clear();
  for (SeqRange run : held) {
    run.first = std::max(run.first, next(frontier_));
    if (run.first > run.last) continue;
    if (run.first == next(frontier_))
      frontier_ = run.last;
    else if (!above_.add(run))
      break;
  }
  settle();
}

void Stream::settle() {
  const auto ranges = above_.ranges();
  if (ranges.empty() || ranges.front().first.raw() > frontier_.raw() + 1) return;
  frontier_ = std::max(frontier_, ranges.front().last);
  above_.drop_upto(frontier_);
}

}  // namespace boato
