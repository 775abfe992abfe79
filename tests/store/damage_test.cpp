// SPDX-License-Identifier: Apache-2.0
// One thing goes wrong with the disk: never a wrong byte, and never a loss that is not told.
#include "node/store/rescue.hpp"
#include "node/store/schema.hpp"
#include "tests/store/model.hpp"
#include "tests/store/seeds.hpp"

namespace boato {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

void fill(Lab& lab, Model& model, std::uint64_t commits) {
  for (std::uint64_t i = 0; i < commits; ++i) {
    ASSERT_TRUE(model.work(lab));
    if (model.rng.chance(0.1)) {
      ASSERT_TRUE(lab.store->checkpoint());
    }
  }
}

// The replica's way back: the store is kept beside and another filled with what checks.
void rescue_and_judge(Lab& lab, const Model& model) {
  lab.store.reset();
  const std::string old = lab.options.folder;
  lab.options.folder = "/rescued";
  lab.options.fresh_incarnation = 2;
  const auto opened = lab.open();
  ASSERT_TRUE(opened) << opened.error().detail;
  RescueReport report;
  ASSERT_TRUE(rescue(old, lab.disk.vfs(), *lab.store, report));
  EXPECT_EQ(lab.store->incarnation(), 2U);

  LogReader reader = lab.reader();
  const Read read = read_all(reader);
  ASSERT_TRUE(read.genuine);
  ASSERT_FALSE(read.damaged);
  ASSERT_THAT(read.faulty, IsEmpty());
  const std::set<Piece> seen(read.pieces.begin(), read.pieces.end());
  ASSERT_EQ(seen.size(), read.pieces.size());
  ASSERT_EQ(seen.size(), report.batches);
  for (const Piece& piece : seen) ASSERT_TRUE(model.acked.contains(piece) || model.asked.contains(piece));
  const auto again = lab.open();
  ASSERT_TRUE(again) << again.error().detail;
}

// What replicas do with what is named as faulty: the same bytes come again.
void repair_and_judge(Lab& lab, Model& model, const Read& read) {
  LogReader reader = lab.reader();
  for (std::uint64_t place = 0;;) {
    const auto slice = reader.arrived(test_path, place);
    ASSERT_TRUE(slice);
    for (const FaultyRange& f : slice->faulty) lab.store->quarantine(f.stream, {f.range, f.at});
    if (slice->end) break;
    place = slice->next;
  }
  for (const Piece& piece : model.acked) {
    if (!lab.keep(lab.append(piece))) return;  // a page it would have to change is damaged: fenced, and told
    ASSERT_THAT(lab.refusals(), IsEmpty()) << piece;
  }
  EXPECT_EQ(lab.store->counts().repaired, read.faulty.size());
  const Read mended = read_all(reader);
  EXPECT_THAT(mended.faulty, IsEmpty());
  model.judge(mended);
}

void look_again(Lab& lab, Model& model) {
  lab.disk.heal();
  const auto opened = lab.open();
  if (!opened) return rescue_and_judge(lab, model);
  ASSERT_TRUE(lab.keep(OpenLog{slot, test_log}));
  LogReader reader = lab.reader();
  const Read read = read_all(reader);
  ASSERT_TRUE(read.genuine);
  if (read.damaged) return rescue_and_judge(lab, model);
  model.judge(read);
  if (!::testing::Test::HasFatalFailure()) repair_and_judge(lab, model, read);
}

const char* some_file(Rng& rng) {
  const std::uint64_t n = rng.below(8);
  return n < 4 ? "events.db" : n < 7 ? "events.db-wal" : "events.mark";
}

TEST(Damage, FlippedBitsAreFoundNamedAndMended) {
  for_seeds(150, [](std::uint64_t seed) {
    Lab lab;
    lab.start();
    Model model{seed};
    fill(lab, model, 5 + model.rng.below(40));
    if (model.rng.chance(0.5)) lab.crash();
    const std::string file = lab.file(some_file(model.rng));
    const std::uint64_t size = lab.disk.size(file);
    lab.store.reset();
    if (size == 0) return;
    for (std::uint64_t n = 1 + model.rng.below(3); n > 0; --n) lab.disk.flip(file, model.rng.below(size * 8));
    look_again(lab, model);
  });
}

TEST(Damage, AFileThatLostItsEndIsNoShorterLog) {
  for_seeds(60, [](std::uint64_t seed) {
    Lab lab;
    lab.start();
    Model model{seed};
    fill(lab, model, 5 + model.rng.below(40));
    if (model.rng.chance(0.5)) lab.crash();
    const std::string file = lab.file(some_file(model.rng));
    lab.store.reset();
    lab.disk.truncate(file, model.rng.below(lab.disk.size(file) + 1));
    look_again(lab, model);
  });
}

TEST(Damage, AFailedSyncOrWriteFencesTheStoreAndIsNotTriedAgain) {
  for_seeds(60, [](std::uint64_t seed) {
    Lab lab;
    lab.start();
    Model model{seed};
    fill(lab, model, model.rng.below(10));
    if (model.rng.chance(0.5)) {
      lab.disk.fail_sync_after(model.rng.below(20));
    } else {
      lab.disk.fail_write_after(model.rng.below(60));
    }
    bool kept = true;
    for (int i = 0; i < 100 && kept; ++i) {
      kept = model.work(lab) && lab.store->idle();
      if (kept && model.rng.chance(0.2)) kept = lab.store->checkpoint();
    }
    ASSERT_TRUE(lab.disk.failed());
    ASSERT_FALSE(kept);
    ASSERT_TRUE(lab.store->fenced());
    ASSERT_FALSE(lab.keep(lab.append({1, 100'000, 1})));
    ASSERT_THAT(lab.answers, IsEmpty());
    // The pages that could not be written are gone with the power.
    lab.disk.cut(model.rng);
    lab.store.reset();
    look_again(lab, model);
  });
}

TEST(Damage, EachFrameOfTheLogOfSqliteInTurn) {
  constexpr std::uint64_t header = 32, frame = 4096 + 24;
  std::uint64_t frames = 1;
  for (std::uint64_t i = 0; i < frames; ++i) {
    SCOPED_TRACE(i);
    Lab lab;
    lab.start();
    Model model{7};
    fill(lab, model, 6);
    lab.crash();
    const std::string file = lab.file("events.db-wal");
    frames = (lab.disk.size(file) - header) / frame;
    ASSERT_GT(frames, 5U);
    lab.disk.flip(file, (header + i * frame + 24 + 100 + i) * 8);
    look_again(lab, model);
    if (HasFatalFailure()) return;
  }
}

TEST(Damage, ABadRowIsQuarantinedAcrossAStartAndMendedByTheSameBytesOnly) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3}), lab.append({1, 4, 2}), lab.append({1, 7, 1})));
  ASSERT_TRUE(lab.store->checkpoint());
  lab.store.reset();
  // Some byte of the payload of the batch in the middle.
  const auto wanted = content(1, 4, 2);
  const std::uint64_t size = lab.disk.size(lab.file("events.db"));
  for (std::uint64_t at = 0; at < size; ++at) {
    if (lab.disk.holds(lab.file("events.db"), at, wanted)) lab.disk.flip(lab.file("events.db"), (at + 9) * 8);
  }
  lab.disk.truncate(lab.file("events.db-wal"), 0);  // all of it is in the database
  lab.start();
  LogReader reader = lab.reader();
  const auto slice = reader.arrived(test_path, 0);
  ASSERT_TRUE(slice);
  ASSERT_EQ(slice->faulty.size(), 1U);
  EXPECT_EQ(slice->faulty[0].range, (SeqRange{Seq{4}, Seq{5}}));
  lab.store->quarantine(slice->faulty[0].stream, {slice->faulty[0].range, slice->faulty[0].at});

