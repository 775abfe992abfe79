// SPDX-License-Identifier: Apache-2.0
// Text forms of bytes, and text from strangers made fit for a log or a terminal.
#pragma once

#include <boato/types.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace boato {

[[nodiscard]] std::string to_base64(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_base64(std::string_view text);  // with padding, nothing else
[[nodiscard]] std::string to_hex(std::string_view bytes);
[[nodiscard]] std::optional<std::string> from_hex(std::string_view text);

// Well-formed UTF-8, so that it may stand in a JSON string.
[[nodiscard]] bool is_text(std::string_view bytes);

// Control characters, and bytes that are not UTF-8, as \xNN; '\n' and '\t' too unless they are to be kept.
enum class Lines : std::uint8_t { escape, keep };
[[nodiscard]] std::string printable(std::string_view bytes, Lines lines = Lines::escape);

// Whether a pattern (`+` one level, `#` the rest) takes a topic name. Topics under "boato/" need a pattern
// that begins so.
[[nodiscard]] bool takes(std::string_view pattern, std::string_view topic);

// 2026-01-31T12:34:56.123456Z
[[nodiscard]] std::string to_text(WallTime time);
// "PEER:INCARNATION:SEQ"
[[nodiscard]] std::string to_text(const EventId& id);

[[nodiscard]] inline std::string_view text_of(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace boato
