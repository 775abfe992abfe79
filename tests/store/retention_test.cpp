// SPDX-License-Identifier: Apache-2.0
#include "tests/store/lab.hpp"

namespace boato {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Piece> held(Lab& lab) {
  LogReader reader = lab.reader();
  const Read read = read_all(reader);
  EXPECT_FALSE(read.damaged);
  return read.pieces;
}

HeldStream stream(Lab& lab) {
  LogReader reader = lab.reader();
  return reader.held(test_path)->front();
}

TEST(Retention, TheOldestGoFirstAndTheFloorTells) {
  Lab lab;
  lab.start({.events = 4});
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 2}), lab.append({1, 3, 2})));
  ASSERT_TRUE(lab.keep(lab.append({1, 5, 2})));

  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 3, 2}, Piece{1, 5, 2}));
  EXPECT_EQ(stream(lab).floor, Seq{2});
  EXPECT_EQ(stream(lab).held, Seq{6});
  EXPECT_EQ(lab.store->counts().expired, 2U);
  lab.start({.events = 4});
  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 3, 2}, Piece{1, 5, 2}));
}

TEST(Retention, NeverBelowTheNumberItPromises) {
  Lab lab;
  lab.start({.events = 3});
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 2}), lab.append({1, 3, 2})));

  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 1, 2}, Piece{1, 3, 2}));
}

TEST(Retention, ByBytes) {
  Lab lab;
  const std::uint64_t each = content(1, 2, 1).size();
  lab.start({.bytes = content(1, 3, 1).size() + each});
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1}), lab.append({1, 2, 1}), lab.append({1, 3, 1})));

  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 2, 1}, Piece{1, 3, 1}));
}

TEST(Retention, ByAgeOnAClockThatFollowsMonotonicTimeOfThisProcessOnly) {
  Lab lab;
  lab.now = Time{seconds{1'000'000}};  // where protocol time begins says nothing
  lab.start({.age = seconds{10}});
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1}), lab.append({1, 2, 1})));
  lab.now += seconds{6};
  ASSERT_TRUE(lab.keep());

  // A restart may take any time: nothing ages meanwhile.
  lab.now = Time{seconds{5}};
  lab.start({.age = seconds{10}});
  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 1, 1}, Piece{1, 2, 1}));
  lab.now += seconds{3};
  ASSERT_TRUE(lab.keep(lab.append({1, 3, 1})));
  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 1, 1}, Piece{1, 2, 1}, Piece{1, 3, 1}));
  lab.now += seconds{2};
  ASSERT_TRUE(lab.keep());
  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 3, 1}));
}

TEST(Retention, WhatAQuorumSaysOfTheTimeBetweenCounts) {
  Lab lab;
  lab.start({.age = seconds{10}});
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1}), lab.append({1, 2, 1})));
  ASSERT_TRUE(lab.keep(AdvanceClock{seconds{11}}, lab.append({1, 3, 1})));

  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 3, 1}));
}

TEST(Retention, TheNewestOutlivesItsAge) {
  Lab lab;
  lab.start({.age = seconds{10}});
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1})));
  lab.now += seconds{60};
  ASSERT_TRUE(lab.keep());

  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 1, 1}));
}

TEST(Retention, NothingRisesFromTheDead) {
  Lab lab;
  lab.start({.events = 1});
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1}), lab.append({1, 2, 1})));
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1})));
  EXPECT_THAT(lab.refusals(), IsEmpty());
  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 2, 1}));
}

TEST(Retention, AFloorTakesWhatArrivedLaterWithIt) {
  Lab lab;
  lab.start({.events = 2});
  ASSERT_TRUE(lab.keep(lab.append({1, 3, 1}), lab.append({1, 1, 2}), lab.append({2, 1, 1})));

  EXPECT_THAT(held(lab), ElementsAre(Piece{2, 1, 1}));
  LogReader reader = lab.reader();
  const auto streams = reader.held(test_path);
  EXPECT_EQ(streams->front().floor, Seq{3});
  EXPECT_EQ(streams->front().held, Seq{3});
}

TEST(Retention, AnEventsOwnTimeEndsItInTheMiddleOfItsStream) {
  Lab lab;
  lab.start();
  AppendBatch brief = lab.append({1, 2, 1});
  brief.ttl = seconds{5};
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1}), brief, lab.append({1, 3, 1})));
  lab.now += seconds{6};
  ASSERT_TRUE(lab.keep());

  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 1, 1}, Piece{1, 3, 1}));
  EXPECT_EQ(stream(lab).held, Seq{3});
  EXPECT_EQ(stream(lab).floor, Seq{0});
  EXPECT_THAT(stream(lab).faulty, IsEmpty());
  ASSERT_TRUE(lab.keep(brief));  // it is known, and does not come back
  lab.start();
  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 1, 1}, Piece{1, 3, 1}));
}

TEST(Retention, AReplicaBeginsAtAFloor) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(
      lab.keep(RaiseFloor{slot, test_topic, publisher(1), Incarnation{5}, Seq{10}}, lab.append({1, 11, 2})));

  EXPECT_EQ(stream(lab).held, Seq{12});
  EXPECT_EQ(stream(lab).floor, Seq{10});
  lab.start();
  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 11, 2}));
}

TEST(Retention, MoreThanOneTransactionTakesGoesWhenTheWriterIsIdle) {
  Lab lab;
  lab.start();
  for (std::uint64_t i = 0; i < 1200; ++i) ASSERT_TRUE(lab.keep(lab.append({1, 1 + i, 1})));
  ASSERT_TRUE(lab.keep(KeepTopic{slot, test_topic, {.events = 2}}));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(lab.store->idle());

  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 1199, 1}, Piece{1, 1200, 1}));
}

