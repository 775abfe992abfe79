// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/comparison.hpp"
#include "tools/sim/run.hpp"

#include <array>
#include <cstdio>

namespace boato::sim {

namespace {
std::string hex(std::uint64_t value) {
  std::array<char, 17> room;
  std::snprintf(room.data(), room.size(), "%016llx", static_cast<unsigned long long>(value));
  return room.data();
}
std::string_view sign_of(Gate::Is is) {
  return is == Gate::Is::at_most ? "<=" : is == Gate::Is::at_least ? ">=" : "=";
}
std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (static_cast<unsigned char>(c) >= 0x20) out += c;
  }
  return out + "\"";
}
std::string when(Time t) { return number_text(static_cast<double>(t.time_since_epoch().count()) / 1e6); }
}  // namespace

std::string to_text(const Report& r) {
  std::string out = r.scenario + "  seed " + std::to_string(r.seed) + "  trace " + hex(r.trace_hash) + "\n\n";
  for (const auto& [name, value] : r.figures.all()) {
    if (of_baseline(name)) continue;  // in the table below
    std::string_view unit;
    for (const FigureName& f : figure_names())
      if (f.name == name) unit = f.unit;
    out += "  " + padded(std::string{name}, 20) + number_text(value) + (unit.empty() ? "" : " ") +
           std::string{unit} + "\n";
  }
  if (r.baselines) out += "\n" + comparison_text(r.figures);
  out += "\n  kind                frames      bytes without bodies\n";
  for (const auto& k : r.kinds)
    out += "  " + padded(k.kind, 20) + padded(std::to_string(k.frames), 12) + std::to_string(k.bytes) + "\n";
  out += "\n";
  for (const auto& [name, n] : r.notes) out += "  " + padded(name, 20) + std::to_string(n) + "\n";
  if (!r.gates.empty()) out += "\n";
  for (const GateResult& g : r.gates)
    out += std::string{g.held ? "  held    " : "  MISSED  "} + g.gate.figure + " " +
           std::string{sign_of(g.gate.is)} + " " + number_text(g.gate.value) + "  (is " +
           number_text(g.value) + ")\n";
  if (!r.violations.empty()) out += "\n";
  for (const Violation& v : r.violations)
    out += "  BROKEN  " + when(v.at) + " s  " + v.rule + ": " + v.what + "\n";
  return out;
}

std::string to_json(const Report& r) {
  std::string out = "{\"scenario\":" + in_quotes(r.scenario) + ",\"seed\":" + std::to_string(r.seed) +
                    ",\"trace\":" + in_quotes(hex(r.trace_hash)) +
                    ",\"good\":" + (r.good() ? "true" : "false") + ",\"figures\":{";
  bool first = true;
  for (const auto& [name, value] : r.figures.all()) {
    out += (first ? "" : ",") + in_quotes(name) + ":" + number_text(value);
    first = false;
  }
  out += "},";
  if (r.baselines) out += "\"baselines\":" + comparison_json(r.figures) + ",";
  out += "\"kinds\":[";
  first = true;
  for (const auto& k : r.kinds) {
    out += std::string{first ? "" : ","} + "{\"kind\":" + in_quotes(k.kind) +
           ",\"frames\":" + std::to_string(k.frames) + ",\"bytes\":" + std::to_string(k.bytes) + "}";
    first = false;
  }
  out += "],\"gates\":[";
  first = true;
  for (const GateResult& g : r.gates) {
    out += std::string{first ? "" : ","} + "{\"figure\":" + in_quotes(g.gate.figure) +
           ",\"is\":" + in_quotes(sign_of(g.gate.is)) + ",\"bound\":" + number_text(g.gate.value) +
           ",\"value\":" + number_text(g.value) + ",\"held\":" + (g.held ? "true" : "false") + "}";
    first = false;
  }
  out += "],\"violations\":[";
  first = true;
  for (const Violation& v : r.violations) {
    out += std::string{first ? "" : ","} + "{\"at\":" + when(v.at) + ",\"rule\":" + in_quotes(v.rule) +
           ",\"what\":" + in_quotes(v.what) + "}";
    first = false;
  }
  return out + "]}";
}

}  // namespace boato::sim
