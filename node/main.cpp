// SPDX-License-Identifier: Apache-2.0
#include <boato/version.hpp>

#include "node/arguments.hpp"
#include "node/beside.hpp"
#include "node/commands.hpp"

#include <signal.h>

#include <array>
#include <utility>

namespace boato {
namespace {

Exit run_version(Report& report) {
  report.out.line(report.json() ? to_line(Json{{"t", "version"}, {"version", version}, {"protocol", 1}})
                                : "boato " + std::string{version});
  report.out.flush();
  return Exit::done;
}

using Command = Exit (*)(const Arguments&, const Config&, Report&);
constexpr std::array<std::pair<std::string_view, Command>, 8> commands{{{"node", run_node},
                                                                        {"pub", run_pub},
                                                                        {"sub", run_sub},
                                                                        {"topic", run_topic},
                                                                        {"status", run_status},
                                                                        {"peers", run_peers},
                                                                        {"topo", run_topo},
                                                                        {"doctor", run_doctor}}};

Exit run(int argc, char** argv) {
  ::signal(SIGPIPE, SIG_IGN);  // a reader that goes is an ordinary end
  run_program_beside(argc, argv);
  const auto parsed = parse_arguments(argc, argv);
  if (const Exit* exit = std::get_if<Exit>(&parsed)) return *exit;
  const Arguments& arguments = std::get<Arguments>(parsed);
  Report report{"boato " + arguments.command, arguments.json, arguments.quiet, arguments.verbose};
  if (arguments.command == "version") return run_version(report);
  if (arguments.command == "key") return run_key(arguments, report);
  if (arguments.command == "filter") return run_filter(arguments, report);
  if (arguments.command == "config") return run_config(arguments, report);
  const auto config = Config::load(arguments.sources);
  if (!config) return report.error(config.error());
  for (const auto& [name, command] : commands) {
    if (arguments.command == name) return command(arguments, *config, report);
  }
  return Exit::fault;
}

}  // namespace
}  // namespace boato

int main(int argc, char** argv) { return boato::code(boato::run(argc, argv)); }