  lab.start();
  const auto held = reader.held(test_path);
  ASSERT_TRUE(held);
  EXPECT_EQ(held->front().held, Seq{5});
  EXPECT_THAT(held->front().faulty, ElementsAre(SeqRange{Seq{4}, Seq{5}}));
  ASSERT_TRUE(lab.keep(lab.append({1, 4, 2}, 1)));
  EXPECT_THAT(lab.refusals(), ElementsAre(Refusal::conflict));
  ASSERT_TRUE(lab.keep(lab.append({1, 4, 2})));
  EXPECT_THAT(lab.refusals(), IsEmpty());

  const Read read = read_all(reader);
  EXPECT_THAT(read.pieces, ElementsAre(Piece{1, 1, 3}, Piece{1, 4, 2}, Piece{1, 7, 1}));
  EXPECT_THAT(reader.held(test_path)->front().faulty, IsEmpty());
}

TEST(Damage, ARescueCarriesAllThatChecksAndTheNewStoreOpens) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3}), lab.append({2, 1, 1}), lab.append({1, 4, 2}),
                       lab.append({1, 6, 1}), lab.append({3, 1, 4})));
  lab.store.reset();
  // All of stream 2, and the middle of stream 1.
  ASSERT_TRUE(open_to_write(lab.options.folder, lab.disk.vfs())
                  .run("UPDATE events SET bytes = zeroblob(size) WHERE at = 2 OR at = 3"));

  lab.options.folder = "/rescued";
  lab.options.fresh_incarnation = 2;
  ASSERT_TRUE(lab.open());
  RescueReport report;
  ASSERT_TRUE(rescue("/d", lab.disk.vfs(), *lab.store, report));
  EXPECT_EQ(report.batches, 3U);
  EXPECT_EQ(report.events, 8U);
  EXPECT_EQ(report.bad, 2U);
  lab.start();
  LogReader reader = lab.reader();
  EXPECT_THAT(read_all(reader).pieces, ElementsAre(Piece{1, 1, 3}, Piece{1, 6, 1}, Piece{3, 1, 4}));
  EXPECT_EQ(reader.held(test_path)->size(), 3U);
}

