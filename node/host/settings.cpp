// SPDX-License-Identifier: Apache-2.0
#include "node/host/settings.hpp"

#include "overlay/base/text.hpp"
#include "overlay/wire/attributes.hpp"

#include <algorithm>
#include <charconv>
#include <numeric>

namespace boato {
namespace {

template <class Number>
bool read_number(std::string_view& text, Number& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return false;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return true;
}

template <std::unsigned_integral Number>
bool read_value(std::string_view text, Number& value) {
  static constexpr std::pair<std::string_view, unsigned> units[]{
      {"", 0}, {"B", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  std::uint64_t number = 0;
  if (!read_number(text, number)) return false;
  for (const auto& [name, shift] : units) {
    if (text != name || number > (static_cast<Number>(~Number{0}) >> shift)) continue;
    value = static_cast<Number>(number << shift);
    return true;
  }
  return false;
}

bool read_value(std::string_view text, double& value) {
  return read_number(text, value) && text.empty() && value >= 0;
}

bool read_value(std::string_view text, bool& value) {
  value = text == "true";
  return value || text == "false";
}

bool read_value(std::string_view text, Duration& value) {
  static constexpr std::pair<std::string_view, std::int64_t> units[]{
      {"us", 1},       {"ms", 1000},      {"s", 1000000},    {"min", 60000000},
      {"m", 60000000}, {"h", 3600000000}, {"d", 86400000000}};
  std::int64_t number = 0;
  if (!read_number(text, number) || number < 0) return false;
  for (const auto& [name, factor] : units) {
    if (text != name || number > std::numeric_limits<std::int64_t>::max() / factor) continue;
    value = Duration{number * factor};
    return true;
  }
  return false;
}

struct Key {
  std::string_view name;
  bool (*set)(Settings& settings, std::string_view text);
};

// `at` names the member; it is a lambda without captures, so that the table is a plain one.
template <class At>
constexpr Key key(std::string_view name, At) {
  return {name, [](Settings& settings, std::string_view text) { return read_value(text, At{}(settings)); }};
}

constexpr Key keys[]{
    key(
        "limits.links_max", [](Settings& s) -> auto& { return s.links_max; }),
    key(
        "limits.outbox_bytes_max", [](Settings& s) -> auto& { return s.outbox_bytes_max; }),
    key(
        "limits.partial_bytes_max", [](Settings& s) -> auto& { return s.partial_bytes_max; }),
    key(
        "limits.subscriptions_max", [](Settings& s) -> auto& { return s.subscriptions_max; }),
    key(
        "limits.connect_within", [](Settings& s) -> auto& { return s.connect_within; }),
    key(
        "limits.read_bytes_max", [](Settings& s) -> auto& { return s.read_bytes_max; }),
    key(
        "limits.strangers_max", [](Settings& s) -> auto& { return s.admission.strangers_max; }),
    key(
        "limits.strangers_per_address_max",
        [](Settings& s) -> auto& { return s.admission.strangers_per_address_max; }),
    key(
        "limits.strangers_per_net_max",
        [](Settings& s) -> auto& { return s.admission.strangers_per_net_max; }),
    key(
        "limits.handshakes_per_s", [](Settings& s) -> auto& { return s.admission.handshakes_per_s; }),
    key(
        "limits.address_handshakes_per_s",
        [](Settings& s) -> auto& { return s.admission.address_handshakes_per_s; }),
    key(
        "limits.control_queue_bytes_max", [](Settings& s) -> auto& { return s.link.queued_bytes_max[0]; }),
    key(
        "limits.reliable_queue_bytes_max", [](Settings& s) -> auto& { return s.link.queued_bytes_max[1]; }),
    key(
        "limits.unreliable_queue_bytes_max", [](Settings& s) -> auto& { return s.link.queued_bytes_max[2]; }),
    key(
        "limits.repair_queue_bytes_max", [](Settings& s) -> auto& { return s.link.queued_bytes_max[3]; }),
    key(
        "limits.queued_age_max", [](Settings& s) -> auto& { return s.link.queued_age_max; }),
    key(
        "limits.first_byte_within", [](Settings& s) -> auto& { return s.link.first_byte_within; }),
    key(
        "limits.handshake_within", [](Settings& s) -> auto& { return s.link.handshake_within; }),
    key(
        "limits.partial_record_within", [](Settings& s) -> auto& { return s.link.partial_record_within; }),
    key(
        "limits.partial_frame_within", [](Settings& s) -> auto& { return s.link.partial_frame_within; }),
    key(
        "limits.payload_max", [](Settings& s) -> auto& { return s.core.multicast.payload_max; }),
    key(
        "limits.topics_max", [](Settings& s) -> auto& { return s.core.topics_max; }),
    key(
        "limits.patterns_max", [](Settings& s) -> auto& { return s.core.patterns_max; }),
    key(
        "limits.hold_bytes_max", [](Settings& s) -> auto& { return s.core.hold_bytes_max; }),
    key(
        "limits.cache_bytes_max", [](Settings& s) -> auto& { return s.core.cache.bytes_max; }),
    key(
        "limits.cache_age_max", [](Settings& s) -> auto& { return s.core.cache.age_max; }),
    key(
        "limits.active_target", [](Settings& s) -> auto& { return s.core.membership.active_target; }),
    key(
        "limits.active_min", [](Settings& s) -> auto& { return s.core.membership.active_min; }),
    key(
        "limits.active_max", [](Settings& s) -> auto& { return s.core.membership.active_max; }),
    key(
        "limits.passive_max", [](Settings& s) -> auto& { return s.core.membership.passive_max; }),
    key(
        "limits.link_idle", [](Settings& s) -> auto& { return s.core.links.quiet; }),
    key(
        "limits.dials_per_s", [](Settings& s) -> auto& { return s.core.dialer.fresh_per_second; }),
    key(
        "limits.streams_max", [](Settings& s) -> auto& { return s.core.streams.streams_max; }),
    key(
        "network.open", [](Settings& s) -> auto& { return s.open; }),
};

// Keys that have an option of their own, or take a list.
constexpr std::string_view other_keys[]{"network.name", "network.key_file", "network.listen", "network.join",
                                        "network.advertise"};

std::size_t distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0]++;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string nearest(std::string_view name) {
  const auto names = setting_names();
  return *std::ranges::min_element(names, {},
                                   [&](const std::string& known) { return distance(name, known); });
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> out;
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string_view item = list.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    if (!item.empty()) out.emplace_back(item);
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return out;
}

Result<void> apply(Settings& settings, Options& options, const std::string& name, const std::string& value) {
  if (const auto* at = std::ranges::find(keys, std::string_view{name}, &Key::name); at != std::end(keys)) {
    if (at->set(settings, value)) return {};
    return Error{
        Errc::bad_config,
        name + " = '" + value +
            "' is not a value of this key: durations need a unit (10ms, 5s, 2h), sizes may have one (64MiB)"};
  }
  if (name == "network.name") {
    options.network = value;
  } else if (name == "network.key_file") {
    options.network_key_file = value;
  } else if (name == "network.listen") {
    options.listen = split(value);
  } else if (name == "network.join") {
    options.join = split(value);
  } else if (name == "network.advertise") {
    for (const std::string& text : split(value)) {
      const auto endpoint = parse_endpoint(text);
      if (!endpoint) return endpoint.error();
      if (!endpoint->address)
        return Error{Errc::bad_config, "network.advertise: '" + text + "' must be an IP address and a port"};
      settings.advertise.push_back(*endpoint->address);
    }
  } else {
    return Error{Errc::bad_config,
                 "there is no key '" + name + "'; the nearest one is '" + nearest(name) + "'"};
  }
  return {};
}

}  // namespace

std::vector<std::string> setting_names() {
  std::vector<std::string> names{std::begin(other_keys), std::end(other_keys)};
  for (const Key& key : keys) names.emplace_back(key.name);
  std::ranges::sort(names);
  return names;
}

Result<Settings> read_settings(Options& options) {
  Settings settings;
  const std::size_t part = options.memory_max / 4;
  settings.core.cache.bytes_max = part;
  settings.core.hold_bytes_max = part;
  settings.partial_bytes_max = part;
  settings.outbox_bytes_max = options.memory_max / 32;
  for (const auto& [name, value] : options.set)
    if (auto applied = apply(settings, options, name, value); !applied) return applied.error();

  if (options.memory_max < std::size_t{16} << 20)
    return Error{Errc::bad_config, "memory_max is below 16 MiB: a peer cannot hold its queues in less"};
  if (settings.core.multicast.payload_max > wire::payload_bytes_limit)
    return Error{Errc::bad_config, "limits.payload_max is above 16MiB"};
  settings.link.data_frame_bytes_max = settings.core.multicast.payload_max + (std::size_t{64} << 10);
  if (options.name.size() > 64 || !is_utf8(options.name))
    return Error{Errc::bad_config, "the name of a peer is UTF-8 and has at most 64 bytes"};
  if (options.network.empty())
    return Error{Errc::bad_config, "the network has no name: leave it out for 'default'"};

  for (const std::string& text : options.listen) {
    auto endpoint = parse_endpoint(text);
    if (!endpoint) return endpoint.error();
    if (!endpoint->address)
      return Error{
          Errc::bad_config,
          "listen: '" + text + "' must be an IP address and a port, e.g. 127.0.0.1:7470 or 0.0.0.0:7470"};
    if (options.network_key_file.empty() && !settings.open && !is_loopback(*endpoint->address))
      return Error{Errc::not_allowed, "listening on " + text +
                                          " without a network key would let anybody in: give a key file "
                                          "(boato key new), or set network.open = true"};
    settings.listen.push_back(std::move(*endpoint));
  }
  for (const std::string& text : options.join) {
    auto endpoint = parse_endpoint(text);
    if (!endpoint) return endpoint.error();
    if (endpoint->port == 0)
      return Error{Errc::bad_config,
                   "join: '" + text + "' has port 0: write the port the other peer listens on"};
    settings.join.push_back(std::move(*endpoint));
  }
  return settings;
}

}  // namespace boato
