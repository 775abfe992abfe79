// SPDX-License-Identifier: Apache-2.0
// Fills a new store with what checks of one that has lost something: row by row, without its indexes, past
// pages that cannot be read. The new store has another incarnation and no promise of the old one, so it holds
// what it holds and answers for nothing else; the rest comes from other replicas. The old files stay as they
// are. Last values under the floor of their stream stay behind.
#pragma once

#include "node/store/log_store.hpp"

#include <cstdint>
#include <functional>
#include <string>

namespace boato {

struct RescueReport {
  std::uint64_t batches = 0, events = 0;  // carried over
  std::uint64_t bad = 0;                  // rows that do not check, or of which the stream is not known
  std::uint64_t no_room = 0;              // batches that check, and found no room in the new store
  std::uint64_t refused = 0;              // batches that check, and leave more holes than a stream may have
  std::uint64_t unreadable = 0;           // places that SQLite cannot read
};

// Reads `from`, which nobody has open, and writes into `into`. `progress` is told the place now and then.
// False: `into` is fenced.
[[nodiscard]] bool rescue(const std::string& from, const char* vfs, LogStore& into, RescueReport& report,
                          const std::function<void(RowId place, RowId last)>& progress = {});

}  // namespace boato
