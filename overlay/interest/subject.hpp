// SPDX-License-Identifier: Apache-2.0
// What a predicate is asked about: the attributes of an event (or of a member), and what boato itself knows
// of an event under reserved names. Those begin with $, as no attribute does.
#pragma once

#include <boato/types.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

namespace boato {

// Empty texts count as missing.
struct EventFacts {
  std::string_view topic, publisher, key, type;
  std::int64_t seq = 0, time_us = 0, size = 0;
};

struct Subject {
  std::span<const Attribute> attributes;  // by rising name, as wire::decode_attributes gives them
  const EventFacts* event = nullptr;      // null: not an event, all reserved names are missing
};

enum class Reserved : std::uint8_t {
  none,  // an attribute
  topic,
  levels,
  publisher,
  seq,
  time,
  key,
  type,
  size,
  level,  // the first level of the topic; level + 15 is the last
};

// The reserved name, or nothing if the text, which begins with $, is none.
[[nodiscard]] std::optional<Reserved> reserved_from(std::string_view name);
// "$topic", ... each level as one, "$level1".
[[nodiscard]] std::span<const std::string_view> reserved_names();

// A name as a predicate holds it.
struct FieldName {
  std::string_view text;
  Reserved reserved = Reserved::none;
};

// Empty (std::monostate) if it is missing or nil.
[[nodiscard]] Value find(const Subject& subject, const FieldName& name);

}  // namespace boato
