// SPDX-License-Identifier: Apache-2.0
// "did you mean ...?"
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace boato {

// The name in `known` that is fewest edits away (insert, delete, replace, swap of neighbours), empty if even
// that one is too far: more than a third of its letters.
[[nodiscard]] std::string nearest(std::string_view wanted, std::span<const std::string> known);

// "; did you mean X?", or empty.
[[nodiscard]] std::string did_you_mean(std::string_view wanted, std::span<const std::string> known);

}  // namespace boato
