// SPDX-License-Identifier: Apache-2.0
// Small worlds made for one kind of fault each: what a random world shows seldom happens in them for sure.
#pragma once

#include "tools/sim/scenario.hpp"

#include <string_view>

namespace boato::sim {

// Names: those of the table in fault_scenes.cpp.
[[nodiscard]] Scenario fault_scene(std::string_view name);

}  // namespace boato::sim
