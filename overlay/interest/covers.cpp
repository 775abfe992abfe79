// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/covers.hpp"

#include <algorithm>
#include <optional>
#include <vector>

namespace boato {
namespace {

using Node = Program::Node;

// A condition on one name: name relation constant, name IN constants, or a boolean.
struct OnName {
  std::string_view name;
  Relation relation = Relation::equal;
  std::vector<Value> values;  // of equal: one of them
};

std::optional<OnName> on_name(const Program& p, const Node& n) {
  if (n.kind == NodeKind::flag) return OnName{p.names()[n.a].text, Relation::equal, {Value{!n.negated}}};
  if (n.kind == NodeKind::in && !n.negated && p.node(n.a).kind == NodeKind::name) {
    const auto list = p.list(n.b);
    return OnName{p.names()[p.node(n.a).a].text, Relation::equal, {list.begin(), list.end()}};
  }
  if (n.kind != NodeKind::compare || p.node(n.a).kind != NodeKind::name ||
      p.node(n.b).kind != NodeKind::literal)
    return std::nullopt;
  return OnName{p.names()[p.node(n.a).a].text, static_cast<Relation>(n.detail), {p.constant(p.node(n.b).a)}};
}

bool holds(Relation relation, const Value& a, const Value& b) {
  return compare(relation, a, b) == Truth::yes;
}

// x `narrow` b gives x `wide` a, whatever x is.
bool follows(Relation wide, const Value& a, Relation narrow, const Value& b) {
  switch (narrow) {
    case Relation::equal: return holds(wide, b, a);
    case Relation::unequal: return wide == Relation::unequal && holds(Relation::equal, a, b);
    case Relation::below:
      return ((wide == Relation::below || wide == Relation::at_most || wide == Relation::unequal) &&
              holds(Relation::at_most, b, a));
    case Relation::at_most:
      return (wide == Relation::at_most && holds(Relation::at_most, b, a)) ||
             ((wide == Relation::below || wide == Relation::unequal) && holds(Relation::below, b, a));
    case Relation::above:
      return ((wide == Relation::above || wide == Relation::at_least || wide == Relation::unequal) &&
              holds(Relation::at_least, b, a));
    case Relation::at_least:
      return (wide == Relation::at_least && holds(Relation::at_least, b, a)) ||
             ((wide == Relation::above || wide == Relation::unequal) && holds(Relation::above, b, a));
  }
  return false;
}

class Prover {
 public:
  Prover(const Program& wide, const Program& narrow) : wide_{wide}, narrow_{narrow} {}
  bool covers(const Node& w, const Node& n);

 private:
  static constexpr int steps_max_ = 20'000;  // some 100 us; what needs more is not proven
  bool leaf(const Node& w, const Node& n) const;
  [[nodiscard]] bool on_one_name(const Node& w) const;
  [[nodiscard]] bool takes(const Node& w, std::string_view name, const Value& value) const;
  [[nodiscard]] bool needs(const Node& n, std::string_view name) const;
  [[nodiscard]] bool same(const Node& w, const Node& n) const;

