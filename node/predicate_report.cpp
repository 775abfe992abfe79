// SPDX-License-Identifier: Apache-2.0
#include "node/predicate_report.hpp"

#include "node/item_json.hpp"
#include "node/text.hpp"

#include <unistd.h>

#include <algorithm>

namespace boato {
namespace {

std::string_view line_of(std::string_view text, std::size_t line) {
  for (; line > 1; --line) text.remove_prefix(std::min(text.size(), text.find('\n') + 1));
  return text.substr(0, text.find('\n'));
}

}  // namespace

Exit refuse_predicate(const SyntaxError& error, std::string_view text, const Report& report) {
  const std::string detail = to_text(error, text);
  if (report.json()) {
    Json item = to_json(Error{Errc::bad_predicate, printable(detail)}, "error");
    item["line"] = error.line;
    item["column"] = error.column;
    write_all(STDERR_FILENO, to_line(item) + '\n');
    return Exit::usage;
  }
  static_cast<void>(report.error(Error{Errc::bad_predicate, detail}));
  std::string line{line_of(text, error.line)};
  std::ranges::replace(line, '\t', ' ');
  // What does not print as one column for each character would move the caret.
  if (is_text(line) && printable(line) == line)
    write_all(STDERR_FILENO, "  " + line + "\n  " + std::string(error.column - 1, ' ') + "^\n");
  return Exit::usage;
}

}  // namespace boato
