// SPDX-License-Identifier: Apache-2.0
#include "overlay/membership/topic_record.hpp"

#include "overlay/base/bytes.hpp"

#include <array>

namespace boato {
namespace {

constexpr auto topic_personal = personal("boato/1 topic");
constexpr auto record_personal = personal("boato/1 record");

}  // namespace

std::size_t TopicRecord::bytes() const {
  std::size_t sum = genesis.size() + tombstone.size();
  for (const TopicContact& c : contacts) sum += c.statement.size();
  for (const TopicContact& c : farewells) sum += c.statement.size();
  return sum;
}

TopicId topic_id(const Crypto& crypto, std::string_view name, std::uint64_t life) {
  const std::array<std::byte, 32> no_owner{};
  std::array<std::byte, 8> life_bytes;
  put_be(life_bytes.data(), life);
  const std::array<Bytes, 3> parts{no_owner, bytes(name), life_bytes};
  return TopicId{crypto.hash(topic_personal, parts).raw};
}

void append_statements(const TopicRecord& record, std::vector<std::byte>& out) {
  const auto append = [&](const std::vector<std::byte>& s) { out.insert(out.end(), s.begin(), s.end()); };
  append(record.genesis);
  append(record.tombstone);
  for (const TopicContact& c : record.contacts) append(c.statement);
  for (const TopicContact& c : record.farewells) append(c.statement);
}

std::uint64_t version_of(const Crypto& crypto, const TopicRecord& record) {
  std::array<Bytes, 2 + 2 * contacts_max> parts;
  std::size_t n = 0;
  parts[n++] = record.genesis;
  parts[n++] = record.tombstone;
  for (const TopicContact& c : record.contacts) parts[n++] = c.statement;
  for (const TopicContact& c : record.farewells) parts[n++] = c.statement;
  const Digest digest = crypto.hash(record_personal, std::span{parts}.first(n));
  return get_be<std::uint64_t>(view(digest).data());
}

}  // namespace boato
