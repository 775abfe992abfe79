// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "overlay/base/strong.hpp"
#include "overlay/wire/batch.hpp"

#include <cstddef>

namespace boato {

struct MulticastConfig {
  std::size_t fan_out = 8;        // k: parts of one split (overlay.md 4; 8 makes 5 hops of 10,000 members)
  std::size_t fan_out_large = 4;  // for batches above large_bytes: the sender's uplink is the bottleneck then
  std::size_t large_bytes = 8192;
  std::size_t payload_max = wire::payload_bytes_max;

  // A child that has not said TAKEN in clamp(2 RTT + 40 ms, min, max) is taken over. The minimum leaves room
  // for taken_flow and a busy machine's scheduling; a wrong takeover costs one duplicate of the part's
  // copies.
  Duration taken_min = std::chrono::milliseconds{200};
  Duration taken_max = std::chrono::seconds{1};
  Duration taken_after = std::chrono::milliseconds{20};  // TAKEN rides at most so late behind the CAST ...
  Duration taken_flow =
      std::chrono::milliseconds{50};  // ... in a flow so late: nobody waits for the next ...
  std::uint32_t taken_every = 64;     // ... and at most so many CASTs behind
  unsigned takeovers_max = 2;
  std::size_t outstanding_max = 1024;  // x 120 B per link, then the link counts as lagging
  std::size_t pending_max = 256;       // parts that wait for a dial, x 120 B per topic
  std::size_t accepted_slots = 256;    // x 56 B per topic: batches whose accepted intervals are remembered
  unsigned hops_max = 32;

  std::size_t link_full_bytes = std::size_t{1}
                                << 20;  // a first link with so much waiting counts as full: publishers wait
  std::size_t link_lagging_bytes = std::size_t{3} << 20;  // above it no CAST is queued; it ends below half

  std::size_t mesh_random = 6, mesh_small = 2,
              mesh_max = 12;            // ring neighbours come on top of the random ones
  std::size_t mesh_small_members = 16;  // up to so many members mesh_small is enough
  Duration mesh_every = std::chrono::seconds{1};
  Duration mesh_ask_timeout = std::chrono::seconds{3};
  Duration mesh_back_off = std::chrono::seconds{10};  // after a refusal

  // Frontiers are told so long after a change: in a topic where something had to be repaired lately, ...
  Duration have_after = std::chrono::milliseconds{20};
  Duration have_hurry = std::chrono::seconds{10};
  // ... and in a calm one when no event came for have_pause + [0, have_pause_spread], or once in have_flow.
  // Where have_enough neighbours have it, the others are told after have_late.
  Duration have_pause = std::chrono::milliseconds{80};
  Duration have_pause_spread = std::chrono::milliseconds{320};
  Duration have_flow = std::chrono::seconds{1};
  Duration have_late = std::chrono::seconds{5};
  std::size_t have_enough = 3;
  std::size_t have_tell = 2;                                 // neighbours told in one such round
  Duration pull_after = std::chrono::milliseconds{40};       // least wait before a hole is asked for
  Duration pull_after_max = std::chrono::milliseconds{300};  // twice the topic's usual spread, at most
  Duration spread_at_first = std::chrono::milliseconds{75};  // of a topic without events yet
  Duration pull_again = std::chrono::milliseconds{120};      // on top of 1.5 RTT
  std::size_t pull_numbers_max = 8192;                       // per PULL and stream
  Duration give_up_after = std::chrono::seconds{60};  // as long as caches hold: then nobody can have it
  Duration give_up_unreliable = std::chrono::milliseconds{200};
  // An answer ends behind so many bytes; who asked asks on. Twenty members that ask a slow publisher for the
  // same second get it one after another, and from each other, instead of all at once and never.
  std::size_t answer_bytes_max = std::size_t{256} << 10;
  std::size_t answer_left_max = std::size_t{64} << 10;  // of the last answer on the link: else no new one
  std::size_t answers_left_max = std::size_t{2} << 20;  // on all links together

  // Of the members, in 1/65536: a stream is handed out selectively while the mean share that wanted its last
  // batches is at most select_above, and again once it has been below select_below for select_after.
  std::uint32_t select_above = 65536 / 4, select_below = 65536 * 15 / 100;
  std::size_t select_batches = 64;
  Duration select_after = std::chrono::seconds{10};
  std::size_t cold_max =
      256;  // x 16 B: members that carriers were needed for; needed again, they are dialled
  Duration cold_for = std::chrono::seconds{60};
  // What is missing of a selective stream only its publisher knows. It is asked so long after a hole was seen
  // (copies overtake each other), so often without an answer, ...
  Duration vouch_after = std::chrono::milliseconds{150};
  Duration vouch_again = std::chrono::milliseconds{500};
  // ... and, while numbers are heard of that nothing is known about, after vouch_every, doubling to
  // vouch_rest while nothing was missing.
  Duration vouch_every = std::chrono::seconds{1};
  Duration vouch_rest = std::chrono::seconds{10};
  std::size_t vouch_events_max = 4096;                  // looked at for one answer
  std::size_t vouch_bytes_max = std::size_t{64} << 10;  // of batches sent with one answer
  // A publisher is gone, nobody else answers and nothing more is heard: as long as caches hold.
  Duration vouch_orphans = std::chrono::seconds{60};
  // A publisher is gone, and nobody takes everything: what came in the last again_for is handed on by whoever
  // has it, after again_after + [0, again_spread), unless somebody else was first.
  Duration again_for = std::chrono::seconds{30}, again_after = std::chrono::milliseconds{500};
  Duration again_spread = std::chrono::seconds{5};
  std::size_t again_batches_max = 1024;
  Duration news_every = std::chrono::seconds{2};

  Duration reconcile_every = std::chrono::seconds{10};
  Duration reconcile_rest = std::chrono::minutes{5};     // when nothing differs and nothing changes
  Duration frontiers_lately = std::chrono::seconds{30};  // streams that changed since are told outright, ...
  std::size_t frontiers_told = 8;                        // ... the newest so many
  Duration finger_every = std::chrono::milliseconds{250};
  Duration finger_growth = std::chrono::seconds{1};  // the roster's growth is looked at over so long
  std::size_t finger_tries = 24;      // further members dialled in the hope of a shorter round trip
  std::size_t finger_links_max = 96;  // while the peer has fewer links than these
  std::size_t finger_dials = 8;       // wishes per round
};
static_assert(MulticastConfig{}.have_after < MulticastConfig{}.pull_after);
static_assert(MulticastConfig{}.taken_flow * 3 < MulticastConfig{}.taken_min);

}  // namespace boato
