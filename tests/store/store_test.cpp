// SPDX-License-Identifier: Apache-2.0
// The store with its threads.
#include "node/store/store.hpp"

#include "tests/store/lab.hpp"

#include <future>

namespace boato {
namespace {

using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// The answers as they come, and a way to wait for them.
class Answers {
 public:
  void take(StoreAnswer&& answer) {
    const std::lock_guard lock{mutex_};
    if (const auto* persisted = std::get_if<Persisted>(&answer))
      persisted_.push_back(persisted->batch.raw());
    else
      failed_.push_back(std::get<StoreFailed>(answer).log);
    came_.notify_all();
  }
  std::vector<std::uint64_t> wait_persisted(std::size_t n) {
    std::unique_lock lock{mutex_};
    came_.wait_for(lock, seconds{60}, [&] { return persisted_.size() >= n; });
    return persisted_;
  }
  std::vector<LogSlot> wait_failed() {
    std::unique_lock lock{mutex_};
    came_.wait_for(lock, seconds{60}, [&] { return !failed_.empty(); });
    return failed_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable came_;
  std::vector<std::uint64_t> persisted_;
  std::vector<LogSlot> failed_;
};

struct Threads {
  Lab lab{};
  Answers answers{};
  std::unique_ptr<Store> store{};

  void open(const StoreConfig& config = {}) {
    store.reset();
    auto opened = Store::open(lab.options, config, [this](StoreAnswer&& a) { answers.take(std::move(a)); });
    ASSERT_TRUE(opened) << opened.error().detail;
    store = std::move(*opened);
    ASSERT_TRUE(submit(OpenLog{slot, test_log}, KeepTopic{slot, test_topic, {}}));
  }
  template <class... Ops>
  Result<void, Errc> submit(Ops... ops) {
    Persist batch{PersistNumber{++lab.number}, {}, {}};
    (batch.ops.push_back(std::move(ops)), ...);
    return store->submit(batch);
  }
  Read read() {
    std::promise<Read> done;
    EXPECT_TRUE(store->read([&](LogReader& reader) { done.set_value(read_all(reader)); }));
    return done.get_future().get();
  }
};

TEST(Store, AnswersInOrderAndServesWhatIsAnswered) {
  Threads t;
  t.open();
  std::vector<Piece> wanted;
  for (std::uint64_t i = 1; i <= 200; ++i) {
    wanted.push_back({1, i, 1});
    ASSERT_TRUE(t.submit(t.lab.append(wanted.back())));
  }
  const auto answered = t.answers.wait_persisted(201);

  ASSERT_EQ(answered.size(), 201U);
  EXPECT_TRUE(std::ranges::is_sorted(answered));
  const Read read = t.read();
  EXPECT_EQ(read.pieces, wanted);
  EXPECT_TRUE(read.genuine);
}

TEST(Store, WhatWaitsWhileACommitSyncsIsOneCommit) {
  Threads t;
  t.open();
  t.answers.wait_persisted(1);
  {
    const auto hold = t.lab.disk.hold();  // the writer stands still at its first write
    for (std::uint64_t i = 1; i <= 100; ++i) ASSERT_TRUE(t.submit(t.lab.append({1, i, 1})));
  }
  t.answers.wait_persisted(101);
  t.store.reset();

  // The first alone, or with what came before the writer woke; the rest together.
  EXPECT_LE(t.lab.commits(), 5U);
}

TEST(Store, RefusesWhenTooMuchWaits) {
  Threads t;
  t.open({.waiting_bytes_max = 4096});
  t.answers.wait_persisted(1);
  const auto hold = t.lab.disk.hold();
  Result<void, Errc> last;
  for (std::uint64_t i = 1; i <= 100 && last; ++i) last = t.submit(t.lab.append({1, i, 1}));

  ASSERT_FALSE(last);
  EXPECT_EQ(last.error(), Errc::would_block);
}

TEST(Store, AFailedSyncIsToldOnceForEachLogAndEndsIt) {
  Threads t;
  t.open();
  t.answers.wait_persisted(1);
  t.lab.disk.fail_sync_after(0);
  ASSERT_TRUE(t.submit(OpenLog{LogSlot{8}, LogName{test_log.domain, 2}}));

  t.answers.wait_failed();
  t.store.reset();
  EXPECT_THAT(t.answers.wait_failed(), ElementsAre(slot, LogSlot{8}));
}

TEST(Store, AFailureIsToldAlsoToALogThatWaitsToBeOpened) {
  Threads t;
  t.open();
  t.answers.wait_persisted(1);
  {
    const auto hold = t.lab.disk.hold();
    t.lab.disk.fail_sync_after(0);
    ASSERT_TRUE(t.submit(t.lab.append({1, 1, 1})));
    ASSERT_TRUE(t.submit(OpenLog{LogSlot{8}, LogName{test_log.domain, 2}}));
  }
  t.store.reset();
  EXPECT_THAT(t.answers.wait_failed(), ElementsAre(slot, LogSlot{8}));
}

TEST(Store, ABadRowThatAReaderFindsIsQuarantinedByTheWriter) {
  Threads t;
  t.open();
  ASSERT_TRUE(t.submit(t.lab.append({1, 1, 1}), t.lab.append({1, 2, 1})));
  t.answers.wait_persisted(2);
  t.store.reset();
  const auto wanted = content(1, 2, 1);
  for (const char* name : {"events.db", "events.db-wal"})
    for (std::uint64_t at = 0; at < t.lab.disk.size(t.lab.file(name)); ++at)
      if (t.lab.disk.holds(t.lab.file(name), at, wanted)) t.lab.disk.flip(t.lab.file(name), 8 * at + 40);
  t.lab.disk.truncate(t.lab.file("events.db-wal"), 0);
  t.open();

  EXPECT_THAT(t.read().faulty, ElementsAre(Piece{1, 2, 1}));
  t.store.reset();
  LogReader reader = t.lab.reader();
  EXPECT_THAT(reader.held(test_path)->front().faulty, ElementsAre(SeqRange{Seq{2}, Seq{2}}));
}

TEST(Store, CommitsWhatItHasAcceptedBeforeItEnds) {
  Threads t;
  t.open();
  for (std::uint64_t i = 1; i <= 300; ++i) ASSERT_TRUE(t.submit(t.lab.append({1, i, 1})));
  t.store.reset();

  EXPECT_EQ(t.answers.wait_persisted(301).size(), 301U);
  LogReader reader = t.lab.reader();
  EXPECT_EQ(read_all(reader).pieces.size(), 300U);
}

TEST(Store, ReadsAndWritesAtOnce) {
  Threads t;
  t.open();
  t.answers.wait_persisted(1);
  for (std::uint64_t i = 1; i <= 400; ++i) {
    ASSERT_TRUE(t.submit(t.lab.append({1, i, 1})));
    if (i % 50 != 0) continue;
    const Read read = t.read();
    EXPECT_TRUE(read.genuine && !read.damaged);
    EXPECT_THAT(read.faulty, IsEmpty());
  }
  t.answers.wait_persisted(401);
  EXPECT_EQ(t.read().pieces.size(), 400U);
}

}  // namespace
}  // namespace boato
