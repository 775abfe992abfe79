// SPDX-License-Identifier: Apache-2.0
// A predicate as it is kept and evaluated: a flat tree without pointers. Evaluating allocates nothing and
// never fails.
#pragma once

#include "overlay/interest/expression.hpp"
#include "overlay/interest/subject.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace boato {

class Program {
 public:
  struct Node {
    NodeKind kind = NodeKind::truth;
    std::uint8_t detail = 0;  // relation or operation
    bool negated = false;     // truth: it is FALSE
    std::uint16_t a = 0, b = 0;
    // all, any: children()[a .. a + b). compare, calculate: nodes a and b. in: node a, list b. like: name a,
    // pattern b. null, flag, name: name a. within: names a and detail, area b. literal: constant a. not_,
    // negate: node a.
  };
  struct List {
    std::uint16_t first = 0, count = 0;  // in constants(), rising
  };

  Program() = default;
  explicit Program(const Expression& expression);  // in normal form or as it was written
  Program(Program&&) = default;
  Program& operator=(Program&&) = default;
  Program(const Program&) = delete;  // names and constants are views into strings_
  Program& operator=(const Program&) = delete;
  ~Program() = default;

  [[nodiscard]] Truth test(const Subject& subject) const { return test(root(), subject); }
  [[nodiscard]] Truth test(const Node& node, const Subject& subject) const;

  [[nodiscard]] const Node& root() const { return nodes_.back(); }
  [[nodiscard]] const Node& node(std::uint16_t index) const { return nodes_[index]; }
  [[nodiscard]] std::span<const std::uint16_t> children(const Node& node) const {
    return std::span{children_}.subspan(node.a, node.b);
  }
  [[nodiscard]] std::span<const FieldName> names() const { return names_; }
  [[nodiscard]] const Value& constant(std::uint16_t index) const { return constants_[index]; }
  [[nodiscard]] std::span<const Value> list(std::uint16_t index) const {
    return std::span{constants_}.subspan(lists_[index].first, lists_[index].count);
  }
  [[nodiscard]] const LikePattern& pattern(std::uint16_t index) const { return patterns_[index]; }
  [[nodiscard]] const Area& area(std::uint16_t index) const { return areas_[index]; }

  // Nanoseconds for the event that takes longest.
  [[nodiscard]] std::uint32_t cost() const { return cost(root()); }
  [[nodiscard]] std::size_t terms() const;  // conditions and arithmetic operators
  [[nodiscard]] std::size_t depth() const { return depth(root()); }

 private:
  std::uint16_t put(const Expression& e);
  std::uint16_t put_name(const std::string& name);
  std::uint16_t put_constant(const Literal& literal);
  [[nodiscard]] Value value(const Node& node, const Subject& subject) const;
  [[nodiscard]] Truth in(const Node& node, const Subject& subject) const;
  [[nodiscard]] Truth within(const Node& node, const Subject& subject) const;
  [[nodiscard]] std::uint32_t cost(const Node& node) const;
  [[nodiscard]] std::size_t depth(const Node& node) const;

  std::vector<Node> nodes_;  // parts before what they are parts of
  std::vector<std::uint16_t> children_;
  std::vector<FieldName> names_;
  std::vector<Value> constants_;
  std::vector<List> lists_;
  std::vector<LikePattern> patterns_;
  std::vector<Area> areas_;
  std::vector<std::string> strings_;  // does not grow once it is built
};

}  // namespace boato
