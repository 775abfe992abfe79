// SPDX-License-Identifier: Apache-2.0
// Small worlds for planted faults of replicas (fault_scenes.hpp).
#pragma once

#include <string_view>

namespace boato::sim::disk_scenes {

// Replicas whose disks are full and slow, power cuts for everybody, and a reader from the beginning long
// after caches have forgotten.
inline constexpr std::string_view disks = R"(
peers = 16
joining = 2s
duration = 150s
quiet = 75s
stores = 8
check_every = 4

[network]
loss = 2%

[topic t]
durability = disk
replicas = 3
members = 50%
publishers = 3
rate = 10/s
payload = 100
publish = 8s .. 60s

[timeline]
at 15s disk-full 25% for 10s
at 20s disk-slow 40% for 10s
at 30s crash 100% silent
at 31s restart 100%
at 45s cut 50%
at 149s replay 1
)";

// A replica comes back without its disk, again and again, and another one dies at once: what both had said is
// on the third alone.
inline constexpr std::string_view wiped = R"(
peers = 10
joining = 2s
duration = 100s
quiet = 75s
stores = 3
check_every = 4

[network]
delay = 10ms .. 50ms

[topic t]
durability = disk
replicas = 3
members = 50%
publishers = 3
rate = 20/s
payload = 100
publish = 8s .. 90s

[timeline]
every 14s from 20s to 76s disk-slow 3 for 4s
every 14s from 21s to 77s crash 1 among-seeds
every 14s from 22s to 78s restart all wiped
)";

}  // namespace boato::sim::disk_scenes
