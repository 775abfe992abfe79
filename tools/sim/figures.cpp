// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/figures.hpp"

#include "overlay/base/check.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <deque>

namespace boato::sim {

namespace {
// Adds what is compared once for each baseline: flood_redundancy, plumtree_redundancy, ...
std::vector<FigureName> with_baselines(std::vector<FigureName> names) {
  static std::deque<std::string> made;  // owns the names
  const std::vector<FigureName> ours = names;
  for (const std::string_view baseline : baseline_names)
    for (const std::string_view name : compared_figures) {
      const auto same = std::ranges::find(ours, name, &FigureName::name);
      BOATO_CHECK(same != ours.end());
      made.push_back(std::string{baseline} + "_" + std::string{name});
      names.push_back({made.back(), same->unit, same->means});
    }
  return names;
}
}  // namespace

const std::vector<FigureName>& figure_names() {
  static const std::vector<FigureName> names = with_baselines({
      {"peers", "", "peers that run at the end"},
      {"events", "", "published"},
      {"deliveries", "", "events handed to subscribers, each counted once"},
      {"owed", "", "pairs of an event and a correct member that must have it"},
      {"lost", "", "of those, not delivered"},
      {"late", "", "of those, not delivered within 10 s"},
      {"reached_10s", "", "share of its subscribers that had an event within 10 s, of the worst event"},
      {"missed", "", "lost, and events that nobody got because their publisher died, by ready members"},
      {"duplicates", "", "events delivered twice to one subscriber"},
      {"gaps", "", "events that subscribers reported as missing"},
      {"early", "",
       "events delivered though they were published before the subscription; not in the latencies"},
      {"unready", "", "members that were never told that they miss nothing"},
      {"publish_refused", "", "turns in which a publisher had no room or no topic"},
      {"violations", "", "rules found broken, all oracles together"},
      {"redundancy", "", "payload copies per receiver - 1, all events"},
      {"redundancy_first", "", "the same of each publisher's first event, the worst"},
      {"redundancy_worst", "", "the same of the worst event"},
      {"last_hop", "", "links crossed by the copy that came farthest"},
      {"mean_hop", "", "links crossed, mean over deliveries"},
      {"latency_p50", "ms", "publish to delivery"},
      {"latency_p99", "ms", "publish to delivery"},
      {"latency_worst", "ms", "publish to delivery"},
      {"frames", "", "frames sent by all"},
      {"frames_per_delivery", "", "all frames after the first publish, by deliveries"},
      {"bytes_per_delivery", "B", "all bytes but payload bodies after the first publish, by deliveries"},
      {"control_bytes", "B", "bytes for topics and events but bodies after the first publish, by deliveries"},
      {"busiest", "", "payload copies sent by the peer that sent the most, by the mean"},
      {"idle_bytes", "B/s", "sent by each peer while nothing is published (key idle)"},
      {"pulls", "", "requests for missing events"},
      {"vouches", "", "questions to publishers which events were the asker's"},
      {"carried", "", "events passed on by peers that were not among those they were for"},
      {"selective", "", "payload copies handed out to members that were named, by all payload copies"},
      {"takeovers", "", "parts sent again because a child kept silent"},
      {"gone", "", "members declared gone, each peer's declaration counted"},
      {"links", "", "links per peer at the end, mean"},
      {"links_worst", "", "links of the peer with the most"},
      {"degree", "", "neighbours per peer in the overlay at the end, mean"},
      {"degree_least", "", "neighbours of the peer with the fewest"},
      {"joined", "s", "from the last start until every peer has its neighbours and its topics"},
      {"waiting_peak", "B", "bytes that waited in one direction of one link, at most"},
      {"slab_bytes", "B", "memory of event bytes in use at the end"},
      {"sends_p99", "", "payload copies sent by a peer, 99 of 100 send fewer, by the mean"},
      {"publisher_copies", "", "payload copies of one event sent by its publisher, at most"},
      {"notice_bytes", "B", "bytes of HAVE, TAKEN, PULL, HAVE_NOT and RECONCILE by deliveries"},
      {"last_over_flood", "",
       "time of an event's last delivery over that by flood, p99 over p99 (needs baselines)"},
      {"calm_p99", "ms", "publish to delivery, events of the window calm"},
      {"trouble_p99", "ms", "the same of the window trouble; slow peers do not count"},
      {"added_p99", "ms", "trouble_p99 - calm_p99"},
      {"trouble_ratio", "", "trouble_p99 by calm_p99"},
      {"orphans", "", "deliveries in parts whose relay crashed with the event (crash-relay)"},
      {"orphans_added", "ms", "their p99 - calm_p99"},
      {"suspected_p50", "s", "from a crash to the first suspicion (needs watch_deaths)"},
      {"gone_p99", "s", "from a crash until a member has struck it from its roster, all members"},
      {"gone_healthy", "", "times that a member was declared gone that ran and was not slow"},
      {"gone_slow", "", "times that a paused one was declared gone for one pause, at most"},
      {"restarts", "", "starts of peers that had run before"},
      {"rejoined_part", "", "of those, that became ready in a topic again"},
      {"rejoin_worst", "s", "from a restart to ready"},
      {"reunited", "s", "from the end of a partition to one component"},
      {"caught_up", "s", "from the end of a partition to the last delivery of what was published before"},
      {"reunion_roster_bytes", "B", "of rosters per peer, in the minute after a partition"},
      {"catchup_bytes", "B",
       "of repair but bodies, from and to the one that was cut off alone, in that minute"},
      {"catchup_session", "B", "the same for each session of anti-entropy that found a difference"},
      {"catchup_each", "B", "that by events that it was missing"},
      {"degree_off", "", "mean degree of the overlay at the end: how far from 8, by 8"},
      {"path_over_regular", "", "mean path in the overlay by that in a random 8-regular graph"},
      {"components", "", "of the overlay at the end"},
      {"component_after", "s", "from the beginning until all have started and lie in one component"},
      {"rosters_after", "s", "from the beginning until all have started and rosters are full at 99.9 %"},
      {"seed_neighbours", "", "neighbours of a seed in the overlay until then, at most"},
      {"roster_bytes", "B/s", "of rosters, sent by each peer (key idle)"},
      {"roster_change_bytes", "B", "the same per peer and change of membership"},
      {"equal_session", "B", "of RECONCILE, for one round of anti-entropy over all topics (key idle)"},
      {"simulated", "s", "virtual time"},
      {"wall", "s", "real time"},
      {"frames_rate", "1/s", "frames simulated per real second"},
      {"deliveries_rate", "1/s", "deliveries simulated per real second"},
      {"happenings_rate", "1/s", "timers, frames, publishes and actions simulated per second of one core"},
      {"memory_peak", "B", "of this process"},
  });
  return names;
}

bool of_baseline(std::string_view name) {
  return std::ranges::any_of(baseline_names, [&](std::string_view baseline) {
    return name.starts_with(baseline) && name.substr(baseline.size()).starts_with('_');
  });
}

bool is_figure(std::string_view name) {
  return std::ranges::count(figure_names(), name, &FigureName::name) > 0;
}

void Figures::set(std::string_view name, double value) {
  const auto known = std::ranges::find(figure_names(), name, &FigureName::name);
  BOATO_CHECK(known != figure_names().end());
  for (auto& [n, v] : values_)
    if (n == name) {
      v = value;
      return;
    }
  values_.emplace_back(known->name, value);
}

double Figures::get(std::string_view name) const {
  for (const auto& [n, v] : values_)
    if (n == name) return v;
  return 0;
}

std::string number_text(double value) {
  std::array<char, 48> room;
  if (value == std::floor(value) && std::fabs(value) < 1e15)
    std::snprintf(room.data(), room.size(), "%.0f", value);
  else
    std::snprintf(room.data(), room.size(), std::fabs(value) < 1 ? "%.4f" : "%.2f", value);
  return room.data();
}

}  // namespace boato::sim
