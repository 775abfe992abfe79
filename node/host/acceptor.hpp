// SPDX-License-Identifier: Apache-2.0
// The addresses this peer listens on. Takes what comes, and when the process has no file descriptors left,
// waits a second instead of spinning.
#pragma once

#include <boato/result.hpp>

#include "node/host/connection.hpp"

#include <functional>
#include <memory>
#include <vector>

namespace boato {

class Acceptor {
 public:
  // on_accept takes the descriptor over.
  using OnAccept = std::function<void(int fd, const Address& from)>;
  Acceptor(uv_loop_t* loop, OnAccept on_accept) : loop_{loop}, on_accept_{std::move(on_accept)} {}

  // Binds and listens; the address with its real port. Errors: unreachable (in use, not ours).
  Result<Address> listen(const Address& address);
  void tick(Time now);  // a few times per second
  void close() { listeners_.clear(); }
  [[nodiscard]] std::uint64_t exhausted() const { return exhausted_; }  // times without descriptors

 private:
  static constexpr int accepts_max = 64;  // per turn
  struct Listener {
    Acceptor* acceptor = nullptr;
    PolledSocket socket;
  };
  void on_ready(Listener& listener);

  uv_loop_t* loop_;
  OnAccept on_accept_;
  std::vector<std::unique_ptr<Listener>> listeners_;
  bool resting_ = false;
  Time rest_until_{};
  std::uint64_t exhausted_ = 0;
};

}  // namespace boato
