// SPDX-License-Identifier: Apache-2.0
// The predicate of one subscription, asked about events where they lie. Loop thread only.
#pragma once

#include "node/host/shared_batch.hpp"
#include "overlay/interest/predicate.hpp"

#include <string>

namespace boato {

class EventFilter {
 public:
  explicit EventFilter(Predicate predicate);

  // Also true for an event whose attributes are malformed: its subscription tells it as refused.
  [[nodiscard]] bool takes(SharedBatch& batch, std::uint32_t index);
  [[nodiscard]] const Predicate& predicate() const { return predicate_; }

 private:
  Predicate predicate_;
  bool reads_publisher_ = false, reads_ext_ = false;
  PeerId publisher_{};  // whose text is
  std::string publisher_text_;
};

}  // namespace boato
