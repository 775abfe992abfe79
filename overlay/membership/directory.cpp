// SPDX-License-Identifier: Apache-2.0
#include "overlay/membership/directory.hpp"

#include "overlay/base/ranges_answer.hpp"
#include "overlay/base/text.hpp"
#include "overlay/wire/contract.hpp"
#include "overlay/wire/records.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

constexpr std::uint64_t created_max = std::uint64_t{1} << 62;  // so that raising it never wraps
constexpr std::uint64_t created_step = 1000;                   // us
constexpr std::size_t statements_max = 2 + 2 * contacts_max;

}  // namespace

Directory::Directory(const DirectoryConfig& config, const Self& self, Rng rng)
    : config_{config}, self_{self}, rng_{rng} {}

TopicRecord* Directory::at(TopicTag topic) const {
  const auto found = std::ranges::lower_bound(records_, topic, {}, [](const auto& r) { return r->tag; });
  return found != records_.end() && (*found)->tag == topic ? found->get() : nullptr;
}

const TopicRecord* Directory::find(TopicTag topic) const {
  const TopicRecord* record = at(topic);
  return record && record->alive() ? record : nullptr;
}

// A name means its first life that is not deleted: later lives of a living one mean nothing, so nobody gains
// by inventing them.
const TopicRecord* Directory::find(std::string_view name) const {
  for (std::uint64_t life = 0;; ++life) {
    const TopicRecord* record = at(tag_of(topic_id(*self_.crypto, name, life)));
    if (!record || record->name != name) break;
    if (record->alive()) return record;
  }
  const TopicRecord* best = nullptr;  // tombstones of its first lives may have expired
  for (const auto& r : records_)
    if (r->alive() && r->name == name && (!best || r->life < best->life)) best = r.get();
  return best;
}

Result<const TopicRecord*, Errc> Directory::declare(Time now, std::string_view name,
                                                    const std::optional<Contract>& contract, Active active,
                                                    const Choose& choose, Effects& fx) {
  if (!is_topic_name(name)) return Errc::bad_name;
  if (contract && !wire::is_contract(*contract)) return Errc::too_large;
  if (const TopicRecord* known = find(name)) {
    if (contract && *contract != known->contract) return Errc::conflict;
    return known;
  }
  std::uint64_t life = 0;
  for (const auto& r : records_)
    if (r->name == name) life = std::max(life, r->life + 1);

  std::array<std::byte, wire::contract_bytes_max> contract_room;
  wire::TopicGenesis genesis;
  genesis.name = name;
  genesis.contract = wire::encode_contract(contract.value_or(Contract{}), contract_room);
  genesis.life = life;
  genesis.created_us = std::min(created_max, std::max(self_.wall_us(now), greatest_created_ + created_step));
  genesis.nonce = rng_.next();
  std::array<std::byte, wire::statement_body_bytes_max> body;
  auto size = wire::encode_record(genesis, body);
  if (contract && contract->durability == Durability::disk) {
    const wire::ReplicaSet replicas = choose(topic_id(*self_.crypto, name, life));
    if (replicas.empty()) return Errc::no_quorum;
    const std::vector<std::byte> packed = replicas.packed();
    size = wire::encode_record(wire::ReplicatedGenesis{genesis.name, genesis.contract, genesis.life,
                                                       genesis.created_us, genesis.nonce, packed},
                               body);
  }
  BOATO_CHECK(size.has_value());
  std::array<std::byte, wire::statement_bytes_max> room;
  const Bytes signed_bytes = wire::sign_statement(
      *self_.crypto, self_.network, self_.id, *self_.secret,
      {wire::StatementType::topic_genesis, self_.incarnation, 1, Bytes{body}.first(*size)}, room);
  wire::StatementView statement;
  BOATO_CHECK(wire::parse_statement(signed_bytes, statement));
  const TopicTag tag = tag_of(topic_id(*self_.crypto, name, life));
  if (merge_genesis(statement, tag) != Merge::changed) return Errc::too_large;
  TopicRecord& record = *at(tag);
  changed(record);
  spread(now, record, record.genesis, std::nullopt, active, fx);
  return &record;
}

void Directory::recover(Time now, Bytes genesis) {
  wire::StatementView statement;
  wire::TopicGenesis parsed;
  if (!wire::parse_statement(genesis, statement) || statement.type != wire::StatementType::topic_genesis ||
      !wire::decode_record(statement.body, parsed))
    return;
  const TopicTag tag = tag_of(topic_id(*self_.crypto, parsed.name, parsed.life));
  if (merge_genesis(statement, tag) != Merge::changed) return;
  TopicRecord& record = *at(tag);
  changed(record);
  young_until_ = std::max(young_until_ == never ? Time{} : young_until_, now + config_.young);
}

