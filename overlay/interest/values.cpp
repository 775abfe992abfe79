// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/values.hpp"

#include "overlay/base/bytes.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <compare>
#include <limits>
#include <optional>

namespace boato {
namespace {

using Ordering = std::partial_ordering;

// Exact: no conversion that rounds.
Ordering order(std::int64_t i, double d) {
  if (std::isnan(d)) return Ordering::unordered;
  if (d >= 0x1p63) return Ordering::less;
  if (d < -0x1p63) return Ordering::greater;
  const double whole = std::trunc(d);
  const auto w = static_cast<std::int64_t>(whole);
  if (i != w) return i <=> w;
  return 0.0 <=> d - whole;
}

Ordering reversed(Ordering o) { return 0 <=> o; }

std::optional<std::string_view> text_in(const Value& v) {
  if (const auto* s = std::get_if<std::string_view>(&v)) return *s;
  return std::nullopt;
}

Ordering order(const Value& a, const Value& b) {
  const auto* ai = std::get_if<std::int64_t>(&a);
  const auto* bi = std::get_if<std::int64_t>(&b);
  const auto* ad = std::get_if<double>(&a);
  const auto* bd = std::get_if<double>(&b);
  if (ai && bi) return *ai <=> *bi;
  if (ad && bd) return *ad <=> *bd;
  if (ai && bd) return order(*ai, *bd);
  if (ad && bi) return reversed(order(*bi, *ad));
  if (const auto as = text_in(a), bs = text_in(b); as && bs) return *as <=> *bs;
  const auto* ab = std::get_if<Bytes>(&a);
  const auto* bb = std::get_if<Bytes>(&b);
  if (ab && bb) return text(*ab) <=> text(*bb);
  return Ordering::unordered;
}

Value finite(double d) { return std::isfinite(d) ? Value{d} : Value{}; }

std::optional<double> real(const Value& v) {
  if (const auto* i = std::get_if<std::int64_t>(&v)) return static_cast<double>(*i);
  if (const auto* d = std::get_if<double>(&v)) return *d;
  return std::nullopt;
}

Value whole(Operation operation, std::int64_t a, std::int64_t b) {
  std::int64_t out = 0;
  bool over = false;
  switch (operation) {
    case Operation::add: over = __builtin_add_overflow(a, b, &out); break;
    case Operation::subtract: over = __builtin_sub_overflow(a, b, &out); break;
    case Operation::multiply: over = __builtin_mul_overflow(a, b, &out); break;
    case Operation::divide:
      over = b == 0 || (b == -1 && a == std::numeric_limits<std::int64_t>::min());
      if (!over) out = a / b;  // towards zero
      break;
  }
  return over ? Value{} : Value{out};
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out.append(c == '\'' ? 2 : 1, c);
  return out += '\'';
}

}  // namespace

Truth compare(Relation relation, const Value& a, const Value& b) {
  const auto* ab = std::get_if<bool>(&a);
  const auto* bb = std::get_if<bool>(&b);
  if (ab && bb) {
    if (relation == Relation::equal) return truth_of(*ab == *bb);
    return relation == Relation::unequal ? truth_of(*ab != *bb) : Truth::unknown;
  }
  const Ordering o = order(a, b);
  if (o == Ordering::unordered) return Truth::unknown;
  switch (relation) {
    case Relation::equal: return truth_of(o == 0);
    case Relation::unequal: return truth_of(o != 0);
    case Relation::below: return truth_of(o < 0);
    case Relation::at_most: return truth_of(o <= 0);
    case Relation::above: return truth_of(o > 0);
    case Relation::at_least: return truth_of(o >= 0);
  }
  return Truth::unknown;
}

Value calculate(Operation operation, const Value& a, const Value& b) {
  const auto* ai = std::get_if<std::int64_t>(&a);
  const auto* bi = std::get_if<std::int64_t>(&b);
  if (ai && bi) return whole(operation, *ai, *bi);
  const auto x = real(a), y = real(b);
  if (!x || !y) return {};
  switch (operation) {
    case Operation::add: return finite(*x + *y);
    case Operation::subtract: return finite(*x - *y);
    case Operation::multiply: return finite(*x * *y);
    case Operation::divide: return *y == 0 ? Value{} : finite(*x / *y);
  }
  return {};
}

Value negate(const Value& a) {
  if (std::holds_alternative<std::int64_t>(a)) return calculate(Operation::subtract, std::int64_t{0}, a);
  if (const auto* d = std::get_if<double>(&a)) return finite(-*d);
  return {};
}

Value Literal::view() const {
  if (const auto* text = std::get_if<std::string>(&held))
    return bytes ? Value{boato::bytes(*text)} : Value{std::string_view{*text}};
  if (const auto* b = std::get_if<bool>(&held)) return *b;
  if (const auto* i = std::get_if<std::int64_t>(&held)) return *i;
  if (const auto* d = std::get_if<double>(&held)) return *d;
  return {};
}

Literal literal_of(const Value& value) {
  if (const auto* s = std::get_if<std::string_view>(&value)) return {std::string{*s}};
  if (const auto* raw = std::get_if<Bytes>(&value)) return {std::string{text(*raw)}, true};
  if (const auto* b = std::get_if<bool>(&value)) return {*b};
  if (const auto* i = std::get_if<std::int64_t>(&value)) return {*i};
  if (const auto* d = std::get_if<double>(&value)) return {*d};
  return {};
}

void sort_values(std::vector<Literal>& list) {
  std::ranges::sort(list, [](const Literal& a, const Literal& b) {
    if (compare(Relation::below, a.view(), b.view()) == Truth::yes) return true;
    return compare(Relation::equal, a.view(), b.view()) == Truth::yes && a.held.index() < b.held.index();
  });
  const auto same = [](const Literal& a, const Literal& b) {
    return compare(Relation::equal, a.view(), b.view()) == Truth::yes;
  };
  list.erase(std::unique(list.begin(), list.end(), same), list.end());
}

std::string shortest(double number) {
  std::array<char, 32> room;
  const auto [end, error] = std::to_chars(room.data(), room.data() + room.size(), number);
  return {room.data(), end};
}

std::string to_text(const Literal& literal) {
  if (const auto* text = std::get_if<std::string>(&literal.held))
    return literal.bytes ? "X'" + to_hex(boato::bytes(*text)) + "'" : quoted(*text);
  if (const auto* b = std::get_if<bool>(&literal.held)) return *b ? "TRUE" : "FALSE";
  if (const auto* i = std::get_if<std::int64_t>(&literal.held)) return std::to_string(*i);
  std::string text = shortest(std::get<double>(literal.held));
  if (text.find_first_of(".e") == std::string::npos) text += ".0";  // a whole double stays a double
  return text;
}

}  // namespace boato
