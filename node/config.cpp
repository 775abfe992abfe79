// SPDX-License-Identifier: Apache-2.0
#include "node/config.hpp"

#include "node/config_file.hpp"
#include "node/item_json.hpp"
#include "node/nearest.hpp"
#include "node/text.hpp"
#include "node/units.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>
#include <filesystem>

extern "C" char** environ;  // NOLINT(readability-identifier-naming): POSIX names it

namespace boato {
namespace {

std::vector<std::string> split_list(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t from = 0; from <= text.size();) {
    const std::size_t comma = std::min(text.find(',', from), text.size());
    if (comma > from) parts.push_back(text.substr(from, comma - from));
    from = comma + 1;
  }
  return parts;
}

bool is_list(ConfigKind kind) { return kind == ConfigKind::list || kind == ConfigKind::attributes; }

std::string environment_name(std::string_view key) {
  std::string name = "BOATO_";
  for (const char c : key)
    name += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return name;
}

// What is wrong with a value of this kind, or empty.
std::string fault(ConfigKind kind, const std::string& text) {
  switch (kind) {
    case ConfigKind::duration:
      return parse_duration(text) ? "" : "needs a duration with its unit, such as 10s or 250ms";
    case ConfigKind::size: return parse_size(text) ? "" : "needs a size with its unit, such as 64MiB";
    case ConfigKind::count: return parse_count(text) ? "" : "needs a whole number";
    case ConfigKind::flag: return text == "true" || text == "false" ? "" : "is true or false";
    case ConfigKind::level: {
      static const std::array<std::string_view, 5> levels{"trace", "debug", "info", "warn", "error"};
      return std::find(levels.begin(), levels.end(), text) != levels.end()
                 ? ""
                 : "is trace, debug, info, warn or error";
    }
    case ConfigKind::format: return text == "text" || text == "json" ? "" : "is text or json";
    case ConfigKind::text:
    case ConfigKind::file:
    case ConfigKind::list:
    case ConfigKind::attributes: return "";
  }
  return "";
}

}  // namespace

const ConfigKey* find_config_key(std::string_view key) {
  for (const ConfigKey& spec : config_keys()) {
    if (spec.key == key) return &spec;
  }
  return nullptr;
}

std::vector<std::string> config_key_names() {
  std::vector<std::string> names;
  for (const ConfigKey& spec : config_keys()) names.emplace_back(spec.key);
  return names;
}

Result<Config> Config::load(const ConfigSources& sources) {
  Config config;
  for (const ConfigKey& spec : config_keys()) {
    const std::string standard{spec.standard};
    config.values_[std::string{spec.key}] =
        ConfigValue{is_list(spec.kind) ? split_list(standard) : std::vector{standard}, "default"};
  }
  if (const std::string path = config_file_path(sources.file); !path.empty()) {
    const auto read = ConfigFile::read(path, config);
    if (!read) return read.error();
  }
  if (const auto read = config.read_environment(); !read) return read.error();
  for (const auto& [key, value] : sources.flags) {
    if (const auto put = config.put_named(key, value); !put) return put.error();
  }
  for (const std::string& text : sources.set) {
    if (const auto read = config.read_set(text); !read) return read.error();
  }
  return config;
}

Result<void> Config::put(const ConfigKey& spec, ConfigValue value) {
  if (!is_list(spec.kind) && value.texts.size() != 1) {
    return Error{Errc::bad_config, value.origin + ": " + std::string{spec.key} + " takes one value"};
  }
  for (const std::string& text : value.texts) {
    const std::string wrong = fault(spec.kind, text);
    if (!wrong.empty()) {
      return Error{Errc::bad_config, value.origin + ": " + std::string{spec.key} + ' ' + wrong + ", not '" +
                                         printable(text) + "'"};
    }
  }
  if (spec.kind == ConfigKind::attributes) {
    const auto object = attributes_from(value.texts);
    if (!object) return Error{Errc::bad_config, value.origin + ": " + object.error().detail};
    attributes_ = *object;
  }
  values_[std::string{spec.key}] = std::move(value);
  return {};
}

