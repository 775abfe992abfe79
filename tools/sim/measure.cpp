// SPDX-License-Identifier: Apache-2.0
// The figures of a run, from what the world, its ghost and its collectors have seen.
#include "tools/sim/comparison.hpp"
#include "tools/sim/run.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <numeric>

namespace boato::sim {

namespace {

constexpr double not_at_all = 1e9;  // it did not happen

double seconds(std::uint64_t us) { return static_cast<double>(us) / 1e6; }
double seconds_to(Time at, Time from) {
  return at == never ? not_at_all : static_cast<double>((at - from).count()) / 1e6;
}
double ms(std::uint64_t us) { return static_cast<double>(us) / 1000; }
double over(double part, double whole) { return whole == 0 ? 0 : part / whole; }

std::uint64_t bytes_of(const Traffic& traffic, std::initializer_list<wire::Kind> kinds) {
  std::uint64_t sum = 0;
  for (const wire::Kind kind : kinds) sum += traffic.bytes[static_cast<std::size_t>(kind)];
  return sum;
}
std::uint64_t roster_bytes(const Traffic& traffic) {
  using wire::Kind;
  return bytes_of(traffic, {Kind::roster_join, Kind::roster_welcome, Kind::roster_page, Kind::roster_fetch,
                            Kind::roster_ranges, Kind::roster_spread, Kind::roster_want});
}

template <class T>
T at_share(std::vector<T> values, double share) {
  if (values.empty()) return {};
  const auto place = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + place);
  return values[static_cast<std::size_t>(place)];
}

}  // namespace

// How evenly and how soon events spread.
void Run::measure_spread(Figures& f) {
  World& w = *world_;
  const Collector& collector = w.collector();
  std::vector<std::uint64_t> sends = collector.payload_sends();
  sends.resize(w.peers());
  const double mean = static_cast<double>(std::accumulate(sends.begin(), sends.end(), std::uint64_t{0})) /
                      std::max(1U, w.peers());
  f.set("sends_p99", over(static_cast<double>(at_share(sends, 0.99)), mean));
  f.set("publisher_copies", w.publisher_copies_most());

  using wire::Kind;
  const Traffic since = collector.traffic() - at_first_publish_;
  const std::uint64_t notices = bytes_of(
      since, {Kind::have, Kind::taken, Kind::pull, Kind::have_not, Kind::reconcile, Kind::frontiers});
  f.set("notice_bytes", over(static_cast<double>(notices), static_cast<double>(w.ghost().deliveries())));

  if (!w.baselines()) return;
  std::vector<Duration> ours, flood;
  for (const Ghost::Stream& stream : w.ghost().streams())
    for (const Ghost::EventRecord& event : stream.events) ours.push_back(event.last_after);
  for (const BaselineTally::Spread& spread : w.baselines()->flood().tally().spreads())
    flood.push_back(spread.last_after);
  f.set("last_over_flood", over(static_cast<double>(at_share(ours, 0.99).count()),
                                static_cast<double>(at_share(flood, 0.99).count())));
}

// What faults did: to latencies, to those who were believed dead, to those who came back.
void Run::measure_trouble(Figures& f) {
  World& w = *world_;
  const Latencies& l = w.latencies();
  const double calm = ms(l.calm().at(0.99)), trouble = ms(l.trouble().at(0.99));
  f.set("calm_p99", calm);
  f.set("trouble_p99", trouble);
  f.set("added_p99", trouble - calm);
  f.set("trouble_ratio", over(trouble, calm));
  f.set("orphans", static_cast<double>(l.orphan().count()));
  f.set("orphans_added", l.orphan().count() == 0 ? 0 : ms(l.orphan().at(0.99)) - calm);

  const Deaths& deaths = w.deaths();
  f.set("suspected_p50", seconds(deaths.first_suspicion().at(0.5)));
  f.set("gone_p99", seconds(deaths.struck().at(0.99)));
  f.set("gone_healthy", static_cast<double>(deaths.healthy_declared()));
  f.set("gone_slow", deaths.slow_declared_most());

  f.set("restarts", static_cast<double>(w.restarts()));
  f.set("rejoined_part", over(static_cast<double>(w.rejoined().count()), static_cast<double>(w.restarts())));
  f.set("rejoin_worst", seconds(w.rejoined().worst()));

  const Reunion& reunion = w.reunion();
  if (!reunion.was()) return;
  f.set("reunited", reunion.one() ? static_cast<double>(reunion.until_one().count()) / 1e6 : not_at_all);
  f.set("caught_up", static_cast<double>(reunion.until_last_event().count()) / 1e6);
  f.set("reunion_roster_bytes", over(static_cast<double>(reunion.roster_bytes()), w.peers()));
  const auto repair = static_cast<double>(reunion.repair_bytes());
  const double session = over(repair, static_cast<double>(reunion.sessions()));
  f.set("catchup_bytes", repair);
  f.set("catchup_session", session);
  f.set("catchup_each", over(session, static_cast<double>(reunion.late_events())));
}

