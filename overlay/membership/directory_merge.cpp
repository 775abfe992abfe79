// SPDX-License-Identifier: Apache-2.0
// How records take in statements. Merging ends, and peers that have told each other all they have end with
// the same record, in whatever order statements came.
#include "overlay/base/mutant.hpp"
#include "overlay/base/text.hpp"
#include "overlay/membership/directory.hpp"
#include "overlay/wire/contract.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>
#include <array>
#include <tuple>

namespace boato {
namespace {

constexpr std::uint64_t created_max = std::uint64_t{1} << 62;
constexpr auto genesis_personal = personal("boato/1 genesis");

bool holds(const Self& self, const wire::StatementView& statement) {
  if (BOATO_MUTANT(121)) return true;  // directory: signatures are not checked
  return wire::statement_holds(*self.crypto, self.network, statement);
}

std::vector<std::byte> copy(Bytes bytes) { return {bytes.begin(), bytes.end()}; }

}  // namespace

Directory::Merge Directory::merge_genesis(const wire::StatementView& statement, TopicTag topic) {
  wire::TopicGenesis genesis;
  auto fresh = std::make_unique<TopicRecord>();
  if (!wire::decode_record(statement.body, genesis) || !is_topic_name(genesis.name) ||
      genesis.created_us > created_max || !wire::decode_contract(genesis.contract, fresh->contract))
    return Merge::refused;
  if (fresh->contract.durability == Durability::disk) {
    wire::ReplicatedGenesis replicated;
    if (!wire::decode_record(statement.body, replicated)) return Merge::refused;
    const auto replicas = wire::ReplicaSet::parse(replicated.replicas);
    if (!replicas) return Merge::refused;
    fresh->replicas = *replicas;
  }
  fresh->id = topic_id(*self_.crypto, genesis.name, genesis.life);
  fresh->tag = tag_of(fresh->id);
  if (fresh->tag != topic) return Merge::refused;
  const std::array<Bytes, 1> parts{statement.whole};
  fresh->genesis_hash = self_.crypto->hash(genesis_personal, parts);
  TopicRecord* known = at(topic);
  if (known && known->genesis_hash == fresh->genesis_hash) return Merge::same;
  if (known && known->id != fresh->id)
    return Merge::refused;  // two names made to share a tag: the first stays
  fresh->created_us = genesis.created_us;
  if (known) {
    const auto rank = [](const TopicRecord& r) { return std::tie(r.created_us, r.genesis_hash); };
    bool wins = rank(*fresh) < rank(*known);
    if (BOATO_MUTANT(120)) wins = false;  // directory: whoever was heard of first stays
    if (!wins) return Merge::same;
  }
  if (!holds(self_, statement)) return Merge::forged;
  greatest_created_ = std::max(greatest_created_, genesis.created_us);
  fresh->life = genesis.life;
  fresh->name = genesis.name;
  fresh->creator = statement.issuer;
  fresh->genesis = copy(statement.whole);
  if (!known) {
    const TopicTag tag = fresh->tag;
    if (!insert(std::move(fresh))) return Merge::refused;
    tell(tag, DirectoryChange::Kind::added);
    return Merge::changed;
  }
  const bool other_contract = known->contract != fresh->contract || known->replicas != fresh->replicas;
  const bool was_alive = known->alive();
  --count_of(known->creator);
  ++count_of(fresh->creator);
  if (known->creator != fresh->creator) {  // a tombstone is its creator's only
    known->tombstone.clear();
    known->removed_us = 0;
  }
  known->creator = fresh->creator;
  known->created_us = fresh->created_us;
  known->genesis_hash = fresh->genesis_hash;
  known->genesis = std::move(fresh->genesis);
  known->contract = std::move(fresh->contract);
  known->replicas = std::move(fresh->replicas);
  if (!was_alive && known->alive()) {
    tell(topic, DirectoryChange::Kind::added);
  } else if (other_contract) {
    tell(topic, DirectoryChange::Kind::conflict_lost);
  }
  return Merge::changed;
}

// What is kept only ever makes room for something newer, and what is not kept changes nothing, not even an
// older word of its own peer. So every change makes the list of all that is kept, newest first, a greater
// one, and changes end; and of two records that differ, the newest statement that only one has is news to the
// other, so that those who have told each other everything have the same. A contact whose farewell is older
// than eight others may therefore stay: whoever dials it learns better.
Directory::Merge Directory::merge_contact(TopicRecord& record, const wire::StatementView& statement) {
  wire::RosterEntry entry;
  if (statement.type != wire::StatementType::roster_entry || statement.whole.size() > contact_bytes_max ||
      !wire::decode_record(statement.body, entry) || entry.topic != record.id)
    return Merge::refused;
  const auto age = std::tie(statement.incarnation, statement.version);
  const auto age_of = [](const TopicContact& c) { return std::tie(c.incarnation, c.version); };
  for (const auto* list : {&record.contacts, &record.farewells})
    for (const TopicContact& c : *list) {
      if (c.peer != statement.issuer) continue;
      // directory: the contact heard of last replaces, not the newer one
      if (BOATO_MUTANT(122)) {
        if (age_of(c) == age) return Merge::same;
        continue;
      }
      // Two statements of one version are a lie of their peer; one of them is kept by everybody.
      if (age_of(c) > age ||
          (age_of(c) == age && !std::ranges::lexicographical_compare(c.statement, statement.whole)))
        return Merge::same;
    }
  const auto newer = [&](const TopicContact& c) {
    return std::tie(c.incarnation, c.version, c.peer) >
           std::tie(statement.incarnation, statement.version, statement.issuer);
  };
  const bool leaving = (entry.flags & wire::flag_leaving) != 0;
  auto& list = leaving ? record.farewells : record.contacts;
  const bool kept = static_cast<std::size_t>(std::ranges::count_if(list, newer)) < contacts_max;
  if (!kept) return Merge::same;
  if (!holds(self_, statement)) return Merge::forged;
  const auto same_peer = [&](const TopicContact& c) { return c.peer == statement.issuer; };
  std::erase_if(record.contacts, same_peer);
  std::erase_if(record.farewells, same_peer);
  const auto place = std::ranges::find_if_not(list, newer);
  list.insert(place, {statement.issuer, statement.incarnation, statement.version, entry.addresses,
                      copy(statement.whole)});
  if (list.size() > contacts_max) list.pop_back();
  return Merge::changed;
}

Directory::Merge Directory::merge_tombstone(TopicRecord& record, const wire::StatementView& statement) {
  wire::TopicTombstone tombstone;
  if (!wire::decode_record(statement.body, tombstone) || tombstone.topic != record.id ||
      statement.issuer != record.creator)
    return Merge::refused;
  // Two tombstones say the same; one is kept by everybody.
  if (!record.alive() && !std::ranges::lexicographical_compare(statement.whole, record.tombstone))
    return Merge::same;
  if (!holds(self_, statement)) return Merge::forged;
  const bool was_alive = record.alive();
  record.tombstone = copy(statement.whole);
  record.removed_us = tombstone.removed_us;
  if (was_alive) tell(record.tag, DirectoryChange::Kind::removed);
  return Merge::changed;
}

// A deletion so long ago that others have forgotten it: its record is not taken in again, or it would come to
// life where the tombstone has just expired.
bool Directory::long_dead(Time now, Bytes statements) const {
  wire::StatementView statement;
  for (; !statements.empty() && wire::parse_statement(statements, statement);
       statements = statements.subspan(statement.whole.size())) {
    wire::TopicTombstone tombstone;
    if (statement.type == wire::StatementType::topic_tombstone &&
        wire::decode_record(statement.body, tombstone) && expired(now, tombstone.removed_us))
      return true;
  }
  return false;
}

bool Directory::expired(Time now, std::uint64_t removed_us) const {
  const auto life_us = static_cast<std::uint64_t>(config_.tombstone_life.count());
  return removed_us < self_.wall_us(now) && self_.wall_us(now) - removed_us > life_us;
}

std::size_t& Directory::count_of(const PeerId& creator) {
  const std::uint64_t place = ring_place(creator);
  auto at = std::ranges::lower_bound(creators_, place, {}, &Creator::place);
  if (at == creators_.end() || at->place != place) at = creators_.insert(at, {place, 0});
  return at->records;
}

TopicRecord* Directory::insert(std::unique_ptr<TopicRecord> record) {
  if (records_.size() >= config_.records_max || bytes_ >= config_.records_bytes_max ||
      count_of(record->creator) >= config_.per_creator_max)
    return nullptr;
  ++count_of(record->creator);
  const auto place =
      std::ranges::lower_bound(records_, record->tag, {}, [](const auto& r) { return r->tag; });
  ranges_.insert(ranges_.begin() + (place - records_.begin()), {record->tag.raw(), record->version});
  return records_.insert(place, std::move(record))->get();
}

void Directory::drop(TopicRecord& record) {
  --count_of(record.creator);
  bytes_ -= record.counted;
  const auto place = std::ranges::lower_bound(records_, record.tag, {}, [](const auto& r) { return r->tag; });
  ranges_.erase(ranges_.begin() + (place - records_.begin()));
  records_.erase(place);
}

void Directory::changed(TopicRecord& record) {
  record.version = version_of(*self_.crypto, record);
  bytes_ = bytes_ - record.counted + record.bytes();
  record.counted = record.bytes();
  std::ranges::lower_bound(ranges_, record.tag.raw(), {}, &RangeEntry::place)->hash = record.version;
  ++news_;
}

void Directory::tell(TopicTag topic, DirectoryChange::Kind kind) {
  const auto same = [&](const DirectoryChange& c) { return c.topic == topic && c.kind == kind; };
  if (std::ranges::none_of(changes_, same)) changes_.push_back({topic, kind});
}

}  // namespace boato
