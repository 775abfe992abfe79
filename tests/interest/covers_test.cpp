// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/covers.hpp"

#include "tests/interest/lab.hpp"

namespace boato {
namespace {

bool cover(std::string_view wide, std::string_view narrow) { return covers(parsed(wide), parsed(narrow)); }

TEST(Covers, IsProvenForRangesAndValues) {
  EXPECT_TRUE(cover("x > 5", "x > 6"));
  EXPECT_TRUE(cover("x > 5", "x >= 5.5"));
  EXPECT_TRUE(cover("x >= 5", "x > 5"));
  EXPECT_FALSE(cover("x > 5", "x >= 5"));
  EXPECT_TRUE(cover("x < 10", "x BETWEEN 1 AND 9"));
  EXPECT_TRUE(cover("x > 5", "x = 6 AND y"));
  EXPECT_TRUE(cover("x IN (1, 2, 3)", "x IN (3, 1)"));
  EXPECT_FALSE(cover("x IN (1, 2)", "x IN (1, 3)"));
  EXPECT_TRUE(cover("x <> 3", "x > 3"));
  EXPECT_TRUE(cover("room LIKE 'l%'", "room IN ('lab', 'lobby')"));
  EXPECT_TRUE(cover("room LIKE 'l%'", "room LIKE 'la%'"));
  EXPECT_FALSE(cover("room LIKE 'la%'", "room LIKE 'l%'"));
  EXPECT_FALSE(cover("x > 5", "y > 6"));
  EXPECT_FALSE(cover("x > 5", "x > 'a'"));
}

TEST(Covers, IsProvenThroughAndAndOr) {
  EXPECT_TRUE(cover("a", "a AND b"));
  EXPECT_TRUE(cover("a OR b", "a"));
  EXPECT_TRUE(cover("a OR b > 1", "a AND c OR b > 2"));
  EXPECT_TRUE(cover("a AND x > 1", "x > 2 AND a AND z IS NULL"));
  EXPECT_TRUE(cover("TRUE", "a"));
  EXPECT_TRUE(cover("a", "FALSE"));
  EXPECT_FALSE(cover("a", "a OR b"));
  EXPECT_TRUE(cover("x IS NOT NULL", "x > 1 AND y"));
  EXPECT_TRUE(cover("x + 1 > y AND z NOT IN (1, 2)", "x + 1 > y AND z NOT IN (1, 2) AND a"));
  EXPECT_FALSE(cover("x / 2 = 2", "x = 5"));  // 5.0 / 2 is 2.5
  EXPECT_TRUE(cover("within(geo, box(0, 0, 1, 1))", "within(geo, box(0, 0, 1, 1)) AND live"));
}

// A proof must hold for every event: random pairs, asked about random events.
TEST(Covers, NeverProvesWhatIsNotSo) {
  std::size_t proven = 0;
  for (std::uint64_t seed = 1; seed <= 6000; ++seed) {
    Dice dice{seed};
    const std::string first = dice.predicate(1), second = dice.predicate(2);
    for (const auto& [w, n] :
         {std::pair{first, second}, {first, first + " AND (" + second + ")"}, {second, dice.condition()}}) {
      const auto wide = Predicate::parse(w), narrow = Predicate::parse(n);
      if (!wide || !narrow || !covers(*wide, *narrow)) continue;
      ++proven;
      for (int i = 0; i < 20; ++i) {
        const Given given = dice.event();
        if (!narrow->matches(given.subject())) continue;
        ASSERT_TRUE(wide->matches(given.subject()))
            << "seed " << seed << ": " << w << " does not cover " << n;
      }
    }
  }
  EXPECT_GT(proven, 2000U);
}

std::string merge(std::initializer_list<const char*> texts) {
  std::vector<Predicate> predicates;
  for (const char* text : texts) predicates.push_back(parsed(text));
  std::vector<const Predicate*> all;
  for (const Predicate& p : predicates) all.push_back(&p);
  return merged(all);
}

TEST(Merged, TakesWhatAnyOfThemTakes) {
  EXPECT_EQ(merge({}), "FALSE");
  EXPECT_EQ(merge({"x > 5", "x > 3", "x = 4"}), "x > 3");
  EXPECT_EQ(merge({"sym = 'A'", "sym = 'B'"}), "sym IN ('A', 'B')");
  EXPECT_EQ(merge({"a", "TRUE", "b"}), "TRUE");
  EXPECT_EQ(merge({"a", "FALSE"}), "a");
}

TEST(Merged, IsEverythingWhereALimitDoesNotHoldIt) {
  std::vector<Predicate> predicates;
  for (int i = 0; i < 100; ++i) predicates.push_back(parsed("attribute" + std::to_string(i) + " > 5"));
  std::vector<const Predicate*> all;
  for (const Predicate& p : predicates) all.push_back(&p);

  EXPECT_EQ(merged(all), "TRUE");
}

}  // namespace
}  // namespace boato
