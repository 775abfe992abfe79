// SPDX-License-Identifier: Apache-2.0
#include "node/report.hpp"

#include "node/item_json.hpp"
#include "node/text.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>

namespace boato {

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t wrote = ::write(fd, text.data(), text.size());
    if (wrote >= 0) {
      text.remove_prefix(static_cast<std::size_t>(wrote));
    } else if (errno == EAGAIN) {
      // Somebody who shares the descriptor has made it non-blocking.
      pollfd wait{fd, POLLOUT, 0};
      ::poll(&wait, 1, -1);
    } else if (errno != EINTR) {
      return false;
    }
  }
  return true;
}

void Output::flush() {
  if (!gone_ && !buffer_.empty()) gone_ = !write_all(STDOUT_FILENO, buffer_);
  buffer_.clear();
}

Exit Report::error(const Error& error) const {
  const std::string detail =
      error.detail.empty() ? std::string{to_string(error.code)} : printable(error.detail);
  if (json_) {
    Error shown = error;
    shown.detail = detail;
    write_all(STDERR_FILENO, to_line(to_json(shown, "error")) + '\n');
  } else {
    write_all(STDERR_FILENO, command_ + ": " + detail + '\n');
  }
  return exit_for(error.code);
}

Exit Report::error(Exit exit, Errc errc, std::string_view detail) const {
  static_cast<void>(error(Error{errc, std::string{detail}}));
  return exit;
}

void Report::say(std::string_view text) const {
  if (!quiet_) write_all(STDERR_FILENO, command_ + ": " + printable(text) + '\n');
}

void Report::detail(std::string_view text) const {
  if (verbose_) say(text);
}

}  // namespace boato
