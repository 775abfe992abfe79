// SPDX-License-Identifier: Apache-2.0
// Looks at what a peer keeps in its data folder besides its store: the folder itself, the secrets in it, and
// whether a peer has it open. Changes nothing, and makes no file.
#pragma once

#include "node/store/check.hpp"

#include <string>
#include <vector>

namespace boato {

[[nodiscard]] std::vector<Finding> check_folder(const std::string& folder);

}  // namespace boato