Result<void> Config::put_named(std::string_view key, ConfigValue value) {
  const ConfigKey* spec = find_config_key(key);
  if (spec == nullptr) {
    return Error{Errc::bad_config, value.origin + ": there is no key " + printable(key) +
                                       did_you_mean(key, config_key_names())};
  }
  return put(*spec, std::move(value));
}

Result<void> Config::put_topic_field(const std::string& topic, const std::string& field, const Json& value,
                                     const std::string& origin) {
  Declared& declared = topics_[topic];
  declared.origin = origin;
  if (field.empty()) return {};
  static const std::vector<std::string> fields{"reliability", "order",        "durability",   "replicas",
                                               "retain_for",  "retain_bytes", "retain_count", "hold",
                                               "sequencer",   "domain"};
  if (std::find(fields.begin(), fields.end(), field) == fields.end()) {
    return Error{Errc::bad_config,
                 origin + ": a contract has no field " + printable(field) + did_you_mean(field, fields)};
  }
  if (field == "retain_for" && !value.is_string()) {
    return Error{Errc::bad_config, origin + ": retain_for needs a duration with its unit, such as 10m"};
  }
  const auto contract = contract_from(Json{{field, value}}, declared.contract);
  if (!contract) return Error{Errc::bad_config, origin + ": " + contract.error().detail};
  declared.contract = *contract;
  return {};
}

Result<void> Config::read_environment() {
  // The two that everybody sets have the command's name in front too.
  static const std::array<std::pair<std::string_view, std::string_view>, 2> aliases{
      {{"BOATO_NODE_LISTEN", "network.listen"}, {"BOATO_NODE_JOIN", "network.join"}}};
  std::vector<std::string> known;
  for (const ConfigKey& spec : config_keys()) known.push_back(environment_name(spec.key));
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view variable{*entry};
    const std::string name{variable.substr(0, variable.find('='))};
    const bool ours = std::any_of(known.begin(), known.end(), [&](const std::string& full) {
      const std::string table = full.substr(0, full.find('_', 6) + 1);  // "BOATO_NODE_"
      return name.compare(0, table.size(), table) == 0;
    });
    if (!ours) continue;  // BOATO_CONFIG, BOATO_SOCKET, and what others name so
    std::string_view key;
    for (const auto& [alias, target] : aliases) {
      if (alias == name) key = target;
    }
    for (const ConfigKey& spec : config_keys()) {
      if (environment_name(spec.key) == name) key = spec.key;
    }
    if (key.empty()) {
      return Error{Errc::bad_config,
                   "environment: there is no setting " + printable(name) + did_you_mean(name, known)};
    }
    const ConfigKey* spec = find_config_key(key);
    const std::string text{variable.substr(std::min(name.size() + 1, variable.size()))};
    const auto put_it =
        put(*spec, ConfigValue{is_list(spec->kind) ? split_list(text) : std::vector{text}, name});
    if (!put_it) return put_it.error();
  }
  return {};
}

Result<void> Config::read_set(const std::string& text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string::npos || equals == 0) {
    return Error{Errc::bad_config,
                 "--set takes key=value, such as --set log.level=debug, not '" + printable(text) + "'"};
  }
  const std::string key = text.substr(0, equals), value = text.substr(equals + 1);
  if (key.compare(0, 7, "topics.") == 0) {
    const std::size_t dot = key.rfind('.');
    std::string topic = dot > 6 ? key.substr(7, dot - 7) : key.substr(7);
    if (topic.size() > 1 && topic.front() == '"' && topic.back() == '"')
      topic = topic.substr(1, topic.size() - 2);
    return put_topic_field(topic, dot > 6 ? key.substr(dot + 1) : "", Json(value), "--set");
  }
  const ConfigKey* spec = find_config_key(key);
  const bool list = spec != nullptr && is_list(spec->kind);
  return put_named(key, ConfigValue{list ? split_list(value) : std::vector{value}, "--set"});
}

