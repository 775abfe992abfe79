// SPDX-License-Identifier: Apache-2.0
// Works on many worlds, each in a child process, so many at a time. A claim that breaks, a sanitizer that
// stops or a world that never ends takes one child with it, and its last words are kept.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

namespace boato::sim {

struct Outcome {
  std::string said;    // what the work returned; of one that did not end well, what it wrote to stderr
  bool ended = false;  // it returned
  bool late = false;   // it was stopped because it had used its time of a core
};

// Calls work(i) for first <= i < first + count in children, and done(i, outcome) here in rising order,
// whatever order they end in; `most` is what one child may use of a core. done returns false: no more of it,
// what is under way is stopped.
void work_on(std::uint64_t first, std::uint64_t count, unsigned jobs, std::chrono::seconds most,
             const std::function<std::string(std::uint64_t)>& work,
             const std::function<bool(std::uint64_t, const Outcome&)>& done);

}  // namespace boato::sim
