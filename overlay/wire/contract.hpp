// SPDX-License-Identifier: Apache-2.0
// A contract as it is signed: a flat array of its fields in the order of struct Contract. One contract has
// one encoding, so equal bytes and equal contracts are the same thing.
#pragma once

#include <boato/types.hpp>

#include "overlay/base/strong.hpp"

#include <cstddef>
#include <span>

namespace boato::wire {

inline constexpr std::uint32_t contract_replicas_max = 9;
inline constexpr std::size_t contract_bytes_max = 320;  // with a domain of 255 bytes

// Whether its fields are within their limits: known enumerators, replicas 1 to 9, a domain that is empty or a
// topic name.
[[nodiscard]] bool is_contract(const Contract& contract);

// The encoding, in `room` (contract_bytes_max is enough). The contract is within its limits (checked).
[[nodiscard]] Bytes encode_contract(const Contract& contract, std::span<std::byte> room);

// False: not the encoding of a contract within its limits. Unknown enumerators are refused: a promise that is
// not understood cannot be kept.
[[nodiscard]] bool decode_contract(Bytes bytes, Contract& contract);

}  // namespace boato::wire
