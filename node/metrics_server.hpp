// SPDX-License-Identifier: Apache-2.0
// What a monitoring system asks over HTTP/1: /metrics (Prometheus text), /healthz (the loop turns), /readyz
// (joined; else 503 with the reason). One thread, one request per connection, GET only, nothing is kept: so
// little that a server library would be more to trust than this.
#pragma once

#include <boato/result.hpp>

#include "node/file_handle.hpp"
#include "node/hub.hpp"

#include <list>
#include <memory>
#include <string>
#include <thread>

namespace boato {

class MetricsServer {
 public:
  static constexpr std::size_t clients_max = 16;  // more wait in the kernel's queue
  static constexpr std::size_t request_bytes_max = 8192;
  static constexpr std::chrono::seconds client_within{5};  // for its request and for taking the answer

  // `address` is an IP address and a port, or a port alone: then on 127.0.0.1. Errors: bad_config.
  static Result<std::unique_ptr<MetricsServer>> start(const std::string& address, Hub& hub);
  ~MetricsServer();
  MetricsServer(const MetricsServer&) = delete;
  MetricsServer& operator=(const MetricsServer&) = delete;

  [[nodiscard]] const std::string& address() const { return address_; }  // with the real port

 private:
  struct Client {
    FileHandle socket;
    std::chrono::steady_clock::time_point until;
    std::string request, answer;
    std::size_t sent = 0;
  };
  explicit MetricsServer(Hub& hub) : hub_{hub} {}
  void run();
  void accept_one();
  bool serve(Client& client, short events);  // false: done with it
  [[nodiscard]] std::string answer_to(const std::string& request);
  [[nodiscard]] std::string metrics_text();

  Hub& hub_;
  std::string address_;
  FileHandle listener_, stop_;
  std::list<Client> clients_;
  std::thread thread_;
};

}  // namespace boato
