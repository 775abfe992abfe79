// SPDX-License-Identifier: Apache-2.0
#include "tests/store/model.hpp"
#include "tests/store/seeds.hpp"

namespace boato {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t gib = std::uint64_t{1} << 30;

TEST(FullDisk, RefusesNewEventsUnderTheLimitsAndStillKeepsPromises) {
  Lab lab;
  Space space{300 * gib, 1000 * gib};
  lab.options.limits = {.free_min = gib, .used_max_percent = 90, .reserve = 64 * 1024};
  lab.options.space = [&] { return space; };
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1})));
  EXPECT_THAT(lab.refusals(), IsEmpty());

  space.free = 99 * gib;
  const LogMeta meta{1, "c", {2, {}, {}}, {}, 0, "", 0};
  ASSERT_TRUE(lab.keep(lab.append({1, 2, 1}), SaveMeta{slot, meta}, lab.append({1, 1, 1})));
  EXPECT_THAT(lab.answers.front().refused, ElementsAre(RefusedOp{0, Refusal::disk_full}));
  EXPECT_TRUE(lab.store->full());
  LogReader reader = lab.reader();
  EXPECT_EQ(reader.logs()->front().meta, meta);

  space = {gib / 2, 2 * gib};
  ASSERT_TRUE(lab.keep(lab.append({1, 2, 1})));
  EXPECT_THAT(lab.refusals(), ElementsAre(Refusal::disk_full));
  space.free = 200 * gib;
  space.total = 1000 * gib;
  ASSERT_TRUE(lab.keep(lab.append({1, 2, 1})));
  EXPECT_THAT(lab.refusals(), IsEmpty());
}

TEST(FullDisk, AWriteThatFindsNoRoomIsTakenBackAndPromisesGoIntoTheReserve) {
  Lab lab;
  lab.options.limits.reserve = std::uint64_t{1} << 20;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 1})));
  lab.disk.set_capacity(lab.disk.used());

  const LogMeta meta{1, "c", {2, {}, {}}, {}, 0, "", 0};
  ASSERT_TRUE(lab.keep(lab.append({1, 2, 1}), SaveMeta{slot, meta})) << lab.store->why();
  EXPECT_THAT(lab.refusals(), ElementsAre(Refusal::disk_full));
  EXPECT_EQ(lab.store->counts().full, 1U);

  // Room again: the reserve is taken back first.
  lab.disk.set_capacity(lab.disk.used() + (std::uint64_t{8} << 20));
  ASSERT_TRUE(lab.keep(lab.append({1, 2, 1})));
  EXPECT_THAT(lab.refusals(), IsEmpty());
  EXPECT_EQ(lab.disk.size(lab.file("events.reserve")), lab.options.limits.reserve);
  LogReader reader = lab.reader();
  EXPECT_EQ(reader.logs()->front().meta, meta);
  EXPECT_THAT(read_all(reader).pieces, ElementsAre(Piece{1, 1, 1}, Piece{1, 2, 1}));
}

TEST(FullDisk, RetentionThatFindsNoRoomIsPutOff) {
  Lab lab;
  lab.start();
  for (std::uint64_t i = 0; i < 1200; ++i) ASSERT_TRUE(lab.keep(lab.append({1, 1 + i, 1})));
  ASSERT_TRUE(lab.keep(KeepTopic{slot, test_topic, {.events = 2}}));
  lab.disk.set_capacity(lab.disk.used());
  ASSERT_TRUE(lab.store->idle()) << lab.store->why();

  lab.disk.set_capacity(lab.disk.used() + (std::uint64_t{8} << 20));
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(lab.keep());
  LogReader reader = lab.reader();
  EXPECT_EQ(read_all(reader).pieces.size(), 2U);
}

TEST(FullDisk, AtAnyTimeLosesNothingThatWasAcknowledged) {
  for_seeds(40, [](std::uint64_t seed) {
    Lab lab;
    lab.options.limits.reserve = 512 * 1024;
    lab.start();
    Model model{seed};
    for (int round = 0; round < 4; ++round) {
      lab.disk.set_capacity(lab.disk.used() + model.rng.below(200'000));
      bool kept = true;
      for (int i = 0; i < 15 && kept; ++i) {
        kept = model.work(lab) && lab.store->idle();
        if (kept && model.rng.chance(0.3)) kept = lab.store->checkpoint();
      }
      // Without room even for promises it is fenced, and what was asked is open.
      if (!kept || model.rng.chance(0.3)) {
        lab.store.reset();
        lab.disk.heal();
        lab.start();
        if (HasFatalFailure()) return;
      }
      LogReader reader = lab.reader();
      model.judge(read_all(reader));
      if (HasFatalFailure()) return;
      model.judge_meta(reader);
    }
  });
}

}  // namespace
}  // namespace boato