// The overlay at the end, beside a random regular graph of its size; and how it came to be one.
void Run::measure_graph(Figures& f) {
  constexpr std::size_t degree = 8, sources = 64;
  const Graph graph = world_->overlay();
  std::size_t links = 0;
  for (const auto& neighbours : graph) links += neighbours.size();
  const double ideal =
      mean_path(random_regular(graph.size(), degree, Rng{options_.seed}.fork("regular")), sources);
  f.set("degree_off", graph.size() <= degree
                          ? 0
                          : std::fabs(static_cast<double>(links) / static_cast<double>(graph.size()) -
                                      static_cast<double>(degree)) /
                                degree);
  f.set("path_over_regular", over(mean_path(graph, sources), ideal));
  f.set("components", static_cast<double>(components(graph)));
  f.set("component_after", seconds_to(one_component_, Time{}));
  f.set("rosters_after", seconds_to(rosters_full_, Time{}));
  f.set("seed_neighbours", static_cast<double>(seed_neighbours_));
}

// The window in which nothing is published.
void Run::measure_idle(Figures& f) {
  const double span = static_cast<double>((scenario_.idle_until - scenario_.idle_from).count()) / 1e6;
  const double peers = scenario_.peers;
  if (span <= 0 || world_->now() < Time{} + scenario_.idle_until) return;
  const auto roster = static_cast<double>(roster_bytes(idle_));
  f.set("idle_bytes", static_cast<double>(idle_.total_bytes()) / span / peers);
  f.set("roster_bytes", roster / span / peers);
  f.set("roster_change_bytes", over(roster / peers, static_cast<double>(idle_changes_)));
  f.set("equal_session",
        over(static_cast<double>(bytes_of(idle_, {wire::Kind::reconcile, wire::Kind::frontiers})),
             static_cast<double>(idle_rounds_)));
}

