// SPDX-License-Identifier: Apache-2.0
// Text forms: base32 ids, topic names and patterns.
#pragma once

#include "overlay/base/strong.hpp"

#include <string>
#include <string_view>

namespace boato {

inline constexpr std::size_t topic_name_bytes_max = 255;
inline constexpr std::size_t topic_levels_max = 16;

// A topic name: 1 to 16 non-empty levels between '/', UTF-8 without NUL or other control characters, no '+'
// and no '#'.
[[nodiscard]] bool is_topic_name(std::string_view name);

// A pattern: a name in which a whole level may be '+' (any one level) and the last may be '#' (the rest, none
// included).
[[nodiscard]] bool is_topic_pattern(std::string_view pattern);
[[nodiscard]] bool has_wildcard(std::string_view pattern);

// Whether a valid pattern takes a valid name. Topics under "boato/" are only taken by patterns that begin
// with "boato/".
[[nodiscard]] bool pattern_takes(std::string_view pattern, std::string_view name);

[[nodiscard]] bool is_utf8(std::string_view text);

// "127.0.0.1:7470", "[::1]:7470"; false if the text is not an IP address with a port.
[[nodiscard]] bool from_text(std::string_view text, Address& address);
[[nodiscard]] std::string to_text(const Address& address);

}  // namespace boato
