// SPDX-License-Identifier: Apache-2.0
// Durations and sizes as people write them: `10ms`, `5s`, `2h`, `7d`; `64MiB`, `512B`. A unit is always
// needed.
#pragma once

#include <boato/types.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace boato {

[[nodiscard]] std::optional<Duration> parse_duration(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_size(std::string_view text);
[[nodiscard]] std::optional<std::uint64_t> parse_count(std::string_view text);  // digits only
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);
[[nodiscard]] std::optional<double> parse_number(std::string_view text);

// In the largest unit that leaves no remainder: "90s", "10m", "250ms".
[[nodiscard]] std::string to_text(Duration duration);
[[nodiscard]] std::string size_text(std::uint64_t bytes);

}  // namespace boato
