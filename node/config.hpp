// SPDX-License-Identifier: Apache-2.0
// The configuration: every key once, with its reason; and its value from the strongest of default < file <
// environment < flags < --set, with the place it came from.
#pragma once

#include <boato/peer.hpp>
#include <boato/result.hpp>
#include <boato/types.hpp>

#include "node/json.hpp"

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace boato {

enum class ConfigKind : std::uint8_t {
  text,
  file,
  list,
  duration,
  size,
  count,
  flag,
  level,
  format,
  attributes
};

struct ConfigKey {
  std::string_view key;  // "node.drain"
  ConfigKind kind;
  std::string_view standard;  // as it would be written after --set
  bool reloads;               // HUP changes it
  std::string_view reason;
};

[[nodiscard]] std::span<const ConfigKey> config_keys();
[[nodiscard]] const ConfigKey* find_config_key(std::string_view key);
[[nodiscard]] std::vector<std::string> config_key_names();

struct ConfigValue {
  std::vector<std::string> texts;  // one, but for lists
  std::string origin;              // "default", "boato.toml:3:1", "BOATO_NODE_NAME", "--name", "--set"
};

// What the command line says about the configuration.
struct ConfigSources {
  std::string file{};                                        // --config
  std::vector<std::pair<std::string, ConfigValue>> flags{};  // key and value, in the order given
  std::vector<std::string> set{};                            // "key=value"
};

class Config {
 public:
  // Errors are one line: place, what is wrong, the nearest name.
  static Result<Config> load(const ConfigSources& sources);

  [[nodiscard]] const std::string& text(std::string_view key) const;
  [[nodiscard]] const std::vector<std::string>& list(std::string_view key) const;
  [[nodiscard]] Duration duration(std::string_view key) const;
  [[nodiscard]] std::uint64_t number(std::string_view key) const;  // a size or a count
  [[nodiscard]] bool flag(std::string_view key) const;
  [[nodiscard]] bool is_default(std::string_view key) const;
  [[nodiscard]] const ConfigValue& value(std::string_view key) const;
  [[nodiscard]] const Json& attributes() const { return attributes_; }
  struct Declared {
    Contract contract;
    std::string origin;
  };
  [[nodiscard]] const std::map<std::string, Declared>& topics() const { return topics_; }
  [[nodiscard]] const std::string& file() const { return file_; }  // empty: there is none

  // What a peer needs of it. Its attributes view `memory`.
  [[nodiscard]] Options options(struct AttributeSet& memory) const;

  // Keys that differ, for reload.
  [[nodiscard]] std::vector<std::string> differences(const Config& other) const;
  void take_reloadable(const Config& other);  // the values of keys that HUP changes

 private:
  friend class ConfigFile;
  Result<void> put(const ConfigKey& spec, ConfigValue value);
  Result<void> put_named(std::string_view key, ConfigValue value);
  Result<void> put_topic_field(const std::string& topic, const std::string& field, const Json& value,
                               const std::string& origin);
  Result<void> read_environment();
  Result<void> read_set(const std::string& text);

  std::map<std::string, ConfigValue, std::less<>> values_;
  Json attributes_ = Json::object();
  std::map<std::string, Declared> topics_;
  std::string file_;
};

// --config, else $BOATO_CONFIG, else boato/boato.toml under $XDG_CONFIG_HOME (~/.config), else under
// $XDG_CONFIG_DIRS (/etc/xdg) and /etc. The first two must exist; empty if none of the others does.
[[nodiscard]] std::string config_file_path(const std::string& flag);

}  // namespace boato
