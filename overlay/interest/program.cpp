// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/program.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/check.hpp"
#include "overlay/interest/limits.hpp"

#include <algorithm>
#include <bit>

namespace boato {
namespace {

// How many strings an expression brings: strings_ must not move once views into it exist.
std::size_t strings_in(const Expression& e) {
  std::size_t count = (e.name.empty() ? 0 : 2) + e.list.size();
  for (const Expression& part : e.parts) count += strings_in(part);
  return count;
}

std::uint16_t narrow(std::size_t n) {
  BOATO_CHECK(n <= 0xffff);  // the limits on a predicate's text are far below
  return static_cast<std::uint16_t>(n);
}

std::optional<double> degrees(const Value& v) {
  if (const auto* d = std::get_if<double>(&v)) return *d;
  if (const auto* i = std::get_if<std::int64_t>(&v)) return static_cast<double>(*i);
  return std::nullopt;
}

}  // namespace

Program::Program(const Expression& normal) {
  strings_.reserve(strings_in(normal));
  put(normal);
}

std::uint16_t Program::put_name(const std::string& name) {
  for (std::size_t i = 0; i < names_.size(); ++i)
    if (names_[i].text == name) return narrow(i);
  const std::string& kept = strings_.emplace_back(name);
  names_.push_back(
      {kept, kept.starts_with('$') ? reserved_from(kept).value_or(Reserved::none) : Reserved::none});
  return narrow(names_.size() - 1);
}

std::uint16_t Program::put_constant(const Literal& literal) {
  if (const auto* text = std::get_if<std::string>(&literal.held)) {
    const std::string& kept = strings_.emplace_back(*text);
    constants_.push_back(literal.bytes ? Value{boato::bytes(kept)} : Value{std::string_view{kept}});
  } else {
    constants_.push_back(literal.view());
  }
  return narrow(constants_.size() - 1);
}

std::uint16_t Program::put(const Expression& e) {
  Node node;
  node.kind = e.kind;
  node.negated = e.kind == NodeKind::truth ? !e.holds : e.negated;
  switch (e.kind) {
    case NodeKind::truth: break;
    case NodeKind::all:
    case NodeKind::any: {
      std::vector<std::uint16_t> parts;
      for (const Expression& part : e.parts) parts.push_back(put(part));
      node.a = narrow(children_.size());
      node.b = narrow(parts.size());
      children_.insert(children_.end(), parts.begin(), parts.end());
      break;
    }
    case NodeKind::compare:
    case NodeKind::calculate:
      node.detail = e.kind == NodeKind::compare ? static_cast<std::uint8_t>(e.relation)
                                                : static_cast<std::uint8_t>(e.operation);
      node.a = put(e.parts[0]);
      node.b = put(e.parts[1]);
      break;
    case NodeKind::in: {
      node.a = put(e.parts[0]);
      node.b = narrow(lists_.size());
      lists_.push_back({narrow(constants_.size()), narrow(e.list.size())});
      for (const Literal& item : e.list) put_constant(item);
      break;
    }
    case NodeKind::like:
      node.a = put_name(e.name);
      node.b = narrow(patterns_.size());
      patterns_.push_back(*e.pattern);
      break;
    case NodeKind::null:
    case NodeKind::flag:
    case NodeKind::name: node.a = put_name(e.name); break;
    case NodeKind::within:
      node.a = put_name(latitude_name(e.name));
      node.detail = static_cast<std::uint8_t>(put_name(longitude_name(e.name)));
      node.b = narrow(areas_.size());
      areas_.push_back(*e.area);
      break;
    case NodeKind::literal: node.a = put_constant(e.list[0]); break;
    case NodeKind::not_:
    case NodeKind::negate: node.a = put(e.parts[0]); break;
  }
  nodes_.push_back(node);
  return narrow(nodes_.size() - 1);
}

Truth Program::test(const Node& node, const Subject& subject) const {
  const auto signed_ = [&](Truth t) { return node.negated ? opposite(t) : t; };
  switch (node.kind) {
    case NodeKind::truth: return truth_of(!node.negated);
    case NodeKind::all: {
      Truth sum = Truth::yes;
      for (const std::uint16_t child : children(node)) {
        sum = both(sum, test(nodes_[child], subject));
        if (sum == Truth::no) break;
      }
      return sum;
    }
    case NodeKind::any: {
      Truth sum = Truth::no;
      for (const std::uint16_t child : children(node)) {
        sum = either(sum, test(nodes_[child], subject));
        if (sum == Truth::yes) break;
      }
      return sum;
    }
    case NodeKind::compare:
      return compare(static_cast<Relation>(node.detail), value(nodes_[node.a], subject),
                     value(nodes_[node.b], subject));
    case NodeKind::in: return signed_(in(node, subject));
    case NodeKind::like: {
      const Value v = find(subject, names_[node.a]);
      const auto* text = std::get_if<std::string_view>(&v);
      return text ? signed_(truth_of(patterns_[node.b].matches(*text))) : Truth::unknown;
    }
    case NodeKind::null:
      return signed_(truth_of(std::holds_alternative<std::monostate>(find(subject, names_[node.a]))));
    case NodeKind::flag: {
      const Value v = find(subject, names_[node.a]);
      const bool* holds = std::get_if<bool>(&v);
      return holds ? signed_(truth_of(*holds)) : Truth::unknown;
    }
    case NodeKind::within: return signed_(within(node, subject));
    case NodeKind::not_: return opposite(test(nodes_[node.a], subject));
    default: BOATO_CHECK(is_condition(node.kind)); return Truth::unknown;
  }
}

Value Program::value(const Node& node, const Subject& subject) const {
  switch (node.kind) {
    case NodeKind::literal: return constants_[node.a];
    case NodeKind::name: return find(subject, names_[node.a]);
    case NodeKind::negate: return boato::negate(value(nodes_[node.a], subject));
    case NodeKind::calculate:
      return calculate(static_cast<Operation>(node.detail), value(nodes_[node.a], subject),
                       value(nodes_[node.b], subject));
    default: return {};
  }
}

Truth Program::in(const Node& node, const Subject& subject) const {
  const Value v = value(nodes_[node.a], subject);
  const auto items = list(node.b);
  if (compare(Relation::equal, v, items[0]) == Truth::unknown) return Truth::unknown;  // another sort
  const auto at = std::ranges::partition_point(
      items, [&](const Value& item) { return compare(Relation::below, item, v) == Truth::yes; });
  return truth_of(at != items.end() && compare(Relation::equal, *at, v) == Truth::yes);
}

Truth Program::within(const Node& node, const Subject& subject) const {
  const auto latitude = degrees(find(subject, names_[node.a]));
  const auto longitude = degrees(find(subject, names_[node.detail]));
  if (!latitude || !longitude) return Truth::unknown;
  const Place place{*latitude, *longitude};
  return on_earth(place) ? truth_of(areas_[node.b].holds(place)) : Truth::unknown;
}

std::size_t Program::terms() const {
  const auto counts = [](const Node& n) {
    return n.kind != NodeKind::all && n.kind != NodeKind::any && n.kind != NodeKind::literal &&
           n.kind != NodeKind::name;
  };
  return static_cast<std::size_t>(std::ranges::count_if(nodes_, counts));
}

std::size_t Program::depth(const Node& node) const {
  if (node.kind != NodeKind::all && node.kind != NodeKind::any) return 0;
  std::size_t most = 0;
  for (const std::uint16_t child : children(node)) most = std::max(most, depth(nodes_[child]));
  return most + 1;
}

// Measured with boato-bench-interest, rounded up: the name of 64 bytes among 32 of one beginning, strings of
// 1 KiB that differ in their last byte.
std::uint32_t Program::cost(const Node& node) const {
  constexpr std::uint32_t name = 100, number = 5, text = 50, area = 150, corner = 10;
  const auto weighs = [&](const Node& n) {
    const bool plain = n.kind == NodeKind::literal &&
                       !std::holds_alternative<std::string_view>(constants_[n.a]) &&
                       !std::holds_alternative<Bytes>(constants_[n.a]);
    return plain || n.kind == NodeKind::negate || n.kind == NodeKind::calculate ? number : text;
  };
  switch (node.kind) {
    case NodeKind::truth:
    case NodeKind::literal: return 1;
    case NodeKind::all:
    case NodeKind::any: {
      std::uint32_t sum = 1;
      for (const std::uint16_t child : children(node)) sum += cost(nodes_[child]);
      return sum;
    }
    case NodeKind::compare:
      return cost(nodes_[node.a]) + cost(nodes_[node.b]) +
             std::min(weighs(nodes_[node.a]), weighs(nodes_[node.b]));
    case NodeKind::calculate: return cost(nodes_[node.a]) + cost(nodes_[node.b]) + number;
    case NodeKind::in: {
      const auto items = list(node.b);
      const bool numbers =
          !std::holds_alternative<std::string_view>(items[0]) && !std::holds_alternative<Bytes>(items[0]);
      const auto looks = static_cast<std::uint32_t>(std::bit_width(items.size()) + 1);
      return cost(nodes_[node.a]) + looks * (numbers ? number : text);
    }
    case NodeKind::like:
      return name + static_cast<std::uint32_t>(patterns_[node.b].steps(predicate_value_bytes));
    case NodeKind::null:
    case NodeKind::flag:
    case NodeKind::name: return name;
    case NodeKind::within:
      return 2 * name + area + corner * static_cast<std::uint32_t>(areas_[node.b].corners());
    case NodeKind::not_:
    case NodeKind::negate: return cost(nodes_[node.a]) + number;
  }
  return 0;
}

}  // namespace boato
