// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/mutants.hpp"

#include "overlay/base/mutant.hpp"
#include "tools/sim/crew.hpp"
#include "tools/sim/fault_scenes.hpp"
#include "tools/sim/run.hpp"

#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <sstream>

namespace boato::sim {

namespace {

constexpr std::chrono::seconds most{40};  // a world that never ends is caught as well
constexpr std::uint32_t peers_min = 16, peers_max = 32;

Scenario world_of(const PlantedFault& fault, std::uint64_t seed) {
  return fault.scene.empty() ? draw_scenario(seed, peers_min, peers_max) : fault_scene(fault.scene);
}

// What a child returns: the judge in the first line, its words in the second; nothing if all was well.
std::string judge(const PlantedFault& fault, std::uint64_t seed) {
#ifdef BOATO_MUTANTS
  planted_mutant = fault.number;
#endif
  RunOptions options;
  options.seed = seed;
  options.stop_at_violation = true;
  const Report report = Run{world_of(fault, seed), options}.finish();
  if (!report.violations.empty())
    return report.violations.front().rule + "\n" + report.violations.front().what;
  for (const GateResult& gate : report.gates)
    if (!gate.held) return gate.gate.figure + "\nis " + std::to_string(gate.value);
  return {};
}

void print(const PlantedFault& fault, const FaultVerdict& v, bool json) {
  std::ostringstream line;
  if (json) {
    line << R"({"fault":)" << fault.number << R"(,"room":")" << fault.room << R"(","what":")" << fault.what
         << R"(","world":")" << (fault.scene.empty() ? "swarm" : fault.scene) << R"(","found":)"
         << (v.caught ? "true" : "false");
    if (v.caught) line << R"(,"seed":)" << v.seed << R"(,"judge":")" << v.judge << "\"";
    line << "}";
  } else {
    line << std::left << std::setw(7) << fault.number << std::setw(12) << fault.room << std::setw(56)
         << fault.what << std::setw(14) << (fault.scene.empty() ? "swarm" : fault.scene) << std::setw(6)
         << (v.caught ? std::to_string(v.seed) : "-") << (v.caught ? v.judge : "NOT FOUND");
  }
  std::cout << line.str() << std::endl;
}

}  // namespace

