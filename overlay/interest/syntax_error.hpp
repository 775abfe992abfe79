// SPDX-License-Identifier: Apache-2.0
// Why a text is not a predicate, and where.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace boato {

struct SyntaxError {
  std::string what;      // one sentence, with a hint if there is one
  std::size_t line = 1;  // both from 1; columns count characters
  std::size_t column = 1;
};

[[nodiscard]] SyntaxError error_at(std::string_view text, std::size_t byte, std::string what);

// "column 8: a value should follow >", or "line 2, column 3: ..." if the text has several lines.
[[nodiscard]] std::string to_text(const SyntaxError& error, std::string_view text);

// The name among `known` that is one edit away (a letter more, less, other, or two swapped), in any case;
// empty if none is.
[[nodiscard]] std::string_view one_edit_away(std::string_view word, const std::string_view* known,
                                             std::size_t count);

}  // namespace boato
