// SPDX-License-Identifier: Apache-2.0
#include "node/store/check.hpp"

#include "node/store/schema.hpp"
#include "tests/store/lab.hpp"

namespace boato {
namespace {

using ::testing::Contains;
using ::testing::Each;
using ::testing::Field;
using State = Finding::State;

std::vector<Finding> check(Lab& lab, StoreFacts& facts) {
  return check_store(lab.options.folder, lab.disk.vfs(), facts);
}

TEST(Check, ASoundStoreIsAllRightAlsoWhileItIsInUse) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3}), lab.append({2, 1, 2})));

  StoreFacts facts;
  EXPECT_THAT(check(lab, facts), Each(Field(&Finding::state, State::ok)));
  EXPECT_EQ(facts.events, 5U);
  EXPECT_EQ(facts.streams, 2U);
  ASSERT_TRUE(lab.keep(lab.append({1, 4, 3})));
}

TEST(Check, NamesWhatDoesNotCheck) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3}), lab.append({1, 4, 2})));
  lab.store.reset();
  const auto wanted = content(1, 4, 2);
  for (std::uint64_t at = 0; at < lab.disk.size(lab.file("events.db")); ++at)
    if (lab.disk.holds(lab.file("events.db"), at, wanted)) lab.disk.flip(lab.file("events.db"), 8 * at);
  lab.disk.truncate(lab.file("events.db-wal"), 0);

  StoreFacts facts;
  const auto findings = check(lab, facts);
  EXPECT_EQ(facts.bad, 1U);
  EXPECT_THAT(findings, Contains(testing::AllOf(Field(&Finding::what, "events"),
                                                Field(&Finding::state, State::wrong))));
}

TEST(Check, AStoreBehindItsMarkIsWrong) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3})));
  ASSERT_TRUE(lab.store->checkpoint());
  ASSERT_TRUE(lab.keep(lab.append({1, 4, 3})));
  lab.crash();
  lab.disk.truncate(lab.file("events.db-wal"), 0);

  StoreFacts facts;
  EXPECT_THAT(check(lab, facts),
              Contains(testing::AllOf(Field(&Finding::what, "mark"), Field(&Finding::state, State::wrong))));
}

TEST(Check, StreamsWithoutTheirTopicAreNamedAndTheRestIsRead) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3})));
  lab.store.reset();
  ASSERT_TRUE(open_to_write(lab.options.folder, lab.disk.vfs()).run("DELETE FROM topics"));

  StoreFacts facts;
  EXPECT_THAT(check(lab, facts),
              Contains(testing::AllOf(Field(&Finding::what, "sums"), Field(&Finding::state, State::wrong))));
  EXPECT_EQ(facts.bad, 1U);
}

TEST(Check, ACursorThatDoesNotCheckIsWrongAndNotLeftOutInSilence) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(SaveCursor{slot, {"reader", test_topic, 2, publisher(4), "position", 99}}));
  lab.store.reset();
  ASSERT_TRUE(open_to_write(lab.options.folder, lab.disk.vfs()).run("UPDATE cursors SET attach = 3"));

  StoreFacts facts;
  EXPECT_THAT(check(lab, facts),
              Contains(testing::AllOf(Field(&Finding::what, "rows"), Field(&Finding::state, State::wrong))));
  LogReader reader = lab.reader();
  EXPECT_EQ(reader.logs().error(), Errc::conflict);
  EXPECT_TRUE(reader.has_lost());
}

TEST(Check, AStoreWithoutItsOwnRowIsWrongAndNothingOfItIsRight) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3})));
  lab.store.reset();
  ASSERT_TRUE(open_to_write(lab.options.folder, lab.disk.vfs()).run("UPDATE store SET clock = clock + 1"));

  StoreFacts facts;
  const auto findings = check(lab, facts);
  EXPECT_EQ(findings.back().what, "sums");
  EXPECT_EQ(findings.back().state, State::wrong);
}

TEST(Check, TooLittleRoomIsWrong) {
  EXPECT_EQ(check_space({std::uint64_t{100} << 20, std::uint64_t{1} << 40}, {}).state, State::wrong);
  EXPECT_EQ(check_space({std::uint64_t{1} << 39, std::uint64_t{1} << 40}, {}).state, State::ok);
}

}  // namespace
}  // namespace boato
