// SPDX-License-Identifier: Apache-2.0
// Reads all of a store and says what is right and what is wrong with it. Changes nothing, and may run while a
// peer has the store open: it reads in short transactions, up to what was there when it began.
#pragma once

#include "node/store/space.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace boato {

struct Finding {
  enum class State : std::uint8_t { ok, note, wrong };
  State state{};
  std::string what;    // what was looked at, one word
  std::string detail;  // what was found, for people
  std::string cure{};  // what to do about it
};

struct StoreFacts {
  std::uint64_t incarnation = 0, commits = 0;
  std::uint64_t logs = 0, topics = 0, streams = 0, batches = 0, events = 0, bytes = 0;
  std::uint64_t bad = 0;     // rows that do not check
  std::uint64_t faulty = 0;  // of them known as such
};

// `progress` is told how many batches have been read since it was last told.
[[nodiscard]] std::vector<Finding> check_store(const std::string& folder, const char* vfs, StoreFacts& facts,
                                               const std::function<void(std::uint64_t)>& progress = {});
[[nodiscard]] Finding check_space(const Space& space, const SpaceLimits& limits);

}  // namespace boato
