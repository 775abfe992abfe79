// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/predicate.hpp"

#include "overlay/base/text.hpp"
#include "overlay/interest/normal_form.hpp"
#include "overlay/interest/parser.hpp"

namespace boato {
namespace {

// The first byte that does not belong to UTF-8 text without NUL.
std::size_t foreign_byte(std::string_view text) {
  std::size_t good = 0;
  while (good < text.size()) {
    std::size_t size = 1;
    while (size <= 4 && good + size <= text.size() && !is_utf8(text.substr(good, size))) ++size;
    if (size > 4 || good + size > text.size()) break;
    good += size;
  }
  return good;
}

std::string limit(std::string_view what, std::size_t has, std::size_t most) {
  return std::string{what} + ": " + std::to_string(has) + ", at most " + std::to_string(most);
}

}  // namespace

Result<Predicate, SyntaxError> Predicate::parse(std::string_view text) {
  if (text.size() > predicate_bytes_max)
    return error_at(text, 0, limit("the predicate has too many bytes", text.size(), predicate_bytes_max));
  if (!is_utf8(text)) return error_at(text, foreign_byte(text), "here is something that is not UTF-8 text");
  auto parsed = PredicateParser::parse(text);
  if (!parsed) return parsed.error();
  auto normal = normal_form(std::move(*parsed));
  if (!normal) return error_at(text, normal.error().at, normal.error().what);
  Predicate out;
  out.program_ = Program{*normal};
  out.text_ = to_text(*normal);
  const Program& program = out.program_;
  std::string why;
  if (program.terms() > predicate_terms_max) {
    why = limit("the predicate has too many conditions and operators", program.terms(), predicate_terms_max);
  } else if (program.depth() > predicate_depth_max) {
    why = limit("AND and OR stand too deep inside each other", program.depth(), predicate_depth_max);
  } else if (program.cost() > predicate_cost_max) {
    why = limit("the predicate is too slow to evaluate, in ns at the worst", program.cost(),
                predicate_cost_max);
  } else if (out.text_.size() > predicate_bytes_max) {
    why = limit("the canonical form has too many bytes", out.text_.size(), predicate_bytes_max);
  }
  // NOT BETWEEN brings parentheses that were not written: at its limit, the parser's stack may not take them.
  if (why.empty() && !PredicateParser::parse(out.text_))
    why = "the canonical form has too many parentheses and signs inside each other";
  if (!why.empty()) return error_at(text, 0, std::move(why));
  return out;
}

bool Predicate::takes_all() const {
  return program_.root().kind == NodeKind::truth && !program_.root().negated;
}

bool Predicate::takes_none() const {
  return program_.root().kind == NodeKind::truth && program_.root().negated;
}

}  // namespace boato
