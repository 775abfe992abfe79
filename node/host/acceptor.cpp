// SPDX-License-Identifier: Apache-2.0
#include "node/host/acceptor.hpp"

#include "node/host/addresses.hpp"
#include "node/host/clock.hpp"
#include "overlay/base/text.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace boato {

Result<Address> Acceptor::listen(const Address& address) {
  const auto failed = [&](int fd) {
    std::string detail = to_text(address) + ": cannot listen: " + std::strerror(errno);
    if (errno == EADDRINUSE) detail += "; choose another port, or port 0 for any free one";
    if (errno == EADDRNOTAVAIL) detail += "; it is not an address of this machine";
    if (errno == EACCES) detail += "; ports below 1024 need a privilege, choose a higher one";
    if (fd >= 0) ::close(fd);
    return Error{Errc::unreachable, std::move(detail)};
  };
  SocketAddress target = to_socket(address);
  const int fd = ::socket(target.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return failed(fd);
  const int on = 1;
  ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(fd, target.get(), target.size) != 0 || ::listen(fd, 512) != 0) return failed(fd);
  SocketAddress real;
  real.size = sizeof real.storage;
  if (::getsockname(fd, real.get(), &real.size) != 0) return failed(fd);

  auto listener = std::make_unique<Listener>();
  listener->acceptor = this;
  const bool opened = listener->socket.open(loop_, fd, listener.get(), [](void* owner, int, int) {
    auto* self = static_cast<Listener*>(owner);
    self->acceptor->on_ready(*self);
  });
  if (!opened) return failed(fd);
  listener->socket.watch(UV_READABLE);
  listeners_.push_back(std::move(listener));
  return from_socket(real.get());
}

void Acceptor::on_ready(Listener& listener) {
  for (int i = 0; i < accepts_max; ++i) {
    SocketAddress from;
    from.size = sizeof from.storage;
    const int fd = ::accept4(listener.socket.fd(), from.get(), &from.size, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd >= 0) {
      on_accept_(fd, from_socket(from.get()));
      continue;
    }
    if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
      ++exhausted_;
      resting_ = true;
      rest_until_ = monotonic_now() + std::chrono::seconds{1};
      for (auto& each : listeners_) each->socket.watch(0);
      return;
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) return;
  }
}

void Acceptor::tick(Time now) {
  if (!resting_ || now < rest_until_) return;
  resting_ = false;
  for (auto& each : listeners_) each->socket.watch(UV_READABLE);
}

}  // namespace boato
