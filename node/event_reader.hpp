// SPDX-License-Identifier: Apache-2.0
// Events out of a file, to try predicates on: lines of `boato sub --json`, or objects of attributes.
#pragma once

#include <boato/result.hpp>

#include "node/host/predicates.hpp"
#include "node/item_json.hpp"

#include <deque>
#include <string>

namespace boato {

struct ReadEvent {
  AttributeSet attributes;
  std::string topic, publisher, key, type;
  EventFacts facts{};  // the numbers; the texts are set by subject()
  bool whole = false;  // more than attributes

  // Views into this.
  [[nodiscard]] Subject subject();
};

// A deque: their attributes are views that must not move. "-" is stdin. Gaps and states among the events are
// passed over. Errors: bad_config, with file and line.
[[nodiscard]] Result<std::deque<ReadEvent>> read_events(const std::string& file);

}  // namespace boato
