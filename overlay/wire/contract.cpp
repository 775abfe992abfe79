// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/contract.hpp"

#include "overlay/base/text.hpp"
#include "overlay/wire/codec.hpp"

namespace boato::wire {
namespace {

constexpr std::uint32_t contract_fields = 10;

template <class E>
bool get_up_to(Cursor& in, E& value, E last) {
  return get(in, value) && value <= last;
}

}  // namespace

bool is_contract(const Contract& c) {
  return c.reliability <= Reliability::uniform && c.order <= Order::total_causal &&
         c.durability <= Durability::disk && c.replicas >= 1 && c.replicas <= contract_replicas_max &&
         c.retain_for.count() >= 0 && c.hold <= Hold::cursors && c.sequencer <= Sequencer::centralised &&
         (c.domain.empty() || is_topic_name(c.domain));
}

Bytes encode_contract(const Contract& c, std::span<std::byte> room) {
  BOATO_CHECK(is_contract(c));
  RoomWriter writer{room};
  Packer pk{writer};
  pk.pack_array(contract_fields);
  put(pk, c.reliability);
  put(pk, c.order);
  put(pk, c.durability);
  put(pk, c.replicas);
  put(pk, static_cast<std::uint64_t>(c.retain_for.count()));
  put(pk, c.retain_bytes);
  put(pk, c.retain_count);
  put(pk, c.hold);
  put(pk, c.sequencer);
  put(pk, std::string_view{c.domain});
  BOATO_CHECK(!writer.overflow);
  return Bytes{room.data(), writer.used};
}

bool decode_contract(Bytes bytes, Contract& c) {
  Cursor in{bytes};
  std::uint32_t fields = 0;
  std::uint64_t retain_us = 0;
  std::string_view domain;
  // Exactly the known fields: a later promise in an appended one would be broken by not knowing it.
  if (!in.array(fields) || fields != contract_fields) return false;
  if (!get_up_to(in, c.reliability, Reliability::uniform) || !get_up_to(in, c.order, Order::total_causal) ||
      !get_up_to(in, c.durability, Durability::disk) || !get(in, c.replicas) || !get(in, retain_us) ||
      !get(in, c.retain_bytes) || !get(in, c.retain_count) || !get_up_to(in, c.hold, Hold::cursors) ||
      !get_up_to(in, c.sequencer, Sequencer::centralised) || !get(in, domain) || !in.rest().empty())
    return false;
  if (retain_us > static_cast<std::uint64_t>(Duration::max().count())) return false;
  c.retain_for = Duration{static_cast<Duration::rep>(retain_us)};
  c.domain = domain;
  return is_contract(c);
}

}  // namespace boato::wire
