// SPDX-License-Identifier: Apache-2.0
// boato-topo: draws and measures the overlay from what `boato topo json` has collected.
//
//   boato-topo show|dot|svg|stats|tree [--json] FILE     FILE '-': stdin; svg needs nothing installed
//   boato-topo tree --svg PICTURE FILE                   draws the way of the event, and prints it
//   boato-topo diff [--json] BEFORE AFTER           exit 0: the same graph, 7: not
#include "tools/topo/graph.hpp"
#include "tools/topo/print.hpp"
#include "tools/topo/svg.hpp"

#include <cerrno>
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

int draw(const boato::Graph& graph, const std::string& path) {
  std::ofstream file{path, std::ios::binary};
  if (file << boato::svg_text(graph) << std::flush) return done;
  return complain("cannot write " + path + ": " + std::strerror(errno));
}

}  // namespace

int main(int argc, char** argv) {
  bool json = false;
  std::string picture;
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--json") == 0) {
      json = true;
    } else if (std::strcmp(argv[i], "--svg") == 0 && i + 1 < argc) {
      picture = argv[++i];
    } else {
      words.emplace_back(argv[i]);
    }
  }
  const std::string action = words.empty() ? "" : words.front();
  const bool known = action == "show" || action == "dot" || action == "svg" || action == "stats" ||
                     action == "tree" || action == "diff";
  if (!known || words.size() != (action == "diff" ? 3U : 2U)) {
    return complain("show|dot|svg|stats|tree FILE, or diff BEFORE AFTER; FILE is made by 'boato topo json'");
  }
  std::vector<boato::Graph> graphs;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const auto text = read(words[i]);
    if (!text) return complain("cannot read " + words[i] + ": " + std::strerror(errno));
    auto graph = boato::Graph::parse(*text);
    if (!graph) return complain(words[i] + " is not a topology; 'boato topo json > FILE' makes one");
    graphs.push_back(std::move(*graph));
  }
  if (action == "tree" && !graphs[0].event)
    return complain("this topology tells of no event: use 'boato topo tree TOPIC', or 'boato-sim topo'");
  if (!picture.empty())
    if (const int failed = draw(graphs[0], picture); failed != done) return failed;
  std::string text;
  int exit = done;
  if (action == "show") text = boato::show_text(graphs[0], json);
  if (action == "dot") text = boato::dot_text(graphs[0]);
  if (action == "svg") text = boato::svg_text(graphs[0]);
  if (action == "tree") text = boato::tree_text(graphs[0], json);
  if (action == "stats") text = boato::stats_text(boato::measure(graphs[0]), json);
  if (action == "diff") {
    const boato::Difference difference = boato::compare(graphs[0], graphs[1]);
    text = boato::diff_text(difference, json);
    if (!difference.empty()) exit = differs;
  }
  std::fwrite(text.data(), 1, text.size(), stdout);
  return exit;
}
