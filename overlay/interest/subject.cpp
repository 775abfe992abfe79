// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/subject.hpp"

#include "overlay/base/text.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace boato {
namespace {

// In the order of Reserved.
constexpr std::array<std::string_view, 9> names{"$topic", "$levels", "$publisher", "$seq",   "$time",
                                                "$key",   "$type",   "$size",      "$level1"};

Value text(std::string_view value) { return value.empty() ? Value{} : Value{value}; }

std::int64_t levels(std::string_view topic) {
  return topic.empty() ? 0 : 1 + std::count(topic.begin(), topic.end(), '/');
}

Value level(std::string_view topic, std::size_t index) {
  for (; index > 0; --index) {
    const std::size_t slash = topic.find('/');
    if (slash == std::string_view::npos) return {};
    topic.remove_prefix(slash + 1);
  }
  return text(topic.substr(0, topic.find('/')));
}

Value find(const EventFacts& event, Reserved name) {
  switch (name) {
    case Reserved::none: return {};
    case Reserved::topic: return text(event.topic);
    case Reserved::levels: return levels(event.topic);
    case Reserved::publisher: return text(event.publisher);
    case Reserved::seq: return event.seq;
    case Reserved::time: return event.time_us;
    case Reserved::key: return text(event.key);
    case Reserved::type: return text(event.type);
    case Reserved::size: return event.size;
    case Reserved::level: break;
  }
  return level(event.topic, static_cast<std::size_t>(name) - static_cast<std::size_t>(Reserved::level));
}

}  // namespace

std::span<const std::string_view> reserved_names() { return names; }

std::optional<Reserved> reserved_from(std::string_view name) {
  constexpr std::string_view level = "$level";
  for (std::size_t i = 0; i + 1 < names.size(); ++i)
    if (names[i] == name) return static_cast<Reserved>(i + 1);
  if (!name.starts_with(level) || name == level || name[level.size()] == '0') return std::nullopt;
  name.remove_prefix(level.size());
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (error != std::errc{} || end != name.data() + name.size() || number == 0 || number > topic_levels_max)
    return std::nullopt;
  return static_cast<Reserved>(static_cast<std::size_t>(Reserved::level) + number - 1);
}

Value find(const Subject& subject, const FieldName& name) {
  if (name.reserved != Reserved::none) return subject.event ? find(*subject.event, name.reserved) : Value{};
  const auto at = std::ranges::lower_bound(subject.attributes, name.text, {}, &Attribute::name);
  return at == subject.attributes.end() || at->name != name.text ? Value{} : at->value;
}

}  // namespace boato
