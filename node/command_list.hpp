// SPDX-License-Identifier: Apache-2.0
// The commands, with what their help says.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

struct CommandText {
  std::string_view name, what;
  std::string_view example;   // one, for the list
  std::string_view examples;  // for the command's own help
};

[[nodiscard]] std::span<const CommandText> command_texts();
[[nodiscard]] const CommandText& command_text(std::string_view name);
[[nodiscard]] std::vector<std::string> command_names();
[[nodiscard]] std::string command_list();  // all, with one example each

// Commands that the interface names and this version does not have.
[[nodiscard]] bool is_later_command(std::string_view name);

}  // namespace boato