const ConfigValue& Config::value(std::string_view key) const { return values_.find(key)->second; }
const std::string& Config::text(std::string_view key) const { return value(key).texts.front(); }
const std::vector<std::string>& Config::list(std::string_view key) const { return value(key).texts; }
Duration Config::duration(std::string_view key) const {
  return parse_duration(text(key)).value_or(Duration{});
}
bool Config::flag(std::string_view key) const { return text(key) == "true"; }
bool Config::is_default(std::string_view key) const { return value(key).origin == "default"; }

std::uint64_t Config::number(std::string_view key) const {
  const auto size = parse_size(text(key));
  return size ? *size : parse_count(text(key)).value_or(0);
}

Options Config::options(AttributeSet& memory) const {
  Options options;
  options.name = text("node.name");
  options.listen = list("network.listen");
  options.join = list("network.join");
  options.data_dir = text("node.data_dir");
  options.network = text("network.name");
  options.network_key_file = text("network.key_file");
  options.memory_max = static_cast<std::size_t>(number("node.memory_max"));
  auto attributes = attributes_from(attributes_);
  if (attributes) memory = std::move(*attributes);
  options.attributes = memory.list;
  for (const ConfigKey& spec : config_keys()) {
    const bool passed =
        spec.key.substr(0, 7) == "limits." || spec.key == "network.open" || spec.key == "network.advertise";
    if (!passed || is_default(spec.key)) continue;
    std::string joined;
    for (const std::string& part : list(spec.key)) joined += (joined.empty() ? "" : ",") + part;
    if (spec.kind == ConfigKind::size) joined = std::to_string(number(spec.key));
    if (!joined.empty()) options.set.emplace_back(spec.key, joined);
  }
  return options;
}

std::vector<std::string> Config::differences(const Config& other) const {
  std::vector<std::string> keys;
  for (const auto& [key, value] : values_) {
    if (other.value(key).texts != value.texts) keys.push_back(key);
  }
  for (const auto& [name, declared] : topics_) {
    const auto found = other.topics_.find(name);
    if (found == other.topics_.end() || found->second.contract != declared.contract)
      keys.push_back("topics." + name);
  }
  for (const auto& [name, declared] : other.topics_) {
    if (topics_.find(name) == topics_.end()) keys.push_back("topics." + name);
  }
  return keys;
}

void Config::take_reloadable(const Config& other) {
  for (const ConfigKey& key : config_keys()) {
    if (key.reloads) values_[std::string{key.key}] = other.value(key.key);
  }
}

std::string config_file_path(const std::string& flag) {
  if (!flag.empty()) return flag;
  const auto variable = [](const char* name) {
    const char* value = std::getenv(name);
    return std::string{value == nullptr ? "" : value};
  };
  if (const std::string path = variable("BOATO_CONFIG"); !path.empty()) return path;
  std::vector<std::string> folders;
  const std::string home = variable("HOME"), own = variable("XDG_CONFIG_HOME"),
                    shared = variable("XDG_CONFIG_DIRS");
  if (!own.empty()) {
    folders.push_back(own);
  } else if (!home.empty()) {
    folders.push_back(home + "/.config");
  }
  const std::string all = shared.empty() ? "/etc/xdg" : shared;
  for (std::size_t from = 0; from <= all.size();) {
    const std::size_t colon = std::min(all.find(':', from), all.size());
    if (colon > from) folders.push_back(all.substr(from, colon - from));
    from = colon + 1;
  }
  folders.emplace_back("/etc");
  for (const std::string& folder : folders) {
    std::error_code missing;
    const std::string path = folder + "/boato/boato.toml";
    if (std::filesystem::exists(path, missing)) return path;
  }
  return {};
}

}  // namespace boato
