// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/mutants.hpp"

#include "overlay/base/mutant.hpp"
#include "tools/sim/run.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>

namespace boato::sim {

namespace {
constexpr unsigned seconds_max = 120;  // a world that never ends is caught as well

[[maybe_unused]] void judge_in_child(int number, std::uint64_t seed, int out) {
#ifdef BOATO_MUTANTS
  planted_mutant = number;
#else
  (void)number;
#endif
  std::signal(SIGABRT, SIG_DFL);
  close(STDERR_FILENO);
  alarm(seconds_max);
  RunOptions options;
  options.seed = seed;
  options.stop_at_violation = true;
  Run run{draw_scenario(seed, 6, 20), options};
  const Report report = run.finish();
  if (!report.violations.empty()) {
    const std::string& rule = report.violations.front().rule;
    (void)!write(out, rule.data(), rule.size());
  }
  _exit(0);
}
}  // namespace

const std::vector<PlantedFault>& planted_faults() {
  static const std::vector<PlantedFault> faults{
      {100, "membership: the active view has no cap", 1},
      {101, "membership: a neighbour at its minimum is evicted too", 0},
      {102, "membership: a splice cuts with one new link only", 0},
      {103, "membership: nobody looks for the other half", 0},
      {104, "membership: whoever claims it is a neighbour", 0},
      {105, "membership: a silent peer is dead at once", 0},
      {120, "directory: whoever was heard of first stays", 0},
      {122, "directory: the contact heard of last replaces", 0},
      {123, "directory: what spreading missed is never found", 1},
      {141, "roster: whatever entry comes last wins", 1},
      {142, "roster: the dead come back with their old entries", 1},
      {143, "roster: one voice counts thrice", 0},
      {144, "roster: own eyes do not count against a suspicion", 0},
      {145, "roster: the last part of a spread is forgotten", 0},
      {146, "roster: the accused stays silent", 0},
      {160, "stream: duplicates are taken for new", 1},
      {161, "stream: the frontier jumps over holes", 1},
      {162, "stream: runs join over a hole of one", 1},
      {164, "cache: grows for ever", 0},
      {165, "stream: a closed incarnation opens again", 0},
      {166, "stream: HAVE claims the holes too", 1},
      {180, "fifo: does not wait for a hole", 1},
      {181, "fifo: forgets the rest behind a closed hole", 1},
      {182, "fifo: late events pass", 0},
      {183, "fifo: loses in silence", 0},
      {200, "multicast: TAKEN is never said", 0},
      {201, "multicast: the last part is forgotten", 0},
      {202, "multicast: the child sends it back", 1},
      {203, "multicast: nobody takes over", 0},
      {204, "multicast: frontiers are never told", 0},
      {205, "multicast: holes are never asked for", 1},
      {206, "multicast: signatures are not checked", 0},
      {207, "multicast: duplicates are delivered", 1},
      {208, "multicast: the duty of a duplicate is swallowed", 0},
      {209, "multicast: pulls are never answered", 1},
  };
  return faults;
}

FaultVerdict hunt(const PlantedFault& fault, std::uint64_t first_seed, std::uint64_t seeds) {
  for (std::uint64_t seed = first_seed; seed < first_seed + seeds; ++seed) {
    int ends[2];
    if (pipe(ends) != 0) return {};
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      judge_in_child(fault.number, seed, ends[1]);
    }
    close(ends[1]);
    std::string rule;
    char room[64];
    for (ssize_t n = 0; (n = read(ends[0], room, sizeof room)) > 0;)
      rule.append(room, static_cast<std::size_t>(n));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!rule.empty()) return {true, rule, seed};
    if (WIFSIGNALED(status)) return {true, WTERMSIG(status) == SIGALRM ? "never ends" : "invariant", seed};
  }
  return {};
}

}  // namespace boato::sim
