// SPDX-License-Identifier: Apache-2.0
// Plays a scenario: makes the world, applies the timeline, heals, judges, and takes the figures.
#pragma once

#include "tools/sim/figures.hpp"
#include "tools/sim/scenario.hpp"
#include "tools/sim/world.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace boato::sim {

struct RunOptions {
  std::uint64_t seed = 1;
  std::function<void(const std::string&)> trace{};
  std::function<void(Time now, Duration total)> progress{};  // now and then
  bool stop_at_violation = false;
  bool baselines = false;  // or the scenario asks for them
};

struct GateResult {
  Gate gate;
  double value = 0;
  bool held = false;
};

struct Report {
  std::string scenario;
  std::uint64_t seed = 0;
  std::uint64_t trace_hash = 0;
  Figures figures;
  bool baselines = false;  // their figures are there
  std::vector<GateResult> gates;
  std::vector<Violation> violations;  // the first ones
  struct KindLine {
    std::string kind;
    std::uint64_t frames = 0, bytes = 0;
  };
  std::vector<KindLine> kinds;  // by bytes, most first; without bodies
  std::vector<std::pair<std::string, std::uint64_t>> notes;
  [[nodiscard]] bool good() const;
};
[[nodiscard]] std::string to_text(const Report& report);
[[nodiscard]] std::string to_json(const Report& report);

class Run {
 public:
  Run(Scenario scenario, RunOptions options);
  ~Run();

  void until(Duration at);  // virtual time; the faults of the timeline included
  Report finish();          // plays the rest, heals, judges
  [[nodiscard]] World& world() { return *world_; }
  [[nodiscard]] const Scenario& scenario() const { return scenario_; }

 private:
  void set_up();
  void plan(const Action& action);
  [[nodiscard]] Filter draw_filter(double part);
  [[nodiscard]] Filter other_filter(const Filter& was, double part);
  void act(const Action& action);
  void undo_later(const Action& action, std::function<void()> undo);
  std::vector<std::uint32_t> choose(const Share& who, std::function<bool(std::uint32_t)> from);
  std::uint32_t join_peer(Time when);
  void watch_joining();
  void watch_whole();
  [[nodiscard]] Duration random_wait(Duration each);
  // measure.cpp
  void measure(Report& report);
  void measure_spread(Figures& figures);
  void measure_trouble(Figures& figures);
  void measure_graph(Figures& figures);
  void measure_idle(Figures& figures);

  Scenario scenario_;
  RunOptions options_;
  Rng rng_;
  std::unique_ptr<World> world_;
  struct TopicOf {
    std::uint32_t plan = 0, topic = 0;
  };
  std::vector<TopicOf> topics_;
  Traffic at_first_publish_;
  Traffic idle_;                                      // within the window `idle`, once that is over
  std::uint64_t idle_changes_ = 0, idle_rounds_ = 0;  // likewise
  std::uint64_t changes_ = 0;                         // of membership: joins, departures, crashes, restarts
  std::size_t seed_neighbours_ = 0;                   // at most
  Time one_component_ = never, rosters_full_ = never;
  Time all_started_{}, all_joined_ = never;
  Duration done_{0};
  std::uint8_t next_side_ = 1;
  double real_seconds_ = 0, core_seconds_ = 0;
};

}  // namespace boato::sim
