// SPDX-License-Identifier: Apache-2.0
// The local control socket of a node: mode 0600, this user only, a thread for each client.
#pragma once

#include <boato/result.hpp>

#include "node/file_handle.hpp"
#include "node/hub.hpp"

#include <atomic>
#include <list>
#include <memory>
#include <string>
#include <thread>

namespace boato {

class ControlServer {
 public:
  static constexpr std::size_t clients_max = 64;

  // Errors: conflict (a node of that name runs already), bad_config (the folder or the path cannot be used).
  static Result<std::unique_ptr<ControlServer>> start(const std::string& name, Hub& hub);
  ~ControlServer();  // ends all clients and removes the socket
  ControlServer(const ControlServer&) = delete;
  ControlServer& operator=(const ControlServer&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  struct Client {
    std::thread thread;
    std::atomic<bool> ended{false};
  };
  explicit ControlServer(Hub& hub) : hub_{hub} {}
  void accept_clients();
  void reap();

  Hub& hub_;
  std::string path_;
  FileHandle listener_, stop_;
  std::list<Client> clients_;  // the acceptor's
  std::thread acceptor_;
};

}  // namespace boato
