// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/swarm_play.hpp"

#include "tools/sim/crew.hpp"
#include "tools/sim/run.hpp"

#include <algorithm>
#include <iostream>
#include <map>
#include <sstream>

namespace boato::sim {

namespace {

constexpr std::chrono::seconds most{600};  // of one world: one that never ends is found as well

// What a child returns: a verdict of one line ("-" = all held), the deliveries, then the text to show.
std::string play_one(std::uint64_t seed, const SwarmOptions& options) {
  RunOptions run_options;
  run_options.seed = seed;
  if (options.trace) run_options.trace = [](const std::string& line) { std::cout << line << "\n"; };
  Scenario scenario = draw_scenario(seed, options.peers_min, options.peers_max);
  if (options.disks) scenario = with_disks(std::move(scenario), seed);
  if (options.show) std::cout << to_text(scenario) << "\n";
  const Report report = Run{scenario, run_options}.finish();
  std::cout.flush();  // a child ends without it
  std::ostringstream out;
  out << (report.good()               ? "-"
          : report.violations.empty() ? "gate"
                                      : report.violations.front().rule)
      << "\n"
      << static_cast<std::uint64_t>(report.figures.get("deliveries")) << "\n";
  if (options.json) {
    out << to_json(report) << "\n";
  } else if (!report.good()) {
    for (const Violation& v : report.violations)
      out << "  " << static_cast<double>(v.at.time_since_epoch().count()) / 1e6 << " s  " << v.rule << ": "
          << v.what << "\n";
  }
  return out.str();
}

}  // namespace

std::string replay_of(const SwarmOptions& o, std::uint64_t seed) {
  return std::string{"boato-sim swarm"} + (o.disks ? " --disks" : "") + " --seeds 1 --from " +
         std::to_string(seed) + " --peers " + std::to_string(o.peers_min) + "-" + std::to_string(o.peers_max);
}

bool play_swarm(const SwarmOptions& o) {
  std::uint64_t failed = 0, deliveries = 0;
  std::map<std::string, std::uint64_t> by_judge;
  const auto done = [&](std::uint64_t seed, const Outcome& outcome) {
    std::istringstream said{outcome.said};
    std::string judge = outcome.late ? "never ends" : "invariant", shown;
    if (outcome.ended) {
      std::uint64_t delivered = 0;
      std::getline(said, judge);
      said >> delivered >> std::ws;
      deliveries += delivered;
    }
    std::getline(said, shown, '\0');
    const bool good = judge == "-";
    failed += !good;
    if (!good) {
      ++by_judge[judge];
      std::cout << (o.json ? "" : "seed " + std::to_string(seed) + " failed: " + judge + "\n");
      std::cerr << "replay: " << replay_of(o, seed) << std::endl;
    }
    std::cout << shown << std::flush;
    if (o.progress) o.progress("seed " + std::to_string(seed) + ", " + std::to_string(failed) + " failed");
    return true;
  };
  if (o.seeds == 1)
    done(o.from, {play_one(o.from, o), true, false});
  else
    work_on(
        o.from, o.seeds, o.jobs, most, [&](std::uint64_t seed) { return play_one(seed, o); }, done);
  if (!o.json) {
    std::cout << o.seeds << " seeds, " << failed << " failed, " << deliveries << " deliveries judged\n";
    for (const auto& [judge, times] : by_judge) std::cout << "  " << times << " by " << judge << "\n";
  }
  return failed == 0;
}

}  // namespace boato::sim
