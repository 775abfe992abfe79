// SPDX-License-Identifier: Apache-2.0
// What tests of predicates share.
#pragma once

#include "overlay/interest/predicate.hpp"
#include "tests/interest/dice.hpp"

#include <gtest/gtest.h>

#include <string_view>

namespace boato {

inline Predicate parsed(std::string_view text) {
  auto predicate = Predicate::parse(text);
  if (!predicate) {
    ADD_FAILURE() << text << ": " << to_text(predicate.error(), text);
    std::abort();
  }
  return std::move(*predicate);
}

inline Truth test(std::string_view text, const Given& given) { return parsed(text).test(given.subject()); }

}  // namespace boato
