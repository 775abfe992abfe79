// SPDX-License-Identifier: Apache-2.0
// What all clients of one peer share: the peer, its open topics, and who of the clients subscribes to what.
#pragma once

#include <boato/peer.hpp>

#include "node/config.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace boato {

// Any method from any thread.
class Hub {
 public:
  Hub(Peer& peer, const Config& config) : peer_{peer}, network_{config.text("network.name")} {
    closed_network_ = !config.text("network.key_file").empty();
  }

  [[nodiscard]] Peer& peer() { return peer_; }
  [[nodiscard]] const std::string& network() const { return network_; }
  [[nodiscard]] bool closed_network() const { return closed_network_; }
  [[nodiscard]] std::chrono::seconds uptime() const;
  void set_joined() { joined_ = true; }
  [[nodiscard]] bool joined() const { return joined_; }

  // Topics stay open after a client has gone, so that the next one publishes in the same stream and no member
  // has to leave and come back. At most topics_max; then the one that was used longest ago is closed.
  Result<std::shared_ptr<Topic>> topic(std::string_view name, std::optional<Contract> contract);
  void forget(std::string_view name);

  // Subscriptions of clients here, which no roster counts one by one.
  std::uint64_t add_subscription(std::string_view pattern);
  void remove_subscription(std::uint64_t token);
  [[nodiscard]] std::size_t subscriptions(std::string_view topic) const;
  [[nodiscard]] std::size_t subscriptions() const;

  // Asks the program to end, as TERM would.
  void ask_to_end();

 private:
  static constexpr std::size_t topics_max = 1000;
  struct Open {
    std::shared_ptr<Topic> topic;
    std::uint64_t used = 0;
  };

  Peer& peer_;
  std::string network_;
  bool closed_network_ = false;
  std::atomic<bool> joined_{false};
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
  mutable std::mutex mutex_;
  std::map<std::string, Open, std::less<>> topics_;  // guarded by mutex_, as all below
  std::uint64_t uses_ = 0, next_token_ = 1;
  std::map<std::uint64_t, std::string> patterns_;
};

}  // namespace boato
