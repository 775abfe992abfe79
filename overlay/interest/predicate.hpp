// SPDX-License-Identifier: Apache-2.0
// An interest: which events a member or a subscription wants. The language is in overlay/interest/README.md.
// Knows attributes and what stands in an event's header; does not know who asks, nor where events go.
#pragma once

#include <boato/result.hpp>

#include "overlay/interest/limits.hpp"
#include "overlay/interest/program.hpp"
#include "overlay/interest/subject.hpp"
#include "overlay/interest/syntax_error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace boato {

class Predicate {
 public:
  // Refuses what is no predicate and what is above a limit (limits.hpp).
  static Result<Predicate, SyntaxError> parse(std::string_view text);

  // True only for events that are wanted: unknown is not.
  [[nodiscard]] bool matches(const Subject& subject) const { return test(subject) == Truth::yes; }
  [[nodiscard]] Truth test(const Subject& subject) const { return program_.test(subject); }

  // Canonical: parsing it gives the same predicate, and equal predicates are equal texts.
  [[nodiscard]] const std::string& text() const { return text_; }
  [[nodiscard]] const Program& program() const { return program_; }
  [[nodiscard]] std::uint32_t cost() const { return program_.cost(); }
  [[nodiscard]] bool takes_all() const;   // TRUE
  [[nodiscard]] bool takes_none() const;  // FALSE

 private:
  Predicate() = default;
  std::string text_;
  Program program_;
};

}  // namespace boato
