// SPDX-License-Identifier: Apache-2.0
// The words of a predicate. Names: a letter or _ (or $, of reserved names), then letters, digits, _ and dots;
// any other name stands in backticks. Strings stand in '...' or "...", the quote itself twice. Bytes:
// X'00ff'. Numbers: 12, 1.5, .5, 1e9. Keywords in any case.
#pragma once

#include <boato/result.hpp>

#include "overlay/interest/syntax_error.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace boato {

struct Token {
  enum class Kind : std::uint8_t { end, name, quoted_name, string, bytes, integer, real, symbol };
  Kind kind = Kind::end;
  std::size_t at = 0, end = 0;  // its bytes in the text
  std::string text{};           // name, string and bytes: what they stand for; symbol: as written
  std::uint64_t integer = 0;    // its sign is a symbol of its own
  double real = 0;

  [[nodiscard]] bool is(std::string_view symbol_text) const {
    return kind == Kind::symbol && text == symbol_text;
  }
  // An unquoted name that is this keyword, which is given in capitals.
  [[nodiscard]] bool is_word(std::string_view keyword) const;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_{text} {}
  Result<Token, SyntaxError> next();
  [[nodiscard]] std::string_view text() const { return text_; }

 private:
  Result<Token, SyntaxError> number();
  Result<Token, SyntaxError> quoted(Token::Kind kind, char quote);
  Result<Token, SyntaxError> hex();
  Result<Token, SyntaxError> symbol();
  Token take(Token::Kind kind, std::size_t end, std::string text);
  [[nodiscard]] SyntaxError fail(std::size_t at, std::string what) const {
    return error_at(text_, at, std::move(what));
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

[[nodiscard]] bool is_keyword(std::string_view word);
[[nodiscard]] std::span<const std::string_view> keywords();
// A name that needs no backticks.
[[nodiscard]] bool is_plain_name(std::string_view name);

}  // namespace boato
