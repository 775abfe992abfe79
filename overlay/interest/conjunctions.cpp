// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/conjunctions.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

namespace boato {
namespace {

using Leaves = std::vector<std::uint16_t>;
constexpr double endless = std::numeric_limits<double>::infinity();

// Disjunctive normal form; false: too many conjunctions.
bool expand(const Program& program, std::uint16_t index, std::vector<Leaves>& out) {
  const Program::Node& node = program.node(index);
  if (node.kind == NodeKind::truth) {
    if (!node.negated) out.emplace_back();
    return true;
  }
  if (node.kind == NodeKind::any) {
    for (const std::uint16_t child : program.children(node))
      if (!expand(program, child, out)) return false;
    return out.size() <= conjunctions_max;
  }
  if (node.kind != NodeKind::all) return out.push_back({index}), out.size() <= conjunctions_max;
  std::vector<Leaves> products{Leaves{}};
  for (const std::uint16_t child : program.children(node)) {
    std::vector<Leaves> factor, next;
    if (!expand(program, child, factor) || products.size() * factor.size() > conjunctions_max) return false;
    for (const Leaves& a : products)
      for (const Leaves& b : factor) {
        next.push_back(a);
        next.back().insert(next.back().end(), b.begin(), b.end());
      }
    products = std::move(next);
  }
  out.insert(out.end(), products.begin(), products.end());
  return out.size() <= conjunctions_max;
}

class Planner {
 public:
  explicit Planner(const Program& program) : program_{program} {}
  std::optional<Conjunction> plan(const Leaves& leaves);  // empty: it is never true

 private:
  void leaf(const Program::Node& node);
  void number(std::uint16_t name, Relation relation, const Value& value);
  void one_of(std::uint16_t name, std::vector<Value> values);
  void needs(const Program::Node& node);

  const Program& program_;
  Conjunction out_{};
};

// All attributes that a condition reads, but for IS NULL, must be there for it to be true.
void Planner::needs(const Program::Node& node) {
  const auto need = [&](std::uint16_t name) {
    if (std::ranges::find(out_.names, name) == out_.names.end()) out_.names.push_back(name);
  };
  switch (node.kind) {
    case NodeKind::within: need(node.detail); [[fallthrough]];
    case NodeKind::like:
    case NodeKind::flag:
    case NodeKind::name: return need(node.a);
    case NodeKind::null: return node.negated ? need(node.a) : void();
    case NodeKind::compare:
    case NodeKind::calculate: needs(program_.node(node.b)); [[fallthrough]];
    case NodeKind::in:
    case NodeKind::negate: return needs(program_.node(node.a));
    default: return;
  }
}

void Planner::one_of(std::uint16_t name, std::vector<Value> values) {
  out_.values.push_back({name, std::move(values)});
}

void Planner::number(std::uint16_t name, Relation relation, const Value& value) {
  double bound = 0;
  bool exact = true;
  if (const auto* i = std::get_if<std::int64_t>(&value)) {
    bound = static_cast<double>(*i);
    exact = *i <= exact_integer_max && *i >= -exact_integer_max;
  } else {
    bound = std::get<double>(value);
  }
  double low = -endless, high = endless;
  if (relation == Relation::above) low = exact ? std::nextafter(bound, endless) : bound;
  if (relation == Relation::at_least) low = bound;
  if (relation == Relation::below) high = exact ? std::nextafter(bound, -endless) : bound;
  if (relation == Relation::at_most) high = bound;
  out_.exact = out_.exact && exact;
  auto range = std::ranges::find(out_.ranges, name, &Conjunction::Range::name);
  if (range == out_.ranges.end()) range = out_.ranges.insert(range, {name});
  range->low = std::max(range->low, low);
  range->high = std::min(range->high, high);
}

void Planner::leaf(const Program::Node& node) {
  if (node.kind == NodeKind::flag) return one_of(node.a, {Value{!node.negated}});
  if (node.kind == NodeKind::in && !node.negated && program_.node(node.a).kind == NodeKind::name) {
    const auto list = program_.list(node.b);
    return one_of(program_.node(node.a).a, {list.begin(), list.end()});
  }
  if (node.kind == NodeKind::compare && program_.node(node.a).kind == NodeKind::name &&
      program_.node(node.b).kind == NodeKind::literal) {
    const std::uint16_t name = program_.node(node.a).a;
    const Value& value = program_.constant(program_.node(node.b).a);
    const auto relation = static_cast<Relation>(node.detail);
    if (relation == Relation::equal) return one_of(name, {value});
    const bool is_number =
        std::holds_alternative<std::int64_t>(value) || std::holds_alternative<double>(value);
    if (is_number && relation != Relation::unequal) return number(name, relation, value);
  }
  out_.exact = false;
  needs(node);
}

std::optional<Conjunction> Planner::plan(const Leaves& leaves) {
  out_ = {};
  for (const std::uint16_t index : leaves) leaf(program_.node(index));
  for (const Conjunction::Range& range : out_.ranges)
    if (range.low > range.high) return std::nullopt;
  std::ranges::stable_sort(out_.values, {}, [](const auto& v) { return v.values.size(); });
  std::ranges::stable_sort(out_.ranges, {}, [](const auto& r) { return !r.two_sided(); });
  return std::move(out_);
}

}  // namespace

std::vector<Conjunction> conjunctions(const Program& program) {
  std::vector<Leaves> expanded;
  std::vector<Conjunction> out;
  const auto root = static_cast<std::uint16_t>(&program.root() - &program.node(0));
  if (!expand(program, root, expanded)) {
    out.emplace_back().exact = false;
    return out;
  }
  Planner planner{program};
  for (const Leaves& leaves : expanded)
    if (auto planned = planner.plan(leaves)) out.push_back(std::move(*planned));
  return out;
}

Access access(const Conjunction& c) {
  if (!c.values.empty()) return Access::value;
  if (!c.ranges.empty()) return Access::range;
  return c.names.empty() ? Access::always : Access::presence;
}

std::string in_words(const Conjunction& c, const Program& program) {
  const auto name = [&](std::uint16_t n) { return name_text(std::string{program.names()[n].text}); };
  std::string out;
  const auto add = [&](const std::string& what) { out += (out.empty() ? "" : ", then ") + what; };
  for (const auto& v : c.values) add((out.empty() ? "by the value of " : "the value of ") + name(v.name));
  for (const auto& r : c.ranges) add((out.empty() ? "by the range of " : "the range of ") + name(r.name));
  if (access(c) == Access::presence) add("where " + name(c.names[0]) + " is there");
  if (access(c) == Access::always) add("with every event");
  return out + (c.exact ? "" : ", then evaluated");
}

}  // namespace boato
