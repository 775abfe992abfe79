// SPDX-License-Identifier: Apache-2.0
// Any bytes as a predicate: what parses has a canonical form that is a fixed point and means the same, and
// costs no more than its limit.
#include "overlay/interest/covers.hpp"
#include "overlay/interest/parser.hpp"
#include "tests/interest/dice.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace boato;
  const std::string_view input = text(std::as_bytes(std::span{data, size}));
  const auto predicate = Predicate::parse(input);
  if (!predicate) {
    if (predicate.error().what.empty() || predicate.error().column > input.size() + 1) std::abort();
    return 0;
  }
  const auto again = Predicate::parse(predicate->text());
  if (!again || again->text() != predicate->text() || !covers(*predicate, *again)) std::abort();
  const auto written = PredicateParser::parse(input);
  if (!written) std::abort();
  const Program plain{*written};
  Dice dice{size};
  for (int i = 0; i < 4; ++i) {
    const Given given = dice.event();
    if (plain.test(given.subject()) != predicate->test(given.subject())) std::abort();
  }
  return 0;
}
