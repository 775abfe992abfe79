// SPDX-License-Identifier: Apache-2.0
// What strangers may cost: bounds on connections that have not authenticated themselves, on handshakes per
// second, and a growing refusal for addresses that knock with a wrong key. Numbers: design page on security,
// "Limits". Knows addresses and times; does not know sockets.
// One address of the loopback stands for every peer of this host, so only the sums count there.
#pragma once

#include "overlay/base/strong.hpp"

#include <array>
#include <cstdint>
#include <map>
#include <optional>

namespace boato {

struct AdmissionLimits {
  std::size_t strangers_max = 256;  // x about 4 KiB; beyond it the oldest goes
  std::size_t strangers_per_address_max = 8;
  std::size_t strangers_per_net_max = 64;  // /24, v6: /48
  double handshakes_per_s = 200, handshakes_burst = 400;
  double address_handshakes_per_s = 5, address_handshakes_burst = 10;
  unsigned failed_per_minute_max = 20;  // per address; then it is refused for 1, 2, 4 ... 64 min
  std::size_t addresses_max = 4096;     // remembered; beyond it the one seen longest ago is forgotten
};

class AdmissionGate {
 public:
  using Ip = std::array<std::uint8_t, 16>;
  using Ticket = std::uint64_t;  // one connection that is let in, from 1

  enum class Refusal : std::uint8_t { none, per_address, per_net, rate, blocked };

  explicit AdmissionGate(const AdmissionLimits& limits) : limits_{limits}, tokens_{limits.handshakes_burst} {}

  struct Entry {
    Ticket ticket = 0;  // 0 = refused
    Refusal why{};
    std::optional<Ticket> evicted{};  // close this one: it waited longest
  };
  // A connection has come.
  Entry enter(Time now, const Ip& ip);
  // Its first bytes have come: from here on it costs us work. False: close it.
  [[nodiscard]] bool begin(Time now, Ticket ticket);
  // It has authenticated itself, or is gone. `failed`: its handshake was refused.
  void leave(Time now, Ticket ticket, bool failed);

  [[nodiscard]] std::size_t strangers() const { return strangers_.size(); }
  [[nodiscard]] std::size_t addresses() const { return sources_.size(); }
  [[nodiscard]] std::uint64_t refused() const { return refused_; }

 private:
  struct Source {
    std::size_t strangers = 0;
    double tokens = 0;
    Time filled{}, seen{};
    Time minute{};  // failures are counted since
    unsigned failures = 0;
    unsigned blocks = 0;
    Time blocked_until{};
  };
  static bool loopback(const Ip& ip);
  static Ip net_of(const Ip& ip);
  Source& source(Time now, const Ip& ip);
  void forget_one();

  AdmissionLimits limits_;
  double tokens_;
  Time filled_{};
  Ticket next_ = 1;
  std::map<Ticket, Ip> strangers_;  // oldest first
  std::map<Ip, Source> sources_;
  std::map<Ip, std::size_t> nets_;
  std::uint64_t refused_ = 0;
};

}  // namespace boato