std::vector<std::pair<std::string, Piece>> last_values(Lab& lab) {
  LogReader reader = lab.reader();
  std::vector<std::pair<std::string, Piece>> all;
  for (std::optional<std::string> after;;) {
    const auto slice = reader.last_values(test_path, after, {.rows_max = 2});
    EXPECT_TRUE(slice);
    for (const LastValue& value : slice->values) {
      EXPECT_TRUE(genuine(value.batch));
      all.emplace_back(value.key,
                       Piece{value.batch.publisher.raw[0], value.batch.first.raw() + value.index, 1});
    }
    if (slice->end) return all;
    after = slice->values.back().key;
  }
}

AppendBatch keyed(Lab& lab, Piece piece, std::vector<EventKey> keys) {
  AppendBatch op = lab.append(piece);
  op.keys = std::move(keys);
  return op;
}

TEST(LastValue, OfEachKeyOutlivesAgeAndNumber) {
  Lab lab;
  lab.start({.events = 1});
  ASSERT_TRUE(lab.keep(keyed(lab, {1, 1, 2}, {{0, "a"}, {1, "b"}}), keyed(lab, {1, 3, 1}, {{0, "a"}}),
                       keyed(lab, {1, 4, 1}, {{0, "c"}}), lab.append({1, 5, 1})));

  EXPECT_THAT(held(lab), ElementsAre(Piece{1, 5, 1}));
  EXPECT_THAT(last_values(lab), ElementsAre(std::pair{"a", Piece{1, 3, 1}}, std::pair{"b", Piece{1, 2, 1}},
                                            std::pair{"c", Piece{1, 4, 1}}));
  ASSERT_TRUE(lab.keep(keyed(lab, {1, 6, 1}, {{0, "b"}})));
  lab.start({.events = 1});
  EXPECT_THAT(last_values(lab), ElementsAre(std::pair{"a", Piece{1, 3, 1}}, std::pair{"b", Piece{1, 6, 1}},
                                            std::pair{"c", Piece{1, 4, 1}}));
}

TEST(LastValue, DoesNotOutliveTheBytes) {
  Lab lab;
  lab.start({.bytes = content(1, 3, 1).size()});
  ASSERT_TRUE(lab.keep(keyed(lab, {1, 1, 1}, {{0, "a"}}), keyed(lab, {1, 2, 1}, {{0, "b"}}),
                       keyed(lab, {1, 3, 1}, {{0, "c"}})));

  EXPECT_THAT(last_values(lab), ElementsAre(std::pair{"c", Piece{1, 3, 1}}));
}

TEST(LastValue, IsTheSameWhateverOrderTheyArriveIn) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(keyed(lab, {1, 3, 1}, {{0, "a"}}), keyed(lab, {1, 2, 1}, {{0, "a"}}),
                       keyed(lab, {2, 9, 1}, {{0, "b"}}), keyed(lab, {1, 4, 1}, {{0, "b"}})));

  EXPECT_THAT(last_values(lab), ElementsAre(std::pair{"a", Piece{1, 3, 1}}, std::pair{"b", Piece{2, 9, 1}}));
}

TEST(LastValue, OfATopicWithoutKeysIsItsNewest) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1}), lab.append({1, 2, 3})));

  EXPECT_THAT(last_values(lab), ElementsAre(std::pair{"", Piece{1, 4, 1}}));
}

TEST(Replay, FromATimeIsTheSuffixFromWhereItWasFirstReached) {
  Lab lab;
  lab.start();
  for (const std::uint64_t first : {5, 3, 9, 7, 11})
    ASSERT_TRUE(lab.keep(lab.append({1, first, 1})));  // at 1000 x

  LogReader reader = lab.reader();
  EXPECT_EQ(*reader.place_of_time(test_path, 0), 0U);
  const auto from = [&](std::uint64_t time) {
    return read_all(reader, test_path, *reader.place_of_time(test_path, time)).pieces;
  };
  EXPECT_THAT(from(5001), ElementsAre(Piece{1, 9, 1}, Piece{1, 7, 1}, Piece{1, 11, 1}));
  EXPECT_THAT(from(9000), ElementsAre(Piece{1, 9, 1}, Piece{1, 7, 1}, Piece{1, 11, 1}));
  EXPECT_THAT(from(9001), ElementsAre(Piece{1, 11, 1}));
  EXPECT_THAT(from(11'001), IsEmpty());
}

TEST(Replay, OfTheLastEventsBeginsInTheMiddleOfABatchIfNeedBe) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 5}), lab.append({2, 1, 4}), lab.append({1, 6, 2})));

  LogReader reader = lab.reader();
  const auto start = reader.place_of_last(test_path, 5);
  ASSERT_TRUE(start);
  EXPECT_THAT(read_all(reader, test_path, start->at).pieces, ElementsAre(Piece{2, 1, 4}, Piece{1, 6, 2}));
  EXPECT_EQ(start->skip, 1U);
  EXPECT_EQ(reader.place_of_last(test_path, 100)->skip, 0U);
  EXPECT_EQ(read_all(reader, test_path, reader.place_of_last(test_path, 100)->at).pieces.size(), 3U);
  EXPECT_THAT(read_all(reader, test_path, reader.place_of_last(test_path, 0)->at).pieces, IsEmpty());
}

}  // namespace
}  // namespace boato
