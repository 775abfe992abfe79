// SPDX-License-Identifier: Apache-2.0
#include "node/host/connection.hpp"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

namespace boato {

bool PolledSocket::open(uv_loop_t* loop, int fd, void* owner, Callback callback) {
  auto handle = std::make_unique<Handle>();
  handle->owner = owner;
  handle->callback = callback;
  if (uv_poll_init(loop, &handle->poll, fd) != 0) return false;
  handle->poll.data = handle.get();
  handle_ = handle.release();
  fd_ = fd;
  return true;
}

void PolledSocket::watch(int events) {
  if (!handle_ || events == watched_) return;
  watched_ = events;
  if (events == 0) {
    uv_poll_stop(&handle_->poll);
    return;
  }
  uv_poll_start(&handle_->poll, events, [](uv_poll_t* poll, int status, int what) {
    const auto* handle = static_cast<Handle*>(poll->data);
    handle->callback(handle->owner, status, what);
  });
}

void PolledSocket::close() {
  if (!handle_) return;
  uv_poll_stop(&handle_->poll);
  uv_close(reinterpret_cast<uv_handle_t*>(&handle_->poll),
           [](uv_handle_t* handle) { delete static_cast<Handle*>(handle->data); });
  handle_ = nullptr;
  ::close(fd_);
  fd_ = -1;
}

Connection::Sent Connection::flush(std::span<std::byte> buffer) {
  const auto write = [this](Bytes bytes, std::size_t& written) {
    for (written = 0; written < bytes.size();) {
      const auto n = ::send(socket.fd(), bytes.data() + written, bytes.size() - written, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return errno == EAGAIN || errno == EWOULDBLOCK ? Sent::waits : Sent::broken;
      written += static_cast<std::size_t>(n);
    }
    return Sent::all;
  };
  std::size_t written = 0;
  if (!rest.empty()) {
    const Sent sent = write(Bytes{rest}.subspan(rest_at), written);
    rest_at += written;
    if (sent != Sent::all) return sent;
    rest.clear();
    rest_at = 0;
  }
  while (const std::size_t size = link->fill(buffer)) {
    const Sent sent = write(Bytes{buffer}.first(size), written);
    if (sent == Sent::broken) return sent;
    if (sent == Sent::waits) {
      rest.assign(buffer.begin() + static_cast<std::ptrdiff_t>(written),
                  buffer.begin() + static_cast<std::ptrdiff_t>(size));
      return sent;
    }
  }
  return Sent::all;
}

std::size_t Connection::backlog() const {
  if (!link) return 0;
  return link->queued_bytes(Flow::reliable) + link->queued_bytes(Flow::repair) + (rest.size() - rest_at);
}

void tune(int fd) {
  const int on = 1;
  // Bytes that wait are ours to count and to reorder, so the kernel keeps few of them.
  const int not_sent = 64 << 10;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &not_sent, sizeof not_sent);
}

}  // namespace boato
