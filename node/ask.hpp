// SPDX-License-Identifier: Apache-2.0
// One question to a peer, for commands that look and leave.
#pragma once

#include "node/arguments.hpp"
#include "node/client.hpp"

#include <functional>
#include <vector>

namespace boato {

// Connects, asks, leaves. A guest that has just joined may not have heard of everything yet: while `enough`
// says no it asks again, for at most a second. The exit is only set if something failed, and has been said
// then.
struct Asked {
  std::vector<Json> items{};
  std::optional<Exit> failed{};
};
Asked ask_once(const Arguments& arguments, const Config& config, Report& report, const Json& request,
               Duration within, const std::function<bool(const Result<std::vector<Json>>&)>& enough = {});

// Columns as wide as their widest entry.
[[nodiscard]] std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace boato
