// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "overlay/base/strong.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace boato {

struct JournalConfig {
  std::size_t waiting_bytes_max = std::size_t{32} << 20;  // asked of the store and not answered
};

struct HolderConfig {
  // What the peer has had and its disk has not is tried again so often: from the cache, else from another
  // replica; so many times without anything new.
  Duration again_after = std::chrono::seconds{1};
  std::uint32_t tries_max = 60;
  std::size_t pulls_max = 16;  // at a time
  std::uint64_t pull_numbers_max = 4096;
  std::size_t owed_max = 4096;        // x 32 B
  std::size_t streams_max = 131'072;  // x 250 B; beyond it new streams are not kept
  std::size_t reads_max = 64;         // pulls that wait for the store at a time, one per link
};

struct SettlingConfig {
  std::size_t window_bytes = std::size_t{16} << 20;  // that no quorum holds
  std::size_t entries_max = 65536;                   // x 72 B, held by a quorum and not by all
  Duration push_after = std::chrono::seconds{1};     // a replica that does not hold it by then gets it again
  std::size_t push_bytes = std::size_t{1} << 20;     // at a time and replica
};

struct ReplicaLinksConfig {
  Duration dial_every = std::chrono::seconds{1};
  Duration quorum_grace = std::chrono::seconds{1};  // below a quorum so long before it is said
};

struct ReplicationConfig {
  JournalConfig journal;
  HolderConfig holder;
  SettlingConfig settling;
  ReplicaLinksConfig links;
};

}  // namespace boato
