// SPDX-License-Identifier: Apache-2.0
// The command line, parsed and checked as far as that is possible without a peer.
#pragma once

#include <boato/types.hpp>

#include "node/config.hpp"
#include "node/exit_code.hpp"
#include "node/json.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace boato {

struct NodeArguments {
  int ready_fd = -1;
};

struct PubArguments {
  std::string topic{}, data{};
  bool data_given = false, lines = false;
  std::string key{}, type{}, receipt{};
  Json attributes = Json::object();
  std::optional<Duration> ttl{};
  std::uint32_t copies = 0;
  std::uint32_t wait_subs = 0;
  Duration within = std::chrono::seconds{10};
  double rate = 0;  // events per second; 0 = as fast as it goes
};

struct SubArguments {
  std::vector<std::string> patterns{};
  std::uint64_t count = 0;
  std::optional<Duration> within{};
  std::string order{}, where{}, from = "now", format = "%p\\n";
  bool show_filtered = false;
  bool ready = false;
  int ready_fd = -1;
};

struct TopicArguments {
  std::string action{}, name{};
  Json contract = Json::object();  // the fields that were given
};

struct LookArguments {
  std::string topic{};  // peers --topic
};

struct TopoArguments {
  std::string action{};
  std::vector<std::string> files{};  // diff: before, after; tree: the topic
  std::string publisher{};           // tree: a key or how it begins; empty: the only one
  std::string svg{};                 // tree: a file to draw it into
  Duration within = std::chrono::seconds{2};
};

struct KeyArguments {
  std::string action{}, file{};
  bool identity = false;
};

struct FilterArguments {
  std::string action{}, expression{};
  std::string events{};  // a file, or "-"; empty: none
};

struct DoctorArguments {
  std::string folder{};  // empty: node.data_dir
  bool rescue = false;
};

struct ConfigArguments {
  std::string action{};
};

struct Arguments {
  std::string command{};
  ConfigSources sources{};
  bool json = false, quiet = false, verbose = false;
  bool join_given = false;  // --join: never a local node
  NodeArguments node{};
  PubArguments pub{};
  SubArguments sub{};
  TopicArguments topic{};
  LookArguments look{};
  TopoArguments topo{};
  KeyArguments key{};
  FilterArguments filter{};
  DoctorArguments doctor{};
  ConfigArguments config{};
};

// The arguments of a command to run, or how the program ends because help was asked for or they are wrong (it
// has been said then).
[[nodiscard]] std::variant<Arguments, Exit> parse_arguments(int argc, char** argv);

}  // namespace boato
