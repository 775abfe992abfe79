// SPDX-License-Identifier: Apache-2.0
#include "node/host/addresses.hpp"

#include "overlay/base/text.hpp"

#include <uv.h>

#include <netinet/in.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace boato {
namespace {

constexpr std::array<std::uint8_t, 12> v4_mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

}  // namespace

Result<Endpoint> parse_endpoint(std::string_view text) {
  Endpoint out;
  out.text = std::string{text};
  const auto bad = [&](const std::string& why) {
    return Error{Errc::bad_config,
                 "'" + out.text + "' is not an address (" + why + "): write host:port or ID@host:port"};
  };
  std::string_view rest = text;
  if (const auto at = rest.find('@'); at != std::string_view::npos) {
    PeerId id;
    if (!from_text(rest.substr(0, at), id))
      return bad("what stands before the @ is not a peer id of 52 letters");
    out.id = id;
    rest.remove_prefix(at + 1);
  }
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos) return bad("it has no port");
  const std::string_view port = rest.substr(colon + 1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (error != std::errc{} || end != port.data() + port.size())
    return bad("its port is not a number up to 65535");
  std::string_view host = rest.substr(0, colon);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return bad("an IPv6 address stands in [ ]");
  if (host.empty()) return bad("it has no host");
  out.host = std::string{host};
  if (Address address; from_text(rest, address)) out.address = address;
  return out;
}

SocketAddress to_socket(const Address& address) {
  SocketAddress out;
  if (is_v4(address)) {
    sockaddr_in v4{};
    v4.sin_family = AF_INET;
    v4.sin_port = htons(address.port);
    std::memcpy(&v4.sin_addr, address.ip.data() + 12, 4);
    std::memcpy(&out.storage, &v4, sizeof v4);
    out.size = sizeof v4;
  } else {
    sockaddr_in6 v6{};
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(address.port);
    std::memcpy(&v6.sin6_addr, address.ip.data(), 16);
    std::memcpy(&out.storage, &v6, sizeof v6);
    out.size = sizeof v6;
  }
  return out;
}

Address from_socket(const sockaddr* address) {
  Address out;
  if (address->sa_family == AF_INET) {
    sockaddr_in v4{};
    std::memcpy(&v4, address, sizeof v4);
    std::ranges::copy(v4_mapped, out.ip.begin());
    std::memcpy(out.ip.data() + 12, &v4.sin_addr, 4);
    out.port = ntohs(v4.sin_port);
  } else if (address->sa_family == AF_INET6) {
    sockaddr_in6 v6{};
    std::memcpy(&v6, address, sizeof v6);
    std::memcpy(out.ip.data(), &v6.sin6_addr, 16);
    out.port = ntohs(v6.sin6_port);
  }
  return out;
}

bool is_v4(const Address& address) {
  return std::equal(v4_mapped.begin(), v4_mapped.end(), address.ip.begin());
}

bool is_loopback(const Address& address) {
  if (is_v4(address)) return address.ip[12] == 127;
  return address.ip[15] == 1 &&
         std::all_of(address.ip.begin(), address.ip.end() - 1, [](auto b) { return b == 0; });
}

bool is_any(const Address& address) {
  const std::size_t from = is_v4(address) ? 12 : 0;
  return std::all_of(address.ip.begin() + static_cast<std::ptrdiff_t>(from), address.ip.end(),
                     [](auto b) { return b == 0; });
}

void reachable_addresses(const Address& listening, std::vector<Address>& out) {
  if (!is_any(listening)) {
    out.push_back(listening);
    return;
  }
  uv_interface_address_t* interfaces = nullptr;
  int count = 0;
  if (uv_interface_addresses(&interfaces, &count) != 0) return;
  Address loopback;
  bool has_loopback = false;
  const std::size_t before = out.size();
  for (int i = 0; i < count; ++i) {
    Address address = from_socket(reinterpret_cast<const sockaddr*>(&interfaces[i].address));
    const bool link_local = !is_v4(address) && address.ip[0] == 0xfe && (address.ip[1] & 0xc0) == 0x80;
    if (is_v4(address) != is_v4(listening) || link_local) continue;
    address.port = listening.port;
    if (interfaces[i].is_internal) {
      loopback = address;
      has_loopback = true;
    } else {
      out.push_back(address);
    }
  }
  uv_free_interface_addresses(interfaces, count);
  if (out.size() == before && has_loopback) out.push_back(loopback);
}

}  // namespace boato
