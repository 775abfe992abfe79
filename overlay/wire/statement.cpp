// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/statement.hpp"

#include "overlay/base/bytes.hpp"

#include <array>
#include <cstring>

namespace boato::wire {
namespace {

constexpr std::size_t prefix_bytes = 18 + 32;

// "boato/1 statement" 00 || network || the statement without its signature
Bytes what_is_signed(const NetworkId& network, Bytes unsigned_part,
                     std::array<std::byte, prefix_bytes + statement_bytes_max>& room) {
  ByteWriter out{room};
  out.bytes(std::as_bytes(std::span{"boato/1 statement", 18}));
  out.bytes(view(network));
  out.bytes(unsigned_part);
  BOATO_CHECK(out.ok());
  return out.written();
}

}  // namespace

bool parse_statement(Bytes bytes, StatementView& out) {
  ByteReader in{bytes};
  const auto format = in.be<std::uint8_t>();
  out.type = static_cast<StatementType>(in.be<std::uint8_t>());
  in.array(out.issuer.raw);
  out.incarnation = Incarnation{in.be<std::uint64_t>()};
  out.version = in.be<std::uint64_t>();
  const std::size_t length = in.be<std::uint16_t>();
  if (!in.ok() || format != statement_format || length > statement_body_bytes_max) return false;
  out.body = in.bytes(length);
  static_cast<void>(in.bytes(64));
  if (!in.ok()) return false;
  out.whole = bytes.first(statement_overhead_bytes + length);
  return true;
}

bool statement_holds(const Crypto& crypto, const NetworkId& network, const StatementView& statement) {
  std::array<std::byte, prefix_bytes + statement_bytes_max> room;
  const std::size_t unsigned_bytes = statement.whole.size() - 64;
  Signature signature;
  std::memcpy(signature.data(), statement.whole.data() + unsigned_bytes, signature.size());
  return crypto.verify(statement.issuer, what_is_signed(network, statement.whole.first(unsigned_bytes), room),
                       signature);
}

Bytes sign_statement(const Crypto& crypto, const NetworkId& network, const PeerId& issuer,
                     const SignSecret& secret, const StatementDraft& draft, std::span<std::byte> room) {
  BOATO_CHECK(draft.body.size() <= statement_body_bytes_max);
  ByteWriter out{room};
  out.be(statement_format);
  out.be(static_cast<std::uint8_t>(draft.type));
  out.bytes(view(issuer));
  out.be(draft.incarnation.raw());
  out.be(draft.version);
  out.be(static_cast<std::uint16_t>(draft.body.size()));
  out.bytes(draft.body);
  std::array<std::byte, prefix_bytes + statement_bytes_max> signed_room;
  Signature signature;
  crypto.sign(secret, what_is_signed(network, out.written(), signed_room), signature);
  out.bytes(view(signature));
  BOATO_CHECK(out.ok());
  return out.written();
}

}  // namespace boato::wire
