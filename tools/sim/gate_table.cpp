// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/gate_table.hpp"

#include "tools/sim/figures.hpp"

#include <algorithm>
#include <array>

namespace boato::sim {
namespace {

// Anchors: HyParView (DSN 2007) for crashes; iroh-gossip's own gates at 100 peers and gossipsub in the field
// for copies and crashed relays; a shared tree of degree 5 for hops and load (ideal); memberlist for idle
// traffic, sessions and deaths (its push-pull, SWIM's piggybacking, its suspicion alone; ideal); negentropy
// and range splitting for anti-entropy; "never": a known implementation does not come back from it.
constexpr std::array rows{
    GateRow{"M1", "reached in 10 s, 50 % die", "1", "crash-50", "reached_10s"},
    GateRow{"M1", "reached in 10 s, 80 % die", "1", "crash-80", "reached_10s"},
    GateRow{"M1", "reached in 10 s, 90 % die", "1", "crash-90", "reached_10s"},
    GateRow{"M1", "reached in 10 s, 95 % die", "0.90", "crash-95", "reached_10s"},
    GateRow{"M2", "lost in 60 s, replicas help", "none", "", "needs replicas"},
    GateRow{"M2", "lost for good, 95 %, no replica", "none", "crash-95", "lost"},
    GateRow{"M3", "copies - 1, one source", "0.2", "quiet-1000", "redundancy"},
    GateRow{"M3", "copies - 1, rotating sources", "1", "many-sources", "redundancy"},
    GateRow{"M3", "copies - 1, all at once", "3", "all-at-once", "redundancy"},
    GateRow{"M4", "copies - 1, first event", "6", "first-event", "redundancy_first"},
    GateRow{"M5", "copies - 1, rosters differ", "none", "roster-divergence", "redundancy"},
    GateRow{"M5", "lost, rosters differ", "none", "roster-divergence", "lost"},
    GateRow{"M5", "p99 later, rosters differ, ms", "none", "roster-divergence", "added_p99"},
    GateRow{"M6", "last hop, any source", "15", "many-sources", "last_hop"},
    GateRow{"M6", "last delivery by flood's, p99", "none", "many-sources", "last_over_flood"},
    GateRow{"M7", "sends p99 by mean, 10 sources", "34 %*", "sources-10", "sends_p99"},
    GateRow{"M7", "sends p99 by mean, 200 sources", "34 %*", "sources-200", "sends_p99"},
    GateRow{"M7", "copies by the publisher", "none", "sources-200", "publisher_copies"},
    GateRow{"M7", "copies by the publisher, > 8 KiB", "none", "large-events", "publisher_copies"},
    GateRow{"M8", "a relay crashes: p99 later, ms", "1,000", "relay-crash", "orphans_added"},
    GateRow{"M8", "lost by relays that crash", "none", "relay-crash", "lost"},
    GateRow{"M9", "idle, no topic, B/s", "13,000", "idle-overlay", "idle_bytes"},
    GateRow{"M9", "idle, one topic, B/s", "13,000", "idle-topic", "idle_bytes"},
    GateRow{"M10", "control B a delivery, 1/s", "none", "rate-1", "notice_bytes"},
    GateRow{"M10", "control B a delivery, 100/s", "none", "rate-100", "notice_bytes"},
    GateRow{"M11", "roster B/s, sessions of 1 h", "5,300", "sessions-1h", "roster_bytes"},
    GateRow{"M11", "roster B a change, 1 h", "none", "sessions-1h", "roster_change_bytes"},
    GateRow{"M11", "roster B/s, sessions of 24 h", "222", "sessions-24h", "roster_bytes"},
    GateRow{"M11", "roster B a change, 24 h", "none", "sessions-24h", "roster_change_bytes"},
    GateRow{"M12", "storm: one component after, s", "none", "join-storm", "component_after"},
    GateRow{"M12", "storm: rosters full after, s", "none", "join-storm", "rosters_after"},
    GateRow{"M12", "storm: neighbours of a seed", "none", "join-storm", "seed_neighbours"},
    GateRow{"M12", "storm: islands and broken rules", "none", "join-storm", "violations"},
    GateRow{"M13", "mean degree, off 8 by", "0.276", "quiet-1000", "degree_off"},
    GateRow{"M13", "mean path by random regular", "1", "quiet-1000", "path_over_regular"},
    GateRow{"M13", "links of one side only, ...", "none", "quiet-1000", "violations"},
    GateRow{"M14", "healthy declared gone in 1 h", "1", "pauses-1h", "gone_healthy"},
    GateRow{"M14", "a slow one gone, times a pause", "none", "pauses-1h", "gone_slow"},
    GateRow{"M15", "power lost: suspected p50, s", "16", "single-crashes", "suspected_p50"},
    GateRow{"M15", "power lost: gone p99, s", "96", "single-crashes", "gone_p99"},
    GateRow{"M15", "reset: suspected p50, s", "16", "single-resets", "suspected_p50"},
    GateRow{"M15", "reset: gone p99, s", "96", "single-resets", "gone_p99"},
    GateRow{"M16", "half apart: one component, s", "never", "partition-10min", "reunited"},
    GateRow{"M16", "half apart, on disk: all events, s", "never", "partition-disk", "caught_up"},
    GateRow{"M16", "half apart, on disk: lost", "none", "partition-disk", "lost"},
    GateRow{"M16", "half apart: roster B a member", "none", "partition-10min", "reunion_roster_bytes"},
    GateRow{"M17", "members restarted: ready, s", "never", "restart-members", "rejoin_worst"},
    GateRow{"M17", "members restarted: ready, part", "never", "restart-members", "rejoined_part"},
    GateRow{"M17", "seeds restarted: ready, s", "never", "restart-seeds", "rejoin_worst"},
    GateRow{"M17", "seeds restarted: ready, part", "never", "restart-seeds", "rejoined_part"},
    GateRow{"M17", "replicas restarted", "never", "", "needs replicas"},
    GateRow{"M18", "100 equal topics, B a session", "330", "equal-topics", "equal_session"},
    GateRow{"M19", "1 of 100 streams missing, B", "1,877", "missing-1-of-100", "catchup_session"},
    GateRow{"M19", "1 of 1,000 streams missing, B", "1,877", "missing-1-of-1000", "catchup_session"},
    GateRow{"M19", "1,000 in a row missing, B each", "23", "missing-1000", "catchup_each"},
    GateRow{"M20", "catch-up of 10k in 10M, B each", "69", "", "needs durable logs"},
    GateRow{"M26", "slow member: p99 of others by", "none", "slow-member", "trouble_ratio"},
    GateRow{"M26", "slow member: lost", "all", "slow-member", "lost"},
    GateRow{"M26", "1 MB/s too much: lost", "all", "overload", "lost"},
    GateRow{"M28", "real peers in one process", "10,000", "big-10000", "peers"},
    GateRow{"M28", "happenings per s and core", "none", "big-10000", "happenings_rate"},
};

std::string column(std::string_view text, std::size_t width) {
  std::string out{text};
  out.resize(std::max(out.size() + 1, width), ' ');
  return out;
}

std::string goal_text(const Gate& gate) {
  return (gate.is == Gate::Is::at_least  ? ">= "
          : gate.is == Gate::Is::at_most ? "<= "
                                         : "= ") +
         number_text(gate.value);
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

std::string json_head(const GateRow& row) {
  return "{\"id\":" + quoted(row.id) + ",\"what\":" + quoted(row.what) +
         ",\"best_known\":" + quoted(row.anchor);
}

}  // namespace

std::span<const GateRow> gate_rows() { return rows; }

std::optional<Gate> gate_of(const GateRow& row, const Scenario& scenario) {
  for (const Gate& gate : scenario.gates)
    if (gate.figure == row.figure) return gate;
  return {};
}

double GateMeasured::median() const { return values.empty() ? 0 : values[values.size() / 2]; }

double GateMeasured::worst() const {
  if (values.empty()) return 0;
  switch (gate.is) {
    case Gate::Is::at_least: return values.front();
    case Gate::Is::at_most: return values.back();
    case Gate::Is::equal: break;
  }
  return gate.value - values.front() > values.back() - gate.value ? values.front() : values.back();
}

bool GateMeasured::held() const { return !values.empty() && broken == 0 && gate.holds(worst()); }

std::string heading_of_gates() {
  return column("", 5) + column("", 33) + column("best known", 12) + column("goal", 12) +
         column("median", 12) + column("worst", 12) + column("", 7) + column("peers", 7) + "scenario\n";
}

std::string line_of(const GateRow& row, const GateMeasured& m) {
  return column(row.id, 5) + column(row.what, 33) + column(row.anchor, 12) + column(goal_text(m.gate), 12) +
         column(number_text(m.median()), 12) + column(number_text(m.worst()), 12) +
         column(m.held() ? "held" : "MISSED", 7) + column(std::to_string(m.peers), 7) +
         std::string{row.scenario} +
         (m.broken == 0 ? "" : ", " + std::to_string(m.broken) + " runs broke a claim");
}

std::string line_of_open(const GateRow& row) {
  return column(row.id, 5) + column(row.what, 33) + column(row.anchor, 12) + column("", 36) +
         column("open", 14) + std::string{row.figure};
}

std::string json_of(const GateRow& row, const GateMeasured& m) {
  std::string values;
  for (const double v : m.values) values += (values.empty() ? "" : ",") + number_text(v);
  return json_head(row) + ",\"scenario\":" + quoted(row.scenario) + ",\"figure\":" + quoted(row.figure) +
         ",\"goal\":" + quoted(goal_text(m.gate)) + ",\"peers\":" + std::to_string(m.peers) +
         ",\"median\":" + number_text(m.median()) + ",\"worst\":" + number_text(m.worst()) + ",\"values\":[" +
         values + "],\"broken\":" + std::to_string(m.broken) + ",\"verdict\":\"" +
         (m.held() ? "held" : "missed") + "\"}";
}

std::string json_of_open(const GateRow& row) {
  return json_head(row) + ",\"verdict\":\"open\",\"why\":" + quoted(row.figure) + "}";
}

}  // namespace boato::sim
