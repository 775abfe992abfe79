// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/lexer.hpp"

#include "overlay/interest/limits.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace boato {
namespace {

constexpr std::array<std::string_view, 12> words{"AND",    "OR", "NOT",  "IN",   "BETWEEN", "LIKE",
                                                 "ESCAPE", "IS", "NULL", "TRUE", "FALSE",   "UNKNOWN"};

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool goes_on(char c) { return is_letter(c) || is_digit(c) || c == '.'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }
char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool same_word(std::string_view a, std::string_view capitals) {
  return std::ranges::equal(a, capitals, {}, upper);
}

int hex_digit(char c) {
  if (is_digit(c)) return c - '0';
  const char u = upper(c);
  return u >= 'A' && u <= 'F' ? u - 'A' + 10 : -1;
}

}  // namespace

bool is_keyword(std::string_view word) {
  return std::ranges::any_of(words, [&](std::string_view w) { return same_word(word, w); });
}

std::span<const std::string_view> keywords() { return words; }

bool is_plain_name(std::string_view name) {
  const std::string_view rest = name.substr(name.starts_with('$') ? 1 : 0);
  return !rest.empty() && is_letter(rest[0]) && std::ranges::all_of(rest, goes_on) && !is_keyword(name);
}

bool Token::is_word(std::string_view keyword) const { return kind == Kind::name && same_word(text, keyword); }

Token Lexer::take(Token::Kind kind, std::size_t end, std::string text) {
  Token token{kind, at_, end, std::move(text)};
  at_ = end;
  return token;
}

Result<Token, SyntaxError> Lexer::next() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
  if (at_ == text_.size()) return take(Token::Kind::end, at_, {});
  const char c = text_[at_];
  const char after = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
  if (is_digit(c) || (c == '.' && is_digit(after))) return number();
  if (c == '\'' || c == '"') return quoted(Token::Kind::string, c);
  if (c == '`') return quoted(Token::Kind::quoted_name, c);
  if ((c == 'x' || c == 'X') && after == '\'') return hex();
  if (is_letter(c) || (c == '$' && is_letter(after))) {
    std::size_t end = at_ + 1;
    while (end < text_.size() && goes_on(text_[end])) ++end;
    if (end - at_ > predicate_name_bytes_max)
      return fail(at_, "no attribute has a name of more than 64 bytes");
    return take(Token::Kind::name, end, std::string{text_.substr(at_, end - at_)});
  }
  return symbol();
}

Result<Token, SyntaxError> Lexer::number() {
  std::size_t end = at_;
  bool real = false;
  const auto digits = [&] {
    while (end < text_.size() && is_digit(text_[end])) ++end;
  };
  digits();
  if (end < text_.size() && text_[end] == '.') {
    real = true;
    ++end;
    digits();
  }
  if (end < text_.size() && upper(text_[end]) == 'E') {
    std::size_t exponent = end + 1;
    if (exponent < text_.size() && (text_[exponent] == '+' || text_[exponent] == '-')) ++exponent;
    if (exponent < text_.size() && is_digit(text_[exponent])) {
      real = true;
      end = exponent;
      digits();
    }
  }
  if (end < text_.size() && (goes_on(text_[end]) || text_[end] == '$'))
    return fail(at_, "a number is followed by a letter: a name that begins with a digit stands in backticks");
  const char* from = text_.data() + at_;
  Token token = take(real ? Token::Kind::real : Token::Kind::integer, end, {});
  const auto error = real ? std::from_chars(from, text_.data() + end, token.real).ec
                          : std::from_chars(from, text_.data() + end, token.integer).ec;
  if (error != std::errc{})
    return fail(token.at,
                real ? "this number does not fit in 64 bits"
                     : "this whole number does not fit in 64 bits; with .0 behind it, it is a double");
  return token;
}

Result<Token, SyntaxError> Lexer::quoted(Token::Kind kind, char quote) {
  std::string inner;
  for (std::size_t i = at_ + 1; i < text_.size(); ++i) {
    if (text_[i] != quote) {
      inner += text_[i];
    } else if (i + 1 < text_.size() && text_[i + 1] == quote) {
      inner += text_[i++];
    } else if (kind == Token::Kind::quoted_name &&
               (inner.empty() || inner.size() > predicate_name_bytes_max)) {
      return fail(at_, "an attribute's name has 1 to 64 bytes");
    } else {
      return take(kind, i + 1, std::move(inner));
    }
  }
  return fail(at_, std::string{kind == Token::Kind::string ? "this string" : "this name"} +
                       " has no end: it lacks a second " + quote);
}

Result<Token, SyntaxError> Lexer::hex() {
  std::string bytes;
  std::size_t i = at_ + 2;
  for (; i + 1 < text_.size() && text_[i] != '\''; i += 2) {
    const int high = hex_digit(text_[i]), low = hex_digit(text_[i + 1]);
    if (high < 0 || low < 0) return fail(i, "bytes are pairs of hexadecimal digits, as X'00ff'");
    bytes += static_cast<char>(high * 16 + low);
  }
  if (i >= text_.size() || text_[i] != '\'') return fail(at_, "these bytes have no end: X'00ff'");
  return take(Token::Kind::bytes, i + 1, std::move(bytes));
}

Result<Token, SyntaxError> Lexer::symbol() {
  constexpr std::array<std::string_view, 14> symbols{"<>", "!=", "<=", ">=", "=", "<", ">",
                                                     "(",  ")",  ",",  "+",  "-", "*", "/"};
  constexpr std::array<std::pair<std::string_view, std::string_view>, 6> foreign{
      {{"==", "equality is written ="},
       {"&&", "'and' is written AND"},
       {"||", "'or' is written OR"},
       {"!", "'not' is written NOT"},
       {"%", "% stands only in the string behind LIKE"},
       {"$", "behind $ stands the name of something boato knows of an event, such as $topic"}}};
  const std::string_view rest = text_.substr(at_);
  if (rest.starts_with("!=")) return take(Token::Kind::symbol, at_ + 2, "<>");
  for (const auto& [sign, hint] : foreign)
    if (rest.starts_with(sign)) return fail(at_, std::string{hint});
  for (const std::string_view s : symbols)
    if (rest.starts_with(s)) return take(Token::Kind::symbol, at_ + s.size(), std::string{s});
  if (static_cast<unsigned char>(rest[0]) >= 0x80)
    return fail(at_, "letters other than a to z stand in quotes: names in backticks, strings in '...'");
  return fail(at_, "this sign has no meaning in a predicate");
}

}  // namespace boato
