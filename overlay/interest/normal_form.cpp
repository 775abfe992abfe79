// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/normal_form.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace boato {
namespace {

bool constant(const Expression& e) { return e.kind == NodeKind::literal; }

bool same_sort(const Literal& a, const Literal& b) {
  const auto number = [](const Literal& l) {
    return std::holds_alternative<std::int64_t>(l.held) || std::holds_alternative<double>(l.held);
  };
  return number(a) ? number(b) : a.held.index() == b.held.index() && a.bytes == b.bytes;
}

Expression truth(bool holds, std::size_t at) {
  Expression e;
  e.holds = holds;
  e.at = at;
  return e;
}

class Normaliser {
 public:
  Expression condition(Expression e, bool negated);
  std::optional<Fault> fault;

 private:
  Expression value(Expression e);
  Expression comparison(Expression e, bool negated);
  Expression membership(Expression e, bool negated);
  Expression joined(Expression e, bool negated);
  static void join_equalities(Expression& e);
  static std::optional<Expression> as_membership(const Expression& e, bool negated);
};

Expression Normaliser::condition(Expression e, bool negated) {
  switch (e.kind) {
    case NodeKind::not_: return condition(std::move(e.parts[0]), !negated);
    case NodeKind::all:
    case NodeKind::any: return joined(std::move(e), negated);
    case NodeKind::compare: return comparison(std::move(e), negated);
    case NodeKind::in: return membership(std::move(e), negated);
    case NodeKind::truth: return truth(e.holds != negated, e.at);
    case NodeKind::like:
      if (auto plain = e.pattern->plain()) {  // no wildcard in it: an equality
        Expression name, text;
        name.kind = NodeKind::name;
        name.name = std::move(e.name);
        text.kind = NodeKind::literal;
        text.list.push_back(Literal{std::move(*plain)});
        Expression equal;
        equal.kind = NodeKind::compare;
        equal.relation = e.negated ? Relation::unequal : Relation::equal;
        equal.parts.push_back(std::move(name));
        equal.parts.push_back(std::move(text));
        return comparison(std::move(equal), negated);
      }
      break;
    default: break;
  }
  e.negated = e.negated != negated;
  return e;
}

Expression Normaliser::value(Expression e) {
  if (e.kind != NodeKind::negate && e.kind != NodeKind::calculate) return e;
  for (Expression& part : e.parts) part = value(std::move(part));
  if (!std::ranges::all_of(e.parts, constant)) return e;
  const Value a = e.parts[0].list[0].view();
  const Value result =
      e.kind == NodeKind::negate ? negate(a) : calculate(e.operation, a, e.parts[1].list[0].view());
  Expression folded;
  folded.kind = NodeKind::literal;
  folded.at = e.at;
  if (const auto* i = std::get_if<std::int64_t>(&result)) {
    folded.list.push_back(Literal{*i});
  } else if (const auto* d = std::get_if<double>(&result)) {
    folded.list.push_back(Literal{*d});
  } else {
    if (!fault)
      fault = Fault{"this calculation of constants has no value: it overflows or divides by zero", e.at};
    return e;
  }
  return folded;
}

Expression Normaliser::comparison(Expression e, bool negated) {
  for (Expression& part : e.parts) part = value(std::move(part));
  if (fault) return e;
  if (negated) e.relation = complement(e.relation);
  const bool left = constant(e.parts[0]), right = constant(e.parts[1]);
  if (left && right)
    return truth(compare(e.relation, e.parts[0].list[0].view(), e.parts[1].list[0].view()) == Truth::yes,
                 e.at);
  if (left || (!right && to_text(e.parts[1]) < to_text(e.parts[0]))) {
    std::swap(e.parts[0], e.parts[1]);
    e.relation = mirror(e.relation);
  }
  // x = TRUE is true, false and unknown exactly when x alone is.
  const bool* holds = constant(e.parts[1]) ? std::get_if<bool>(&e.parts[1].list[0].held) : nullptr;
  if (!holds || e.parts[0].kind != NodeKind::name) return e;
  Expression flag;
  flag.kind = NodeKind::flag;
  flag.at = e.at;
  flag.name = std::move(e.parts[0].name);
  flag.negated = *holds != (e.relation == Relation::equal);
  return flag;
}

Expression Normaliser::membership(Expression e, bool negated) {
  e.parts[0] = value(std::move(e.parts[0]));
  if (fault) return e;
  e.negated = e.negated != negated;
  sort_values(e.list);
  if (constant(e.parts[0])) {
    const Value operand = e.parts[0].list[0].view();
    const bool found = std::ranges::any_of(e.list, [&](const Literal& item) {
      return compare(Relation::equal, operand, item.view()) == Truth::yes;
    });
    return truth(found != e.negated, e.at);
  }
  if (e.list.size() > 1) return e;
  Expression only;
  only.kind = NodeKind::literal;
  only.list = std::move(e.list);
  e.list.clear();
  e.kind = NodeKind::compare;
  e.relation = e.negated ? Relation::unequal : Relation::equal;
  e.negated = false;
  e.parts.push_back(std::move(only));
  return e;
}

// An equality with a constant, or an IN: as an IN; `negated`: <> and NOT IN.
std::optional<Expression> Normaliser::as_membership(const Expression& e, bool negated) {
  if (e.kind == NodeKind::in && e.negated == negated) return e;
  const Relation wanted = negated ? Relation::unequal : Relation::equal;
  if (e.kind != NodeKind::compare || e.relation != wanted || !constant(e.parts[1])) return std::nullopt;
  Expression in;
  in.kind = NodeKind::in;
  in.negated = negated;
  in.at = e.at;
  in.parts.push_back(e.parts[0]);
  in.list = e.parts[1].list;
  return in;
}

// Of an OR: x = 1 OR x = 2 becomes x IN (1, 2). Of an AND the same with <> and NOT IN.
void Normaliser::join_equalities(Expression& e) {
  const bool negated = e.kind == NodeKind::all;
  for (std::size_t i = 0; i < e.parts.size(); ++i) {
    auto first = as_membership(e.parts[i], negated);
    if (!first) continue;
    const std::string operand = to_text(first->parts[0]);
    std::size_t kept = i + 1;
    for (std::size_t k = i + 1; k < e.parts.size(); ++k) {
      auto other = as_membership(e.parts[k], negated);
      if (other && same_sort(other->list[0], first->list[0]) && to_text(other->parts[0]) == operand) {
        for (Literal& item : other->list) first->list.push_back(std::move(item));
      } else {
        if (kept != k) e.parts[kept] = std::move(e.parts[k]);
        ++kept;
      }
    }
    if (kept == e.parts.size()) continue;
    e.parts.resize(kept);
    Normaliser again;
    e.parts[i] = again.membership(std::move(*first), false);
  }
}

Expression Normaliser::joined(Expression e, bool negated) {
  Expression out;
  out.kind = (e.kind == NodeKind::all) != negated ? NodeKind::all : NodeKind::any;
  out.at = e.at;
  const bool all = out.kind == NodeKind::all;
  bool decided = false;  // by a constant
  for (Expression& raw : e.parts) {
    Expression part = condition(std::move(raw), negated);
    if (part.kind == NodeKind::truth) {
      decided = decided || part.holds != all;
    } else if (part.kind == out.kind) {
      for (Expression& inner : part.parts) out.parts.push_back(std::move(inner));
    } else {
      out.parts.push_back(std::move(part));
    }
  }
  if (fault) return out;
  if (decided || out.parts.empty()) return truth(decided ? !all : all, e.at);
  join_equalities(out);
  std::vector<std::pair<std::string, Expression>> keyed;
  for (Expression& part : out.parts) {
    std::string key = to_text(part);
    keyed.emplace_back(std::move(key), std::move(part));
  }
  const auto key = [](const auto& entry) -> const std::string& { return entry.first; };
  std::ranges::stable_sort(keyed, {}, key);
  const auto same = [](const auto& a, const auto& b) { return a.first == b.first; };
  keyed.erase(std::unique(keyed.begin(), keyed.end(), same), keyed.end());
  out.parts.clear();
  for (auto& [text, part] : keyed) out.parts.push_back(std::move(part));
  if (out.parts.size() > 1) return out;
  Expression only = std::move(out.parts[0]);
  return only;
}

}  // namespace

Result<Expression, Fault> normal_form(Expression expression) {
  Normaliser normaliser;
  Expression out = normaliser.condition(std::move(expression), false);
  if (normaliser.fault) return std::move(*normaliser.fault);
  return out;
}

}  // namespace boato
