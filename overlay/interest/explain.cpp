// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/explain.hpp"

#include "overlay/base/check.hpp"
#include "overlay/interest/conjunctions.hpp"
#include "overlay/interest/normal_form.hpp"
#include "overlay/interest/parser.hpp"

namespace boato {
namespace {

void walk(const Expression& e, const Subject& subject, std::size_t depth, std::vector<ExplainedPart>& out) {
  const Program program{e};
  ExplainedPart part{{}, program.test(subject), depth, {}};
  if (e.kind == NodeKind::all || e.kind == NodeKind::any) {
    part.text = e.kind == NodeKind::all ? "AND" : "OR";
    out.push_back(std::move(part));
    for (const Expression& inner : e.parts) walk(inner, subject, depth + 1, out);
    return;
  }
  part.text = to_text(e);
  for (const FieldName& name : program.names()) {
    const Value value = find(subject, name);
    const bool missing = std::holds_alternative<std::monostate>(value);
    part.read += (part.read.empty() ? "" : ", ") + name_text(std::string{name.text}) +
                 (missing ? " is missing" : " = " + to_text(literal_of(value)));
  }
  out.push_back(std::move(part));
}

}  // namespace

std::vector<ExplainedPart> explain(const Predicate& predicate, const Subject& subject) {
  auto expression = PredicateParser::parse(predicate.text());
  BOATO_CHECK(expression.has_value());  // the canonical text of a predicate is one
  auto normal = normal_form(std::move(*expression));
  BOATO_CHECK(normal.has_value());
  std::vector<ExplainedPart> out;
  walk(*normal, subject, 0, out);
  return out;
}

std::vector<std::string> index_in_words(const Predicate& predicate) {
  std::vector<std::string> out;
  for (const Conjunction& conjunction : conjunctions(predicate.program()))
    out.push_back(in_words(conjunction, predicate.program()));
  return out;
}

}  // namespace boato
