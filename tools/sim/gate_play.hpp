// SPDX-License-Identifier: Apache-2.0
// Plays scenarios for the table of gates, each run in a process of its own: several at a time, and one that
// breaks a claim of the core costs its own figures only.
#pragma once

#include "tools/sim/figures.hpp"
#include "tools/sim/scenario.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace boato::sim {

struct GateRun {
  std::size_t scenario = 0;  // place in the list that is played
  std::uint64_t seed = 0;
  bool ended = false;  // else it broke a claim, or was killed
  std::vector<std::pair<std::string, double>> figures;
  [[nodiscard]] double get(std::string_view figure) const;  // 0 if it was not measured
};

struct GatePlan {
  std::uint64_t from = 1, seeds = 8;
  std::size_t jobs = 1;
  std::function<void(const GateRun&)> prepare{};  // called in the process of the run, before it begins
};

// Every scenario with every seed. `done` is told of each run as it ends, in any order.
void play_for_gates(const std::vector<Scenario>& scenarios, const GatePlan& plan,
                    const std::function<void(const GateRun&)>& done);

}  // namespace boato::sim
