// SPDX-License-Identifier: Apache-2.0
#include "node/control_server.hpp"

#include "node/control_path.hpp"
#include "node/serve.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace boato {

Result<std::unique_ptr<ControlServer>> ControlServer::start(const std::string& name, Hub& hub) {
  std::unique_ptr<ControlServer> server{new ControlServer{hub}};
  const auto path = control_path(name, true);
  if (!path) return path.error();
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path->size() >= sizeof address.sun_path) {
    return Error{Errc::bad_config, "the path of the control socket is too long (" + *path +
                                       "); set BOATO_SOCKET or XDG_RUNTIME_DIR to a shorter one"};
  }
  std::memcpy(address.sun_path, path->data(), path->size());
  if (connect_socket(*path)) {
    return Error{Errc::conflict, "a node called " + name + " runs already (" + *path +
                                     " answers); give this one another --name"};
  }
  ::unlink(path->c_str());  // what a node that was killed has left
  server->listener_ = FileHandle{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  server->stop_ = FileHandle{::eventfd(0, EFD_CLOEXEC)};
  if (::bind(server->listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    return Error{Errc::bad_config, "cannot make the control socket " + *path + ": " + std::strerror(errno)};
  }
  server->path_ = *path;
  if (::chmod(path->c_str(), 0600) != 0 || ::listen(server->listener_.get(), 2 * clients_max) != 0) {
    return Error{Errc::bad_config, "cannot open the control socket " + *path + ": " + std::strerror(errno)};
  }
  server->acceptor_ = std::thread{[raw = server.get()] { raw->accept_clients(); }};
  return server;
}

ControlServer::~ControlServer() {
  const std::uint64_t one = 1;
  if (stop_) static_cast<void>(!::write(stop_.get(), &one, sizeof one));
  if (acceptor_.joinable()) acceptor_.join();
  for (Client& client : clients_) client.thread.join();
  if (!path_.empty()) ::unlink(path_.c_str());
}

void ControlServer::accept_clients() {
  while (true) {
    pollfd polled[2] = {{listener_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (::poll(polled, 2, -1) < 0 && errno != EINTR) return;
    if (polled[1].revents != 0) return;
    reap();
    FileHandle client{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC)};
    if (!client) {
      // Out of descriptors: the connection stays in the queue, so look again a little later instead of
      // spinning.
      if (errno == EMFILE || errno == ENFILE) ::poll(polled + 1, 1, 100);
      continue;
    }
    if (!same_user(client.get())) continue;
    if (clients_.size() >= clients_max) {
      constexpr std::string_view full =
          "{\"id\":0,\"done\":true,\"item\":{\"t\":\"error\",\"code\":\"would_block\",\"detail\":\"64 "
          "clients use this node already; try again later\"}}\n";
      static_cast<void>(::send(client.get(), full.data(), full.size(), MSG_DONTWAIT | MSG_NOSIGNAL));
      continue;
    }
    Client& added = clients_.emplace_back();
    added.thread = std::thread{[this, &added, fd = client.release()] {
      serve(FileHandle{fd}, hub_, stop_.get());
      added.ended = true;
    }};
  }
}

void ControlServer::reap() {
  for (auto client = clients_.begin(); client != clients_.end();) {
    if (!client->ended) {
      ++client;
      continue;
    }
    client->thread.join();
    client = clients_.erase(client);
  }
}

}  // namespace boato
