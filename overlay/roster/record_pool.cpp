// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster/record_pool.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/mutant.hpp"
#include "overlay/wire/attributes.hpp"
#include "overlay/wire/records.hpp"
#include "overlay/wire/roster_messages.hpp"

#include <algorithm>
#include <memory>

namespace boato {
namespace {

// Places a statement in its table. All words of the signature go in, so that whoever wants two statements in
// one place has to sign for it; a statement is compared whole in any case.
std::uint64_t key_of(const wire::StatementView& statement) {
  std::uint64_t key = statement.incarnation.raw() ^ statement.version;
  const std::byte* signature = statement.whole.data() + statement.whole.size() - 64;
  for (int word = 0; word < 8; ++word) {
    key = (key ^ get_be<std::uint64_t>(signature + 8 * word)) * 0x9e3779b97f4a7c15ULL;
    key ^= key >> 32;
  }
  return key;
}

Interest interest_of(std::string_view text) {
  if (text.empty() || text == "true") return Interest::everything;
  return text == "false" ? Interest::nothing : Interest::predicate;
}

}  // namespace

template <class T>
T* RecordPool::Table<T>::find(std::uint64_t key, Bytes statement) const {
  if (slots.empty()) return nullptr;
  const std::size_t mask = slots.size() - 1;
  for (std::size_t i = key & mask; slots[i]; i = (i + 1) & mask)
    if (slots[i]->key == key && std::ranges::equal(slots[i]->statement, statement)) return slots[i];
  return nullptr;
}

template <class T>
void RecordPool::Table<T>::add(T* item) {
  if (2 * (used + 1) > slots.size()) {
    std::vector<T*> old(std::max<std::size_t>(16, 2 * slots.size()));
    old.swap(slots);
    used = 0;
    for (T* each : old)
      if (each) add(each);
  }
  const std::size_t mask = slots.size() - 1;
  std::size_t i = item->key & mask;
  while (slots[i]) i = (i + 1) & mask;
  slots[i] = item;
  ++used;
}

template <class T>
void RecordPool::Table<T>::remove(const T* item) {
  const std::size_t mask = slots.size() - 1;
  std::size_t hole = item->key & mask;
  while (slots[hole] != item) hole = (hole + 1) & mask;
  slots[hole] = nullptr;
  --used;
  // Whatever stands behind the hole and would have been placed at or before it moves up.
  for (std::size_t i = (hole + 1) & mask; slots[i]; i = (i + 1) & mask) {
    const std::size_t wanted = slots[i]->key & mask;
    if (((i - wanted) & mask) < ((i - hole) & mask)) continue;
    slots[hole] = slots[i];
    slots[i] = nullptr;
    hole = i;
  }
}

RecordPool::RecordPool(const Crypto& crypto, const NetworkId& network, const RecordPoolConfig& config)
    : crypto_{crypto}, network_{network}, config_{config} {}

RecordPool::~RecordPool() { BOATO_CHECK(records_.used == 0 && accusations_.used == 0); }

bool RecordPool::holds(const wire::StatementView& statement) {
  ++verified_;
  return BOATO_MUTANT(140) ||  // forged entries are believed
         wire::statement_holds(crypto_, network_, statement);
}

Interned RecordPool::take(Time now, Bytes bytes) { return take(now, bytes, false); }
Interned RecordPool::take_own(Time now, Bytes bytes) { return take(now, bytes, true); }

Interned RecordPool::take(Time now, Bytes bytes, bool own) {
  Interned result;
  wire::StatementView statement;
  if (!wire::parse_statement(bytes, statement)) return result;
  result.size = statement.whole.size();
  const std::uint64_t key = key_of(statement);
  if (statement.type == wire::StatementType::roster_entry) {
    if (const MemberRecord* known = records_.find(key, statement.whole)) {
      result.record = RecordRef{*this, known};
      result.verdict = Verdict::good;
    } else {
      result.verdict = make_record(now, statement, key, own, result.record);
    }
  } else if (statement.type == wire::StatementType::suspicion) {
    if (const Accusation* known = accusations_.find(key, statement.whole)) {
      result.accusation = AccusationRef{*this, known};
      result.verdict = Verdict::good;
    } else {
      result.verdict = make_accusation(statement, key, own, result.accusation);
    }
  }
  return result;
}

Verdict RecordPool::make_record(Time now, const wire::StatementView& statement, std::uint64_t key, bool own,
                                RecordRef& out) {
  wire::RosterEntry entry;
  if (!wire::decode_record(statement.body, entry)) return Verdict::malformed;
  if (entry.interest.size() > config_.interest_bytes_max ||
      entry.attributes.size() > config_.attribute_bytes_max || !wire::attributes_valid(entry.attributes))
    return Verdict::malformed;
  if (!own && records_.used >= config_.records_max) return Verdict::full;
  if (!holds(statement)) return Verdict::forged;

  auto record = std::make_unique<MemberRecord>();
  record->statement.assign(statement.whole.begin(), statement.whole.end());
  const Bytes body = Bytes{record->statement}.subspan(wire::statement_header_bytes, statement.body.size());
  BOATO_CHECK(wire::decode_record(body, entry));  // the same bytes again: now the views point into the record
  record->id = statement.issuer;
  record->topic = entry.topic;
  record->incarnation = statement.incarnation;
  record->version = statement.version;
  record->flags = entry.flags;
  record->interest = interest_of(entry.interest);
  record->addresses = entry.addresses;
  record->interest_text = entry.interest;
  record->attributes = entry.attributes;
  const Bytes whole{record->statement};
  record->hash =
      get_be<std::uint64_t>(view(crypto_.hash(personal("boato/1 roster"), std::span{&whole, 1})).data());
  record->key = key;
  record->learnt = now;
  records_.add(record.get());
  out = RecordRef{*this, record.release()};
  return Verdict::good;
}

Verdict RecordPool::make_accusation(const wire::StatementView& statement, std::uint64_t key, bool own,
                                    AccusationRef& out) {
  wire::Suspicion suspicion;
  if (!wire::decode_record(statement.body, suspicion)) return Verdict::malformed;
  if (!own && accusations_.used >= config_.accusations_max) return Verdict::full;
  if (!holds(statement)) return Verdict::forged;

  auto accusation = std::make_unique<Accusation>();
  accusation->topic = suspicion.topic;
  accusation->accuser = statement.issuer;
  accusation->accused = suspicion.accused;
  accusation->of = {suspicion.incarnation, suspicion.version};
  accusation->statement.assign(statement.whole.begin(), statement.whole.end());
  accusation->key = key;
  accusations_.add(accusation.get());
  out = AccusationRef{*this, accusation.release()};
  return Verdict::good;
}

void RecordPool::drop(const MemberRecord* record) noexcept {
  if (--record->refs > 0) return;
  records_.remove(record);
  delete record;
}

void RecordPool::drop(const Accusation* accusation) noexcept {
  if (--accusation->refs > 0) return;
  accusations_.remove(accusation);
  delete accusation;
}

}  // namespace boato
