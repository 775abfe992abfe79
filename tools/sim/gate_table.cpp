// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/gate_table.hpp"

#include "tools/sim/figures.hpp"

#include <algorithm>
#include <array>

namespace boato::sim {
namespace {

using Is = Gate::Is;
// Anchors: HyParView (DSN 2007) for crashes; iroh-gossip's own gates at 100 peers and gossipsub in the field
// for copies; a shared tree of degree 5 for hops and load (ideal); memberlist's push-pull for idle traffic.
constexpr std::array rows{
    GateRow{"M1", "reached in 10 s, 50 % die", "1", "crash-50", "reached_10s", Is::at_least, 1},
    GateRow{"M1", "reached in 10 s, 80 % die", "1", "crash-80", "reached_10s", Is::at_least, 0.9999},
    GateRow{"M1", "reached in 10 s, 90 % die", "1", "crash-90", "reached_10s", Is::at_least, 0.999},
    GateRow{"M1", "reached in 10 s, 95 % die", "0.90", "crash-95", "reached_10s", Is::at_least, 0.99},
    GateRow{"M2", "lost for good, 95 % die", "none", "crash-95", "lost", Is::at_most, 0},
    GateRow{"M3", "copies - 1, one source", "0.2", "quiet-1000", "redundancy", Is::at_most, 0.01},
    GateRow{"M3", "copies - 1, rotating sources", "1", "many-sources", "redundancy", Is::at_most, 0.02},
    GateRow{"M4", "copies - 1, first event", "6", "first-event", "redundancy_first", Is::at_most, 0.05},
    GateRow{"M5", "copies - 1, rosters differ", "none", "roster-divergence", "redundancy", Is::at_most, 0.1},
    GateRow{"M5", "lost, rosters differ", "none", "roster-divergence", "lost", Is::at_most, 0},
    GateRow{"M6", "last hop, any source", "15", "many-sources", "last_hop", Is::at_most, 7},
    GateRow{"M7", "busiest sender by the mean", "34 %*", "many-sources", "busiest", Is::at_most, 4},
    GateRow{"M9", "idle, no topic, B/s", "13,000", "idle-overlay", "idle_bytes", Is::at_most, 120},
    GateRow{"M9", "idle, one topic, B/s", "13,000", "idle-topic", "idle_bytes", Is::at_most, 240},
    GateRow{"M10", "control B a delivery, 5/s", "none", "quiet-1000", "control_bytes", Is::at_most, 200},
    GateRow{"M12", "storm: all joined after, s", "none", "join-storm", "joined", Is::at_most, 30},
    GateRow{"M13", "least degree at rest", "1", "quiet-1000", "degree_least", Is::at_least, 5},
    GateRow{"M14", "healthy declared gone", "1/h", "quiet-1000", "gone", Is::at_most, 0},
    GateRow{"M16", "lost after a partition", "all", "partition-heal", "lost", Is::at_most, 0},
    GateRow{"M17", "lost by restarts", "all", "restart-same-key", "lost", Is::at_most, 0},
    GateRow{"M26", "lost by slow members", "all", "slow-members", "lost", Is::at_most, 0},
};

std::string column(std::string_view text, std::size_t width) {
  std::string out{text};
  out.resize(std::max(out.size() + 1, width), ' ');
  return out;
}

}  // namespace

std::span<const GateRow> gate_rows() { return rows; }

double GateMeasured::median() const { return values.empty() ? 0 : values[values.size() / 2]; }

double GateMeasured::worst(Gate::Is is) const {
  if (values.empty()) return 0;
  return is == Gate::Is::at_least ? values.front() : values.back();
}

bool holds(const GateRow& row, const GateMeasured& measured) {
  const Gate gate{std::string{row.figure}, row.is, row.goal};
  return !measured.values.empty() && gate.holds(measured.worst(row.is));
}

std::string heading_of_gates() {
  return column("", 5) + column("", 32) + column("best known", 12) + column("goal", 12) +
         column("median", 12) + column("worst", 12) + "\n";
}

std::string line_of(const GateRow& row, const GateMeasured& measured) {
  const std::string goal = (row.is == Gate::Is::at_least ? ">= " : "<= ") + number_text(row.goal);
  return column(row.id, 5) + column(row.what, 32) + column(row.anchor, 12) + column(goal, 12) +
         column(number_text(measured.median()), 12) + column(number_text(measured.worst(row.is)), 12) +
         column(holds(row, measured) ? "held" : "MISSED", 7) + std::string{row.scenario};
}

}  // namespace boato::sim
