// SPDX-License-Identifier: Apache-2.0
// Work that takes longer than a second shows how far it is: one line on a terminal, rewritten; without a
// terminal one line per 10 s; nothing with -q.
#pragma once

#include "node/report.hpp"

#include <chrono>
#include <cstdint>
#include <string>

namespace boato {

class Progress {
 public:
  Progress(const Report& report, std::string what);
  void add(std::uint64_t count);
  void end();  // leaves the line

 private:
  using Clock = std::chrono::steady_clock;
  const Report& report_;
  std::string what_;
  bool terminal_, shown_ = false;
  std::uint64_t count_ = 0;
  Clock::time_point begun_ = Clock::now(), next_;
};

}  // namespace boato
