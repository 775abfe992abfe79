// SPDX-License-Identifier: Apache-2.0
#include "node/ask.hpp"
#include "node/commands.hpp"
#include "node/item_json.hpp"
#include "node/text.hpp"

namespace boato {
namespace {

constexpr Duration answer_within = std::chrono::seconds{10};

std::string contract_words(const Json& item) {
  const auto contract = contract_from(item.value("contract", Json::object()));
  return contract ? in_words(*contract) : "";
}

std::string count(const Json& item, const char* key) {
  return std::to_string(item.value(key, std::uint64_t{0}));
}

void print_list(const std::vector<Json>& items, Report& report) {
  std::vector<std::vector<std::string>> rows{{"TOPIC", "MEMBERS", "CONTRACT"}};
  for (const Json& item : items) {
    rows.push_back({printable(item.value("topic", "")),
                    item.value("open", false) ? count(item, "members") : "-", contract_words(item)});
  }
  report.out.write(table(rows));
}

void print_one(const Json& item, Report& report) {
  std::vector<std::vector<std::string>> rows{{"topic", printable(item.value("topic", ""))},
                                             {"contract", contract_words(item)}};
  if (item.contains("open")) {
    rows.push_back({"taken part in",
                    item.value("open", false) ? (item.value("ready", false) ? "yes" : "joining") : "no"});
    for (const char* key :
         {"members", "receivers", "mesh", "streams", "received", "held", "delivered", "duplicates", "lost"}) {
      rows.push_back({key, count(item, key)});
    }
    rows.push_back({"with a predicate", count(item, "filtered")});
    if (const std::string interest = item.value("interest", ""); !interest.empty())
      rows.push_back({"wanted here", printable(interest)});
    for (const Json& local : item.value("local", Json::array())) {
      const std::string covered = local.value("covered_by", "");
      rows.push_back({"subscription", printable(local.value("where", "")) +
                                          (covered.empty() ? "" : ", covered by " + printable(covered))});
    }
  }
  report.out.write(table(rows));
}

}  // namespace

Exit run_topic(const Arguments& arguments, const Config& config, Report& report) {
  const std::string& action = arguments.topic.action;
  Json request{{"do", "topic"}, {"topic", arguments.topic.name}};
  if (action == "ls") request = Json{{"do", "topics"}};
  if (action == "rm") request["remove"] = true;
  if (action == "create") {
    request["create"] = true;
    request["contract"] = arguments.topic.contract;
  }
  const bool looks = action == "ls" || action == "info";
  const bool finds = looks || action == "rm";
  const auto enough = [](const Result<std::vector<Json>>& items) {
    return items ? !items->empty() : items.error().code != Errc::no_such;
  };
  const Asked asked =
      ask_once(arguments, config, report, request, answer_within,
               finds ? std::function<bool(const Result<std::vector<Json>>&)>{enough} : nullptr);
  if (asked.failed) return *asked.failed;
  if (report.json()) {
    for (const Json& item : asked.items) report.out.line(to_line(item));
  } else if (action == "ls") {
    print_list(asked.items, report);
  } else if (action == "info" && !asked.items.empty()) {
    print_one(asked.items.front(), report);
  }
  report.out.flush();
  return Exit::done;
}

}  // namespace boato
