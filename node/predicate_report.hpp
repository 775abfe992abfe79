// SPDX-License-Identifier: Apache-2.0
// What is said of a text that is not a predicate: the sentence, the line, and a caret under the column.
#pragma once

#include "node/host/predicates.hpp"
#include "node/report.hpp"

#include <string_view>

namespace boato {

// Exit::usage.
Exit refuse_predicate(const SyntaxError& error, std::string_view text, const Report& report);

}  // namespace boato
