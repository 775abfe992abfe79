// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/normal_form.hpp"
#include "overlay/interest/parser.hpp"
#include "tests/interest/lab.hpp"

namespace boato {
namespace {

std::string canonical(std::string_view text) { return parsed(text).text(); }

TEST(Canonical, WritesEachPartInOneWay) {
  EXPECT_EQ(canonical("5<x"), "x > 5");
  EXPECT_EQ(canonical("x!=1.0"), "x <> 1.0");
  EXPECT_EQ(canonical("x = \"it's\""), "x = 'it''s'");
  EXPECT_EQ(canonical("x between 1 and 2"), "x <= 2 AND x >= 1");
  EXPECT_EQ(canonical("not x is null"), "x IS NOT NULL");
  EXPECT_EQ(canonical("`two words` like 'a%'"), "`two words` LIKE 'a%'");
  EXPECT_EQ(canonical("`plain` = `null`"), "`null` = plain");
  EXPECT_EQ(canonical("x = x'AB'"), "x = X'ab'");
  EXPECT_EQ(canonical("((live))"), "live");
  EXPECT_EQ(canonical("live = false"), "NOT live");
  EXPECT_EQ(canonical("live <> FALSE"), "live");
  EXPECT_EQ(canonical("within(geo, circle(38.66, -9.20, 500.0))"), "within(geo, circle(38.66, -9.2, 500))");
}

TEST(Canonical, PushesNotInwards) {
  EXPECT_EQ(canonical("NOT (a > 1 AND b)"), "NOT b OR a <= 1");
  EXPECT_EQ(canonical("NOT NOT a"), "a");
  EXPECT_EQ(canonical("NOT (a IN (1, 2) OR b LIKE '%x')"), "a NOT IN (1, 2) AND b NOT LIKE '%x'");
}

TEST(Canonical, SortsWhatMayStandInAnyOrder) {
  EXPECT_EQ(canonical("b AND a AND b"), "a AND b");
  EXPECT_EQ(canonical("(c OR a) AND (a OR c)"), "a OR c");
  EXPECT_EQ(canonical("x IN (3, 1, 2, 1.0)"), "x IN (1, 2, 3)");
  EXPECT_EQ(canonical("a AND (b AND c)"), "a AND b AND c");
}

TEST(Canonical, JoinsEqualities) {
  EXPECT_EQ(canonical("x = 2 OR y OR x = 1"), "x IN (1, 2) OR y");
  EXPECT_EQ(canonical("x <> 2 AND x <> 1"), "x NOT IN (1, 2)");
  EXPECT_EQ(canonical("x = 2 OR x = 'a'"), "x = 'a' OR x = 2");
  EXPECT_EQ(canonical("x IN (7)"), "x = 7");
  EXPECT_EQ(canonical("x LIKE 'abc'"), "x = 'abc'");
}

TEST(Canonical, CalculatesConstants) {
  EXPECT_EQ(canonical("x > 2 * 3 + 1"), "x > 7");
  EXPECT_EQ(canonical("x > -(5)"), "x > -5");
  EXPECT_EQ(canonical("1 < 2"), "TRUE");
  EXPECT_EQ(canonical("1 < 2 AND x"), "x");
  EXPECT_EQ(canonical("FALSE AND x"), "FALSE");
  EXPECT_EQ(canonical("TRUE OR x"), "TRUE");
  EXPECT_EQ(canonical("x - (y - 1) * 2 > 0"), "x - (y - 1) * 2 > 0");
  EXPECT_EQ(canonical("x = -9223372036854775808"), "x = -9223372036854775808");
}

TEST(Canonical, WritesPatternsSoThatTheyReadBack) {
  EXPECT_EQ(canonical("x LIKE '10!%%' ESCAPE '!'"), "x LIKE '10\\%%' ESCAPE '\\'");
  EXPECT_EQ(canonical("x LIKE 'a%%%b'"), "x LIKE 'a%b'");
  EXPECT_EQ(canonical("x LIKE 'c:\\%'"), "x LIKE 'c:\\%'");
  EXPECT_EQ(canonical("x LIKE 'c:\\!_%' ESCAPE '!'"), "x LIKE 'c:\\\\\\_%' ESCAPE '\\'");
}

TEST(Canonical, ReadsBackHoweverManySignsThereAre) {
  for (int signs = 1; signs < 70; ++signs)
    for (const std::string& text :
         {"x > " + std::string(static_cast<std::size_t>(signs), '-') + "y",
          "x > y" + std::string(static_cast<std::size_t>(signs), '-') + "3",
          "z AND x NOT BETWEEN 1 AND " + std::string(static_cast<std::size_t>(signs), '-') + "y"})
      if (const auto predicate = Predicate::parse(text)) {
        EXPECT_EQ(canonical(predicate->text()), predicate->text());
      }
}

TEST(Canonical, IsAFixedPoint) {
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    Dice dice{seed};
    const std::string text = dice.predicate();
    const auto predicate = Predicate::parse(text);
    if (!predicate) continue;
    ASSERT_EQ(canonical(predicate->text()), predicate->text()) << "seed " << seed << ": " << text;
  }
}

// What was written, evaluated as it stands: without any of the rewriting.
TEST(Canonical, MeansWhatWasWritten) {
  std::size_t known = 0;
  for (std::uint64_t seed = 1; seed <= 4000; ++seed) {
    Dice dice{seed};
    const std::string text = dice.predicate();
    const auto predicate = Predicate::parse(text);
    if (!predicate) continue;
    const auto written = PredicateParser::parse(text);
    ASSERT_TRUE(written);
    const Program plain{*written};
    for (int i = 0; i < 20; ++i) {
      const Given given = dice.event();
      const Truth expected = plain.test(given.subject());
      known += expected != Truth::unknown ? 1 : 0;
      ASSERT_EQ(to_string(predicate->test(given.subject())), to_string(expected))
          << "seed " << seed << ": " << text << " as " << predicate->text();
    }
  }
  EXPECT_GT(known, 10'000U);
}

}  // namespace
}  // namespace boato
