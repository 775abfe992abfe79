// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "node/hub.hpp"
#include "node/json.hpp"

namespace boato {

// The object that `boato status` prints.
[[nodiscard]] Json status_json(Hub& hub);

}  // namespace boato
