// SPDX-License-Identifier: Apache-2.0
#include "node/store/rows.hpp"

#include "overlay/base/mix.hpp"
#include "overlay/link/blake2b.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

std::uint64_t half(const Digest& digest, std::size_t which) {
  return get_be<std::uint64_t>(view(digest).data() + 8 * which);
}

}  // namespace

RowCheck& RowCheck::add(std::uint64_t number) {
  std::array<std::byte, 8> column;
  put_be(column.data(), number);
  columns_ += text(column);
  return *this;
}

RowCheck& RowCheck::add(Bytes column) {
  add(std::uint64_t{column.size()});
  columns_ += text(column);
  return *this;
}

std::uint64_t RowCheck::value() const {
  const Bytes all = bytes(columns_);
  // SQLite's integers are signed: the highest bit stays free.
  return half(blake2b(personal("boato/1 row"), std::span{&all, 1}), 0) >> 1;
}

std::uint64_t EventRow::check() const {
  return RowCheck{"events"}
      .add(at)
      .add(topic)
      .add(stream)
      .add(first.raw())
      .add(count)
      .add(time)
      .add(peak)
      .add(stored)
      .add(expires)
      .add(size)
      .add(static_cast<std::uint64_t>(state))
      .add(view(digest))
      .value();
}

Digest event_digest(const StreamName& stream, Seq first, std::uint16_t count, Bytes bytes) {
  std::array<std::byte, 18> numbers;
  put_be(numbers.data(), stream.incarnation.raw());
  put_be(numbers.data() + 8, first.raw());
  put_be(numbers.data() + 16, count);
  const std::array<Bytes, 4> parts{view(stream.topic), view(stream.publisher), numbers, bytes};
  return blake2b(personal("boato/1 stored"), parts);
}

std::uint64_t StreamRow::check() const {
  return RowCheck{"streams"}
      .add(id)
      .add(topic)
      .add(view(publisher))
      .add(incarnation.raw())
      .add(held.raw())
      .add(floor.raw())
      .add(rows)
      .add(sum.a)
      .add(sum.b)
      .value();
}

bool StreamRow::touches(SeqRange range) const {
  if (range.first <= held) return true;
  return std::ranges::any_of(
      above.ranges(), [&](const SeqRange& r) { return r.first <= range.last && range.first <= r.last; });
}

bool StreamRow::account(SeqRange range) {
  if (range.first != next(held)) return above.add(range);
  held = range.last;
  if (!above.empty() && above.ranges().front().first == next(held)) held = above.ranges().front().last;
  above.drop_upto(held);
  return true;
}

void StreamRow::add(const EventRow& row) {
  ++rows;
  sum.add(half(row.digest, 0) + mix(half(row.digest, 2)) + mix(row.first.raw()),
          half(row.digest, 1) + mix(half(row.digest, 3)) + mix(row.at << 16 | row.count));
}

void StreamRow::remove(const EventRow& row) {
  --rows;
  sum.remove(half(row.digest, 0) + mix(half(row.digest, 2)) + mix(row.first.raw()),
             half(row.digest, 1) + mix(half(row.digest, 3)) + mix(row.at << 16 | row.count));
}

const Fault* StreamRow::fault_at(SeqRange range) const {
  const auto at = std::ranges::find(faults, range, &Fault::range);
  return at == faults.end() ? nullptr : &*at;
}

void StreamRow::mend(SeqRange range) {
  std::erase_if(faults, [&](const Fault& fault) { return fault.range == range; });
}

std::uint64_t StoreRow::check() const {
  return RowCheck{"store"}
      .add(incarnation)
      .add(commits)
      .add(arrivals)
      .add(clock)
      .add(logs)
      .add(topics)
      .add(streams)
      .value();
}

std::uint64_t TopicRow::check() const {
  return RowCheck{"topics"}
      .add(id)
      .add(log)
      .add(view(topic))
      .add(static_cast<std::uint64_t>(retain.age.count()))
      .add(retain.bytes)
      .add(retain.events)
      .add(rows)
      .add(events)
      .add(size)
      .add(sum.a)
      .add(sum.b)
      .add(peak)
      .value();
}

void TopicRow::add(const EventRow& row) {
  ++rows;
  events += row.count;
  size += row.size;
  sum.add(mix(row.at), row.at);
}

void TopicRow::remove(const EventRow& row) {
  --rows;
  events -= row.count;
  size -= row.size;
  sum.remove(mix(row.at), row.at);
}

std::uint64_t LogRow::check() const {
  return RowCheck{"logs"}
      .add(id)
      .add(view(name.domain))
      .add(name.generation)
      .add(meta.cid)
      .add(meta.config)
      .add(meta.promised.round)
      .add(view(meta.promised.peer))
      .add(meta.promised.incarnation.raw())
      .add(meta.no_hold_le.round)
      .add(view(meta.no_hold_le.peer))
      .add(meta.no_hold_le.incarnation.raw())
      .add(meta.snap_lsn)
      .add(meta.snap_chain)
      .add(meta.applied)
      .value();
}

std::uint64_t cursor_check(RowId log, const DurableCursor& cursor) {
  return RowCheck{"cursors"}
      .add(log)
      .add(cursor.name)
      .add(view(cursor.topic))
      .add(cursor.attach)
      .add(view(cursor.owner))
      .add(cursor.position)
      .add(cursor.expires_us)
      .value();
}

std::uint64_t LastValueRow::check() const {
  return RowCheck{"last_values"}.add(topic).add(key).add(at).add(index).value();
}

}  // namespace boato