const std::vector<PlantedFault>& planted_faults() {
  static const std::vector<PlantedFault> faults{
      {100, "membership", "the active view has no cap", {}, 1},
      {101, "membership", "a neighbour at its minimum is evicted too", "mass-crash", 1},
      {102, "membership", "a splice cuts with one new link only", {}, 1},
      {103, "membership", "nobody looks for the other half", "split", 2},
      {105, "membership", "a silent peer is dead at once", "short-pauses", 1},
      {106, "membership", "whatever an answer took is the round trip", "late-answers", 3},
      {120, "directory", "whoever was heard of first stays", {}, 1},
      {122, "directory", "the contact heard of last replaces", {}, 12},
      {123, "directory", "what spreading missed is never found", {}, 1},
      {141, "roster", "whatever entry comes last wins", {}, 1},
      {142, "roster", "the dead come back with their old entries", {}, 1},
      {143, "roster", "one voice counts thrice", {}, 1},
      {144, "roster", "own eyes do not count against a suspicion", {}, 1},
      {145, "roster", "the last part of a spread is forgotten", "late-leave", 2},
      {146, "roster", "the accused stays silent", "false-alarm", 1},
      {147, "roster", "an earlier incarnation counts as well", {}, 9},
      {148, "roster", "refutes with the entry that is doubted", "false-alarm", 1},
      {149, "roster", "a suspicion stays for ever", {}, 4},
      {150, "roster", "a goodbye is one more entry", {}, 1},
      {151, "roster", "comparing forgets the last range", {}, 1},
      {152, "roster", "who accuses alone says it once, to relays that are dead", "lone-witness", 35},
      {153, "roster", "in a mass death the dead are found one by one", "run-of-dead", 1},
      {154, "roster", "news that passed us by is not looked for", "news-in-storm", 2},
      {155, "roster", "who is asked after it has left says nothing", "quick-leave", 1},
      {160, "stream", "duplicates are taken for new", {}, 1},
      {161, "stream", "the frontier jumps over holes", {}, 1},
      {162, "stream", "runs join over a hole of one", {}, 1},
      {164, "cache", "grows for ever", "heavy", 1},
      {165, "stream", "a closed incarnation opens again", "many-lives", 6},
      {166, "stream", "HAVE claims the holes too", {}, 1},
      {180, "fifo", "does not wait for a hole", {}, 1},
      {181, "fifo", "forgets the rest behind a closed hole", {}, 1},
      {182, "fifo", "late events pass", "unreliable", 1},
      {183, "fifo", "loses in silence", "unreliable", 1},
      {200, "multicast", "TAKEN is never said", "calm", 1},
      {201, "multicast", "the last part is forgotten", "calm", 1},
      {202, "multicast", "the child sends it back", "calm", 1},
      {203, "multicast", "nobody takes over", "dying-relays", 1},
      {204, "multicast", "frontiers are never told", "vanishing", 1},
      {205, "multicast", "holes are never asked for", {}, 1},
      {206, "multicast", "signatures are not checked", "liars", 1},
      {207, "multicast", "duplicates are delivered", {}, 1},
      {208, "multicast", "the duty of a duplicate is swallowed", {}, 1},
      {209, "multicast", "pulls are never answered", {}, 1},
      {210, "multicast", "an unanswered question is the last", "vanishing", 1},
      {211, "multicast", "what was accepted once is for all batches", "calm", 1},
      {401, "replica", "the word of a link that has ended counts on", "wiped", 5},
      {402, "replica", "says HELD before the store has answered", "disks", 2},
      {403, "replica", "what a full disk refused counts as held", "disks", 4},
      {404, "replica", "HELD steps over holes", "disks", 2},
      {405, "replica", "the publisher counts one voter twice", "disks", 1},
      {406, "replica", "what lies only on disk is not given", "disks", 1},
  };
  return faults;
}

FaultVerdict hunt(const PlantedFault& fault, std::uint64_t first_seed, std::uint64_t seeds, unsigned jobs) {
  FaultVerdict verdict;
  work_on(
      first_seed, seeds, jobs, most, [&](std::uint64_t seed) { return judge(fault, seed); },
      [&](std::uint64_t seed, const Outcome& outcome) {
        if (outcome.ended && outcome.said.empty()) return true;
        std::istringstream said{outcome.said};
        verdict = {true, outcome.late ? "never ends" : "invariant", {}, seed};
        if (outcome.ended) std::getline(said, verdict.judge);
        std::getline(said, verdict.words);
        // What the world shows without the fault as well is not the fault.
        if (fault.number != 0 && hunt({0, {}, {}, fault.scene, seed}, seed, 1).caught) verdict = {};
        return !verdict.caught;
      });
  return verdict;
}

bool hunt_all(const HuntOptions& o) {
  std::size_t hunted = 0, found = 0;
  if (!o.json)
    std::cout
        << "fault  room        what goes wrong                                         world         seed  "
           "found by\n";
  for (const PlantedFault& fault : planted_faults()) {
    if (o.only != 0 && fault.number != o.only) continue;
    if (o.progress) o.progress("fault " + std::to_string(fault.number));
    const FaultVerdict verdict = hunt(fault, o.from, o.seeds, o.jobs);
    ++hunted;
    found += verdict.caught ? 1 : 0;
    print(fault, verdict, o.json);
  }
  const double share = hunted == 0 ? 0 : static_cast<double>(found) / static_cast<double>(hunted);
  if (!o.json)
    std::cout << found << " of " << hunted << " found, " << std::floor(1000 * share) / 10 << " %\n";
  return share >= found_least;
}

}  // namespace boato::sim
