// SPDX-License-Identifier: Apache-2.0
#include "node/progress.hpp"

#include <unistd.h>

#include <utility>

namespace boato {

Progress::Progress(const Report& report, std::string what)
    : report_{report}, what_{std::move(what)}, terminal_{::isatty(STDERR_FILENO) == 1} {
  next_ = begun_ + (terminal_ ? std::chrono::seconds{1} : std::chrono::seconds{10});
}

void Progress::add(std::uint64_t count) {
  count_ += count;
  const auto now = Clock::now();
  if (report_.quiet() || now < next_) return;
  next_ = now + (terminal_ ? std::chrono::milliseconds{200} : std::chrono::seconds{10});
  const double seconds = std::chrono::duration<double>(now - begun_).count();
  const std::string text = std::to_string(count_) + ' ' + what_ + ", " +
                           std::to_string(static_cast<std::uint64_t>(static_cast<double>(count_) / seconds)) +
                           "/s";
  if (terminal_) {
    write_all(STDERR_FILENO, '\r' + text + "   ");
    shown_ = true;
  } else {
    report_.say(text);
  }
}

void Progress::end() {
  if (std::exchange(shown_, false)) write_all(STDERR_FILENO, "\n");
}

}  // namespace boato
