// SPDX-License-Identifier: Apache-2.0
// Addresses as people write them, as the overlay keeps them, and as sockets take them.
#pragma once

#include <boato/result.hpp>

#include "overlay/base/strong.hpp"

#include <sys/socket.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

// "host:port" or "ID@host:port": then whoever answers must be that peer.
struct Endpoint {
  std::string text;
  std::string host;
  std::uint16_t port = 0;
  std::optional<PeerId> id{};
  std::optional<Address> address{};  // if `host` is an IP address
};

// Errors: bad_config.
[[nodiscard]] Result<Endpoint> parse_endpoint(std::string_view text);

struct SocketAddress {
  sockaddr_storage storage{};
  socklen_t size = 0;
  [[nodiscard]] sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  [[nodiscard]] const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};
[[nodiscard]] SocketAddress to_socket(const Address& address);
[[nodiscard]] Address from_socket(const sockaddr* address);

[[nodiscard]] bool is_loopback(const Address& address);
[[nodiscard]] bool is_any(const Address& address);  // 0.0.0.0 or ::
[[nodiscard]] bool is_v4(const Address& address);

// The addresses under which a peer that listens on `listening` can be dialled: those of the interfaces in
// place of 0.0.0.0 and ::. At most as many as a record carries.
void reachable_addresses(const Address& listening, std::vector<Address>& out);

}  // namespace boato
