// SPDX-License-Identifier: Apache-2.0
#include "node/host/feed.hpp"

#include <algorithm>

namespace boato {

void Feed::deliver(TopicTag topic_tag, SharedBatch* batch, std::uint32_t index, std::uint32_t count) {
  if (!lags() && subscription_->offer(batch, index, count, drops_)) return;
  const Seq first{batch->first + index};
  const bool begins = !lags();
  miss(topic_tag, *batch, {first, Seq{first.raw() + count - 1}});
  if (!begins) return;
  subscription_->set_lagging(true);
  Status status;
  status.kind = Status::Kind::lagging;
  status.topic = *batch->topic;
  status.behind = count;
  subscription_->tell(std::move(status));
}

void Feed::miss(TopicTag topic_tag, const SharedBatch& batch, SeqRange range) {
  const StreamKey key{batch.publisher, Incarnation{batch.incarnation}};
  auto stream =
      std::ranges::find_if(streams_, [&](const Stream& s) { return s.topic == topic_tag && s.key == key; });
  if (stream == streams_.end()) {
    streams_.push_back({topic_tag, key, {}, *batch.topic});
    stream = std::prev(streams_.end());
  }
  if (!stream->missed.add(range)) lose(*stream, range);
}

void Feed::lose(const Stream& stream, SeqRange range) {
  Gap gap;
  gap.topic = stream.name;
  gap.first = range.first.raw();
  gap.last = range.last.raw();
  gap.stream = EventId{stream.key.publisher, stream.key.incarnation.raw(), gap.first};
  gap.reason = Gap::Reason::overflow;
  drops_.add(DropReason::subscription_full, stream.name, stream.key.publisher, range.count());
  subscription_->tell(std::move(gap));
}

bool Feed::refill(const Find& find, const NameOf& name_of) {
  if (!lags() || !subscription_->begin_refill()) return false;
  bool any = false;
  while (!streams_.empty()) {
    Stream& stream = streams_.front();
    if (!name_of(stream.topic)) stream.missed.clear();  // the topic was closed here
    any = true;
    if (!refill(stream, find)) return true;
    const std::string name = stream.name;
    streams_.erase(streams_.begin());
    if (!streams_.empty()) continue;
    subscription_->set_lagging(false);
    Status status;
    status.kind = Status::Kind::live;
    status.topic = name;
    subscription_->tell(std::move(status));
  }
  return any;
}

// True: the stream has caught up. False: the queue is full again.
bool Feed::refill(Stream& stream, const Find& find) {
  while (!stream.missed.empty()) {
    const SeqRange due = stream.missed.ranges().front();
    SharedBatch* batch = find(stream.topic, stream.key, due);
    const std::uint64_t held = batch ? std::max(batch->first, due.first.raw()) : due.last.raw() + 1;
    if (held > due.first.raw()) {  // the cache drops the oldest first
      const SeqRange lost{due.first, Seq{held - 1}};
      lose(stream, lost);
      stream.missed.drop_upto(lost.last);
      if (batch) BatchHome::drop(batch);
      continue;
    }
    const std::uint64_t last = std::min(batch->first + batch->events.size() - 1, due.last.raw());
    const auto index = static_cast<std::uint32_t>(due.first.raw() - batch->first);
    const auto count = static_cast<std::uint32_t>(last - due.first.raw() + 1);
    const bool taken = subscription_->offer(batch, index, count, drops_);
    BatchHome::drop(batch);
    if (!taken) return false;
    stream.missed.drop_upto(Seq{last});
  }
  return true;
}

}  // namespace boato
