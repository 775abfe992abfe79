// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/comparison.hpp"

#include <algorithm>
#include <numeric>
#include <string_view>

namespace boato::sim {

namespace {
double over(std::uint64_t part, std::uint64_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

double in_ms(std::uint64_t us) { return static_cast<double>(us) / 1000; }

void set_figures_of(Figures& figures, std::string_view baseline, const BaselineTally& tally,
                    const std::vector<Publication>& publications, const Ghost& ghost) {
  std::uint64_t receptions = 0, deliveries = 0, missed = 0;
  std::uint8_t last_hop = 0;
  double first = 0;
  for (std::uint32_t i = 0; i < publications.size(); ++i) {
    const Publication& p = publications[i];
    const BaselineTally::Spread& s = tally.spreads()[i];
    receptions += s.receptions;
    deliveries += s.deliveries;
    last_hop = std::max(last_hop, s.last_hop);
    if (p.first == 1 && s.deliveries > 0) first = std::max(first, over(s.receptions, s.deliveries) - 1);
    ghost.each_correct(p.topic, p.at,
                       [&](std::uint32_t peer) { missed += tally.has(peer, i) ? 0 : p.events; });
  }
  const auto set = [&](std::string_view name, double value) {
    figures.set(std::string{baseline} + "_" + std::string{name}, value);
  };
  set("redundancy", deliveries == 0 ? 0 : over(receptions, deliveries) - 1);
  set("redundancy_first", first);
  set("missed", static_cast<double>(missed));
  set("last_hop", last_hop);
  set("mean_hop", tally.hops().mean());
  set("latency_p50", in_ms(tally.latency().at(0.5)));
  set("latency_p99", in_ms(tally.latency().at(0.99)));
  set("latency_worst", in_ms(tally.latency().worst()));
  set("control_bytes", over(tally.control_bytes(), deliveries));
}

std::string column(std::string text, std::size_t width) {
  return text.size() < width ? text.append(width - text.size(), ' ') : text + " ";
}

// Figures have the plain name for ours.
double value_of(const Figures& figures, std::string_view protocol, std::string_view name) {
  return figures.get(protocol == "ours" ? std::string{name}
                                        : std::string{protocol} + "_" + std::string{name});
}
constexpr std::array<std::string_view, 3> protocols{"ours", baseline_names[0], baseline_names[1]};
}  // namespace

std::uint64_t topic_bytes(const Traffic& traffic) {
  const auto from = static_cast<std::size_t>(wire::Kind::roster_join);
  const auto end = static_cast<std::size_t>(wire::Kind::view_ask);
  return std::accumulate(traffic.bytes.begin() + from, traffic.bytes.begin() + end, std::uint64_t{0});
}

double most_by_mean(const std::vector<std::uint64_t>& counts, std::uint32_t peers) {
  const std::uint64_t all = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  return all == 0 ? 0 : static_cast<double>(std::ranges::max(counts)) * peers / static_cast<double>(all);
}

void set_baseline_figures(Figures& figures, const Baselines& baselines, const Ghost& ghost,
                          std::uint32_t peers) {
  const Baseline* const all[] = {&baselines.flood(), &baselines.plumtree()};
  for (std::size_t i = 0; i < baseline_names.size(); ++i) {
    const BaselineTally& tally = all[i]->tally();
    set_figures_of(figures, baseline_names[i], tally, baselines.publications(), ghost);
    figures.set(std::string{baseline_names[i]} + "_busiest", most_by_mean(tally.payload_sends(), peers));
  }
}

std::string comparison_text(const Figures& figures) {
  std::string out = "  " + column("compared", 20);
  for (const std::string_view protocol : protocols) out += column(std::string{protocol}, 12);
  for (const std::string_view name : compared_figures) {
    const auto known = std::ranges::find(figure_names(), name, &FigureName::name);
    out += "\n  " + column(std::string{name}, 20);
    for (const std::string_view protocol : protocols)
      out += column(number_text(value_of(figures, protocol, name)), 12);
    out += known->unit;
  }
  return out + "\n";
}

std::string comparison_json(const Figures& figures) {
  std::string out = "{";
  for (const std::string_view protocol : protocols) {
    out += (out.size() > 1 ? ",\"" : "\"") + std::string{protocol} + "\":{";
    for (const std::string_view name : compared_figures)
      out += (out.back() == '{' ? "\"" : ",\"") + std::string{name} +
             "\":" + number_text(value_of(figures, protocol, name));
    out += "}";
  }
  return out + "}";
}

}  // namespace boato::sim
