// SPDX-License-Identifier: Apache-2.0
// A process with a store on a real file system is killed at any moment: what it was told is kept is there.
#include "node/store/store.hpp"
#include "tests/store/lab.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>

namespace boato {
namespace {

// In the child: appends for ever, and writes each number that was answered into the pipe.
[[noreturn]] void work(const std::string& folder, std::uint64_t first, int told) {
  const auto on_answer = [&](StoreAnswer&& answer) {
    const auto* persisted = std::get_if<Persisted>(&answer);
    if (persisted == nullptr || !persisted->refused.empty()) ::_exit(3);
    const std::uint64_t number = persisted->batch.raw();
    if (::write(told, &number, sizeof number) != sizeof number) ::_exit(4);
  };
  LogStoreOptions options{folder, nullptr, 1, {.free_min = 0, .used_max_percent = 100, .reserve = 0}, {}};
  auto store = Store::open(options, {}, on_answer);
  if (!store) ::_exit(5);
  Lab lab;
  for (std::uint64_t i = first;; ++i) {
    Persist batch{PersistNumber{i}, {}, {OpenLog{slot, test_log}, KeepTopic{slot, test_topic, {}}}};
    batch.ops.emplace_back(lab.append({1, i, 1}));
    while (!(*store)->submit(batch)) ::usleep(1000);
    if (i % 20 == 0) ::usleep(200);
  }
}

TEST(Kill, WhatWasAnsweredSurvivesKillNine) {
  std::string folder = ::testing::TempDir() + "boato-kill-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  std::uint64_t last = 0;  // that was answered
  Rng dice{static_cast<std::uint64_t>(::getpid())};
  for (int round = 0; round < 4; ++round) {
    int told[2];
    ASSERT_EQ(::pipe(told), 0);
    const std::uint64_t first = last + 1;
    const pid_t child = ::fork();
    if (child == 0) work(folder, first, told[1]);
    ::close(told[1]);
    std::uint64_t number = 0;
    for (std::uint64_t wanted = 1 + dice.below(400); wanted > 0; --wanted) {
      if (::read(told[0], &number, sizeof number) != sizeof number) break;
      last = number;
    }
    ::kill(child, SIGKILL);
    int status = 0;
    ::waitpid(child, &status, 0);
    while (::read(told[0], &number, sizeof number) == sizeof number) last = number;
    ::close(told[0]);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended with " << status;
    ASSERT_GE(last, first);

    auto store =
        LogStore::open({folder, nullptr, 1, {.free_min = 0, .used_max_percent = 100, .reserve = 0}, {}});
    ASSERT_TRUE(store) << store.error().detail;
    LogReader reader{folder, nullptr};
    const Read read = read_all(reader);
    ASSERT_TRUE(read.genuine && !read.damaged && read.faulty.empty());
    ASSERT_GE(read.pieces.size(), last);
    for (std::uint64_t i = 0; i < read.pieces.size(); ++i) ASSERT_EQ(read.pieces[i], (Piece{1, i + 1, 1}));
    last = read.pieces.size();
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace boato
