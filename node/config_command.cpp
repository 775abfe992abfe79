// SPDX-License-Identifier: Apache-2.0
#include "node/commands.hpp"
#include "node/item_json.hpp"
#include "node/text.hpp"

#include <string>

namespace boato {
namespace {

std::string quoted(const std::string& text) {
  return to_line(Json(text));
}  // TOML basic strings take JSON's escapes

// As TOML.
std::string written(const ConfigKey& key, const std::vector<std::string>& texts, const Json& attributes) {
  if (key.kind == ConfigKind::list) {
    std::string list;
    for (const std::string& text : texts) list += (list.empty() ? "" : ", ") + quoted(text);
    return '[' + list + ']';
  }
  if (key.kind == ConfigKind::attributes) {
    std::string list;
    for (const auto& [name, value] : attributes.items()) {
      list += (list.empty() ? "" : ", ") + quoted(name) + " = " +
              (value.is_object() ? quoted(value.value("hex", "")) : to_line(value));
    }
    return list.empty() ? "{}" : "{ " + list + " }";
  }
  const std::string& text = texts.front();
  return key.kind == ConfigKind::flag || (key.kind == ConfigKind::count && !text.empty()) ? text
                                                                                          : quoted(text);
}

// Calls `row(name in the table, key)` for each, and `head(table)` before the first of each table.
template <class Head, class Row>
void by_table(const Head& head, const Row& row) {
  std::string_view table;
  for (const ConfigKey& key : config_keys()) {
    const std::size_t dot = key.key.find('.');
    if (key.key.substr(0, dot) != table) head(table = key.key.substr(0, dot));
    row(key.key.substr(dot + 1), key);
  }
}

void print_default(Report& report) {
  report.out.line("# The configuration of boato. Every key with its default; uncomment what you change.");
  report.out.line(
      "# A file is weaker than the environment (BOATO_LOG_LEVEL=debug), flags, and --set log.level=debug.");
  by_table([&](std::string_view table) { report.out.line("\n[" + std::string{table} + ']'); },
           [&](std::string_view name, const ConfigKey& key) {
             std::vector<std::string> texts;
             if (key.kind != ConfigKind::list || !key.standard.empty()) texts.emplace_back(key.standard);
             const std::string value = written(key, texts, Json::object());
             report.out.line("# " + std::string{key.reason} + (key.reloads ? "; HUP changes it" : ""));
             report.out.line('#' + std::string{name} + " = " + value);
           });
  report.out.line(
      "\n# Topics to declare at the start, with the fields of their contract that differ from the default:");
  report.out.line(
      "#[topics.\"readings/raw\"]\n#reliability = \"unreliable\"\n#order = \"none\"\n#retain_for = \"10m\"");
}

void print_default_json(Report& report) {
  for (const ConfigKey& key : config_keys()) {
    report.out.line(to_line(Json{{"t", "setting"},
                                 {"key", key.key},
                                 {"default", key.standard},
                                 {"reloads", key.reloads},
                                 {"reason", key.reason}}));
  }
}

void print_values(const Config& config, Report& report) {
  by_table(
      [&](std::string_view table) {
        report.out.line((table == "node" ? "[" : "\n[") + std::string{table} + ']');
      },
      [&](std::string_view name, const ConfigKey& key) {
        const ConfigValue& value = config.value(key.key);
        std::string line = std::string{name} + " = " + written(key, value.texts, config.attributes());
        line.resize(std::max<std::size_t>(line.size() + 2, 48), ' ');
        report.out.line(line + "# " + printable(value.origin));
      });
  for (const auto& [name, declared] : config.topics()) {
    report.out.line("\n[topics." + quoted(name) + "]  # " + printable(declared.origin) + ": " +
                    in_words(declared.contract));
  }
}

void print_values_json(const Config& config, Report& report) {
  for (const ConfigKey& key : config_keys()) {
    const ConfigValue& value = config.value(key.key);
    const Json shown = key.kind == ConfigKind::attributes ? config.attributes()
                       : key.kind == ConfigKind::list     ? Json(value.texts)
                                                          : Json(value.texts.front());
    report.out.line(
        to_line(Json{{"t", "setting"}, {"key", key.key}, {"value", shown}, {"origin", value.origin}}));
  }
  for (const auto& [name, declared] : config.topics()) {
    report.out.line(to_line(Json{{"t", "topic"},
                                 {"topic", name},
                                 {"contract", to_json(declared.contract)},
                                 {"origin", declared.origin}}));
  }
}

}  // namespace

Exit run_config(const Arguments& arguments, Report& report) {
  const std::string& action = arguments.config.action;
  if (action == "default") {
    report.json() ? print_default_json(report) : print_default(report);
  } else {
    const auto config = Config::load(arguments.sources);
    if (!config) {
      const Exit exit = report.error(config.error());
      return action == "check" ? Exit::check_failed : exit;
    }
    if (action == "check") {
      report.say(config->file().empty() ? "ok; there is no file, so these are the defaults"
                                        : config->file() + ": ok");
    } else {
      report.json() ? print_values_json(*config, report) : print_values(*config, report);
    }
  }
  report.out.flush();
  return Exit::done;
}

}  // namespace boato
