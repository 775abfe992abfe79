// SPDX-License-Identifier: Apache-2.0
// Limits and times of the roster of one topic.
#pragma once

#include "overlay/base/strong.hpp"
#include "overlay/wire/roster_messages.hpp"

#include <chrono>
#include <cstddef>

namespace boato {

struct RosterConfig {
  std::size_t members_max = 65536;    // x 16 B here, x about 500 B in the pool
  std::size_t gone_max = 4096;        // x 40 B; the oldest is forgotten
  std::size_t suspicions_max = 4096;  // x 48 B; further ones are dropped
  std::size_t contacts_max = 8;
  std::size_t fetches_max = 16;        // ranges under way at once
  std::size_t waiting_joins_max = 64;  // links that asked while we were joining ourselves
  std::size_t accusations_max = 64;    // waiting for their turn
  std::size_t outweighed_max = 128;    // of members we are linked with, about 200 B; the oldest is forgotten
  std::size_t reach_outs_max = 8;      // peers we wish to compare rosters with
  std::size_t refute_to_max = 8;       // links that told us that we are accused
  std::size_t mesh_max = 64;

  std::size_t k = 8;  // parts of a spread
  Duration collect = std::chrono::milliseconds{50};
  Duration answer_after = std::chrono::seconds{1};   // a contact or a fetch without answer: the next
  Duration alone_after = std::chrono::seconds{3};    // no contact answered: go on alone, and keep trying
  Duration alone_latest = std::chrono::seconds{20};  // while some contact shows a sign of life
  Duration retry_first = std::chrono::seconds{5};    // doubles to retry_max
  Duration retry_max = std::chrono::seconds{60};
  Duration digest_every = std::chrono::seconds{10};
  Duration digest_after_news = std::chrono::seconds{1};     // what a comparison brought goes on from here
  Duration digest_after_spread = std::chrono::seconds{30};  // one comparison for all news of this time
  Duration calm_after = std::chrono::seconds{1};            // without news of members

  Duration reach_out_for = std::chrono::minutes{10};  // how long a contact that nobody knows is asked for

  std::size_t accusers = 3;
  Duration gone_after = std::chrono::seconds{16};          // with fewer accusers, unless refuted
  Duration gone_after_hearsay = std::chrono::seconds{15};  // learnt by comparing rosters, not as fresh news
  Duration second_opinion = std::chrono::seconds{2};       // others are asked first whether it has answered
  std::size_t second_opinions = 2;
  Duration accuse_within = std::chrono::milliseconds{300};
  std::size_t accuse_burst = 4;  // per accuse_window
  std::size_t accuse_burst_mass_death = 64;
  Duration accuse_window = std::chrono::seconds{10};
  // Mass death: more than so many, and one in so many, are under suspicion or have gone in this time.
  std::size_t mass_death_least = 8, mass_death_share = 20;
  Duration mass_death_within = std::chrono::minutes{1};
  static constexpr std::size_t tested_max = 4;
  std::size_t tested_in_mass_death = tested_max;  // members on each side on the ring
  Duration refute_within = std::chrono::seconds{1};
  Duration refute_within_crowd = std::chrono::seconds{10};  // when more than refute_crowd are accused
  std::size_t refute_crowd = 100;

  Duration gone_forget = std::chrono::hours{24};
  Duration refresh_every = std::chrono::hours{12};
  Duration expire_after = std::chrono::hours{24};
  Duration expire_check = std::chrono::minutes{30};
  Duration ghost_every = std::chrono::seconds{10};
  std::size_t ghost_share = 10;  // so many of all members test a ghost in each round

  // What comparing and fetching may make us send; the rest of the questions go unanswered.
  std::size_t answer_bytes_per_s = std::size_t{8} << 20;
  std::size_t answer_bytes_burst = std::size_t{2} << 20;
  std::size_t backlog_max = std::size_t{512} << 10;  // of one link: above it no pages are sent there
};
static_assert(RosterConfig{}.refute_within < RosterConfig{}.gone_after);
static_assert(RosterConfig{}.refute_within_crowd < RosterConfig{}.gone_after);
static_assert(RosterConfig{}.refresh_every < RosterConfig{}.expire_after);

}  // namespace boato
