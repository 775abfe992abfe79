// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/contract.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>

namespace boato {
namespace {

Contract full() {
  Contract c;
  c.reliability = Reliability::uniform;
  c.order = Order::total_causal;
  c.durability = Durability::disk;
  c.replicas = 9;
  c.retain_for = std::chrono::hours{24 * 365};
  c.retain_bytes = std::uint64_t{1} << 40;
  c.retain_count = ~std::uint64_t{0};
  c.hold = Hold::cursors;
  c.sequencer = Sequencer::centralised;
  c.domain = std::string(255, 'd');
  return c;
}

using Room = std::array<std::byte, wire::contract_bytes_max>;

TEST(ContractCodec, EveryContractWithinItsLimitsRoundTrips) {
  for (const Contract& contract : {Contract{}, full()}) {
    Room room;
    Contract read;
    ASSERT_TRUE(wire::decode_contract(wire::encode_contract(contract, room), read));
    EXPECT_EQ(read, contract);
  }
}

TEST(ContractCodec, RefusesEveryStrictPrefixAndAnyRest) {
  Room room{};
  const Bytes bytes = wire::encode_contract(full(), room);
  Contract read;

  for (std::size_t n = 0; n < bytes.size(); ++n)
    EXPECT_FALSE(wire::decode_contract(bytes.first(n), read)) << n;
  EXPECT_FALSE(wire::decode_contract(Bytes{room}.first(bytes.size() + 1), read));
}

TEST(ContractCodec, RefusesAPromiseItDoesNotKnow) {
  Room room{};
  const std::size_t size = wire::encode_contract(Contract{}, room).size();
  Contract read;
  for (const auto& [at, value] : {std::pair{1, 3}, {2, 5}, {3, 2}, {4, 0}, {4, 10}}) {
    Room changed = room;
    changed[static_cast<std::size_t>(at)] = std::byte{static_cast<std::uint8_t>(value)};
    EXPECT_FALSE(wire::decode_contract(Bytes{changed}.first(size), read)) << at;
  }
}

TEST(ContractCodec, KnowsItsLimits) {
  Contract many;
  many.replicas = 10;
  Contract none;
  none.replicas = 0;
  Contract strange;
  strange.domain = "a//b";
  Contract negative;
  negative.retain_for = Duration{-1};

  EXPECT_TRUE(wire::is_contract(full()));
  for (const Contract& c : {many, none, strange, negative}) EXPECT_FALSE(wire::is_contract(c));
}

}  // namespace
}  // namespace boato
