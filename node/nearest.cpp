// SPDX-License-Identifier: Apache-2.0
#include "node/nearest.hpp"

#include <algorithm>
#include <vector>

namespace boato {
namespace {

// Optimal string alignment (Damerau 1964 without repeated edits of one place).
std::size_t edits(std::string_view a, std::string_view b) {
  std::vector<std::size_t> before(b.size() + 1), above(b.size() + 1), row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) above[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        row[j] = std::min(row[j], before[j - 2] + 1);
    }
    before.swap(above);
    above.swap(row);
  }
  return above[b.size()];
}

}  // namespace

std::string nearest(std::string_view wanted, std::span<const std::string> known) {
  std::string best;
  std::size_t fewest = wanted.size();
  for (const std::string& name : known) {
    const std::size_t distance = edits(wanted, name);
    const std::size_t far = std::max<std::size_t>(1, std::max(name.size(), wanted.size()) / 3);
    if (distance <= far && distance < fewest) {
      fewest = distance;
      best = name;
    }
  }
  return best;
}

std::string did_you_mean(std::string_view wanted, std::span<const std::string> known) {
  const std::string name = nearest(wanted, known);
  return name.empty() ? std::string{} : "; did you mean " + name + "?";
}

}  // namespace boato