void Run::measure(Report& report) {
  World& w = *world_;
  Figures& f = report.figures;
  const Ghost& ghost = w.ghost();
  const Collector& collector = w.collector();
  std::uint32_t alive = 0, links_worst = 0, degree_least = ~std::uint32_t{0};
  std::uint64_t links = 0, degrees = 0;
  for (std::uint32_t i = 0; i < w.peers(); ++i) {
    if (!w.up(i)) continue;
    ++alive;
    const auto n = static_cast<std::uint32_t>(w.core(i).links().size());
    const auto degree = static_cast<std::uint32_t>(w.core(i).membership().active().size());
    links += n;
    degrees += degree;
    links_worst = std::max(links_worst, n);
    degree_least = std::min(degree_least, degree);
  }
  std::uint64_t receptions = 0, receivers = 0;
  double worst = 0, first = 0;
  std::uint32_t last_hop = 0;
  for (const Ghost::Stream& stream : ghost.streams())
    for (std::size_t i = 0; i < stream.events.size(); ++i) {
      const Ghost::EventRecord& e = stream.events[i];
      receptions += e.receptions;
      receivers += e.deliveries;
      last_hop = std::max<std::uint32_t>(last_hop, e.last_hop);
      if (e.deliveries == 0) continue;
      const double extra = static_cast<double>(e.receptions) / e.deliveries - 1;
      worst = std::max(worst, extra);
      if (i == 0) first = std::max(first, extra);
    }
  const Traffic since = collector.traffic() - at_first_publish_;
  const double deliveries = static_cast<double>(std::max<std::uint64_t>(1, ghost.deliveries()));
  const double alive_or_one = std::max(1U, alive);
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);

  f.set("peers", alive);
  f.set("events", static_cast<double>(ghost.events()));
  f.set("deliveries", static_cast<double>(ghost.deliveries()));
  f.set("owed", static_cast<double>(ghost.owed()));
  f.set("lost", static_cast<double>(ghost.lost()));
  f.set("late", static_cast<double>(ghost.late()));
  f.set("reached_10s", ghost.reached_least());
  f.set("missed", static_cast<double>(ghost.missed()));
  f.set("duplicates", static_cast<double>(ghost.duplicates()));
  f.set("gaps", static_cast<double>(ghost.gaps()));
  f.set("early", static_cast<double>(ghost.early()));
  f.set("unready", static_cast<double>(ghost.unready()));
  f.set("publish_refused", static_cast<double>(w.publish_refused()));
  f.set("violations", static_cast<double>(w.verdicts().count()));
  f.set("redundancy",
        receivers == 0 ? 0 : static_cast<double>(receptions) / static_cast<double>(receivers) - 1);
  f.set("redundancy_first", first);
  f.set("redundancy_worst", worst);
  f.set("last_hop", last_hop);
  f.set("mean_hop", collector.hops().mean());
  f.set("latency_p50", static_cast<double>(collector.latency().at(0.5)) / 1000);
  f.set("latency_p99", static_cast<double>(collector.latency().at(0.99)) / 1000);
  f.set("latency_worst", static_cast<double>(collector.latency().worst()) / 1000);
  f.set("frames", static_cast<double>(collector.traffic().total_frames()));
  f.set("frames_per_delivery", static_cast<double>(since.total_frames()) / deliveries);
  f.set("bytes_per_delivery", static_cast<double>(since.total_bytes() - since.body_bytes) / deliveries);
  f.set("control_bytes",
        static_cast<double>(topic_bytes(since)) / static_cast<double>(std::max<std::uint64_t>(1, receivers)));
  f.set("busiest", most_by_mean(collector.payload_sends(), w.peers()));
  f.set("pulls", static_cast<double>(collector.noted(Counter::pulls_sent)));
  f.set("vouches", static_cast<double>(collector.noted(Counter::vouches_asked)));
  f.set("carried", static_cast<double>(collector.noted(Counter::events_carried)));
  f.set("selective", over(static_cast<double>(collector.noted(Counter::casts_selective)),
                          static_cast<double>(collector.noted(Counter::casts_sent))));
  f.set("takeovers", static_cast<double>(collector.noted(Counter::takeovers)));
  f.set("gone", static_cast<double>(collector.noted(Counter::members_gone)));
  f.set("links", static_cast<double>(links) / alive_or_one);
  f.set("links_worst", links_worst);
  f.set("degree", static_cast<double>(degrees) / alive_or_one);
  f.set("degree_least", alive == 0 ? 0 : degree_least);
  f.set("joined",
        all_joined_ == never ? 1e9 : static_cast<double>((all_joined_ - all_started_).count()) / 1e6);
  f.set("waiting_peak", static_cast<double>(w.waiting_peak()));
  f.set("slab_bytes", static_cast<double>(w.slab_bytes()));
  f.set("simulated", static_cast<double>(w.now().time_since_epoch().count()) / 1e6);
  f.set("wall", real_seconds_);
  f.set("frames_rate",
        static_cast<double>(collector.traffic().total_frames()) / std::max(real_seconds_, 1e-9));
  f.set("deliveries_rate", static_cast<double>(ghost.deliveries()) / std::max(real_seconds_, 1e-9));
  f.set("happenings_rate", static_cast<double>(w.happenings()) / std::max(core_seconds_, 1e-9));
  f.set("memory_peak", static_cast<double>(usage.ru_maxrss) * 1024);
  measure_spread(f);
  measure_trouble(f);
  measure_graph(f);
  measure_idle(f);

  if (w.baselines() != nullptr) {
    report.baselines = true;
    set_baseline_figures(f, *w.baselines(), ghost, w.peers());
  }

  const Traffic& all = collector.traffic();
  for (std::size_t k = 0; k < all.frames.size(); ++k)
    if (all.frames[k] > 0)
      report.kinds.push_back({std::string{name_of(static_cast<wire::Kind>(k))}, all.frames[k], all.bytes[k]});
  std::ranges::stable_sort(report.kinds, std::greater{}, &Report::KindLine::bytes);
  for (std::size_t c = 0; c < counters; ++c)
    if (const std::uint64_t n = collector.noted(static_cast<Counter>(c)); n > 0)
      report.notes.emplace_back(std::string{to_string(static_cast<Counter>(c))}, n);
}

}  // namespace boato::sim
