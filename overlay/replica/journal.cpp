// SPDX-License-Identifier: Apache-2.0
#include "overlay/replica/journal.hpp"

#include "overlay/base/bytes.hpp"

#include <algorithm>

namespace boato {

LogSlot Journal::open(const TopicId& topic, const Retention& retain) {
  const LogSlot log{++slots_};
  if (failed_) return log;
  ops_.emplace_back(OpenLog{log, {DomainId{topic.raw}, 1}});  // a topic without order is its own domain
  ops_.emplace_back(KeepTopic{log, topic, retain});
  return log;
}

void Journal::save(LogSlot log, Bytes genesis) {
  if (failed_) return;
  LogMeta meta;
  meta.cid = 1;
  meta.config = text(genesis);
  ops_.emplace_back(SaveMeta{log, std::move(meta)});
}

void Journal::append(LogSlot log, const TopicId& topic, TopicTag tag, StreamTag stream,
                     const wire::BatchView& batch, const EventRef& bytes) {
  BOATO_CHECK(has_room());
  if (failed_) return;
  AppendBatch op{log, topic, batch.publisher, batch.incarnation, batch.first, batch.count, 0, {}, {}, bytes};
  wire::EventCursor events{batch.events};
  wire::EventView event;
  bool for_ever = false;
  while (events.next(event)) {
    op.time_us = std::max(op.time_us, event.time_us);
    for_ever |= event.expiry_us == 0;
    if (event.expiry_us > event.time_us) {
      const auto left = static_cast<Duration::rep>(
          std::min<std::uint64_t>(event.expiry_us - event.time_us, std::uint64_t{1} << 62));
      op.ttl = std::max(op.ttl, Duration{left});
    }
  }
  if (for_ever) op.ttl = Duration{0};
  const Asked asked{tag, stream, {batch.first, batch.last()}, bytes.size()};
  waiting_bytes_ += asked.bytes;
  next_.asked.emplace_back(static_cast<std::uint32_t>(ops_.size()), asked);
  ops_.emplace_back(std::move(op));
}

void Journal::flush(Time now, Effects& fx) {
  if (ops_.empty()) return;
  next_.number = PersistNumber{++numbers_};
  fx.persist({next_.number, now, std::exchange(ops_, {})});
  waiting_.push_back(std::exchange(next_, {}));
}

void Journal::fail() {
  failed_ = true;
  ops_.clear();
  next_ = {};
  waiting_.clear();
  waiting_bytes_ = 0;
}

}  // namespace boato
