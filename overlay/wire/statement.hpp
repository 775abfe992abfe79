// SPDX-License-Identifier: Apache-2.0
// A statement: what one peer says about itself, signed, so that others can pass it on. The greater
// (incarnation, version) replaces.
//   format u8 | type u8 | issuer 32 | incarnation u64 | version u64 | body_len u16 | body | sig 64
// signed over "boato/1 statement" 00 || network_id || everything before sig.
#pragma once

#include "overlay/base/crypto.hpp"
#include "overlay/base/strong.hpp"

#include <cstdint>
#include <span>

namespace boato::wire {

enum class StatementType : std::uint8_t {
  peer_record = 1,
  roster_entry = 2,
  topic_genesis = 3,
  equivocation = 4,
  configuration = 5,
  suspicion = 6,
  topic_tombstone = 7
};

inline constexpr std::size_t statement_header_bytes = 52;
inline constexpr std::size_t statement_overhead_bytes = statement_header_bytes + 64;
inline constexpr std::size_t statement_body_bytes_max = 2048;
inline constexpr std::size_t statement_bytes_max = statement_overhead_bytes + statement_body_bytes_max;
inline constexpr std::uint8_t statement_format = 1;

struct StatementView {
  StatementType type{};
  PeerId issuer;
  Incarnation incarnation;
  std::uint64_t version = 0;
  Bytes body;
  Bytes whole;  // as it travels
};

// Reads one statement from the front of `bytes`; `whole` tells how long it was. False: malformed.
[[nodiscard]] bool parse_statement(Bytes bytes, StatementView& out);

[[nodiscard]] bool statement_holds(const Crypto& crypto, const NetworkId& network,
                                   const StatementView& statement);

// Writes and signs a statement; returns its bytes inside `room` (statement_bytes_max is always enough). The
// body is at most statement_body_bytes_max (checked).
struct StatementDraft {
  StatementType type{};
  Incarnation incarnation;
  std::uint64_t version = 0;
  Bytes body;
};
[[nodiscard]] Bytes sign_statement(const Crypto& crypto, const NetworkId& network, const PeerId& issuer,
                                   const SignSecret& secret, const StatementDraft& draft,
                                   std::span<std::byte> room);

}  // namespace boato::wire
