// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/syntax_error.hpp"

#include <algorithm>

namespace boato {
namespace {

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 'a' - 'A') : c; }

bool near(std::string_view a, std::string_view b) {
  const auto same = [](char x, char y) { return lower(x) == lower(y); };
  const auto tail_same = [&](std::size_t i, std::size_t j) {
    return std::equal(a.begin() + static_cast<std::ptrdiff_t>(i), a.end(),
                      b.begin() + static_cast<std::ptrdiff_t>(j), b.end(), same);
  };
  std::size_t i = 0;
  while (i < a.size() && i < b.size() && same(a[i], b[i])) ++i;
  if (i == a.size() && i == b.size()) return true;
  if (i < a.size() && tail_same(i + 1, i)) return true;
  if (i < b.size() && tail_same(i, i + 1)) return true;
  if (i >= a.size() || i >= b.size()) return false;
  if (tail_same(i + 1, i + 1)) return true;
  return i + 1 < a.size() && i + 1 < b.size() && same(a[i], b[i + 1]) && same(a[i + 1], b[i]) &&
         tail_same(i + 2, i + 2);
}

}  // namespace

SyntaxError error_at(std::string_view text, std::size_t byte, std::string what) {
  SyntaxError error{std::move(what)};
  for (const char c : text.substr(0, byte)) {
    if (c == '\n') {
      ++error.line;
      error.column = 1;
    } else if (!continues(c)) {
      ++error.column;
    }
  }
  return error;
}

std::string to_text(const SyntaxError& error, std::string_view text) {
  const std::string line =
      text.find('\n') == std::string_view::npos ? "" : "line " + std::to_string(error.line) + ", ";
  return line + "column " + std::to_string(error.column) + ": " + error.what;
}

std::string_view one_edit_away(std::string_view word, const std::string_view* known, std::size_t count) {
  if (word.size() < 2) return {};
  for (std::size_t i = 0; i < count; ++i)
    if (near(word, known[i])) return known[i];
  return {};
}

}  // namespace boato
