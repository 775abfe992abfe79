// SPDX-License-Identifier: Apache-2.0
// Any bytes as statements, one behind the other: what parses can be asked for its signature and its record.
#include "overlay/wire/statement.hpp"

#include "overlay/link/toy_crypto.hpp"
#include "overlay/wire/records.hpp"

#include <cstdint>
#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace boato;
  using namespace boato::wire;
  Bytes rest = std::as_bytes(std::span{data, size});
  StatementView statement;
  while (parse_statement(rest, statement)) {
    const std::size_t length = statement.whole.size();
    if (length > rest.size() || length > statement_bytes_max ||
        length != statement_overhead_bytes + statement.body.size())
      std::abort();
    static_cast<void>(statement_holds(toy_crypto(), NetworkId{}, statement));
    PeerRecord peer;
    static_cast<void>(decode_record(statement.body, peer));
    RosterEntry entry;
    static_cast<void>(decode_record(statement.body, entry));
    rest = rest.subspan(length);
  }
  return 0;
}
