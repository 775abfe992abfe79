// SPDX-License-Identifier: Apache-2.0
// The goals of the overlay, each with what is known to be best, and the scenario and figure that measure it.
#pragma once

#include "tools/sim/scenario.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace boato::sim {

struct GateRow {
  std::string_view id;  // of the goal; several rows may belong to one
  std::string_view what;
  std::string_view anchor;  // best known elsewhere; "none": nothing published found
  std::string_view scenario;
  std::string_view figure;
  Gate::Is is;
  double goal;
};
[[nodiscard]] std::span<const GateRow> gate_rows();

struct GateMeasured {
  std::vector<double> values;  // one per seed, ascending
  [[nodiscard]] double median() const;
  [[nodiscard]] double worst(Gate::Is is) const;  // what the goal is held against
};
[[nodiscard]] bool holds(const GateRow& row, const GateMeasured& measured);
[[nodiscard]] std::string line_of(const GateRow& row, const GateMeasured& measured);
[[nodiscard]] std::string heading_of_gates();

}  // namespace boato::sim
