// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/attributes.hpp"
#include "tests/interest/lab.hpp"

namespace boato {

void PrintTo(Truth t, std::ostream* out) { *out << to_string(t); }

namespace {

using namespace std::literals;
constexpr Truth yes = Truth::yes, no = Truth::no, unknown = Truth::unknown;

const Given reading{{"value", 31.5},
                    {"room", "lab"sv},
                    {"floor", std::int64_t{3}},
                    {"live", true},
                    {"raw", bytes("\x01\xff")}};

TEST(Compare, KnowsSixRelationsOfNumbers) {
  EXPECT_EQ(test("floor = 3", reading), yes);
  EXPECT_EQ(test("floor <> 3", reading), no);
  EXPECT_EQ(test("floor != 4", reading), yes);
  EXPECT_EQ(test("floor < 4", reading), yes);
  EXPECT_EQ(test("floor <= 2", reading), no);
  EXPECT_EQ(test("floor > 2.5", reading), yes);
  EXPECT_EQ(test("floor >= 3.0", reading), yes);
  EXPECT_EQ(test("30 < value", reading), yes);
}

TEST(Compare, TakesWholeNumbersAndDoublesByTheirExactValues) {
  const Given given{{"i", std::int64_t{9007199254740993}}, {"d", 9007199254740992.0}};
  EXPECT_EQ(test("i = 9007199254740992.0", given), no);
  EXPECT_EQ(test("i > d", given), yes);
  EXPECT_EQ(test("i < 1e300", given), yes);
  EXPECT_EQ(test("i > -1e300", given), yes);
  EXPECT_EQ(test("d = 9007199254740992", given), yes);
}

TEST(Compare, IsUnknownBetweenDifferentKinds) {
  EXPECT_EQ(test("room = 3", reading), unknown);
  EXPECT_EQ(test("room <> 3", reading), unknown);
  EXPECT_EQ(test("live = 'true'", reading), unknown);
  EXPECT_EQ(test("value < 'a'", reading), unknown);
  EXPECT_EQ(test("raw = 'lab'", reading), unknown);
  EXPECT_EQ(test("live < floor", reading), unknown);
}

TEST(Compare, OrdersTextsByTheirBytes) {
  EXPECT_EQ(test("room < 'lac'", reading), yes);
  EXPECT_EQ(test("room = 'Lab'", reading), no);
  EXPECT_EQ(test("room < 'l\xc3\xa9'", reading), yes);
  EXPECT_EQ(test("raw = X'01FF'", reading), yes);
  EXPECT_EQ(test("raw > X'01'", reading), yes);
}

TEST(Compare, WithANumberThatIsNoneIsUnknown) {
  const Given given{{"x", std::numeric_limits<double>::quiet_NaN()}};
  EXPECT_EQ(test("x = x", given), unknown);
  EXPECT_EQ(test("x <> 1", given), unknown);
  EXPECT_EQ(test("x IN (1, 2)", given), unknown);
  EXPECT_EQ(test("x IS NULL", given), no);
}

TEST(Compare, TakesBothZerosForOneNumber) { EXPECT_EQ(test("x = 0", Given{{"x", -0.0}}), yes); }

TEST(Missing, IsUnknownEverywhereButInIsNull) {
  const Given given{{"nothing", std::monostate{}}};
  for (const char* text :
       {"x = 1", "x <> 1", "NOT x = 1", "x IN (1)", "x NOT IN (1)", "x LIKE '%'", "x NOT LIKE '%'", "x",
        "NOT x", "x + 1 > 0", "within(geo, circle(0, 0, 1))", "x BETWEEN 1 AND 2", "nothing = 1", "nothing"})
    EXPECT_EQ(test(text, given), unknown) << text;
  EXPECT_EQ(test("x IS NULL", given), yes);
  EXPECT_EQ(test("nothing IS NULL", given), yes);
  EXPECT_EQ(test("x IS NOT NULL", given), no);
}

TEST(Logic, IsThreeValued) {
  const Given given{{"t", true}, {"f", false}};
  EXPECT_EQ(test("t AND x", given), unknown);
  EXPECT_EQ(test("f AND x", given), no);
  EXPECT_EQ(test("t OR x", given), yes);
  EXPECT_EQ(test("f OR x", given), unknown);
  EXPECT_EQ(test("NOT x", given), unknown);
  EXPECT_EQ(test("NOT (t AND f)", given), yes);
  EXPECT_EQ(test("f OR t AND t", given), yes);  // AND binds tighter
  EXPECT_EQ(test("NOT f AND f", given), no);    // NOT tighter still
}

TEST(In, IsEqualityWithOneOfThem) {
  EXPECT_EQ(test("room IN ('hall', 'lab')", reading), yes);
  EXPECT_EQ(test("room NOT IN ('hall', 'lab')", reading), no);
  EXPECT_EQ(test("floor IN (1, 2, 3.0, 4)", reading), yes);
  EXPECT_EQ(test("floor + 1 IN (4, 9)", reading), yes);
  EXPECT_EQ(test("floor NOT IN (-1, 7)", reading), yes);
  EXPECT_EQ(test("room IN (1, 2)", reading), unknown);
}

TEST(Between, HoldsBothEnds) {
  EXPECT_EQ(test("floor BETWEEN 3 AND 5", reading), yes);
  EXPECT_EQ(test("floor BETWEEN 1 AND 3", reading), yes);
  EXPECT_EQ(test("floor BETWEEN 5 AND 1", reading), no);
  EXPECT_EQ(test("floor NOT BETWEEN 4 AND 5", reading), yes);
  EXPECT_EQ(test("room BETWEEN 'la' AND 'lb'", reading), yes);
}

TEST(Arithmetic, BindsAsUsual) {
  EXPECT_EQ(test("floor + 2 * 3 = 9", reading), yes);
  EXPECT_EQ(test("(floor + 2) * 3 = 15", reading), yes);
  EXPECT_EQ(test("10 - floor - 2 = 5", reading), yes);
  EXPECT_EQ(test("-floor = -3", reading), yes);
  EXPECT_EQ(test("value * 2 = 63", reading), yes);
}

TEST(Arithmetic, DividesWholeNumbersTowardsZero) {
  const Given given{{"x", std::int64_t{7}}};
  EXPECT_EQ(test("x / 2 = 3", given), yes);
  EXPECT_EQ(test("-x / 2 = -3", given), yes);
  EXPECT_EQ(test("x / 2.0 = 3.5", given), yes);
}

TEST(Arithmetic, WithoutAnAnswerIsUnknown) {
  const Given given{{"big", std::numeric_limits<std::int64_t>::max()},
                    {"low", std::numeric_limits<std::int64_t>::min()},
                    {"zero", std::int64_t{0}},
                    {"huge", 1e308},
                    {"endless", std::numeric_limits<double>::infinity()}};
  for (const char* text :
       {"big + 1 > 0", "low - 1 < 0", "big * 2 > 0", "-low > 0", "low / -1 > 0", "1 / zero = 0",
        "1.0 / zero = 0", "huge * 10 > 0", "endless + 1 > 0", "endless - endless = 0"})
    EXPECT_EQ(test(text, given), unknown) << text;
  EXPECT_EQ(test("endless > 1e308", given), yes);
}

TEST(Reserved, NamesSayWhatBoatoKnowsOfTheEvent) {
  Given given;
  given.has_event = true;
  given.event = {"sensors/3/temp", "q3f", "k", "text/plain", 7, 1764000000000000, 12};
  EXPECT_EQ(test("$topic = 'sensors/3/temp'", given), yes);
  EXPECT_EQ(test("$level1 = 'sensors' AND $level2 = '3' AND $level3 = 'temp'", given), yes);
  EXPECT_EQ(test("$level4 IS NULL", given), yes);
  EXPECT_EQ(test("$levels = 3 AND $seq = 7 AND $size < 13 AND $time > 1000", given), yes);
  EXPECT_EQ(test("$publisher LIKE 'q3%' AND $key = 'k' AND $type = 'text/plain'", given), yes);
}

TEST(Reserved, NamesAreMissingWhereThereIsNoEvent) {
  EXPECT_EQ(test("$size > 0", Given{}), unknown);
  EXPECT_EQ(test("$topic IS NULL", Given{}), yes);
}

TEST(Within, TakesGeoOrAPlaceOfAnotherName) {
  const Given given{{"lat", 38.6612}, {"lon", -9.2051}, {"home.lat", std::int64_t{41}}, {"home.lon", -8.6}};
  EXPECT_EQ(test("within(geo, circle(38.66, -9.20, 500))", given), yes);
  EXPECT_EQ(test("within(geo, circle(38.66, -9.20, 400))", given), no);
  EXPECT_EQ(test("NOT within(geo, circle(38.66, -9.20, 400))", given), yes);
  EXPECT_EQ(test("within(home, box(40, -9, 42, -8))", given), yes);
  EXPECT_EQ(test("within(work, box(40, -9, 42, -8))", given), unknown);
}

TEST(Within, IsUnknownForWhatIsNoPlaceOnEarth) {
  EXPECT_EQ(test("within(geo, box(-90, -180, 90, 180))", Given{{"lat", 91.0}, {"lon", 0.0}}), unknown);
  EXPECT_EQ(test("within(geo, box(-90, -180, 90, 180))", Given{{"lat", "1"sv}, {"lon", 0.0}}), unknown);
}

TEST(Evaluate, CountsOnTheLimitOfAttributes) {
  EXPECT_EQ(predicate_value_bytes, wire::attribute_value_bytes_max);
  EXPECT_EQ(predicate_name_bytes_max, wire::attribute_name_bytes_max);
}

}  // namespace
}  // namespace boato
