// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/parser.hpp"

#include "overlay/interest/limits.hpp"
#include "overlay/interest/subject.hpp"

#include <array>
#include <utility>

namespace boato {
namespace {

Expression joined(NodeKind kind, Expression first) {
  Expression e;
  e.kind = kind;
  e.at = first.at;
  e.parts.push_back(std::move(first));
  return e;
}

Expression negated(Expression e) {
  Expression no = joined(NodeKind::not_, std::move(e));
  return no;
}

std::optional<Relation> relation_of(const Token& token) {
  constexpr std::array<std::pair<std::string_view, Relation>, 6> relations{{{"=", Relation::equal},
                                                                            {"<>", Relation::unequal},
                                                                            {"<", Relation::below},
                                                                            {"<=", Relation::at_most},
                                                                            {">", Relation::above},
                                                                            {">=", Relation::at_least}}};
  for (const auto& [symbol, relation] : relations)
    if (token.is(symbol)) return relation;
  return std::nullopt;
}

}  // namespace

Result<Expression, SyntaxError> PredicateParser::parse(std::string_view text) {
  PredicateParser parser{text};
  if (!parser.failed() && parser.token_.kind == Token::Kind::end)
    parser.fail(0, "a predicate is a condition, such as: price > 100 AND sym LIKE 'AC%'");
  Expression e = parser.as_condition(parser.any());
  if (!parser.failed() && parser.token_.kind != Token::Kind::end) parser.unexpected("the end, AND or OR");
  if (parser.error_) return std::move(*parser.error_);
  return e;
}

void PredicateParser::advance() {
  behind_ = token_.end;
  if (failed()) return;
  auto token = lexer_.next();
  if (token) {
    token_ = std::move(*token);
  } else {
    error_ = token.error();
    token_ = Token{};
  }
}

void PredicateParser::fail(std::size_t at, std::string what) {
  if (!failed()) error_ = error_at(text_, at, std::move(what));
  token_ = Token{};
}

void PredicateParser::unexpected(std::string_view wanted) {
  if (token_.kind == Token::Kind::end) {
    // Behind the last word: white space at the end is nobody's place.
    return fail(behind_, "the predicate ends where " + std::string{wanted} + " should stand");
  }
  std::string what = "here should stand " + std::string{wanted} + ", not " +
                     std::string{text_.substr(token_.at, token_.end - token_.at)};
  if (token_.kind == Token::Kind::name && !is_keyword(token_.text)) {
    const auto words = keywords();
    if (const auto near = one_edit_away(token_.text, words.data(), words.size()); !near.empty())
      what += "; did you mean " + std::string{near} + "?";
  }
  fail(token_.at, std::move(what));
}

bool PredicateParser::take_word(std::string_view keyword) {
  if (!token_.is_word(keyword)) return false;
  advance();
  return true;
}

bool PredicateParser::take(std::string_view symbol) {
  if (!token_.is(symbol)) return false;
  advance();
  return true;
}

void PredicateParser::need(std::string_view symbol, std::string_view where) {
  if (!failed() && !take(symbol)) unexpected(std::string{symbol} + std::string{where});
}

Expression PredicateParser::any() {
  Expression e = all();
  if (!token_.is_word("OR")) return e;
  e = joined(NodeKind::any, as_condition(std::move(e)));
  while (take_word("OR")) e.parts.push_back(as_condition(all()));
  return e;
}

Expression PredicateParser::all() {
  Expression e = negation();
  if (!token_.is_word("AND")) return e;
  e = joined(NodeKind::all, as_condition(std::move(e)));
  while (take_word("AND")) e.parts.push_back(as_condition(negation()));
  return e;
}

Expression PredicateParser::negation() {
  if (!token_.is_word("NOT")) return test();
  const std::size_t at = token_.at;
  bool odd = false;
  while (take_word("NOT")) odd = !odd;
  Expression e = as_condition(test());
  if (odd) e = negated(std::move(e));
  e.at = at;
  return e;
}

Expression PredicateParser::test() {
  Expression e = sum();
  if (const auto relation = relation_of(token_)) return comparison(std::move(e), *relation);
  if (take_word("IS")) return null(std::move(e));
  const bool no = take_word("NOT");
  if (take_word("IN")) return in(std::move(e), no);
  if (take_word("BETWEEN")) return between(std::move(e), no);
  if (take_word("LIKE")) return like(std::move(e), no);
  if (no) unexpected("IN, BETWEEN or LIKE behind NOT");
  return e;
}

Expression PredicateParser::comparison(Expression left, Relation relation) {
  const std::string sign = token_.text;
  left = as_value(std::move(left), "before " + sign);
  advance();
  Expression e = joined(NodeKind::compare, std::move(left));
  e.relation = relation;
  if (token_.is_word("NULL"))
    fail(token_.at, "nothing is equal to NULL; a missing attribute is tested with IS NULL");
  if (!failed() && token_.kind == Token::Kind::end) unexpected("a value behind " + sign);
  e.parts.push_back(as_value(sum(), "behind " + sign));
  if (relation_of(token_)) fail(token_.at, "comparisons do not chain; write 1 < x AND x < 5");
  if (!failed()) must_compare(e.parts[0], e.parts[1], relation);
  return e;
}

Expression PredicateParser::sum() {
  Expression e = product();
  while (token_.is("+") || token_.is("-")) {
    const Operation operation = token_.is("+") ? Operation::add : Operation::subtract;
    advance();
    e = calculation(operation, std::move(e), product());
  }
  return e;
}

Expression PredicateParser::product() {
  Expression e = factor();
  while (token_.is("*") || token_.is("/")) {
    const Operation operation = token_.is("*") ? Operation::multiply : Operation::divide;
    advance();
    e = calculation(operation, std::move(e), factor());
  }
  return e;
}

Expression PredicateParser::factor() {
  const std::size_t at = token_.at;
  if (++nesting_ > predicate_nesting_max) fail(at, "more than 64 parentheses and signs inside each other");
  Expression e;
  if (token_.is("+") || token_.is("-")) {
    const bool minus = token_.is("-");
    advance();
    const bool constant = token_.kind == Token::Kind::integer || token_.kind == Token::Kind::real;
    e = constant ? number_literal(minus) : as_number(factor());
    if (!constant && minus) e = joined(NodeKind::negate, std::move(e));
    e.at = at;
  } else {
    e = primary();
  }
  --nesting_;
  return e;
}

Expression PredicateParser::primary() {
  const std::size_t at = token_.at;
  if (take("(")) {
    Expression e = any();
    need(")", ", which ends the parenthesis");
    e.enclosed = true;
    e.at = at;
    return e;
  }
  if (token_.kind == Token::Kind::quoted_name ||
      (token_.kind == Token::Kind::name && !is_keyword(token_.text)))
    return name();
  if (token_.is_word("NULL")) fail(at, "NULL stands only behind IS or IS NOT");
  if (token_.is_word("NOT")) fail(at, "NOT stands before a whole condition: NOT (x > 5)");
  Expression e;
  e.at = at;
  if (token_.is_word("TRUE") || token_.is_word("FALSE")) {
    e.holds = token_.is_word("TRUE");
    advance();
    return e;
  }
  e.kind = NodeKind::literal;
  if (auto constant = literal()) {
    e.list.push_back(std::move(*constant));
  } else if (!failed()) {
    unexpected("a value: an attribute, a number, a string, TRUE or FALSE");
  }
  return e;
}

Expression PredicateParser::name() {
  Expression e;
  e.kind = NodeKind::name;
  e.at = token_.at;
  e.name = token_.text;
  const bool word = token_.kind == Token::Kind::name;
  advance();
  if (word && token_.is("(")) {
    if (e.name == "within") return within(e.at);
    constexpr std::array<std::string_view, 1> functions{"within"};
    const auto near = one_edit_away(e.name, functions.data(), functions.size());
    const bool area = e.name == "circle" || e.name == "box" || e.name == "polygon";
    fail(e.at, "there is no function " + e.name +
                   (area           ? "; an area stands inside within: within(geo, " + e.name + "(...))"
                    : near.empty() ? "; there is within(geo, circle(lat, lon, metres))"
                                   : "; did you mean within?"));
  }
  if (!failed() && e.name.starts_with('$') && !reserved_from(e.name)) {
    const auto known = reserved_names();
    const auto near = one_edit_away(e.name, known.data(), known.size());
    fail(e.at,
         "there is no " + e.name +
             (near.empty() ? "; there are $topic $level1 to $level16 $levels $publisher $seq $time $key "
                             "$type $size"
                           : "; did you mean " + std::string{near} + "?"));
  }
  return e;
}

Expression PredicateParser::calculation(Operation operation, Expression left, Expression right) {
  Expression e = joined(NodeKind::calculate, as_number(std::move(left)));
  e.operation = operation;
  e.parts.push_back(as_number(std::move(right)));
  return e;
}

}  // namespace boato
