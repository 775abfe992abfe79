// SPDX-License-Identifier: Apache-2.0
#include "overlay/interest/interest_index.hpp"
#include "tests/interest/lab.hpp"

#include <gmock/gmock.h>

#include <map>
#include <set>

namespace boato {
namespace {

using namespace std::literals;
using testing::ElementsAre;
using testing::IsEmpty;

struct Lab {
  InterestIndex index{99};
  std::map<InterestId, std::string> added{};

  InterestId add(std::string_view text) {
    const InterestId id = index.add(parsed(text));
    added[id] = text;
    return id;
  }
  void remove(InterestId id) {
    index.remove(id);
    added.erase(id);
  }
  std::vector<std::string> match(const Given& given) {
    std::vector<InterestId> ids;
    index.match(given.subject(), ids);
    std::vector<std::string> out;
    for (const InterestId id : ids) out.push_back(added[id]);
    std::ranges::sort(out);
    return out;
  }
  // Each of them asked by itself.
  std::vector<std::string> naive(const Given& given) {
    std::vector<std::string> out;
    for (const auto& [id, text] : added)
      if (index.predicate(id).matches(given.subject())) out.push_back(text);
    std::ranges::sort(out);
    return out;
  }
};

TEST(Index, FindsValuesRangesAndWhatItCannotIndex) {
  Lab lab;
  for (const char* text :
       {"room = 'lab'", "room IN ('hall', 'lab') AND value > 30", "value BETWEEN 31 AND 32", "value < 31.5",
        "room LIKE 'l%'", "live", "NOT live", "value <> 1", "x IS NULL", "TRUE", "FALSE",
        "room = 'lab' AND live AND value >= 31.5 AND value + 1 < 33"})
    lab.add(text);

  EXPECT_THAT(lab.match(Given{{"room", "lab"sv}, {"value", 31.5}, {"live", true}}),
              ElementsAre("TRUE", "live", "room = 'lab'",
                          "room = 'lab' AND live AND value >= 31.5 AND value + 1 < 33",
                          "room IN ('hall', 'lab') AND value > 30", "room LIKE 'l%'", "value <> 1",
                          "value BETWEEN 31 AND 32", "x IS NULL"));
  EXPECT_THAT(lab.match(Given{{"x", false}}), ElementsAre("TRUE"));
}

TEST(Index, AnswersEachPredicateOnce) {
  Lab lab;
  lab.add("a = 1 OR b = 2 OR c > 3 OR d LIKE '%' OR a IN (1, 5)");

  EXPECT_EQ(lab.match(Given{{"a", std::int64_t{1}}, {"b", 2.0}, {"c", 7.0}, {"d", "x"sv}}).size(), 1U);
}

TEST(Index, TakesEqualNumbersForEqualWhateverTheirKind) {
  Lab lab;
  lab.add("x = 5");
  lab.add("x = 5.0");
  lab.add("x = 9007199254740993");
  lab.add("x > 9007199254740992");
  lab.add("x = 0");

  EXPECT_THAT(lab.match(Given{{"x", 5.0}}), ElementsAre("x = 5", "x = 5.0"));
  EXPECT_THAT(lab.match(Given{{"x", std::int64_t{5}}}), ElementsAre("x = 5", "x = 5.0"));
  EXPECT_THAT(lab.match(Given{{"x", 9007199254740992.0}}), IsEmpty());
  EXPECT_THAT(lab.match(Given{{"x", std::int64_t{9007199254740993}}}),
              ElementsAre("x = 9007199254740993", "x > 9007199254740992"));
  EXPECT_THAT(lab.match(Given{{"x", -0.0}}), ElementsAre("x = 0"));
}

TEST(Index, ForgetsWhatIsRemoved) {
  Lab lab;
  const InterestId a = lab.add("x = 1 AND y > 2"), b = lab.add("x = 1");
  const Given given{{"x", std::int64_t{1}}, {"y", 3.0}};
  ASSERT_EQ(lab.match(given).size(), 2U);

  lab.remove(a);
  EXPECT_THAT(lab.match(given), ElementsAre("x = 1"));
  lab.remove(b);
  EXPECT_THAT(lab.match(given), IsEmpty());

  EXPECT_EQ(lab.index.size(), 0U);
  lab.index.check_invariants();
}

// The oracle is the evaluator: random predicates come and go, random events are asked both ways.
TEST(Index, AnswersWhatTheEvaluatorAnswers) {
  std::size_t matched = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    Dice dice{seed};
    Lab lab;
    for (int round = 0; round < 200; ++round) {
      if (!lab.added.empty() && dice.below(3) == 0) {
        lab.remove(
            std::next(lab.added.begin(), static_cast<std::ptrdiff_t>(dice.below(lab.added.size())))->first);
      } else if (const std::string text = dice.predicate(static_cast<int>(dice.below(4)));
                 Predicate::parse(text)) {
        lab.add(text);
      }
      const Given given = dice.event();
      const auto expected = lab.naive(given);
      matched += expected.size();
      ASSERT_EQ(lab.match(given), expected) << "seed " << seed << ", round " << round;
    }
    lab.index.check_invariants();
  }
  EXPECT_GT(matched, 10'000U);
}

TEST(RangeList, FindsWhatMeetsAValueAmongManyBlocks) {
  Rng rng{5};
  RangeList list;
  struct Range {
    double low, high;
    bool there;
  };
  std::vector<Range> ranges;
  std::vector<std::uint32_t> found(4001);
  for (int round = 0; round < 4000; ++round) {
    const double low = static_cast<double>(rng.below(300));
    ranges.push_back({low, low + static_cast<double>(rng.below(40)), true});
    list.add(ranges.back().low, ranges.back().high, static_cast<std::uint32_t>(round));
    if (rng.below(3) == 0) {
      const std::size_t gone = rng.below(ranges.size());
      if (std::exchange(ranges[gone].there, false))
        list.remove(ranges[gone].low, static_cast<std::uint32_t>(gone));
    }
    if (round % 16 != 0) continue;
    const double at = static_cast<double>(rng.below(340));
    const auto* end = list.find(at, at, found.data());
    std::set<std::uint32_t> expected;
    for (std::uint32_t i = 0; i < ranges.size(); ++i)
      if (ranges[i].there && ranges[i].low <= at && at <= ranges[i].high) expected.insert(i);
    ASSERT_EQ((std::set<std::uint32_t>{static_cast<const std::uint32_t*>(found.data()), end}), expected);
  }
  list.check_invariants();
}

TEST(HashTable, KeepsWhatIsNotErased) {
  Rng rng{6};
  HashTable table;
  std::set<std::uint32_t> there;
  const auto hash = [](std::uint32_t n) { return mix(n % 97); };  // many share one
  for (int round = 0; round < 20'000; ++round) {
    const auto n = static_cast<std::uint32_t>(rng.below(500));
    const bool known = table.find(hash(n), [&](std::uint32_t m) { return m == n; }) != HashTable::none;
    ASSERT_EQ(known, there.contains(n));
    if (known) {
      table.erase(hash(n), n);
      there.erase(n);
    } else {
      table.insert(hash(n), n);
      there.insert(n);
    }
    ASSERT_EQ(table.size(), there.size());
  }
}

}  // namespace
}  // namespace boato
