// SPDX-License-Identifier: Apache-2.0
// The program boato-sim: plays scenarios, swarms of seeds and planted faults, and draws worlds.
// Exit codes: 0 all held, 2 wrong usage or a scenario that does not parse, 7 a gate or an oracle failed.
#include "overlay/base/mutant.hpp"
#include "tools/sim/gate_play.hpp"
#include "tools/sim/gate_table.hpp"
#include "tools/sim/mutants.hpp"
#include "tools/sim/run.hpp"
#include "tools/sim/swarm_play.hpp"
#include "tools/sim/world_graph.hpp"
#include "tools/topo/print.hpp"
#include "tools/topo/svg.hpp"

#include <CLI/CLI.hpp>

#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <optional>
#include <string>
#include <vector>

namespace {

using namespace boato::sim;
using boato::Duration;
using boato::Time;

constexpr int exit_usage = 2, exit_failed = 7;

// A broken claim inside the core ends the process: the way to replay it is told all the same.
std::array<char, 512> replay{};
void set_replay(const std::string& command) {
  const std::size_t n = std::min(command.size(), replay.size() - 2);
  std::memcpy(replay.data(), command.data(), n);
  replay[n] = '\n';
  replay[n + 1] = 0;
}
void on_abort(int) {
  const auto say = [](const char* text) { (void)!write(STDERR_FILENO, text, std::strlen(text)); };
  say("a claim of the core is broken; replay: ");
  say(replay.data());
  _exit(exit_failed);
}

std::string default_folder() {
  std::error_code ignored;
  for (const std::filesystem::path& folder :
       {std::filesystem::path{BOATO_SCENARIOS},
        std::filesystem::read_symlink("/proc/self/exe", ignored).parent_path() / "../share/boato/scenarios"})
    if (std::filesystem::is_directory(folder, ignored)) return folder.string();
  return "tools/sim/scenarios";
}

class Progress {
 public:
  explicit Progress(bool on)
      : on_{on && isatty(STDERR_FILENO) != 0}, plain_{on && isatty(STDERR_FILENO) == 0} {}
  void operator()(const std::string& text) {
    const auto now = std::chrono::steady_clock::now();
    if (on_ && now - last_ > std::chrono::milliseconds{200}) {
      std::cerr << "\r\033[K" << text << std::flush;
      last_ = now;
    } else if (plain_ && now - last_ > std::chrono::seconds{10}) {
      std::cerr << text << "\n";
      last_ = now;
    }
  }
  void done() {
    if (on_) std::cerr << "\r\033[K" << std::flush;
  }

