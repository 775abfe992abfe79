// SPDX-License-Identifier: Apache-2.0
// Programs of the tools, which lie beside `boato`: it never depends on them.
#pragma once

#include "node/exit_code.hpp"

#include <string>
#include <vector>

namespace boato {

// `boato sim ...` and `boato bench ...` are programs of their own, beside this one. Does not return if one of
// them is asked for and found.
void run_program_beside(int argc, char** argv);

// Replaces this process by a program beside it; only returns if that fails, having said so.
Exit exec_beside(const std::string& program, const std::vector<std::string>& arguments);

}  // namespace boato
