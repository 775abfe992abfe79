// SPDX-License-Identifier: Apache-2.0
// The grammar of predicates, by recursive descent:
//
//   any      = all { OR all }
//   all      = negation { AND negation }
//   negation = { NOT } test
//   test     = sum [ relation sum | [NOT] IN ( literals ) | [NOT] BETWEEN sum AND sum
//                  | [NOT] LIKE string [ESCAPE string] | IS [NOT] NULL ]
//   sum      = product { (+ | -) product }
//   product  = factor { (* | /) factor }
//   factor   = [ + | - ] factor | literal | name | within ( name , area ) | ( any )
//
// Source: ISO/IEC 9075:1992, 8, as Java Message Service 2.0, 3.8.1 narrows it. Departs: strings may stand in
// "..." too, so names that are no plain words stand in backticks; there are booleans, bytes and areas.
// Whether an expression is a condition or a value is checked where it is used.
#pragma once

#include <boato/result.hpp>

#include "overlay/interest/expression.hpp"
#include "overlay/interest/lexer.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace boato {

class PredicateParser {
 public:
  // Text is UTF-8 without NUL, at most predicate_bytes_max.
  static Result<Expression, SyntaxError> parse(std::string_view text);

 private:
  explicit PredicateParser(std::string_view text) : text_{text}, lexer_{text} { advance(); }

  Expression any();
  Expression all();
  Expression negation();
  Expression test();
  Expression sum();
  Expression product();
  Expression factor();
  Expression primary();
  Expression name();

  Expression comparison(Expression left, Relation relation);
  Expression in(Expression operand, bool negated);
  Expression between(Expression operand, bool negated);
  Expression like(Expression operand, bool negated);
  Expression null(Expression operand);
  Expression within(std::size_t at);
  std::vector<double> numbers(std::vector<std::size_t>& places);
  Expression calculation(Operation operation, Expression left, Expression right);
  Expression number_literal(bool negative);

  Expression as_condition(Expression e);
  Expression as_value(Expression e, std::string_view where);
  Expression as_number(Expression e);
  void must_compare(const Expression& a, const Expression& b, Relation relation);
  // The constant that the next token is.
  std::optional<Literal> literal();
  bool take_word(std::string_view keyword);
  bool take(std::string_view symbol);
  void need(std::string_view symbol, std::string_view where);
  void advance();
  void fail(std::size_t at, std::string what);  // the first one stays; nothing more is read
  void unexpected(std::string_view wanted);
  [[nodiscard]] bool failed() const { return error_.has_value(); }

  std::string_view text_;
  Lexer lexer_;
  Token token_{};
  std::size_t behind_ = 0;  // where the token before ended
  std::size_t nesting_ = 0;
  std::optional<SyntaxError> error_;
};

}  // namespace boato