void Directory::announce_contact(Time now, TopicTag topic, Bytes bytes, Active active, Effects& fx) {
  TopicRecord* record = at(topic);
  wire::StatementView statement;
  if (!record || !wire::parse_statement(bytes, statement)) return;
  if (merge_contact(*record, statement) != Merge::changed) return;
  changed(*record);
  spread(now, *record, statement.whole, std::nullopt, active, fx);
}

void Directory::offer_contact(Time now, TopicTag topic, Bytes bytes, std::uint32_t flags, Active active,
                              Effects& fx) {
  constexpr std::uint32_t unfit = wire::flag_guest | wire::flag_no_inbound | wire::flag_weak;
  const TopicRecord* record = at(topic);
  if (record && record->contacts.size() < contacts_max && (flags & unfit) == 0)
    announce_contact(now, topic, bytes, active, fx);
}

void Directory::withdraw_contact(Time now, TopicTag topic, Bytes goodbye, Active active, Effects& fx) {
  const TopicRecord* record = at(topic);
  if (record && std::ranges::count(record->contacts, self_.id, &TopicContact::peer) > 0)
    announce_contact(now, topic, goodbye, active, fx);
}

Result<void, Errc> Directory::remove(Time now, TopicTag topic, Active active, Effects& fx) {
  TopicRecord* record = at(topic);
  if (!record || !record->alive()) return Errc::no_such;
  if (record->creator != self_.id) return Errc::not_allowed;
  const wire::TopicTombstone tombstone{record->id, self_.wall_us(now)};
  std::array<std::byte, 64> body;
  const auto size = wire::encode_record(tombstone, body);
  BOATO_CHECK(size.has_value());
  std::array<std::byte, wire::statement_bytes_max> room;
  const Bytes signed_bytes = wire::sign_statement(
      *self_.crypto, self_.network, self_.id, *self_.secret,
      {wire::StatementType::topic_tombstone, self_.incarnation, 1, Bytes{body}.first(*size)}, room);
  wire::StatementView statement;
  BOATO_CHECK(wire::parse_statement(signed_bytes, statement));
  if (merge_tombstone(*record, statement) != Merge::changed) return Errc::internal;
  changed(*record);
  spread(now, *record, record->tombstone, std::nullopt, active, fx);
  return {};
}

void Directory::on(Time now, const LinkInfo& from, const wire::TopicPush& m, Active active, Effects& fx) {
  if (!at(m.topic) && long_dead(now, m.statements)) return;
  ByteReader in{m.statements};
  packed_.clear();  // what changed
  bool whole = false;
  Merge worst = Merge::same;
  for (std::size_t n = 0; in.left() > 0 && worst != Merge::forged; ++n) {
    wire::StatementView statement;
    if (n == statements_max || !wire::parse_statement(in.rest(), statement)) {
      fx.refuse(DropReason::malformed, from.id, from.peer, m.topic);
      break;
    }
    static_cast<void>(in.bytes(statement.whole.size()));
    TopicRecord* record = at(m.topic);
    Merge merged = Merge::same;
    if (statement.type == wire::StatementType::topic_genesis) {
      whole = true;
      merged = merge_genesis(statement, m.topic);
    } else if (!record) {
      continue;  // fetched below
    } else if (statement.type == wire::StatementType::roster_entry) {
      merged = merge_contact(*record, statement);
      if (merged == Merge::changed) tell(m.topic, DirectoryChange::Kind::contacts);
    } else if (statement.type == wire::StatementType::topic_tombstone) {
      merged = merge_tombstone(*record, statement);
    }
    if (merged == Merge::changed)
      packed_.insert(packed_.end(), statement.whole.begin(), statement.whole.end());
    if (merged == Merge::refused) {
      fx.count(Counter::directory_refused);
      fx.drop(DropReason::directory_full, m.topic, from.peer);
    }
    worst = std::max(worst, merged);
  }
  if (worst == Merge::forged) {
    fx.refuse(DropReason::forged, from.id, from.peer, m.topic);
  }
  if (TopicRecord* record = at(m.topic); record && !packed_.empty()) {
    changed(*record);
    const bool equal = record->version == m.version;
    const std::vector<std::byte> news = std::move(packed_);
    spread(now, *record, news, equal ? std::optional{from.id} : std::nullopt, active, fx);
    packed_ = {};
  }
  for (Spread& s : spreads_) {
    const TopicRecord* record = at(s.topic);
    if (s.topic == m.topic && record && record->version == m.version &&
        std::ranges::find(s.have, from.id) == s.have.end())
      s.have.push_back(from.id);
  }
  if (whole) {
    fetched(m.topic, from.id, fx);
  } else if (worst != Merge::forged && wanted(now, m.topic, m.version, from.id)) {
    wire::TopicFetch fetch;
    fetch.topics.push_back(m.topic);
    fx.send(from.id, Flow::control, fetch);
  }
}

