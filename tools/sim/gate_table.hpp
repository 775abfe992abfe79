// SPDX-License-Identifier: Apache-2.0
// The goals of the overlay, each with what is known to be best elsewhere and the scenario and figure that
// measure it. The goal itself is the gate of that figure in the scenario's file.
#pragma once

#include "tools/sim/scenario.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace boato::sim {

struct GateRow {
  std::string_view id;  // of the goal; several rows may belong to one
  std::string_view what;
  std::string_view anchor;    // best known elsewhere; "none": nothing published found
  std::string_view scenario;  // empty: nothing measures it yet, `figure` says why
  std::string_view figure;
  [[nodiscard]] bool open() const { return scenario.empty(); }
};
[[nodiscard]] std::span<const GateRow> gate_rows();

// What the scenario demands of the row's figure. Nothing: it does not name it.
[[nodiscard]] std::optional<Gate> gate_of(const GateRow& row, const Scenario& scenario);

struct GateMeasured {
  Gate gate;
  std::uint32_t peers = 0;
  std::vector<double> values;  // one per seed that ended, ascending
  std::size_t broken = 0;      // seeds that ended in a broken claim
  [[nodiscard]] double median() const;
  [[nodiscard]] double worst() const;  // what the goal is held against
  [[nodiscard]] bool held() const;     // by every seed
};

[[nodiscard]] std::string heading_of_gates();
[[nodiscard]] std::string line_of(const GateRow& row, const GateMeasured& measured);
[[nodiscard]] std::string line_of_open(const GateRow& row);
[[nodiscard]] std::string json_of(const GateRow& row, const GateMeasured& measured);
[[nodiscard]] std::string json_of_open(const GateRow& row);

}  // namespace boato::sim
