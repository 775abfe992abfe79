// SPDX-License-Identifier: Apache-2.0
// Moves the store of a data folder aside, and fills a new one with what of it checks. The folder stays locked
// meanwhile, so no peer starts on it.
#pragma once

#include "node/exit_code.hpp"
#include "node/report.hpp"

#include <string>

namespace boato {

Exit rescue_store(const std::string& folder, Report& report);

}  // namespace boato