 private:
  bool on_, plain_;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
};

struct Options {
  std::string folder = default_folder();
  std::string scenario;
  std::uint64_t seed = 1, from = 1, seeds = 100;
  std::uint32_t peers = 0;
  unsigned jobs = 1;
  std::string range = "8-24";
  bool json = false, trace = false, quiet = false, show = false, baselines = false, disks = false;
  std::string at = "20s", format = "svg", topic, row;
  int only = 0;
};

int fail_usage(const std::string& what) {
  std::cerr << "boato-sim: " << what << "\n";
  return exit_usage;
}

std::string command_for(const Options& o) {
  return "boato-sim run " + o.scenario + " --seed " + std::to_string(o.seed) +
         (o.peers != 0 ? " --peers " + std::to_string(o.peers) : "") + (o.baselines ? " --baselines" : "");
}

// With the command line's own number of peers. Nothing: the fault has been told.
std::optional<Scenario> chosen(const Options& o, const std::string& name) {
  ScenarioError error;
  auto scenario = load_scenario(name, o.folder, error);
  if (!scenario) fail_usage(error.text);
  if (scenario && o.peers != 0) scenario->peers = o.peers;
  return scenario;
}

int list(const Options& o) {
  std::vector<std::string> names;
  std::error_code bad;
  for (const auto& file : std::filesystem::directory_iterator{o.folder, bad})
    if (file.path().extension() == ".sim") names.push_back(file.path().stem().string());
  if (bad) return fail_usage(o.folder + ": no folder of scenarios (give one with --folder)");
  std::sort(names.begin(), names.end());
  for (const std::string& name : names) {
    ScenarioError error;
    const auto s = load_scenario(name, o.folder, error);
    if (!s) return fail_usage(error.text);
    std::cout << name << std::string(name.size() < 22 ? 22 - name.size() : 1, ' ') << s->about << "\n";
  }
  return 0;
}

int play(const Options& o) {
  auto scenario = chosen(o, o.scenario);
  if (!scenario) return exit_usage;
  if (o.show) {
    std::cout << to_text(*scenario);
    return 0;
  }
  set_replay(command_for(o));
  Progress progress{!o.quiet};
  RunOptions run_options;
  run_options.seed = o.seed;
  run_options.baselines = o.baselines;
  if (o.trace) run_options.trace = [](const std::string& line) { std::cout << line << "\n"; };
  run_options.progress = [&](Time now, Duration total) {
    progress(o.scenario + ": " + std::to_string(now.time_since_epoch().count() / 1'000'000) + " of " +
             std::to_string(total.count() / 1'000'000) + " s");
  };
  Run run{*scenario, run_options};
  const Report report = run.finish();
  progress.done();
  std::cout << (o.json ? to_json(report) + "\n" : to_text(report));
  if (report.good()) return 0;
  std::cerr << "failed; replay: " << command_for(o) << "\n";
  return exit_failed;
}

int swarm(const Options& o) {
  SwarmOptions s;
  if (std::sscanf(o.range.c_str(), "%u-%u", &s.peers_min, &s.peers_max) != 2 || s.peers_min < 2 ||
      s.peers_min > s.peers_max)
    return fail_usage("--peers needs a range such as 8-24");
  if (o.jobs == 0) return fail_usage("--jobs needs 1 or more");
  Progress progress{!o.quiet};
  s.from = o.from;
  s.disks = o.disks;
  s.seeds = o.seeds;
  s.jobs = o.jobs;
  s.json = o.json;
  s.show = o.show;
  s.trace = o.trace;
  s.progress = [&](const std::string& text) { progress(text); };
  if (o.seeds == 1) set_replay(replay_of(s, o.from));
  const bool good = play_swarm(s);
  progress.done();
  return good ? 0 : exit_failed;
}

// The rows of one scenario, as soon as all its seeds have ended.
bool print_rows(const Options& o, const Scenario& scenario, const std::vector<GateRun>& runs, bool& first) {
  bool held = true;
  for (const GateRow& row : gate_rows()) {
    if (row.open() || row.scenario != scenario.name || (!o.row.empty() && row.id != o.row)) continue;
    GateMeasured measured;
    measured.gate = *gate_of(row, scenario);
    measured.peers = scenario.peers;
    for (const GateRun& run : runs)
      if (run.ended)
        measured.values.push_back(run.get(row.figure));
      else
        ++measured.broken;
    std::ranges::sort(measured.values);
    std::cout << (o.json ? (first ? "[" : ",\n") + json_of(row, measured) : line_of(row, measured) + "\n")
              << std::flush;
    first = false;
    held = held && measured.held();
  }
  return held;
}

// Each scenario once per seed.
int gates(const Options& o) {
  if (o.jobs == 0 || o.seeds == 0) return fail_usage("--jobs and --seeds are at least 1");
  std::vector<Scenario> scenarios;
  std::vector<const GateRow*> open;
  for (const GateRow& row : gate_rows()) {
    if (!o.row.empty() && row.id != o.row) continue;
    if (row.open()) open.push_back(&row);
    if (row.open() || std::ranges::count(scenarios, row.scenario, &Scenario::name) > 0) continue;
    const auto scenario = chosen(o, std::string{row.scenario});
    if (!scenario) return exit_usage;
    scenarios.push_back(*scenario);
  }
  for (const GateRow& row : gate_rows())
    for (const Scenario& scenario : scenarios)
      if (row.scenario == scenario.name && !gate_of(row, scenario))
        return fail_usage(scenario.name + ": its [gates] do not name " + std::string{row.figure});
  if (scenarios.empty() && open.empty())
    return fail_usage("no goal '" + o.row + "': they are M1 to M28, those that the simulator measures");

  Progress progress{!o.quiet};
  GatePlan plan;
  plan.from = o.from;
  plan.seeds = o.seeds;
  plan.jobs = o.jobs;
  plan.prepare = [&](const GateRun& run) {
    Options one = o;
    one.scenario = scenarios[run.scenario].name;
    one.seed = run.seed;
    set_replay(command_for(one));
  };
  std::vector<std::vector<GateRun>> runs(scenarios.size());
  bool held = true, first = true;
  if (!o.json) std::cout << heading_of_gates() << std::flush;
  play_for_gates(scenarios, plan, [&](const GateRun& run) {
    runs[run.scenario].push_back(run);
    progress(scenarios[run.scenario].name + ": seed " + std::to_string(run.seed) + " ended");
    if (runs[run.scenario].size() < o.seeds) return;
    progress.done();
    held = print_rows(o, scenarios[run.scenario], runs[run.scenario], first) && held;
  });
  for (const GateRow* row : open) {
    std::cout << (o.json ? (first ? "[" : ",\n") + json_of_open(*row) : line_of_open(*row) + "\n");
    first = false;
  }
  if (o.json) std::cout << "]\n";
  return held ? 0 : exit_failed;
}

int topo(const Options& o) {
  auto scenario = chosen(o, o.scenario);
  if (!scenario) return exit_usage;
  double seconds = 0;
  char unit = 0;
  if (std::sscanf(o.at.c_str(), "%lf%c", &seconds, &unit) != 2 || unit != 's' || seconds < 0)
    return fail_usage("--at needs a time such as 20s");
  set_replay(command_for(o));
  RunOptions run_options;
  run_options.seed = o.seed;
  Run run{*scenario, run_options};
  run.until(Duration{static_cast<std::int64_t>(seconds * 1e6)});
  boato::Graph graph = graph_of(run.world(), 0);
  for (int more = 1; !graph.event && more <= 60; ++more) {  // the first event may come later
    run.until(Duration{static_cast<std::int64_t>((seconds + more) * 1e6)});
    graph = graph_of(run.world(), 0);
  }
  if (o.format == "json")
    std::cout << boato::json_text(graph);
  else if (o.format == "dot")
    std::cout << boato::dot_text(graph);
  else if (o.format == "svg")
    std::cout << boato::svg_text(graph);
  else if (o.format == "tree" && graph.event)
    std::cout << boato::tree_text(graph, o.json);
  else
    return fail_usage(o.format == "tree" ? "nobody publishes within a minute from then: choose another --at"
                                         : "--format is tree, json, dot or svg");
  return 0;
}

int mutants(const Options& o) {
#ifndef BOATO_MUTANTS
  (void)o;
  return fail_usage("this build has no planted faults: configure with -DBOATO_MUTANTS=ON");
#else
  const auto known = [&](const PlantedFault& f) { return f.number == o.only; };
  if (o.only != 0 && std::ranges::none_of(planted_faults(), known))
    return fail_usage("no fault " + std::to_string(o.only) + ": boato-sim mutants --seeds 0 lists them");
  if (o.jobs == 0) return fail_usage("--jobs needs 1 or more");
  Progress progress{!o.quiet};
  const bool good =
      hunt_all({o.from, o.seeds, o.jobs, o.only, o.json, [&](const std::string& t) { progress(t); }});
  progress.done();
  return good ? 0 : exit_failed;
#endif
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{
      "boato-sim: thousands of real peers in one process, on virtual time, with faults and judges.\n"};
  app.name("boato-sim");
  app.require_subcommand(1);
  app.footer(
      "Examples:\n"
      "  boato-sim list                                 which scenarios there are\n"
      "  boato-sim run quiet-1000                       play one, print its figures and gates\n"
      "  boato-sim run quiet-1000 --baselines           compared with flood and Plumtree in the same world\n"
      "  boato-sim run churn --seed 8123 --peers 64     another seed, a smaller world\n"
      "  boato-sim swarm --seeds 200                    200 random worlds, each with faults of its own\n"
      "  boato-sim topo quiet-1000 --at 30s > world.svg a picture with the way of one event\n"
      "  boato-sim gates                                every goal: best known, goal, measured\n"
      "  boato-sim mutants                              do the judges find planted faults?\n"
      "The same seed gives the same run, byte for byte. Exit codes: 0 all held, 2 usage, 7 something "
      "failed.");
  Options o;
  app.add_option("--folder", o.folder, "Where the scenarios are")->capture_default_str();

  auto* list_command = app.add_subcommand("list", "List the scenarios");
  auto* run_command = app.add_subcommand("run", "Play one scenario");
  run_command->add_option("scenario", o.scenario, "Its name, or a path to a .sim file")->required();
  run_command->add_option("--seed", o.seed, "What everything random is drawn from")->capture_default_str();
  run_command->add_option("--peers", o.peers, "Another number of peers");
  run_command->add_flag("--json", o.json, "One JSON object instead of text");
  run_command->add_flag("--baselines", o.baselines,
                        "Spread the same events by flood and Plumtree, and compare");
  run_command->add_flag("--trace", o.trace, "Print every effect of every peer");
  run_command->add_flag("--show", o.show, "Print the scenario and stop");
  run_command->add_flag("--quiet", o.quiet, "No progress on stderr");
  run_command->footer("Example: boato-sim run loss-crash-1000 --seed 7 --json | jq .figures.lost");

  auto* swarm_command = app.add_subcommand("swarm", "Play random worlds, one per seed");
  swarm_command->add_option("--seeds", o.seeds, "How many")->capture_default_str();
  swarm_command->add_option("--from", o.from, "The first seed")->capture_default_str();
  swarm_command->add_option("--peers", o.range, "Peers per world, a range")->capture_default_str();
  swarm_command->add_flag("--disks", o.disks,
                          "Reliable topics are kept by replicas, on disks that have troubles");
  swarm_command->add_option("--jobs", o.jobs, "Worlds played side by side")->capture_default_str();
  swarm_command->add_flag("--json", o.json, "One JSON object per seed");
  swarm_command->add_flag("--trace", o.trace, "Print every effect of every peer");
  swarm_command->add_flag("--show", o.show, "Print each world as a scenario first");
  swarm_command->add_flag("--quiet", o.quiet, "No progress on stderr");
  swarm_command->footer(
      "Each seed draws its own mix of loss, duplicates, forged events, partitions in one direction or both,\n"
      "crashes, restarts with and without their key, pauses, slow peers, clocks that jump, tiny queues. "
      "After\n"
      "all is healed and quiet: nothing lost, doubled or out of order, gaps exact, rosters equal and true,\n"
      "links and meshes symmetric, directories equal, little said at rest.\n"
      "Examples:\n"
      "  boato-sim swarm --seeds 2000 --peers 16-128 --jobs 2\n"
      "  boato-sim swarm --seeds 1 --from 8123 --peers 16-128 --show      which world a seed draws");

  auto* topo_command = app.add_subcommand("topo", "Draw a world and the way of one event");
  topo_command->add_option("scenario", o.scenario, "Its name, or a path to a .sim file")->required();
  topo_command->add_option("--seed", o.seed)->capture_default_str();
  topo_command->add_option("--peers", o.peers, "Another number of peers");
  topo_command->add_option("--at", o.at, "When, in virtual time")->capture_default_str();
  topo_command->add_option("--format", o.format, "tree, json, dot or svg")->capture_default_str();
  topo_command->add_flag("--json", o.json, "With --format tree: one JSON object per peer");
  topo_command->footer(
      "Follows the newest event of the first topic; --format json is what boato-topo reads.\n"
      "Example: boato-sim topo quiet-1000 --peers 60 --at 25s > world.svg");

  auto* mutants_command =
      app.add_subcommand("mutants", "Plant known faults and see whether a judge finds each");
  mutants_command->add_option("--seeds", o.seeds, "Worlds tried per fault at most")->default_val(500);
  mutants_command->add_option("--from", o.from, "The first seed")->capture_default_str();
  mutants_command->add_option("--jobs", o.jobs, "Worlds played side by side")->capture_default_str();
  mutants_command->add_option("--fault", o.only, "One fault by its number");
  mutants_command->add_flag("--json", o.json, "One JSON object per fault");
  mutants_command->add_flag("--quiet", o.quiet, "No progress on stderr");
  mutants_command->footer(
      "Each fault is one rule of the core broken on purpose, in builds with -DBOATO_MUTANTS=ON. It is tried "
      "in\n"
      "worlds of the swarm, or in a small world made for it, until a judge or a claim of the core objects.\n"
      "Exit code 7 if fewer than 95 % are found.\n"
      "Examples:\n"
      "  boato-sim mutants --jobs 2                     all of them\n"
      "  boato-sim mutants --fault 203 --seeds 2000     one of them, for longer\n"
      "  boato-sim mutants --json | jq -r 'select(.found | not) | .what'");

  auto* gates_command =
      app.add_subcommand("gates", "Measure every goal of the overlay beside what is known elsewhere");
  gates_command->add_option("--seeds", o.seeds, "Runs per scenario")->default_val(8);
  gates_command->add_option("--from", o.from, "The first seed")->capture_default_str();
  gates_command->add_option("--row", o.row, "One goal, such as M3");
  gates_command->add_option("--peers", o.peers, "Another number of peers than the scenarios have");
  gates_command->add_option("--jobs", o.jobs, "Runs at the same time, each in a process of its own")
      ->capture_default_str();
  gates_command->add_flag("--json", o.json, "One JSON array instead of text");
  gates_command->add_flag("--quiet", o.quiet, "No progress on stderr");
  gates_command->footer(
      "The worst seed is held against the goal. * of all nodes of a shared tree do all the sending.\n"
      "Examples:\n"
      "  boato-sim gates                          the whole table, 8 seeds each\n"
      "  boato-sim gates --row M1 --peers 10000   one goal in a larger world\n"
      "  boato-sim gates --seeds 1 --jobs 4       a first look, four runs at a time\n"
      "  boato-sim gates --json | jq '.[] | select(.verdict == \"missed\")'\n"
      "Exit codes: 0 all held, 2 usage, 7 a goal was missed.");

  auto* figures_command = app.add_subcommand("figures", "List the figures that gates may name");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : exit_usage;
  }
  std::signal(SIGABRT, on_abort);
  if (*list_command) return list(o);
  if (*run_command) return play(o);
  if (*swarm_command) return swarm(o);
  if (*topo_command) return topo(o);
  if (*gates_command) return gates(o);
  if (*mutants_command) return mutants(o);
  if (*figures_command)
    for (const FigureName& f : figure_names())
      std::cout << f.name << std::string(f.name.size() < 22 ? 22 - f.name.size() : 1, ' ') << f.means
                << (f.unit.empty() ? "" : " (" + std::string{f.unit} + ")") << "\n";
  return 0;
}
