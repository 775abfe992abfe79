// SPDX-License-Identifier: Apache-2.0
// JSON in the order in which keys were put in.
#pragma once

#include <nlohmann/json.hpp>

#include <string>

namespace boato {

using Json = nlohmann::ordered_json;

// One line, without its end. Never throws: bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] inline std::string to_line(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

}  // namespace boato
