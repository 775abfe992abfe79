// SPDX-License-Identifier: Apache-2.0
// The events of a batch as predicates ask about them. Its room is reused: a warm one allocates nothing.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/interest/subject.hpp"
#include "overlay/wire/attributes.hpp"
#include "overlay/wire/batch.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

class BatchReader {
 public:
  explicit BatchReader(std::string_view topic) { facts_.topic = topic; }  // outlives this

  // f(const Subject&) for each event until f answers false. An event whose attributes are none (its publisher
  // signed what it should not) is asked about as if it had none; who takes everything is handed it anyway.
  template <class F>
  void each(const wire::BatchView& batch, F&& f) {
    if (publisher_ != batch.publisher || publisher_text_.empty()) {
      publisher_ = batch.publisher;
      publisher_text_ = to_text(publisher_);
    }
    facts_.publisher = publisher_text_;
    wire::EventCursor cursor{batch.events};
    wire::EventView event;
    constexpr auto latest = std::numeric_limits<std::int64_t>::max();
    for (std::uint64_t seq = batch.first.raw(); cursor.next(event); ++seq) {
      if (!wire::decode_attributes(event.attributes, attributes_)) attributes_.clear();
      wire::EventExt ext;
      const bool with_ext = !event.ext.empty() && wire::decode_ext(event.ext, ext);
      facts_.key = with_ext ? text(ext.key) : std::string_view{};
      facts_.type = with_ext ? ext.content_type : std::string_view{};
      facts_.seq = static_cast<std::int64_t>(std::min<std::uint64_t>(seq, latest));
      facts_.time_us = static_cast<std::int64_t>(std::min<std::uint64_t>(event.time_us, latest));
      facts_.size = static_cast<std::int64_t>(event.payload.size());
      if (!f(Subject{attributes_, &facts_})) return;
    }
  }

 private:
  EventFacts facts_;
  PeerId publisher_{};
  std::string publisher_text_;
  std::vector<Attribute> attributes_;
};

}  // namespace boato
