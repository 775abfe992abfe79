// SPDX-License-Identifier: Apache-2.0
// What the directory knows of one topic. Its parts are statements, kept as they travel and taken apart once.
#pragma once

#include "overlay/base/crypto.hpp"
#include "overlay/base/strong.hpp"
#include "overlay/wire/fields.hpp"
#include "overlay/wire/replica_set.hpp"
#include "overlay/wire/statement.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

inline constexpr std::size_t contacts_max = 8;          // per topic; and as many farewells
inline constexpr std::size_t contact_bytes_max = 2048;  // a roster entry with a longer interest is no contact

// A live member that a newcomer may begin with; or, among the farewells, one that has left.
struct TopicContact {
  PeerId peer;
  Incarnation incarnation;
  std::uint64_t version = 0;
  wire::AddressList addresses;
  std::vector<std::byte> statement;  // type roster_entry
};

struct TopicRecord {
  TopicId id;
  TopicTag tag;
  std::uint64_t life = 0;
  std::string name;
  Contract contract;
  wire::ReplicaSet replicas;  // none unless the contract is of durability disk
  PeerId creator;
  std::uint64_t created_us = 0;
  Digest genesis_hash;
  std::vector<std::byte> genesis;
  std::vector<TopicContact> contacts;   // newest first
  std::vector<TopicContact> farewells;  // newest first: keep those who left from coming back as contacts
  std::vector<std::byte> tombstone;
  std::uint64_t removed_us = 0;
  std::uint64_t version = 0;  // hash of all statements: differs whenever the record does
  std::size_t counted = 0;    // bytes() as the directory's total has it

  [[nodiscard]] bool alive() const { return tombstone.empty(); }
  [[nodiscard]] std::size_t bytes() const;  // of all statements
};

// The id of a topic: two sides that create the same name independently meet under one id, and events of a
// deleted topic can never come back into its successor.
[[nodiscard]] TopicId topic_id(const Crypto& crypto, std::string_view name, std::uint64_t life);

// All statements of the record behind each other: genesis, tombstone, contacts, farewells.
void append_statements(const TopicRecord& record, std::vector<std::byte>& out);
[[nodiscard]] std::uint64_t version_of(const Crypto& crypto, const TopicRecord& record);

}  // namespace boato
