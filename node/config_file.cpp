// SPDX-License-Identifier: Apache-2.0
#include "node/config_file.hpp"

#include "node/nearest.hpp"
#include "node/text.hpp"

#include <toml++/toml.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>

namespace boato {
namespace {

std::string place(const std::string& path, const toml::source_position& at) {
  return path + ':' + std::to_string(at.line) + ':' + std::to_string(at.column);
}

// As it would stand after --set; empty for what has no such form.
std::optional<std::string> plain_text(const toml::node& node) {
  if (const auto* text = node.as_string()) return text->get();
  if (const auto* integer = node.as_integer()) return std::to_string(integer->get());
  if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
  if (node.is_floating_point()) return to_line(Json(node.as_floating_point()->get()));
  return std::nullopt;
}

std::optional<Json> typed(const toml::node& node) {
  if (const auto* text = node.as_string()) return Json(text->get());
  if (const auto* integer = node.as_integer()) return Json(integer->get());
  if (const auto* flag = node.as_boolean()) return Json(flag->get());
  if (const auto* number = node.as_floating_point()) return Json(number->get());
  return std::nullopt;
}

}  // namespace

Result<void> ConfigFile::read(const std::string& path, Config& into) {
  std::ifstream file{path, std::ios::binary};
  if (!file)
    return Error{Errc::bad_config, "cannot read the configuration " + path + ": " + std::strerror(errno)};
  const std::string content{std::istreambuf_iterator<char>{file}, {}};
  toml::table root;
  try {
    root = toml::parse(content, path);
  } catch (const toml::parse_error& error) {
    return Error{Errc::bad_config,
                 place(path, error.source().begin) + ": " + std::string{error.description()}};
  }
  const std::vector<std::string> known = config_key_names();
  static const std::vector<std::string> tables{"node", "network", "http", "log", "limits", "topics"};
  for (const auto& [table_key, table_node] : root) {
    const std::string table{table_key.str()};
    const std::string table_at = place(path, table_key.source().begin);
    if (std::find(tables.begin(), tables.end(), table) == tables.end()) {
      return Error{Errc::bad_config,
                   table_at + ": there is no table or key " + printable(table) + did_you_mean(table, tables)};
    }
    const toml::table* fields = table_node.as_table();
    if (fields == nullptr)
      return Error{Errc::bad_config, table_at + ": " + table + " is a table: [" + table + "]"};
    for (const auto& [key, node] : *fields) {
      const std::string name = table + '.' + std::string{key.str()};
      const std::string at = place(path, key.source().begin);
      if (table == "topics") {
        const toml::table* contract = node.as_table();
        if (contract == nullptr)
          return Error{Errc::bad_config,
                       at + ": a topic is a table: [topics.\"" + printable(key.str()) + "\"]"};
        if (contract->empty()) {
          const auto put = into.put_topic_field(std::string{key.str()}, "", Json{}, at);
          if (!put) return put.error();
        }
        for (const auto& [field, value] : *contract) {
          const auto json = typed(value);
          const std::string value_at = place(path, field.source().begin);
          const auto put = into.put_topic_field(std::string{key.str()}, std::string{field.str()},
                                                json.value_or(Json::object()), value_at);
          if (!put) return put.error();
        }
        continue;
      }
      const ConfigKey* spec = find_config_key(name);
      if (spec == nullptr)
        return Error{Errc::bad_config,
                     at + ": there is no key " + printable(name) + did_you_mean(name, known)};
      if (spec->kind == ConfigKind::attributes) {
        const toml::table* attributes = node.as_table();
        if (attributes == nullptr)
          return Error{Errc::bad_config, at + ": " + name + " is a table: { site = \"lab\" }"};
        Json object = Json::object();
        for (const auto& [attribute, value] : *attributes) {
          const auto json = typed(value);
          if (!json)
            return Error{Errc::bad_config, place(path, attribute.source().begin) +
                                               ": an attribute is a text, a number or a bool"};
          object[std::string{attribute.str()}] = *json;
        }
        into.attributes_ = object;
        into.values_[name] = ConfigValue{{to_line(object)}, at};
        continue;
      }
      ConfigValue value{{}, at};
      if (const toml::array* array = node.as_array(); array != nullptr && spec->kind == ConfigKind::list) {
        for (const toml::node& element : *array) {
          const auto text = plain_text(element);
          if (!text) return Error{Errc::bad_config, at + ": " + name + " is a list of texts"};
          value.texts.push_back(*text);
        }
      } else {
        const auto text = plain_text(node);
        if (!text) return Error{Errc::bad_config, at + ": " + name + " has a value of the wrong kind"};
        value.texts.push_back(*text);
      }
      const auto put = into.put(*spec, std::move(value));
      if (!put) return put.error();
    }
  }
  into.file_ = path;
  return {};
}

}  // namespace boato
