// SPDX-License-Identifier: Apache-2.0
#include "node/host/event_filter.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/wire/attributes.hpp"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace boato {

EventFilter::EventFilter(Predicate predicate) : predicate_{std::move(predicate)} {
  for (const FieldName& name : predicate_.program().names()) {
    reads_publisher_ = reads_publisher_ || name.reserved == Reserved::publisher;
    reads_ext_ = reads_ext_ || name.reserved == Reserved::key || name.reserved == Reserved::type;
  }
}

bool EventFilter::takes(SharedBatch& batch, std::uint32_t index) {
  Subject subject;
  if (!batch.plain) {
    if (!batch.look_through(index)) return true;
    const std::uint32_t begin = index == 0 ? 0 : batch.ends[index - 1];
    subject.attributes = std::span{batch.attributes}.subspan(begin, batch.ends[index] - begin);
  }
  const wire::EventView event = batch.view(index);
  EventFacts facts;
  facts.topic = *batch.topic;
  facts.seq = static_cast<std::int64_t>(batch.first + index);
  // The publisher says what it likes: beyond 63 bits it is the latest time, not a negative one.
  constexpr auto latest = std::numeric_limits<std::int64_t>::max();
  facts.time_us = static_cast<std::int64_t>(std::min<std::uint64_t>(event.time_us, latest));
  facts.size = static_cast<std::int64_t>(event.payload.size());
  if (reads_publisher_) {
    if (publisher_text_.empty() || publisher_ != batch.publisher) {
      publisher_ = batch.publisher;
      publisher_text_ = to_text(publisher_);
    }
    facts.publisher = publisher_text_;
  }
  wire::EventExt ext;
  if (reads_ext_ && wire::decode_ext(event.ext, ext)) {
    facts.key = text(ext.key);
    facts.type = ext.content_type;
  }
  subject.event = &facts;
  return predicate_.matches(subject);
}

}  // namespace boato
