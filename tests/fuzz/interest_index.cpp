// SPDX-License-Identifier: Apache-2.0
// Bytes as seeds: predicates come and go, and the index answers what each of them answers by itself.
#include "overlay/interest/interest_index.hpp"

#include "tests/interest/dice.hpp"

#include <cstdint>
#include <cstdlib>
#include <map>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace boato;
  InterestIndex index{size};
  std::vector<InterestId> there, out;
  for (std::size_t i = 0; i + 2 < size && i < 192; i += 3) {
    Dice dice{static_cast<std::uint64_t>(data[i + 1]) << 8 | data[i + 2]};
    if (data[i] % 4 == 0 && !there.empty()) {
      const std::size_t gone = data[i + 1] % there.size();
      index.remove(there[gone]);
      there.erase(there.begin() + static_cast<std::ptrdiff_t>(gone));
    } else if (auto predicate = Predicate::parse(dice.predicate(data[i] % 3))) {
      there.push_back(index.add(std::move(*predicate)));
    }
    const Given given = dice.event();
    index.match(given.subject(), out);
    std::vector<InterestId> expected;
    for (const InterestId id : there)
      if (index.predicate(id).matches(given.subject())) expected.push_back(id);
    std::ranges::sort(out);
    std::ranges::sort(expected);
    if (out != expected) std::abort();
  }
  index.check_invariants();
  return 0;
}
