// SPDX-License-Identifier: Apache-2.0
#include "tests/store/lab.hpp"

namespace boato {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(LogStore, ServesWhatItHoldsInOrderOfArrivalAfterOpeningAgain) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 4, 2}), lab.append({2, 1, 1}), lab.append({1, 1, 3})));

  lab.start();
  LogReader reader = lab.reader();
  const Read read = read_all(reader);
  EXPECT_THAT(read.pieces, ElementsAre(Piece{1, 4, 2}, Piece{2, 1, 1}, Piece{1, 1, 3}));
  EXPECT_TRUE(read.genuine);
}

TEST(LogStore, TellsFrontierAndWhatIsHeldBeyondHoles) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3}), lab.append({1, 6, 2}), lab.append({1, 10, 1})));

  LogReader reader = lab.reader();
  const auto before = reader.held(test_path);
  ASSERT_TRUE(before);
  ASSERT_EQ(before->size(), 1U);
  EXPECT_EQ(before->front().held, Seq{3});
  EXPECT_THAT(before->front().above, ElementsAre(SeqRange{Seq{6}, Seq{7}}, SeqRange{Seq{10}, Seq{10}}));

  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 4, 2})));
  const auto after = reader.held(test_path);
  ASSERT_TRUE(after);
  EXPECT_EQ(after->front().held, Seq{7});
}

TEST(LogStore, TheSameBatchAgainChangesNothing) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3})));
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3}), lab.append({1, 1, 3})));

  EXPECT_THAT(lab.refusals(), IsEmpty());
  EXPECT_EQ(lab.store->counts().duplicates, 2U);
  LogReader reader = lab.reader();
  EXPECT_THAT(read_all(reader).pieces, ElementsAre(Piece{1, 1, 3}));
}

TEST(LogStore, OtherBytesUnderHeldNumbersAreAConflictAndNeverKept) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3})));
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3}, 1), lab.append({1, 2, 2}), lab.append({1, 3, 4})));

  EXPECT_THAT(lab.refusals(), ElementsAre(Refusal::conflict, Refusal::conflict, Refusal::conflict));
  EXPECT_EQ(lab.store->counts().conflicts, 3U);
  LogReader reader = lab.reader();
  const Read read = read_all(reader);
  EXPECT_THAT(read.pieces, ElementsAre(Piece{1, 1, 3}));
  EXPECT_TRUE(read.genuine);
}

TEST(LogStore, AStreamIsReadFromTheBatchThatHoldsANumber) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(
      lab.keep(lab.append({1, 5, 4}), lab.append({2, 1, 1}), lab.append({1, 1, 4}), lab.append({1, 9, 1})));

  LogReader reader = lab.reader();
  const StreamName name{test_topic, publisher(1), Incarnation{5}};
  const auto slice = reader.stream(name, test_log, Seq{6}, {.rows_max = 1});
  ASSERT_TRUE(slice);
  ASSERT_EQ(slice->batches.size(), 1U);
  EXPECT_EQ(piece_of(slice->batches.front()), (Piece{1, 5, 4}));
  EXPECT_EQ(slice->next, 9U);
  EXPECT_FALSE(slice->end);
  const auto rest = reader.stream(name, test_log, Seq{slice->next});
  ASSERT_TRUE(rest);
  EXPECT_EQ(piece_of(rest->batches.front()), (Piece{1, 9, 1}));
  EXPECT_TRUE(rest->end);
}

TEST(LogStore, AnUnknownLogTopicOrStreamIsNoSuch) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(
      lab.keep(AppendBatch{LogSlot{9}, test_topic, publisher(1), Incarnation{1}, Seq{1}, 1, 0, {}, {}, {}},
               AppendBatch{slot, TopicId{}, publisher(1), Incarnation{1}, Seq{1}, 1, 0, {}, {}, {}}));

  EXPECT_THAT(lab.refusals(), ElementsAre(Refusal::no_such, Refusal::no_such));
  LogReader reader = lab.reader();
  EXPECT_EQ(reader.arrived({test_log, TopicId{}}, 0).error(), Errc::no_such);
  EXPECT_EQ(reader.stream({test_topic, publisher(3), Incarnation{1}}, test_log, Seq{1}).error(),
            Errc::no_such);
}

TEST(LogStore, NumbersThatSqliteCannotSortAreRefused) {
  Lab lab;
  lab.start();
  AppendBatch far = lab.append({1, 1, 1});
  far.first = Seq{~std::uint64_t{0} - 5};
  AppendBatch none = lab.append({1, 1, 1});
  none.count = 0;
  ASSERT_TRUE(lab.keep(far, none));

  EXPECT_THAT(lab.refusals(), ElementsAre(Refusal::too_large, Refusal::too_large));
}

