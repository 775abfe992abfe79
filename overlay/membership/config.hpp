// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boato/types.hpp>

#include <cstddef>
#include <cstdint>

namespace boato {

// Figures of the overlay graph. Random 8-regular keeps 72 % in one component after an 80 % crash before any
// repair, 5-regular 1.7 %; with at least 192 known peers a 97 % crash strands none of the survivors.
struct MembershipConfig {
  std::size_t active_target = 8;
  std::size_t active_min = 5;  // below it asking is urgent, and at it nobody is given up
  std::size_t active_max = 12;
  std::size_t active_seed_max = 16;  // of a peer that was started without seeds
  std::size_t guest_target = 2;      // what a guest asks for
  std::size_t passive_max = 256;
  std::size_t ghosts_max = 256;
  Duration ghost_life = std::chrono::hours{24};
  Duration stale_after = std::chrono::minutes{15};  // older evidence is tried last

  Duration shuffle_every = std::chrono::seconds{60};
  Duration shuffle_every_young = std::chrono::seconds{10};
  Duration young = std::chrono::minutes{5};       // after the start
  Duration unsettled = std::chrono::seconds{60};  // after an active link died
  std::uint32_t walks = 4;
  std::uint32_t walk_steps = 8;  // mixes beyond 100,000 peers at degree 8

  Duration join_retry = std::chrono::seconds{1};
  Duration served_after = std::chrono::milliseconds{1500};  // a newcomer's link without a use is given back
  std::size_t served_max = 1024;                            // newcomers at once; more come again
  Duration ask_within = std::chrono::seconds{4};            // a dial and one answer
  Duration fill_first = std::chrono::seconds{3};            // after the start
  Duration fill_every = std::chrono::seconds{1};            // how often missing neighbours are looked for
  Duration fill_every_max = std::chrono::seconds{30};
  Duration splice_within = std::chrono::seconds{2};
  Duration trim_after = std::chrono::seconds{60};  // both ends above the target
  Duration trim_every = std::chrono::seconds{5};   // one link at a time
  Duration heal_every = std::chrono::seconds{30};  // while young, and for heal_lively after a peer was lost
  Duration heal_every_calm = std::chrono::minutes{5};  // 10,000 peers still make 33 probes a second
  Duration heal_lively = std::chrono::minutes{15};
  Duration relink_after = std::chrono::seconds{10};  // the same two peers after `full` and `idle`
  std::size_t asks_max = 16;
  std::size_t asks_lonely_max = 8;  // at once, by a peer without any neighbour
  std::size_t splices_max = 4;
  std::size_t seeds_max = 64;
  std::size_t rests_max = 64;
  Duration heal_splice_every = std::chrono::seconds{1};  // at most so often, whoever asks

  std::size_t links_aim = 96;  // above it others are asked to use other links

  Duration ping_active = std::chrono::seconds{1};  // of silence
  Duration ping_quiet = std::chrono::seconds{5};   // the same when the link was idle for quiet_after
  Duration quiet_after = std::chrono::seconds{60};
  // Links without a role, and those whose events rest and that are in no mesh.
  Duration ping_spare = std::chrono::seconds{30};
  Duration answer_least = std::chrono::seconds{1};
  Duration answer_most = std::chrono::seconds{10};  // longer, and the peer or we were away
  Duration answer_first = std::chrono::seconds{3};  // while the round trip is not known: RFC 1122, 4.2.3.1
  Duration probe_within = std::chrono::milliseconds{500};
  Duration refused_within = std::chrono::milliseconds{600};  // where all are refused: time for a restart
  std::size_t helpers = 2;                                   // neighbours asked to probe
  std::size_t helping_max = 16;                              // probes done for others at once
  std::uint32_t health_max = 8;

  Duration mass_window = std::chrono::seconds{1};
  Duration mass_for = std::chrono::seconds{5};
  std::size_t mass_least = 3;  // and a fifth of the open links
};

static_assert(MembershipConfig{}.active_min < MembershipConfig{}.active_target);
static_assert(MembershipConfig{}.active_target < MembershipConfig{}.active_max);
static_assert(MembershipConfig{}.active_max <= MembershipConfig{}.active_seed_max);

}  // namespace boato
