// SPDX-License-Identifier: Apache-2.0
// What may stand behind a value (IN, BETWEEN, LIKE, IS NULL), areas, constants, and what kind a part must be.
#include "overlay/interest/limits.hpp"
#include "overlay/interest/parser.hpp"
#include "overlay/interest/subject.hpp"

#include <array>
#include <limits>
#include <utility>

namespace boato {
namespace {

// What is known of a value before there is an event.
enum class Sort : std::uint8_t { any, number, string, bytes, boolean };

Sort sort_of(const Literal& literal) {
  if (std::holds_alternative<std::string>(literal.held)) return literal.bytes ? Sort::bytes : Sort::string;
  return std::holds_alternative<bool>(literal.held) ? Sort::boolean : Sort::number;
}

Sort sort_of_name(const std::string& name) {
  if (!name.starts_with('$')) return Sort::any;
  const auto reserved = reserved_from(name);
  const bool number = reserved == Reserved::levels || reserved == Reserved::seq ||
                      reserved == Reserved::time || reserved == Reserved::size;
  return number ? Sort::number : Sort::string;
}

Sort sort_of(const Expression& e) {
  switch (e.kind) {
    case NodeKind::literal: return e.list.empty() ? Sort::any : sort_of(e.list[0]);
    case NodeKind::name: return sort_of_name(e.name);
    case NodeKind::negate:
    case NodeKind::calculate: return Sort::number;
    default: return Sort::boolean;
  }
}

std::string_view words(Sort sort) {
  constexpr std::string_view all[] = {"an attribute", "a number", "a string", "bytes", "TRUE or FALSE"};
  return all[static_cast<std::size_t>(sort)];
}

}  // namespace

Expression PredicateParser::as_condition(Expression e) {
  if (failed()) return e;
  if (e.kind == NodeKind::name && sort_of_name(e.name) == Sort::any) e.kind = NodeKind::flag;
  if (!is_condition(e.kind))
    fail(e.at, std::string{words(sort_of(e))} + " alone is no condition: compare it with something");
  return e;
}

Expression PredicateParser::as_value(Expression e, std::string_view where) {
  if (failed() || !is_condition(e.kind)) return e;
  if (e.kind == NodeKind::truth) {
    e.kind = NodeKind::literal;
    e.list.push_back(Literal{e.holds});
    return e;
  }
  fail(e.at, "a condition has no value that could stand " + std::string{where});
  return e;
}

Expression PredicateParser::as_number(Expression e) {
  e = as_value(std::move(e), "in a calculation");
  if (failed()) return e;
  if (const Sort sort = sort_of(e); sort != Sort::any && sort != Sort::number)
    fail(e.at, "only numbers are calculated with, not " + std::string{words(sort)});
  return e;
}

void PredicateParser::must_compare(const Expression& a, const Expression& b, Relation relation) {
  const Sort left = sort_of(a), right = sort_of(b);
  if (left != Sort::any && right != Sort::any && left != right)
    return fail(b.at, std::string{words(left)} + " and " + std::string{words(right)} + " never compare");
  const bool ordered = relation != Relation::equal && relation != Relation::unequal;
  if (ordered && (left == Sort::boolean || right == Sort::boolean))
    fail(right == Sort::boolean ? b.at : a.at, "TRUE and FALSE have no order: = and <> compare them");
}

std::optional<Literal> PredicateParser::literal() {
  const Token token = token_;
  switch (token.kind) {
    case Token::Kind::string:
    case Token::Kind::bytes: advance(); return Literal{token.text, token.kind == Token::Kind::bytes};
    case Token::Kind::integer:
    case Token::Kind::real: {
      const Expression number = number_literal(false);
      if (number.list.empty()) return std::nullopt;
      return number.list[0];
    }
    default: return std::nullopt;
  }
}

Expression PredicateParser::number_literal(bool negative) {
  Expression e;
  e.kind = NodeKind::literal;
  e.at = token_.at;
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (token_.kind == Token::Kind::real) {
    e.list.push_back(Literal{negative ? -token_.real : token_.real});
  } else if (token_.integer > most + (negative ? 1 : 0)) {
    fail(token_.at, "this whole number does not fit in 64 bits; with .0 behind it, it is a double");
  } else {
    const std::uint64_t raw = negative ? 0 - token_.integer : token_.integer;
    e.list.push_back(Literal{static_cast<std::int64_t>(raw)});
  }
  advance();
  return e;
}

Expression PredicateParser::in(Expression operand, bool negated) {
  Expression e;
  e.kind = NodeKind::in;
  e.negated = negated;
  e.at = operand.at;
  e.parts.push_back(as_value(std::move(operand), "before IN"));
  need("(", " behind IN, as in: room IN ('lab', 'hall')");
  do {
    const std::size_t at = token_.at;
    const bool minus = token_.is("-");
    if (minus) advance();
    std::optional<Literal> item;
    if (minus && (token_.kind == Token::Kind::integer || token_.kind == Token::Kind::real)) {
      const Expression number = number_literal(true);
      if (!number.list.empty()) item = number.list[0];
    } else if (!minus) {
      item = literal();
    }
    if (failed()) return e;
    if (!item) return unexpected("a number or a string"), e;
    if (!e.list.empty() && sort_of(e.list[0]) != sort_of(*item))
      return fail(at, "the values of one IN are all numbers, all strings or all bytes"), e;
    e.list.push_back(std::move(*item));
  } while (take(","));
  need(")", ", which ends the values of IN");
  sort_values(e.list);
  if (!failed()) {
    Expression first;
    first.kind = NodeKind::literal;
    first.at = e.at;
    first.list.push_back(e.list[0]);
    must_compare(first, e.parts[0], Relation::equal);
  }
  return e;
}

// a BETWEEN b AND c is a >= b AND a <= c: so says the standard.
Expression PredicateParser::between(Expression operand, bool negated) {
  operand = as_value(std::move(operand), "before BETWEEN");
  Expression e;
  e.kind = NodeKind::all;
  e.at = operand.at;
  for (const Relation relation : {Relation::at_least, Relation::at_most}) {
    Expression side;
    side.kind = NodeKind::compare;
    side.relation = relation;
    side.at = operand.at;
    side.parts.push_back(operand);
    if (relation == Relation::at_most && !failed() && !take_word("AND"))
      unexpected("AND and the upper bound of BETWEEN");
    side.parts.push_back(as_value(sum(), "in BETWEEN"));
    if (!failed()) must_compare(side.parts[0], side.parts[1], relation);
    e.parts.push_back(std::move(side));
  }
  if (!negated) return e;
  Expression no;
  no.kind = NodeKind::not_;
  no.at = e.at;
  no.parts.push_back(std::move(e));
  return no;
}

Expression PredicateParser::like(Expression operand, bool negated) {
  Expression e;
  e.kind = NodeKind::like;
  e.negated = negated;
  e.at = operand.at;
  if (!failed() && operand.kind != NodeKind::name) fail(operand.at, "before LIKE stands an attribute");
  if (!failed() && sort_of(operand) == Sort::number) fail(operand.at, "a number is not like a text");
  e.name = operand.name;
  if (!failed() && token_.kind != Token::Kind::string) unexpected("a pattern, such as 'AC%'");
  const Token pattern = token_;
  advance();
  std::string escape;
  if (take_word("ESCAPE")) {
    if (!failed() && token_.kind != Token::Kind::string) unexpected("one character, such as '\\'");
    escape = token_.text;
    std::size_t characters = 0;
    for (const char c : escape) characters += (static_cast<unsigned char>(c) & 0xc0) != 0x80 ? 1 : 0;
    if (!failed() && (characters != 1 || escape == "%" || escape == "_"))
      fail(token_.at, "behind ESCAPE stands one character, and neither % nor _");
    advance();
  }
  std::size_t bad = 0;
  if (!failed()) e.pattern = LikePattern::parse(pattern.text, escape, bad);
  if (!failed() && !e.pattern)
    fail(pattern.at, "in this pattern " + escape + " stands before something else than %, _ or itself");
  return e;
}

Expression PredicateParser::null(Expression operand) {
  Expression e;
  e.kind = NodeKind::null;
  e.negated = take_word("NOT");
  e.at = operand.at;
  e.name = operand.name;
  if (!failed() && operand.kind != NodeKind::name) fail(operand.at, "before IS NULL stands an attribute");
  if (!failed() && !take_word("NULL")) unexpected("NULL behind IS");
  return e;
}

Expression PredicateParser::within(std::size_t at) {
  Expression e;
  e.kind = NodeKind::within;
  e.at = at;
  need("(", "");
  if (!failed() && token_.kind != Token::Kind::name && token_.kind != Token::Kind::quoted_name)
    unexpected("geo, or the name of another place");
  e.name = token_.text;
  if (!failed() && (e.name.starts_with('$') || longitude_name(e.name).size() > predicate_name_bytes_max))
    fail(token_.at, "a place is named by attributes: geo is lat and lon, home is home.lat and home.lon");
  advance();
  need(",", " and an area");
  using Named = std::pair<std::string_view, Area::Kind>;
  constexpr std::array<Named, 3> kinds{
      {{"circle", Area::Kind::circle}, {"box", Area::Kind::box}, {"polygon", Area::Kind::polygon}}};
  std::optional<Area::Kind> kind;
  for (const auto& [word, k] : kinds)
    if (token_.kind == Token::Kind::name && token_.text == word) kind = k;
  if (!failed() && !kind)
    unexpected("circle(lat, lon, metres), box(south, west, north, east) or polygon(lat, lon, ...)");
  const std::size_t area_at = token_.at;
  advance();
  std::vector<std::size_t> places;
  std::vector<double> found = numbers(places);
  need(")", ", which ends within");
  if (failed()) return e;
  std::string why;
  std::size_t which = 0;
  e.area = Area::make(*kind, std::move(found), why, which);
  if (!e.area) fail(which < places.size() ? places[which] : area_at, why);
  return e;
}

std::vector<double> PredicateParser::numbers(std::vector<std::size_t>& places) {
  std::vector<double> out;
  need("(", " and the numbers of the area");
  do {
    places.push_back(token_.at);
    const bool minus = token_.is("-");
    if (minus || token_.is("+")) advance();
    if (!failed() && token_.kind != Token::Kind::integer && token_.kind != Token::Kind::real)
      unexpected("a number");
    const double size =
        token_.kind == Token::Kind::integer ? static_cast<double>(token_.integer) : token_.real;
    out.push_back(minus ? -size : size);
    advance();
  } while (!failed() && take(","));
  need(")", ", which ends the numbers of the area");
  return out;
}

}  // namespace boato
