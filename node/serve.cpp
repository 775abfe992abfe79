// SPDX-License-Identifier: Apache-2.0
#include "node/serve.hpp"

#include "node/session.hpp"

#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <string>
#include <vector>

namespace boato {
namespace {

// Sends what the socket takes. False: the client has gone.
bool send_some(int fd, std::string& output) {
  std::size_t sent = 0;
  while (sent < output.size()) {
    const ssize_t took = ::send(fd, output.data() + sent, output.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (took < 0 && errno == EINTR) continue;
    if (took < 0 && errno != EAGAIN) return false;
    if (took < 0) break;
    sent += static_cast<std::size_t>(took);
  }
  output.erase(0, sent);
  return true;
}

// Hands complete lines to the session until it stalls. False: a line above the limit.
bool take_lines(std::string& input, Session& session) {
  std::size_t from = 0;
  while (!session.stalled() && !session.full()) {
    const std::size_t end = input.find('\n', from);
    if (end == std::string::npos) break;
    if (end > from) session.on_line(std::string_view{input}.substr(from, end - from));
    from = end + 1;
  }
  input.erase(0, from);
  return input.size() <= request_bytes_max || input.find('\n') <= request_bytes_max;
}

}  // namespace

void serve(FileHandle client, Hub& hub, int stop_fd) {
  Session session{hub};
  std::string input;
  std::array<char, 65536> buffer{};
  std::vector<pollfd> polled;
  std::vector<int> wakes;
  while (true) {
    session.turn();
    if (!take_lines(input, session)) {
      session.output() +=
          "{\"id\":0,\"done\":true,\"item\":{\"t\":\"error\",\"code\":\"too_large\",\"detail\":\"a request "
          "has at most 1 MiB; send a payload in parts\"}}\n";
      static_cast<void>(send_some(client.get(), session.output()));
      return;
    }
    if (!send_some(client.get(), session.output())) return;

    const bool reads = !session.stalled() && !session.full() && input.find('\n') == std::string::npos;
    polled.clear();
    polled.push_back({client.get(),
                      static_cast<short>((reads ? POLLIN : 0) | (session.output().empty() ? 0 : POLLOUT)),
                      0});
    polled.push_back({stop_fd, POLLIN, 0});
    wakes.clear();
    session.wake_fds(wakes);
    for (const int fd : wakes) polled.push_back({fd, POLLIN, 0});
    const bool more = !session.stalled() && !session.full() && input.find('\n') != std::string::npos;
    if (::poll(polled.data(), polled.size(), more ? 0 : session.timeout_ms()) < 0 && errno != EINTR) return;
    if (polled[1].revents != 0) return;
    if ((polled[0].revents & (POLLERR | POLLHUP)) != 0 && (polled[0].revents & POLLIN) == 0) return;
    if ((polled[0].revents & POLLIN) == 0) continue;
    const ssize_t got = ::recv(client.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got == 0) return;  // clients keep the connection open until they have their answers
    if (got < 0 && errno != EAGAIN && errno != EINTR) return;
    if (got > 0) input.append(buffer.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace boato
