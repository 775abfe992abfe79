// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster/farewell.hpp"

#include "overlay/base/check.hpp"
#include "overlay/base/mutant.hpp"
#include "overlay/wire/roster_messages.hpp"
#include "overlay/wire/statement.hpp"

#include <algorithm>
#include <array>

namespace boato {
namespace {

constexpr Duration pause = std::chrono::milliseconds{100};

}  // namespace

Bytes sign_entry(const Self& self, const wire::RosterEntry& entry, std::uint64_t version,
                 std::span<std::byte> room) {
  std::array<std::byte, wire::statement_body_bytes_max> body;
  const auto size = wire::encode_record(entry, body);
  BOATO_CHECK(size.has_value());
  return wire::sign_statement(
      *self.crypto, self.network, self.id, *self.secret,
      {wire::StatementType::roster_entry, self.incarnation, version, Bytes{body}.first(*size)}, room);
}

void Farewell::say(Time now, const TopicId& topic, LinkId to, Effects& fx) {
  if (now < next_ || BOATO_MUTANT(155)) return;  // 155: in silence
  next_ = now + pause;
  std::array<std::byte, wire::statement_bytes_max> room;
  // Versions follow time (RosterMachine::sign_own): newer than the entry we left with, older than any that we
  // may make from this moment on.
  const auto version = static_cast<std::uint64_t>(now.time_since_epoch().count()) - 1;
  const wire::RosterEntry entry{topic, self_.addresses, self_.flags | wire::flag_leaving, "false", {}};
  const Bytes statement = sign_entry(self_, entry, version, room);
  SlabRef slab = slabs_.take(statement.size());
  std::ranges::copy(statement, slab.data());
  fx.send(to, Flow::repair, wire::RosterPage{tag_of(topic), 1, 1},
          slab.slice(0, static_cast<std::uint32_t>(statement.size())));
}

}  // namespace boato