TEST(LogStore, MoreHolesThanAStreamMayHaveAreRefused) {
  Lab lab;
  lab.start();
  for (std::uint64_t i = 0; i < RangeSet::ranges_max; ++i)
    ASSERT_TRUE(lab.keep(lab.append({1, 3 + 2 * i, 1})));
  ASSERT_TRUE(lab.keep(lab.append({1, 1001, 1})));

  EXPECT_THAT(lab.refusals(), ElementsAre(Refusal::too_many_holes));
  EXPECT_TRUE(lab.open());
}

TEST(LogStore, KeepsMetaAndCursors) {
  Lab lab;
  lab.start();
  const LogMeta meta{
      3, "config", {4, publisher(9), Incarnation{2}}, {3, publisher(8), Incarnation{1}}, 11, "chain", 10};
  const DurableCursor cursor{"reader", test_topic, 2, publisher(4), "position", 99};
  ASSERT_TRUE(lab.keep(SaveMeta{slot, meta}, SaveCursor{slot, cursor},
                       SaveCursor{slot, {"gone", test_topic, 1, publisher(4), "", 0}}));
  ASSERT_TRUE(lab.keep(DropCursor{slot, "gone"}));

  lab.start();
  LogReader reader = lab.reader();
  const auto logs = reader.logs();
  ASSERT_TRUE(logs);
  ASSERT_EQ(logs->size(), 1U);
  EXPECT_EQ(logs->front().name, test_log);
  EXPECT_EQ(logs->front().meta, meta);
  EXPECT_THAT(logs->front().cursors, ElementsAre(cursor));
}

TEST(LogStore, APromiseThatFallsIsRefusedWithAllThatCameWithIt) {
  Lab lab;
  lab.start();
  const LogMeta high{3, "new", {4, publisher(9), Incarnation{2}}, {}, 11, "chain", 10};
  const LogMeta low{4, "old", {4, publisher(8), Incarnation{2}}, {}, 12, "other", 11};
  ASSERT_TRUE(lab.keep(SaveMeta{slot, high}));
  ASSERT_TRUE(lab.keep(SaveMeta{slot, low}, lab.append({1, 1, 1})));

  EXPECT_THAT(lab.answers.front().refused, ElementsAre(RefusedOp{0, Refusal::promised_more}));
  lab.start();
  LogReader reader = lab.reader();
  EXPECT_EQ(reader.logs()->front().meta, high);
  EXPECT_THAT(read_all(reader).pieces, ElementsAre(Piece{1, 1, 1}));
}

TEST(LogStore, AStreamOfWhichNothingIsHeldIsThereAfterOpeningAgain) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(RaiseFloor{slot, test_topic, publisher(1), Incarnation{5}, Seq{0}}));

  lab.start();
  LogReader reader = lab.reader();
  EXPECT_EQ(reader.held(test_path)->size(), 1U);
}

TEST(LogStore, AReplayFromBehindAllNumbersIsEmpty) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1}), lab.append({1, 2, 1})));

  LogReader reader = lab.reader();
  const auto arrived = reader.arrived(test_path, ~std::uint64_t{0});
  ASSERT_TRUE(arrived);
  EXPECT_TRUE(arrived->batches.empty() && arrived->end);
  const auto stream =
      reader.stream({test_topic, publisher(1), Incarnation{5}}, test_log, Seq{~std::uint64_t{0}});
  ASSERT_TRUE(stream);
  EXPECT_TRUE(stream->batches.empty() && stream->end);
}

TEST(LogStore, TheIncarnationIsBornWithTheStore) {
  Lab lab;
  lab.options.fresh_incarnation = 17;
  lab.start();
  lab.options.fresh_incarnation = 18;
  lab.start();
  EXPECT_EQ(lab.store->incarnation(), 17U);
}

TEST(LogStore, ALogOfALaterGenerationIsAnother) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1})));
  const LogName later{test_log.domain, 2};
  ASSERT_TRUE(lab.keep(OpenLog{slot, later}, KeepTopic{slot, test_topic, {}}, lab.append({1, 5, 1})));

  LogReader reader = lab.reader();
  EXPECT_THAT(read_all(reader).pieces, ElementsAre(Piece{1, 1, 1}));
  EXPECT_THAT(read_all(reader, {later, test_topic}).pieces, ElementsAre(Piece{1, 5, 1}));
}

}  // namespace
}  // namespace boato
