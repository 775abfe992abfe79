// SPDX-License-Identifier: Apache-2.0
#include "tests/interest/lab.hpp"

#include <gmock/gmock.h>

namespace boato {
namespace {

using testing::HasSubstr;

SyntaxError error(std::string_view text) {
  const auto predicate = Predicate::parse(text);
  EXPECT_FALSE(predicate) << text << " is " << predicate->text();
  return predicate ? SyntaxError{"none", 0, 0} : predicate.error();
}

struct Case {
  const char* text;
  std::size_t column;
  const char* what;
};

void refuses(std::initializer_list<Case> cases) {
  for (const Case& c : cases) {
    const SyntaxError got = error(c.text);
    EXPECT_EQ(got.column, c.column) << c.text << ": " << got.what;
    EXPECT_THAT(got.what, HasSubstr(c.what)) << c.text;
  }
}

TEST(Error, PointsBehindTheEndWhereSomethingIsMissing) {
  refuses({{"price >", 8, "a value behind >"},
           {"price >   ", 8, "a value behind >"},
           {"", 1, "a predicate is a condition"},
           {"(a = 1", 7, ")"},
           {"a AND", 6, "a value"},
           {"x IN (1, 2", 11, ")"},
           {"x BETWEEN 1", 12, "AND"},
           {"x LIKE", 7, "a pattern"},
           {"x IS", 5, "NULL"}});
}

TEST(Error, PointsAtTheWordAndGuessesWhatWasMeant) {
  refuses({{"price BETWEN 1 AND 2", 7, "did you mean BETWEEN?"},
           {"a ADN b", 3, "did you mean AND?"},
           {"sym lke 'a%'", 5, "did you mean LIKE?"},
           {"wihtin(geo, circle(1, 2, 3))", 1, "did you mean within?"},
           {"circle(1, 2, 3)", 1, "inside within"},
           {"$topik = 'a'", 1, "did you mean $topic?"},
           {"$foo = 'a'", 1, "$level1 to $level16"},
           {"$level17 = 'a'", 1, "there is no $level17"}});
}

TEST(Error, KnowsTheSignsOfOtherLanguages) {
  refuses({{"a == 1", 3, "written ="},
           {"a = 1 && b = 2", 7, "written AND"},
           {"a = 1 || b = 2", 7, "written OR"},
           {"!a", 1, "written NOT"},
           {"a = NULL", 5, "IS NULL"},
           {"1 < x < 5", 7, "do not chain"},
           {"a = 'it", 5, "no end"},
           {"a % 2 = 1", 3, "LIKE"},
           {"a; b", 2, "no meaning"}});
}

TEST(Error, RefusesWhatCanNeverBeTrueOfItsKind) {
  refuses({{"5", 1, "alone is no condition"},
           {"price AND 'a'", 11, "alone is no condition"},
           {"1 = 'a'", 5, "never compare"},
           {"x + 1 = 'a'", 9, "never compare"},
           {"$size = 'a'", 9, "never compare"},
           {"$topic", 1, "alone is no condition"},
           {"live < TRUE", 8, "no order"},
           {"'a' + 1 = 2", 1, "only numbers"},
           {"(a = 1) = TRUE", 1, "a condition has no value"},
           {"x IN (1, 'a')", 10, "all numbers"},
           {"x IN (TRUE)", 7, "a number or a string"},
           {"x > 1 / 0", 5, "no value"},
           {"x > 9223372036854775807 + 1", 5, "no value"},
           {"x > 9223372036854775808", 5, "64 bits"},
           {"x > 1e999", 5, "64 bits"},
           {"x LIKE 'a!b' ESCAPE '!'", 8, "something else"},
           {"x LIKE 'a' ESCAPE 'ab'", 19, "one character"},
           {"'a' LIKE 'a%'", 1, "an attribute"},
           {"within(geo, circle(91, 0, 5))", 20, "latitude"},
           {"within(geo, box(0, 1, 2))", 13, "four numbers"},
           {"within(geo, square(0))", 13, "circle(lat, lon, metres)"},
           {"x = X'0'", 7, "pairs"}});
}

TEST(Error, CountsCharactersAndLines) {
  const SyntaxError got = error("a = '\xc3\xa9\xc3\xa9' AND\n  b >");

  EXPECT_EQ(got.line, 2U);
  EXPECT_EQ(got.column, 6U);
  EXPECT_EQ(error("a = '\xc3\xa9\xc3\xa9' >").column, 10U);
  EXPECT_EQ(error("caf\xc3\xa9 = 1").column, 4U);
}

TEST(Error, RefusesWhatIsNotText) {
  EXPECT_EQ(error("a = '\xff'").column, 6U);
  EXPECT_EQ(error(std::string_view{"a\0", 2}).column, 2U);
}

std::string repeated(std::string_view part, std::string_view between, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) (out += i == 0 ? "" : between) += part;
  return out;
}

TEST(Limit, OfBytes) {
  EXPECT_TRUE(Predicate::parse("a = '" + std::string(predicate_bytes_max - 6, 'x') + "'"));
  EXPECT_THAT(error("a = '" + std::string(predicate_bytes_max - 5, 'x') + "'").what,
              HasSubstr("1025, at most 1024"));
}

TEST(Limit, OfConditions) {
  const auto conditions = [](int count) {
    std::string text = "a0";
    for (int i = 1; i < count; ++i) text += " AND a" + std::to_string(i);
    return text;
  };
  EXPECT_TRUE(Predicate::parse(conditions(64)));
  EXPECT_THAT(error(conditions(65)).what, HasSubstr("65, at most 64"));
}

TEST(Limit, OfDepth) {
  const auto deep = [](int depth) {
    std::string text = "z";
    for (int i = 0; i < depth; ++i)
      text = "a" + std::to_string(i) + (i % 2 == 0 ? " AND (" : " OR (") + text + ")";
    return text;
  };
  EXPECT_TRUE(Predicate::parse(deep(6)));
  EXPECT_THAT(error(deep(7)).what, HasSubstr("7, at most 6"));
}

TEST(Limit, OfTheParsersStack) {
  EXPECT_TRUE(Predicate::parse(std::string(60, '(') + "a" + std::string(60, ')')));
  EXPECT_THAT(error(std::string(500, '(')).what, HasSubstr("inside each other"));
  EXPECT_THAT(error("a > " + std::string(500, '-') + "b").what, HasSubstr("inside each other"));
  EXPECT_TRUE(Predicate::parse(repeated("NOT", " ", 200) + " a"));
}

TEST(Limit, OfCost) {
  EXPECT_TRUE(Predicate::parse("a LIKE '%" + std::string(900, 'x') + "%'"));
  EXPECT_THAT(error("a LIKE '%" + std::string(40, 'x') + "_%'").what, HasSubstr("too slow"));
  // Standing at the beginning, a pattern is compared, not searched.
  EXPECT_TRUE(Predicate::parse("a LIKE '" + std::string(40, 'x') + "_%'"));
}

TEST(Limit, OfCostGrowsWithWhatIsSearched) {
  const auto patterns = [](const std::string& before, int count) {
    std::string text;
    for (int i = 0; i < count; ++i)
      text += (i == 0 ? "a LIKE '" : " OR a LIKE '") + before + std::to_string(i) + "%'";
    return text;
  };
  EXPECT_TRUE(Predicate::parse(patterns("", 40)));
  EXPECT_TRUE(Predicate::parse(patterns("%", 6)));
  EXPECT_THAT(error(patterns("%", 7)).what, HasSubstr("too slow"));
}

TEST(Parser, NeverFailsOnMutatedText) {
  Rng rng{3};
  std::size_t good = 0;
  for (std::uint64_t seed = 1; seed <= 3000; ++seed) {
    Dice dice{seed};
    std::string text = dice.predicate();
    for (std::uint64_t i = 0, n = rng.below(3); i < n; ++i) {
      const std::size_t at = rng.below(text.size());
      if (rng.below(2) == 0)
        text.erase(at, 1 + rng.below(3));
      else
        text.insert(at, 1, "()'\"`.%-+x1 ="[rng.below(13)]);
    }
    if (const auto predicate = Predicate::parse(text)) {
      ++good;
      ASSERT_EQ(parsed(predicate->text()).text(), predicate->text()) << text;
    }
  }
  EXPECT_GT(good, 500U);
}

}  // namespace
}  // namespace boato
