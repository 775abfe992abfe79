// SPDX-License-Identifier: Apache-2.0
// status, peers, topo: looking at a peer and at the overlay around it.
#include "node/ask.hpp"
#include "node/beside.hpp"
#include "node/commands.hpp"
#include "node/text.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>

namespace boato {
namespace {

constexpr Duration answer_within = std::chrono::seconds{10};

std::string list_words(const Json& list) {
  std::string text;
  for (const Json& word : list) {
    if (word.is_string()) text += (text.empty() ? "" : " ") + printable(word.get<std::string>());
  }
  return text;
}

void print_json(const std::vector<Json>& items, Report& report) {
  for (const Json& item : items) report.out.line(to_line(item));
}

std::string milliseconds(std::int64_t micros) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f ms", static_cast<double>(micros) / 1000);
  return text;
}

void print_links(const std::vector<Json>& items, Report& report) {
  std::vector<std::vector<std::string>> rows{{"PEER", "ROLES", "ROUND TRIP", "ADDRESSES"}};
  for (const Json& item : items) {
    std::string roles;
    for (const char* role : {"active", "mesh", "finger"}) {
      if (item.value(role, false)) roles += (roles.empty() ? "" : ",") + std::string{role};
    }
    rows.push_back({item.value("id", ""), roles.empty() ? "-" : roles,
                    milliseconds(item.value("rtt_us", std::int64_t{0})),
                    list_words(item.value("addresses", Json::array()))});
  }
  report.out.write(table(rows));
}

void print_members(const std::vector<Json>& items, Report& report) {
  std::vector<std::vector<std::string>> rows{{"MEMBER", "TAKES", ""}};
  for (const Json& item : items) {
    const std::string interest = item.value("interest", "");
    rows.push_back({item.value("id", ""),
                    !item.value("receives", false) ? "publishes only"
                    : interest == "true"           ? "everything"
                                                   : printable(interest),
                    item.value("self", false) ? "this peer" : ""});
  }
  report.out.write(table(rows));
}

// The largest; --json has all.
void print_drops(const Json& drops, Report& report) {
  constexpr std::size_t rows_max = 12;
  if (drops.empty()) return report.out.write("\nno drops\n");
  std::vector<std::vector<std::string>> rows{{"DROPPED", "REASON", "TOPIC", "PEER"}};
  for (const Json& drop : drops) {
    if (rows.size() > rows_max) break;
    const bool other = drop.value("other", false);
    const std::string none = other ? "other" : "-";
    rows.push_back({to_line(drop.value("count", Json(0))), printable(drop.value("reason", "")),
                    printable(drop.value("topic", none)), drop.value("peer", none).substr(0, 12)});
  }
  report.out.write('\n' + table(rows));
  if (drops.size() > rows_max)
    report.out.write("and " + std::to_string(drops.size() - rows_max) + " more: see 'boato status --json'\n");
}

}  // namespace

Exit run_status(const Arguments& arguments, const Config& config, Report& report) {
  const Asked asked = ask_once(arguments, config, report, Json{{"do", "status"}}, answer_within);
  if (asked.failed) return *asked.failed;
  if (report.json()) {
    print_json(asked.items, report);
  } else if (!asked.items.empty()) {
    std::vector<std::vector<std::string>> rows;
    for (const auto& [key, value] : asked.items.front().items()) {
      if (key == "t" || key == "drops") continue;
      if (key == "counters") {
        for (const auto& [name, counter] : value.items()) rows.push_back({name, to_line(counter)});
      } else {
        rows.push_back({key, value.is_string()  ? printable(value.get<std::string>())
                             : value.is_array() ? list_words(value)
                                                : to_line(value)});
      }
    }
    report.out.write(table(rows));
    print_drops(asked.items.front().value("drops", Json::array()), report);
  }
  report.out.flush();
  return Exit::done;
}

Exit run_peers(const Arguments& arguments, const Config& config, Report& report) {
  const std::string& topic = arguments.look.topic;
  const Json request =
      topic.empty() ? Json{{"do", "peers"}} : Json{{"do", "topic"}, {"topic", topic}, {"members", true}};
  const Asked asked = ask_once(arguments, config, report, request, answer_within, [](const auto& items) {
    return items ? !items->empty() : items.error().code != Errc::no_such;
  });
  if (asked.failed) return *asked.failed;
  if (report.json()) {
    print_json(asked.items, report);
  } else if (topic.empty()) {
    print_links(asked.items, report);
  } else {
    print_members(asked.items, report);
  }
  report.out.flush();
  return Exit::done;
}

// Asks for the overlay; everything but `json` is drawn by boato-topo, which reads such a document from stdin.
Exit run_topo(const Arguments& arguments, const Config& config, Report& report) {
  const TopoArguments& topo = arguments.topo;
  std::vector<std::string> words{topo.action};
  if (report.json()) words.emplace_back("--json");
  if (topo.action == "diff") {
    words.insert(words.end(), topo.files.begin(), topo.files.end());
    return exec_beside("boato-topo", words);
  }
  Json request{{"do", "topology"}, {"within_us", topo.within.count()}};
  if (topo.action == "tree") {
    request["topic"] = topo.files.front();
    request["publisher"] = topo.publisher;
    if (!topo.svg.empty()) words.insert(words.end(), {"--svg", topo.svg});
  }
  const Asked asked = ask_once(
      arguments, config, report, request, 2 * topo.within + answer_within,
      [](const auto& items) { return items ? !items->empty() : items.error().code != Errc::no_such; });
  if (asked.failed) return *asked.failed;
  const std::string document = asked.items.empty() ? std::string{} : to_line(asked.items.front()) + '\n';
  if (topo.action == "json") {
    report.out.write(document);
    report.out.flush();
    return Exit::done;
  }
  const int memory = ::memfd_create("topology", 0);
  if (memory < 0 || !write_all(memory, document) || ::lseek(memory, 0, SEEK_SET) != 0 ||
      ::dup2(memory, STDIN_FILENO) < 0) {
    return report.error(Exit::fault, Errc::internal, "no memory file for the topology");
  }
  words.emplace_back("-");
  return exec_beside("boato-topo", words);
}

}  // namespace boato
