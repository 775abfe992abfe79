// SPDX-License-Identifier: Apache-2.0
#include "node/ask.hpp"

#include <signal.h>

#include <algorithm>

namespace boato {

Asked ask_once(const Arguments& arguments, const Config& config, Report& report, const Json& request,
               Duration within, const std::function<bool(const Result<std::vector<Json>>&)>& enough) {
  Signals signals{SIGINT, SIGTERM};
  auto client = Client::open(config, arguments.join_given, signals);
  if (!client) return {{}, report.error(client.error())};
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds{1};
  auto items = (*client)->ask(request, within);
  while ((*client)->is_guest() && enough && !enough(items) && std::chrono::steady_clock::now() < until) {
    static_cast<void>((*client)->wait(std::chrono::steady_clock::now() + std::chrono::milliseconds{50}));
    items = (*client)->ask(request, within);
  }
  const Exit left = (*client)->leave(report);
  if (!items) return {{}, report.error(items.error())};
  if (left != Exit::done) return {{}, left};
  return {std::move(*items), {}};
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      text += row[i];
      if (i + 1 < row.size()) text.append(widths[i] - row[i].size() + 2, ' ');
    }
    text += '\n';
  }
  return text;
}

}  // namespace boato
