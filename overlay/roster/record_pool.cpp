// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster/record_pool.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/mutant.hpp"
#include "overlay/interest/predicate.hpp"
#include "overlay/wire/attributes.hpp"
#include "overlay/wire/records.hpp"
#include "overlay/wire/roster_messages.hpp"

#include <algorithm>
#include <cstring>
#include <memory>
#include <new>

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

Bytes statement_of(const MemberRecord& record) { return record.statement(); }
Bytes statement_of(const Accusation& accusation) { return accusation.statement; }

template <class T>
std::uint64_t key_of(const T& item) {
  wire::StatementView statement;
  BOATO_CHECK(wire::parse_statement(statement_of(item), statement));
  return key_of(statement);
}

// One block: the record, and its statement behind it.
MemberRecord* allocate(Bytes statement) {
  auto* record = new (::operator new(sizeof(MemberRecord) + statement.size())) MemberRecord;
  record->statement_bytes = static_cast<std::uint16_t>(statement.size());
  std::memcpy(reinterpret_cast<std::byte*>(record + 1), statement.data(), statement.size());
  return record;
}
static_assert(wire::statement_bytes_max <= 0xffff);

void free(const MemberRecord* record) {
  record->~MemberRecord();
  ::operator delete(const_cast<MemberRecord*>(record));
}

Interest interest_of(std::string_view text) {
  if (text.empty() || text == interest_everything) return Interest::everything;
  return text == interest_nothing ? Interest::nothing : Interest::predicate;
}

// Canonical text only: equal interests are equal bytes, and whoever sends another has not read it himself.
// What cannot be parsed, or costs more than predicates may, is no interest.
bool interest_valid(std::string_view text) {
  if (interest_of(text) != Interest::predicate) return true;
  const auto predicate = Predicate::parse(text);
  return predicate && predicate->text() == text && !predicate->takes_all() && !predicate->takes_none();
}

}  // namespace

template <class T>
T* RecordPool::Table<T>::find(std::uint64_t key, Bytes statement) const {
  if (slots.empty()) return nullptr;
  const std::size_t mask = slots.size() - 1;
  for (std::size_t i = key & mask; slots[i]; i = (i + 1) & mask)
    if (const Bytes kept = statement_of(*slots[i]);
        kept.size() == statement.size() && std::memcmp(kept.data(), statement.data(), kept.size()) == 0)
      return slots[i];
  return nullptr;
}

template <class T>
void RecordPool::Table<T>::add(T* item) {
  if (4 * (used + 1) > 3 * slots.size()) {
    std::vector<T*> old(std::max<std::size_t>(16, 2 * slots.size()));
    old.swap(slots);
    used = 0;
    for (T* each : old)
      if (each) add(each);
  }
  const std::size_t mask = slots.size() - 1;
  std::size_t i = key_of(*item) & mask;
  while (slots[i]) i = (i + 1) & mask;
  slots[i] = item;
  ++used;
}

template <class T>
void RecordPool::Table<T>::remove(const T* item) {
  const std::size_t mask = slots.size() - 1;
  std::size_t hole = key_of(*item) & mask;
  while (slots[hole] != item) hole = (hole + 1) & mask;
  slots[hole] = nullptr;
  --used;
  // Whatever stands behind the hole and would have been placed at or before it moves up.
  for (std::size_t i = (hole + 1) & mask; slots[i]; i = (i + 1) & mask) {
    const std::size_t wanted = key_of(*slots[i]) & mask;
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
      result.verdict = make_record(now, statement, own, result.record);
    }
  } else if (statement.type == wire::StatementType::suspicion) {
    if (const Accusation* known = accusations_.find(key, statement.whole)) {
      result.accusation = AccusationRef{*this, known};
      result.verdict = Verdict::good;
    } else {
      result.verdict = make_accusation(statement, own, result.accusation);
    }
  }
  return result;
}

Verdict RecordPool::make_record(Time now, const wire::StatementView& statement, bool own, RecordRef& out) {
  wire::RosterEntry entry;
  if (!wire::decode_record(statement.body, entry)) return Verdict::malformed;
  if (entry.interest.size() > config_.interest_bytes_max ||
      entry.attributes.size() > config_.attribute_bytes_max || !wire::attributes_valid(entry.attributes) ||
      !interest_valid(entry.interest))
    return Verdict::malformed;
  if (!own && records_.used >= config_.records_max) return Verdict::full;
  if (!holds(statement)) return Verdict::forged;

  MemberRecord* record = allocate(statement.whole);
  record->id = statement.issuer;
  record->incarnation = statement.incarnation;
  record->version = statement.version;
  record->flags = entry.flags;
  record->interest = interest_of(entry.interest);
  record->dialable = !entry.addresses.empty();
  const Bytes whole = record->statement();
  record->hash =
      get_be<std::uint64_t>(view(crypto_.hash(personal("boato/1 roster"), std::span{&whole, 1})).data());
  record->learnt = now;
  records_.add(record);
  out = RecordRef{*this, record};
  return Verdict::good;
}

Verdict RecordPool::make_accusation(const wire::StatementView& statement, bool own, AccusationRef& out) {
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
  accusations_.add(accusation.get());
  out = AccusationRef{*this, accusation.release()};
  return Verdict::good;
}

void RecordPool::drop(const MemberRecord* record) noexcept {
  if (--record->refs > 0) return;
  records_.remove(record);
  free(record);
}

void RecordPool::drop(const Accusation* accusation) noexcept {
  if (--accusation->refs > 0) return;
  accusations_.remove(accusation);
  delete accusation;
}

}  // namespace boato