  const Program& wide_;
  const Program& narrow_;
  int steps_ = 0;
};

bool Prover::covers(const Node& w, const Node& n) {
  if (++steps_ > steps_max_) return false;
  const auto one = [&](const Node& node) {
    return [&, this](std::uint16_t c) { return covers(wide_.node(c), node); };
  };
  if (n.kind == NodeKind::truth && n.negated) return true;
  if (w.kind == NodeKind::truth) return !w.negated;
  if (n.kind == NodeKind::any)
    return std::ranges::all_of(narrow_.children(n),
                               [&](std::uint16_t c) { return covers(w, narrow_.node(c)); });
  if (w.kind == NodeKind::all) return std::ranges::all_of(wide_.children(w), one(n));
  if (w.kind == NodeKind::any && std::ranges::any_of(wide_.children(w), one(n))) return true;
  if (n.kind == NodeKind::all)
    return std::ranges::any_of(narrow_.children(n),
                               [&](std::uint16_t c) { return covers(w, narrow_.node(c)); });
  return w.kind != NodeKind::any && leaf(w, n);
}

// No calculation: 5 and 5.0 are one value, but divide differently. Nor IS NULL, which is true of what is not
// asked about.
bool Prover::on_one_name(const Node& w) const {
  if (w.kind == NodeKind::like || w.kind == NodeKind::flag) return true;
  if (w.kind != NodeKind::compare && w.kind != NodeKind::in) return false;
  return wide_.node(w.a).kind == NodeKind::name &&
         (w.kind == NodeKind::in || wide_.node(w.b).kind == NodeKind::literal);
}

// The wide condition is true when this attribute has this value.
bool Prover::takes(const Node& w, std::string_view name, const Value& value) const {
  for (const FieldName& read : wide_.names())
    if (read.text == name && read.reserved != Reserved::none) return false;  // not asked without an event
  const Attribute only{name, value};
  return wide_.test(w, Subject{{&only, 1}}) == Truth::yes;
}

// What it demands cannot be met where this attribute is missing.
bool Prover::needs(const Node& n, std::string_view name) const {
  if (n.kind == NodeKind::like || n.kind == NodeKind::flag) return narrow_.names()[n.a].text == name;
  if (n.kind == NodeKind::null) return n.negated && narrow_.names()[n.a].text == name;
  if (n.kind != NodeKind::compare && n.kind != NodeKind::in) return false;
  const Node& left = narrow_.node(n.a);
  return left.kind == NodeKind::name && narrow_.names()[left.a].text == name;
}

bool Prover::leaf(const Node& w, const Node& n) const {
  if (w.kind == NodeKind::null && w.negated) return needs(n, wide_.names()[w.a].text);
  if (const auto narrow = on_name(narrow_, n)) {
    if (narrow->relation == Relation::equal) {
      return on_one_name(w) &&
             std::ranges::all_of(narrow->values, [&](const Value& v) { return takes(w, narrow->name, v); });
    }
    const auto wide = on_name(wide_, w);
    return wide && wide->name == narrow->name && wide->values.size() == 1 &&
           follows(wide->relation, wide->values[0], narrow->relation, narrow->values[0]);
  }
  if (w.kind == NodeKind::like && n.kind == NodeKind::like && !w.negated && !n.negated &&
      wide_.names()[w.a].text == narrow_.names()[n.a].text) {
    const LikePattern& wide = wide_.pattern(w.b);
    const LikePattern& narrow = narrow_.pattern(n.b);
    if (wide.only_prefix() && narrow.prefix().starts_with(wide.prefix())) return true;
  }
  return same(w, n);
}

bool Prover::same(const Node& w, const Node& n) const {
  if (w.kind != n.kind || w.negated != n.negated) return false;
  const auto name = [&](std::size_t a, std::size_t b) {
    return wide_.names()[a].text == narrow_.names()[b].text;
  };
  const auto equal = [](const Value& a, const Value& b) {
    return a.index() == b.index() && holds(Relation::equal, a, b);
  };
  switch (w.kind) {
    case NodeKind::compare:
    case NodeKind::calculate:
      return w.detail == n.detail && same(wide_.node(w.a), narrow_.node(n.a)) &&
             same(wide_.node(w.b), narrow_.node(n.b));
    case NodeKind::negate: return same(wide_.node(w.a), narrow_.node(n.a));
    case NodeKind::in:
      return same(wide_.node(w.a), narrow_.node(n.a)) &&
             std::ranges::equal(wide_.list(w.b), narrow_.list(n.b), equal);
    case NodeKind::literal: return equal(wide_.constant(w.a), narrow_.constant(n.a));
    case NodeKind::like:
      return name(w.a, n.a) && wide_.pattern(w.b).to_text() == narrow_.pattern(n.b).to_text();
    case NodeKind::null:
    case NodeKind::name: return name(w.a, n.a);
    case NodeKind::within:
      return name(w.a, n.a) && name(w.detail, n.detail) &&
             to_text(wide_.area(w.b)) == to_text(narrow_.area(n.b));
    default: return false;
  }
}

}  // namespace

bool covers(const Predicate& wide, const Predicate& narrow) {
  if (wide.text() == narrow.text()) return true;
  Prover prover{wide.program(), narrow.program()};
  return prover.covers(wide.program().root(), narrow.program().root());
}

std::string merged(std::span<const Predicate* const> interests) {
  std::vector<const Predicate*> kept;
  for (const Predicate* interest : interests) {
    if (std::ranges::any_of(kept, [&](const Predicate* k) { return covers(*k, *interest); })) continue;
    std::erase_if(kept, [&](const Predicate* k) { return covers(*interest, *k); });
    kept.push_back(interest);
  }
  std::string text;
  for (const Predicate* interest : kept) {
    text += (text.empty() ? "(" : " OR (") + interest->text() + ")";
    if (text.size() > predicate_bytes_max) return "TRUE";
  }
  if (text.empty()) return "FALSE";
  const auto joined = Predicate::parse(text);
  return joined ? joined->text() : "TRUE";
}

}  // namespace boato
