// SPDX-License-Identifier: Apache-2.0
// The figures of one run, by name: what gates compare and --json prints.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boato::sim {

struct FigureName {
  std::string_view name, unit, means;
};
[[nodiscard]] const std::vector<FigureName>& figure_names();
[[nodiscard]] bool is_figure(std::string_view name);

// What ours is compared with, and in what: the figure x is y_x for the baseline y, there only in runs with
// baselines.
inline constexpr std::array<std::string_view, 2> baseline_names{"flood", "plumtree"};
inline constexpr std::array<std::string_view, 10> compared_figures{
    "redundancy",  "redundancy_first", "missed",        "last_hop", "mean_hop",
    "latency_p50", "latency_p99",      "latency_worst", "busiest",  "control_bytes"};
[[nodiscard]] bool of_baseline(std::string_view name);

class Figures {
 public:
  void set(std::string_view name, double value);
  [[nodiscard]] double get(std::string_view name) const;  // 0 if it was not set
  [[nodiscard]] const std::vector<std::pair<std::string_view, double>>& all() const { return values_; }

 private:
  std::vector<std::pair<std::string_view, double>> values_;
};

// As people read it: 12, 0.0313, 1.2e+06 never.
[[nodiscard]] std::string number_text(double value);

}  // namespace boato::sim