void Directory::on(Time now, const LinkInfo& from, const wire::TopicNames& m, Active, Effects& fx) {
  wire::TopicFetch fetch;
  for (const wire::TopicVersion& name : m.topics) {
    for (Spread& s : spreads_) {
      const TopicRecord* record = at(s.topic);
      if (s.topic == name.topic && record && record->version == name.version) s.have.push_back(from.id);
    }
    if (wanted(now, name.topic, name.version, from.id)) fetch.topics.push_back(name.topic);
  }
  if (!fetch.topics.empty()) fx.send(from.id, Flow::control, fetch);
}

void Directory::on(Time, const LinkInfo& from, const wire::TopicFetch& m, Active, Effects& fx) {
  std::size_t sent = 0;
  for (const TopicTag tag : m.topics) {
    const TopicRecord* record = at(tag);
    if (!record) continue;
    sent += record->counted;
    if (sent > config_.answer_bytes_max) return;
    send_whole(from.id, *record, fx);
  }
}

void Directory::on(Time now, const LinkInfo& from, const wire::DirectoryRanges& m, Active, Effects& fx) {
  if (m.items.empty()) {
    compared_ = true;
    return;
  }
  std::array<std::byte, ranges_bytes_max> room;
  ByteWriter out{room};
  wire::TopicFetch fetch;
  std::size_t named = 0;
  wire::TopicNames names;
  const auto flush = [&] {
    if (names.topics.size() > config_.push_unasked_max || named > names.topics.size()) {
      fx.send(from.id, Flow::repair, names);
    } else {
      for (const wire::TopicVersion& n : names.topics) send_whole(from.id, *at(n.topic), fx);
    }
    names.topics.clear();
  };
  const auto theirs = [&](const RangeEntry& entry) {
    const TopicTag tag{entry.place};
    if (fetch.topics.full() || !wanted(now, tag, entry.hash, from.id)) return;
    fetch.topics.push_back(tag);
  };
  const auto ours = [&](const RangeEntry& entry) {
    if (named >= config_.names_per_answer) return;
    names.topics.push_back({TopicTag{entry.place}, entry.hash});
    ++named;
    if (names.topics.full()) flush();
  };
  const bool well_formed = answer_ranges(ranges_, m.items, out, ListedRanges{theirs, ours});
  if (!names.topics.empty()) flush();
  if (!fetch.topics.empty()) fx.send(from.id, Flow::control, fetch);
  if (!well_formed) {
    fx.refuse(DropReason::malformed, from.id, from.peer);
    return;
  }
  if (out.used() == 0) compared_ = true;
  fx.send(from.id, Flow::control, wire::DirectoryRanges{out.written()});
}

void Directory::on_deadline(Time now, Active active, Effects& fx) {
  std::erase_if(fetches_, [&](const Fetch& f) { return f.until <= now; });
  send_names(now, active, fx);
  if (now < next_compare_) return;
  expire_tombstones(now);
  if (!active.empty()) compare(active[rng_.below(active.size())], fx);
  next_compare_ = now + rng_.jitter(now < young_until_ ? config_.compare_every_young : config_.compare_every);
}

Time Directory::next_deadline() const {
  Time at = next_compare_;
  for (const Spread& s : spreads_) at = std::min(at, s.names_at);
  for (const Fetch& f : fetches_) at = std::min(at, f.until);
  return at;
}

void Directory::check_invariants() const {
  BOATO_CHECK(records_.size() == ranges_.size() && records_.size() <= config_.records_max);
  BOATO_CHECK(spreads_.size() <= config_.spreads_max && fetches_.size() <= config_.fetches_max);
  std::size_t sum = 0;
  for (std::size_t i = 0; i < records_.size(); ++i) {
    const TopicRecord& r = *records_[i];
    BOATO_CHECK(i == 0 || records_[i - 1]->tag < r.tag);
    BOATO_CHECK((ranges_[i] == RangeEntry{r.tag.raw(), r.version}));
    BOATO_CHECK(r.contacts.size() <= contacts_max && r.farewells.size() <= contacts_max);
    BOATO_DCHECK(i % 16 != news_ % 16 || r.version == version_of(*self_.crypto, r));
    BOATO_DCHECK(r.counted == r.bytes());
    BOATO_DCHECK(tag_of(r.id) == r.tag && !r.genesis.empty());
    sum += r.counted;
  }
  BOATO_CHECK(sum == bytes_);
  std::size_t created = 0;
  for (const Creator& c : creators_) created += c.records;
  BOATO_CHECK(created == records_.size());
}

}  // namespace boato
