// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster/member.hpp"

#include "overlay/wire/records.hpp"
#include "overlay/wire/statement.hpp"

namespace boato {
namespace {

wire::RosterEntry entry_of(const MemberRecord& record) {
  wire::RosterEntry entry;
  BOATO_CHECK(wire::decode_record(record.body(), entry));  // it did when the record was made
  return entry;
}

}  // namespace

Bytes MemberRecord::body() const {
  return statement().subspan(wire::statement_header_bytes, statement_bytes - wire::statement_overhead_bytes);
}

// The first field, without the others: each statement that arrives is asked.
TopicId MemberRecord::topic() const {
  wire::Cursor in{body()};
  std::uint32_t fields = 0;
  TopicId topic;
  BOATO_CHECK(in.array(fields) && wire::get(in, topic));
  return topic;
}

wire::AddressList MemberRecord::addresses() const { return entry_of(*this).addresses; }
std::string_view MemberRecord::interest_text() const { return entry_of(*this).interest; }
Bytes MemberRecord::attributes() const { return entry_of(*this).attributes; }

}  // namespace boato
