// SPDX-License-Identifier: Apache-2.0
#include "node/contract_json.hpp"

#include "node/text.hpp"
#include "node/units.hpp"

#include <array>

namespace boato {
namespace {

constexpr std::array<std::string_view, 3> reliabilities{"unreliable", "reliable", "uniform"};
constexpr std::array<std::string_view, 5> orders{"none", "fifo", "causal", "total", "total-causal"};
constexpr std::array<std::string_view, 2> durabilities{"memory", "disk"};
constexpr std::array<std::string_view, 2> sequencers{"decentralised", "centralised"};
constexpr std::array<std::string_view, 2> holds{"none", "cursors"};
template <std::size_t n, class Enum>
std::string_view word(const std::array<std::string_view, n>& words, Enum value) {
  return words[static_cast<std::size_t>(value)];
}

template <std::size_t n, class Enum>
Result<void> read_word(const Json& json, std::string_view field, const std::array<std::string_view, n>& words,
                       Enum& out) {
  if (json.is_string()) {
    for (std::size_t i = 0; i < n; ++i) {
      if (json.get_ref<const std::string&>() == words[i]) return out = static_cast<Enum>(i), Result<void>{};
    }
  }
  std::string why = std::string{field} + " is one of ";
  for (std::size_t i = 0; i < n; ++i) why.append(i == 0 ? "" : i + 1 == n ? " or " : ", ").append(words[i]);
  return Error{Errc::bad_config,
               why + ", not " + printable(json.is_string() ? json.get<std::string>() : to_line(json))};
}

Result<std::uint64_t> read_count(const Json& json, std::string_view field) {
  if (json.is_number_unsigned()) return json.get<std::uint64_t>();
  if (json.is_string()) {
    const auto& text = json.get_ref<const std::string&>();
    if (const auto count = parse_count(text)) return *count;
    if (field == "retain_bytes") {
      if (const auto bytes = parse_size(text)) return *bytes;
    }
  }
  return Error{Errc::bad_config,
               std::string{field} +
                   (field == "retain_bytes" ? " needs a size, such as 64MiB" : " needs a whole number")};
}

Result<Duration> read_duration(const Json& json, std::string_view field) {
  if (json.is_number_unsigned()) return Duration{json.get<std::int64_t>()};
  if (json.is_string()) {
    if (const auto duration = parse_duration(json.get_ref<const std::string&>())) return *duration;
  }
  return Error{Errc::bad_config, std::string{field} + " needs a duration with its unit, such as 10m"};
}

Result<void> read_field(const std::string& field, const Json& json, Contract& contract) {
  if (field == "reliability") return read_word(json, field, reliabilities, contract.reliability);
  if (field == "order") return read_word(json, field, orders, contract.order);
  if (field == "durability") return read_word(json, field, durabilities, contract.durability);
  if (field == "sequencer") return read_word(json, field, sequencers, contract.sequencer);
  if (field == "hold") return read_word(json, field, holds, contract.hold);
  if (field == "domain") {
    if (!json.is_string()) return Error{Errc::bad_config, "domain needs a name"};
    contract.domain = json.get<std::string>();
    return {};
  }
  if (field == "retain_for" || field == "retain_us") {
    const auto duration = read_duration(json, field);
    if (!duration) return duration.error();
    contract.retain_for = *duration;
    return {};
  }
  if (field != "replicas" && field != "retain_bytes" && field != "retain_count") {
    return Error{Errc::bad_config, "a contract has no field " + printable(field)};
  }
  const auto count = read_count(json, field);
  if (!count) return count.error();
  if (field == "retain_bytes") contract.retain_bytes = *count;
  if (field == "retain_count") contract.retain_count = *count;
  if (field == "replicas") {
    if (*count < 1 || *count > 63) return Error{Errc::bad_config, "replicas is a number from 1 to 63"};
    contract.replicas = static_cast<std::uint32_t>(*count);
  }
  return {};
}

}  // namespace

Json to_json(const Contract& contract) {
  return Json{{"reliability", word(reliabilities, contract.reliability)},
              {"order", word(orders, contract.order)},
              {"durability", word(durabilities, contract.durability)},
              {"replicas", contract.replicas},
              {"retain_us", contract.retain_for.count()},
              {"retain_bytes", contract.retain_bytes},
              {"retain_count", contract.retain_count},
              {"hold", word(holds, contract.hold)},
              {"sequencer", word(sequencers, contract.sequencer)},
              {"domain", contract.domain}};
}

Result<Contract> contract_from(const Json& fields, Contract start) {
  if (!fields.is_object()) return Error{Errc::bad_config, "a contract is an object of fields"};
  for (const auto& [field, json] : fields.items()) {
    const auto read = read_field(field, json, start);
    if (!read) return read.error();
  }
  return start;
}

std::string in_words(const Contract& contract) {
  std::string text;
  text.append(word(reliabilities, contract.reliability)).append(", ").append(word(orders, contract.order));
  text.append(", ").append(word(durabilities, contract.durability));
  text += ", " + std::to_string(contract.replicas) + (contract.replicas == 1 ? " replica" : " replicas");
  if (contract.retain_for.count() > 0) text += ", retain " + to_text(contract.retain_for);
  if (contract.retain_bytes > 0) text += ", retain " + size_text(contract.retain_bytes);
  if (contract.retain_count > 0) text += ", retain " + std::to_string(contract.retain_count) + " events";
  if (contract.hold == Hold::cursors) text += ", hold cursors";
  if (contract.sequencer == Sequencer::centralised) text += ", centralised";
  if (!contract.domain.empty()) text += ", domain " + printable(contract.domain);
  return text;
}

}  // namespace boato
