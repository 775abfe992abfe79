// SPDX-License-Identifier: Apache-2.0
// boato-topo: draws and measures the overlay from what `boato topo json` has collected.
//
//   boato-topo show|dot|svg|stats [--json] FILE     FILE '-': stdin
//   boato-topo diff [--json] BEFORE AFTER           exit 0: the same graph, 7: not
#include "tools/topo/graph.hpp"
#include "tools/topo/print.hpp"

#include <cstdio>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

namespace {

constexpr int done = 0, fault = 1, usage = 2, differs = 7;

int complain(const std::string& text) {
  std::fprintf(stderr, "boato-topo: %s\n", text.c_str());
  return usage;
}

std::optional<std::string> read(const std::string& path) {
  if (path == "-") return std::string{std::istreambuf_iterator<char>{std::cin}, {}};
  std::ifstream file{path, std::ios::binary};
  if (!file) return std::nullopt;
  return std::string{std::istreambuf_iterator<char>{file}, {}};
}

// Graphviz draws; without it the text for it is all we have.
int draw_svg(const std::string& dot) {
  std::FILE* graphviz = ::popen("command -v dot >/dev/null && exec dot -Tsvg; exit 127", "w");
  if (graphviz == nullptr) return fault;
  std::fwrite(dot.data(), 1, dot.size(), graphviz);
  const int status = ::pclose(graphviz);
  if (status == 0) return done;
  return complain("svg is drawn by Graphviz, which is not here: install graphviz, or use 'boato topo dot'");
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      json = true;
    } else {
      words.emplace_back(argv[i]);
    }
  }
  const std::string action = words.empty() ? "" : words.front();
  const bool known =
      action == "show" || action == "dot" || action == "svg" || action == "stats" || action == "diff";
  if (!known || words.size() != (action == "diff" ? 3U : 2U)) {
    return complain("show|dot|svg|stats FILE, or diff BEFORE AFTER; FILE is made by 'boato topo json'");
  }
  std::vector<boato::Graph> graphs;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto text = read(words[i]);
    if (!text) return complain("cannot read " + words[i] + ": " + std::strerror(errno));
    auto graph = boato::Graph::parse(*text);
    if (!graph) return complain(words[i] + " is not a topology; 'boato topo json > FILE' makes one");
    graphs.push_back(std::move(*graph));
  }
  if (action == "svg") return draw_svg(boato::dot_text(graphs[0]));
  std::string text;
  int exit = done;
  if (action == "show") text = boato::show_text(graphs[0], json);
  if (action == "dot") text = boato::dot_text(graphs[0]);
  if (action == "stats") text = boato::stats_text(boato::measure(graphs[0]), json);
  if (action == "diff") {
    const boato::Difference difference = boato::compare(graphs[0], graphs[1]);
    text = boato::diff_text(difference, json);
    if (!difference.empty()) exit = differs;
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit;
}
