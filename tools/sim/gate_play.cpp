// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/gate_play.hpp"

#include "tools/sim/run.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <map>
#include <sstream>

namespace boato::sim {

namespace {

// The whole answer of a child fits into a pipe, so nobody has to read while it runs.
constexpr std::size_t answer_max = 32768;

std::string answer_of(const Report& report) {
  std::string out;
  char room[64];
  for (const auto& [name, value] : report.figures.all()) {
    std::snprintf(room, sizeof room, "%.17g", value);
    out += std::string{name} + " " + room + "\n";
  }
  return out + "end\n";
}

void take_answer(int pipe, GateRun& run) {
  std::string text(answer_max, '\0');
  std::size_t size = 0;
  for (ssize_t n = 0; (n = read(pipe, text.data() + size, text.size() - size)) > 0;)
    size += static_cast<std::size_t>(n);
  text.resize(size);
  std::istringstream in{text};
  for (std::string name; in >> name && name != "end";) {
    double value = 0;
    in >> value;
    run.figures.emplace_back(name, value);
  }
  run.ended = text.ends_with("end\n");
}

struct Child {
  GateRun run;
  int pipe = -1;
};

// Nothing: there are no more processes to be had.
bool begin(const Scenario& scenario, const GateRun& run, const GatePlan& plan,
           std::map<pid_t, Child>& children) {
  int ends[2];
  if (pipe(ends) != 0) return false;
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) {
    close(ends[0]);
    close(ends[1]);
    return false;
  }
  if (child == 0) {
    close(ends[0]);
    if (plan.prepare) plan.prepare(run);
    RunOptions options;
    options.seed = run.seed;
    const std::string answer = answer_of(Run{scenario, options}.finish());
    const bool whole = answer.size() <= answer_max &&
                       write(ends[1], answer.data(), answer.size()) == static_cast<ssize_t>(answer.size());
    _exit(whole ? 0 : 1);
  }
  close(ends[1]);
  children[child] = {run, ends[0]};
  return true;
}

GateRun end_one(std::map<pid_t, Child>& children) {
  for (;;) {
    int status = 0;
    const pid_t pid = wait(&status);
    const auto found = children.find(pid);
    if (found == children.end()) continue;
    Child child = std::move(found->second);
    children.erase(found);
    take_answer(child.pipe, child.run);
    close(child.pipe);
    return std::move(child.run);
  }
}

}  // namespace

double GateRun::get(std::string_view figure) const {
  const auto found =
      std::ranges::find(figures, figure, [](const auto& f) { return std::string_view{f.first}; });
  return found == figures.end() ? 0 : found->second;
}

void play_for_gates(const std::vector<Scenario>& scenarios, const GatePlan& plan,
                    const std::function<void(const GateRun&)>& done) {
  std::map<pid_t, Child> children;
  for (std::size_t s = 0; s < scenarios.size(); ++s)
    for (std::uint64_t seed = plan.from; seed < plan.from + plan.seeds; ++seed) {
      if (children.size() >= std::max<std::size_t>(1, plan.jobs)) done(end_one(children));
      GateRun run;
      run.scenario = s;
      run.seed = seed;
      if (!begin(scenarios[s], run, plan, children)) done(run);
    }
  while (!children.empty()) done(end_one(children));
}

}  // namespace boato::sim
