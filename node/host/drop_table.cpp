// SPDX-License-Identifier: Apache-2.0
#include "node/host/drop_table.hpp"

#include <algorithm>
#include <tuple>

namespace boato {

void DropTable::add(DropReason reason, std::string_view topic, const PeerId& peer, std::uint64_t n) {
  const auto at = std::ranges::partition_point(rows_, [&](const Row& row) {
    return std::tie(row.reason, row.peer, row.topic) < std::tie(reason, peer, topic);
  });
  if (at != rows_.end() && at->reason == reason && at->peer == peer && at->topic == topic) {
    at->count += n;
  } else if (rows_.size() < rows_max) {
    rows_.insert(at, {reason, peer, std::string{topic}, n});
  } else {
    other_[static_cast<std::size_t>(reason)] += n;
  }
}

std::vector<Dropped> DropTable::rows() const {
  std::vector<Dropped> out;
  for (const Row& row : rows_) {
    Dropped& each = out.emplace_back();
    each.reason = to_string(row.reason);
    each.topic = row.topic;
    if (row.peer != PeerId{}) each.peer = row.peer;
    each.count = row.count;
  }
  for (std::size_t i = 0; i < drop_reasons; ++i) {
    if (other_[i] == 0) continue;
    Dropped& each = out.emplace_back();
    each.reason = to_string(static_cast<DropReason>(i));
    each.other = true;
    each.count = other_[i];
  }
  std::ranges::stable_sort(out, std::greater{}, &Dropped::count);
  return out;
}

}  // namespace boato