TEST(Damage, ARescueSaysWhatLeavesTooManyHoles) {
  Lab lab;
  lab.start();
  for (std::uint64_t i = 1; i <= 200; ++i) ASSERT_TRUE(lab.keep(lab.append({1, i, 1})));
  lab.store.reset();
  ASSERT_TRUE(open_to_write(lab.options.folder, lab.disk.vfs())
                  .run("UPDATE events SET bytes = zeroblob(size) WHERE at % 2 = 0"));

  lab.options.folder = "/rescued";
  ASSERT_TRUE(lab.open());
  RescueReport report;
  ASSERT_TRUE(rescue("/d", lab.disk.vfs(), *lab.store, report));
  EXPECT_EQ(report.batches, 1 + RangeSet::ranges_max);
  EXPECT_EQ(report.refused, 99 - RangeSet::ranges_max);
  EXPECT_EQ(report.bad, 100U);
}

TEST(Damage, AStoreBehindItsMarkOrWithoutItIsRefused) {
  Lab lab;
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3})));
  ASSERT_TRUE(lab.keep(lab.append({1, 4, 3})));
  lab.crash();
  lab.disk.truncate(lab.file("events.db-wal"), 0);
  const auto behind = lab.open();
  ASSERT_FALSE(behind);
  EXPECT_EQ(behind.error().code, Errc::conflict);
  EXPECT_THAT(behind.error().detail, ::testing::HasSubstr("its mark tells of"));

  lab.options.folder = "/other";
  lab.start();
  ASSERT_TRUE(lab.keep(lab.append({1, 1, 3})));
  lab.store.reset();
  lab.disk.remove(lab.file("events.mark"));
  EXPECT_FALSE(lab.open());
}

}  // namespace
}  // namespace boato
