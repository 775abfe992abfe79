// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/mutants.hpp"

#include "overlay/base/mutant.hpp"
#include "tools/sim/run.hpp"

#include <csignal>
#include <cstdlib>
#include <sys/wait.h>
#include <unistd.h>

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
    for (ssize_t n = 0; (n = read(ends[0], room, sizeof room)) > 0;) rule.append(room, static_cast<std::size_t>(n));
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    if (!rule.empty()) return {true, rule, seed};
    if (WIFSIGNALED(status)) return {true, WTERMSIG(status) == SIGALRM ? "never ends" : "invariant", seed};
  }
  return {};
}

}  // namespace boato::sim
