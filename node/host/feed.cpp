// SPDX-License-Identifier: Apache-2.0
#include "node/host/feed.hpp"

#include <algorithm>

namespace boato {

void Feed::deliver(TopicTag topic_tag, SharedBatch* batch, std::uint32_t index, std::uint32_t count) {
  if (!lags()) {
    const std::uint32_t done = offer(batch, index, count);
    if (done == count) return;
    index += done;
    count -= done;
  }
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

std::uint32_t Feed::offer(SharedBatch* batch, std::uint32_t index, std::uint32_t count) {
  if (!filter_) return subscription_->offer(batch, index, count, drops_) ? count : 0;
  bool wanted = count > 0 && filter_->takes(*batch, index);
  for (std::uint32_t done = 0, run = 0; done < count; done += run) {
    bool next = wanted;
    for (run = 1; done + run < count; ++run) {
      next = filter_->takes(*batch, index + done + run);
      if (next != wanted) break;
    }
    const bool taken =
        wanted ? subscription_->offer(batch, index + done, run, drops_) : skip(*batch, index + done, run);
    if (!taken) return done;
    wanted = next;
  }
  return count;
}

bool Feed::skip(SharedBatch& batch, std::uint32_t index, std::uint32_t count) {
  if (!subscription_->pass_over(batch, index, count, drops_)) return false;
  batch.home->count_filtered(count);
  return true;
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
    const std::uint32_t done = offer(batch, index, count);
    BatchHome::drop(batch);
    if (done > 0) stream.missed.drop_upto(Seq{due.first.raw() + done - 1});
    if (done < count) return false;
  }
  return true;
}

}  // namespace boato
