// SPDX-License-Identifier: Apache-2.0
// Subjects written down in a line, and random predicates and subjects that meet each other often. The same
// seed gives the same ones.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/base/rng.hpp"
#include "overlay/interest/subject.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

// Attributes by rising name, with the memory of random strings.
class Given {
 public:
  Given(std::initializer_list<Attribute> list = {}) : attributes_{list} { sort(); }
  Given(Given&&) = default;
  Given(const Given&) = delete;  // attributes are views into texts_
  Given& operator=(const Given&) = delete;
  void add(std::string_view name, Value value) {
    if (std::ranges::find(attributes_, name, &Attribute::name) != attributes_.end()) return;
    attributes_.push_back({name, value});
    sort();
  }
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  [[nodiscard]] Subject subject() const { return {attributes_, has_event ? &event : nullptr}; }
  [[nodiscard]] const std::vector<Attribute>& attributes() const { return attributes_; }

  EventFacts event{};
  bool has_event = false;

 private:
  void sort() { std::ranges::sort(attributes_, {}, &Attribute::name); }
  std::vector<Attribute> attributes_;
  std::deque<std::string> texts_;
};

// Few names and values, so that conditions are true, false and unknown about equally often.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : rng_{seed} {}

  std::string predicate(int depth = 3) {
    if (depth == 0 || below(4) == 0) return condition();
    const char* word = below(2) == 0 ? " AND " : " OR ";
    std::string text = below(6) == 0 ? "NOT (" : "(";
    for (std::uint64_t i = 0, n = 2 + below(2); i < n; ++i)
      text += (i == 0 ? "" : word) + predicate(depth - 1);
    return text + ")";
  }
  std::string condition() {
    const std::string no = below(3) == 0 ? "NOT " : "";
    switch (below(10)) {
      case 0: return name() + " " + no + "IN (" + number() + ", " + number() + ", " + number() + ")";
      case 1: return name() + " " + no + "IN ('" + word() + "', '" + word() + "')";
      case 2: return name() + " " + no + "LIKE '" + pattern() + "'";
      case 3: return name() + " IS " + no + "NULL";
      case 4: return no + name();
      case 5: return name() + " " + no + "BETWEEN " + number() + " AND " + number();
      case 6: return name() + relation() + "'" + word() + "'";
      case 7: return no + "within(geo, " + area() + ")";
      case 8: return sum() + relation() + sum();
      default: return name() + relation() + number();
    }
  }
  Given event() {
    Given out;
    for (std::uint64_t i = 0, n = below(7); i < n; ++i) out.add(names_[below(6)], value(out));
    if (below(2) == 0) {
      out.add("lat", static_cast<double>(below(20)) - 10);
      out.add("lon", static_cast<double>(below(20)) - 10);
    }
    out.has_event = below(4) != 0;
    out.event.topic = "a/b";
    out.event.size = static_cast<std::int64_t>(below(8));
    return out;
  }
  std::uint64_t below(std::uint64_t n) { return rng_.below(n); }

 private:
  Value value(Given& in) {
    switch (below(9)) {
      case 0: return std::monostate{};
      case 1: return below(2) == 0;
      case 2: return in.keep(word());
      case 3: return bytes(in.keep(word()));
      case 4: return static_cast<double>(below(12)) / 2 - 2;
      case 5: return odd_numbers_[below(8)];
      default: return static_cast<std::int64_t>(below(8)) - 2;
    }
  }
  std::string name() { return below(12) == 0 ? "$size" : names_[below(6)]; }
  std::string number() {
    switch (below(8)) {
      case 0: return "1e300";
      case 1: return "9007199254740993";
      case 2: return std::to_string(below(8)) + ".5";
      default: return std::to_string(static_cast<int>(below(8)) - 2);
    }
  }
  std::string word() {
    std::string out;
    for (std::uint64_t i = 0, n = below(4); i < n; ++i) out += static_cast<char>('a' + below(2));
    return out;
  }
  std::string pattern() {
    std::string out;
    for (std::uint64_t i = 0, n = below(5); i < n; ++i) out += "ab%_"[below(4)];
    return out;
  }
  std::string relation() {
    static constexpr const char* all[] = {" = ", " <> ", " < ", " <= ", " > ", " >= "};
    return all[below(6)];
  }
  std::string sum() {
    if (below(2) == 0) return name();
    return (below(3) == 0 ? "-" : "") + name() + " " + "+-*/"[below(4)] + " " + number();
  }
  std::string area() {
    const auto degrees = [&] { return std::to_string(static_cast<int>(below(20)) - 10); };
    switch (below(3)) {
      case 0: return "circle(" + degrees() + ", " + degrees() + ", " + std::to_string(below(1'000'000)) + ")";
      case 1: return "box(-5, " + degrees() + ", 5, " + degrees() + ")";
      default: return "polygon(-5, " + degrees() + ", 5, " + degrees() + ", 0, " + degrees() + ")";
    }
  }
  static constexpr const char* names_[6] = {"a", "b", "c", "d", "e", "site"};
  static constexpr double inf_ = std::numeric_limits<double>::infinity();
  const Value odd_numbers_[8] = {std::numeric_limits<double>::quiet_NaN(),
                                 inf_,
                                 -inf_,
                                 -0.0,
                                 std::numeric_limits<std::int64_t>::max(),
                                 std::numeric_limits<std::int64_t>::min(),
                                 std::int64_t{9007199254740993},
                                 9007199254740992.0};
  Rng rng_;
};

}  // namespace boato
