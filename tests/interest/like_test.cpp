// SPDX-License-Identifier: Apache-2.0
#include "tests/interest/lab.hpp"

namespace boato {
namespace {

bool like(std::string_view value, std::string_view pattern, std::string_view escape = "") {
  std::size_t bad = 0;
  const auto compiled = LikePattern::parse(pattern, escape, bad);
  EXPECT_TRUE(compiled.has_value()) << pattern;
  return compiled && compiled->matches(value);
}

// The definition itself, exponential: what remains of the pattern against what remains of the value. ASCII.
bool slow(std::string_view value, std::string_view pattern) {
  if (pattern.empty()) return value.empty();
  if (pattern[0] == '%') {
    for (std::size_t skip = 0; skip <= value.size(); ++skip)
      if (slow(value.substr(skip), pattern.substr(1))) return true;
    return false;
  }
  return !value.empty() && (pattern[0] == '_' || pattern[0] == value[0]) &&
         slow(value.substr(1), pattern.substr(1));
}

TEST(Like, TakesAnyRunForPercentAndOneCharacterForUnderscore) {
  EXPECT_TRUE(like("ACME", "AC%"));
  EXPECT_FALSE(like("BACME", "AC%"));
  EXPECT_TRUE(like("", "%"));
  EXPECT_TRUE(like("", ""));
  EXPECT_FALSE(like("a", ""));
  EXPECT_TRUE(like("cat", "_at"));
  EXPECT_FALSE(like("at", "_at"));
  EXPECT_TRUE(like("a-b-c", "a%b%c"));
  EXPECT_FALSE(like("ab", "ab%b"));  // no byte counts twice
}

TEST(Like, CountsCharactersNotBytes) {
  EXPECT_TRUE(like("caf\xc3\xa9", "caf_"));
  EXPECT_FALSE(like("caf\xc3\xa9", "caf__"));
  EXPECT_TRUE(like("\xf0\x9f\x90\x9d!", "_!"));
  EXPECT_TRUE(like("x\xc3\xa9y", "%_y"));
  EXPECT_TRUE(like("x\xc3\xa9y\xc3\xa9z", "%_y_%"));
}

TEST(Like, TakesWhatStandsBehindTheEscapeAsItIs) {
  EXPECT_TRUE(like("10%", "10!%", "!"));
  EXPECT_FALSE(like("100", "10!%", "!"));
  EXPECT_TRUE(like("a_b!", "a!_b!!", "!"));
  EXPECT_TRUE(like("a\\b", "a\\b"));  // without ESCAPE nothing escapes
}

TEST(Like, IsAsItsDefinitionSays) {
  Rng rng{7};
  std::size_t taken = 0;
  for (int round = 0; round < 30'000; ++round) {
    std::string value, pattern;
    for (std::uint64_t i = 0, n = rng.below(8); i < n; ++i) value += static_cast<char>('a' + rng.below(2));
    for (std::uint64_t i = 0, n = rng.below(7); i < n; ++i) pattern += "ab%_"[rng.below(4)];
    const bool expected = slow(value, pattern);
    taken += expected ? 1 : 0;
    ASSERT_EQ(like(value, pattern), expected) << value << " LIKE " << pattern;
  }
  EXPECT_GT(taken, 3000U);
}

// A matcher that backtracks over each % would not end within the age of the universe.
TEST(Like, NeverGoesBackOverAPercent) {
  std::string pattern;
  for (int i = 0; i < 100; ++i) pattern += "a%";
  pattern += 'c';
  std::string value(1024, 'a');
  EXPECT_FALSE(like(value, pattern));
  value.back() = 'c';
  EXPECT_TRUE(like(value, pattern));
}

TEST(Like, KnowsWhatAllValuesBeginWith) {
  std::size_t bad = 0;
  EXPECT_EQ(LikePattern::parse("abc%", "", bad)->prefix(), "abc");
  EXPECT_TRUE(LikePattern::parse("abc%", "", bad)->only_prefix());
  EXPECT_FALSE(LikePattern::parse("ab_%", "", bad)->only_prefix());
  EXPECT_EQ(LikePattern::parse("ab_%", "", bad)->prefix(), "ab");
  EXPECT_EQ(LikePattern::parse("%abc", "", bad)->prefix(), "");
  EXPECT_TRUE(LikePattern::parse("%", "", bad)->only_prefix());
}

}  // namespace
}  // namespace boato
