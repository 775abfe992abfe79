// SPDX-License-Identifier: Apache-2.0
#include "overlay/order/fifo.hpp"

#include "overlay/base/mutant.hpp"

namespace boato {
namespace {

Seq before(Seq seq) { return Seq{seq.raw() - 1}; }

}  // namespace

FifoOrder::~FifoOrder() {
  for (StreamIndex stream : waiting_) {
    Queue& q = queues_[stream.raw()];
    while (!q.held.empty()) static_cast<void>(pop_front(q));
  }
}

FifoOrder::Queue& FifoOrder::queue_of(StreamIndex stream) {
  if (stream.raw() >= queues_.size()) queues_.resize(std::size_t{stream.raw()} + 1);
  return queues_[stream.raw()];
}

// One item whose turn it is: begins at `next` or below it, where the lower part went out already.
void FifoOrder::deliver(Queue& q, const StreamKey& key, Held item, Effects& fx) {
  if (item.range.first < q.next && !(BOATO_MUTANT(182) && item.bytes)) {  // 182: lets late events through
    if (item.bytes) {
      const std::uint64_t late =
          std::min(item.range.last.raw(), before(q.next).raw()) - item.range.first.raw() + 1;
      fx.count(Counter::events_late, late);
      fx.drop(DropReason::late, topic_, key.publisher, late);
    }
    if (item.range.last < q.next) return;
    item.range.first = q.next;
  }
  q.next = std::max(q.next, next(item.range.last));
  if (item.bytes) {
    fx.deliver(Delivery{topic_, std::move(item.bytes),
                        static_cast<std::uint16_t>(item.range.first.raw() - item.batch_first.raw()),
                        static_cast<std::uint16_t>(item.range.count()), item.hops});
    return;
  }
  if (BOATO_MUTANT(183)) return;  // loses in silence
  fx.deliver(
      GapNotice{topic_, key.publisher, key.incarnation, item.range.first, item.range.last, item.reason});
}

// Everything that may go out now.
void FifoOrder::drain(Queue& q, StreamIndex stream, Effects& fx) {
  while (!q.held.empty() && q.held.front().range.first <= q.next) {
    deliver(q, q.key, pop_front(q), fx);
    if (BOATO_MUTANT(181)) break;  // forgets the rest behind a closed hole
  }
  settle(q, stream);
}

FifoOrder::Held FifoOrder::pop_front(Queue& q) {
  Held item = std::move(q.held[0]);
  q.held.pop_front();
  budget_->give(cost(item));
  return item;
}

// Takes the stream off the waiting list when it waits for nothing any more.
void FifoOrder::settle(Queue& q, StreamIndex stream) {
  if (q.spilled.raw() > 0 && q.spilled < q.next) {
    q.spilled = Seq{};
    --spilled_;
  }
  if (q.held.empty() && q.spilled.raw() == 0) std::erase(waiting_, stream);
}

bool FifoOrder::on_batch(Time now, const Arrival& arrival, std::span<const SeqRange> fresh, Effects& fx) {
  Queue& q = queue_of(arrival.stream);
  const StreamKey key{arrival.batch->publisher, arrival.batch->incarnation};
  bool all = true;
  for (const SeqRange& piece : fresh) {
    Held item{piece, arrival.batch->first, *arrival.bytes, now, {}, arrival.hops};
    if (!q.held.empty()) carve(q, arrival.stream, piece);
    if (piece.first <= q.next || BOATO_MUTANT(180)) {  // 180: does not wait for a hole
      deliver(q, key, std::move(item), fx);
      if (!q.held.empty() || q.spilled.raw() > 0) drain(q, arrival.stream, fx);
    } else {
      q.key = key;
      all = hold(q, arrival.stream, item, fx) && all;
    }
  }
  return all;
}

// The event came although a gap was stated for it, and its turn is not over: the event counts.
void FifoOrder::carve(Queue& q, StreamIndex stream, SeqRange range) {
  for (std::size_t i = 0; i < q.held.size() && q.held[i].range.first <= range.last; ++i) {
    Held& gap = q.held[i];
    if (gap.bytes || gap.range.last < range.first) continue;
    const SeqRange was = gap.range;
    const bool head = was.first<range.first, tail = was.last> range.last;
    if (head) gap.range.last = before(range.first);
    if (head && tail) {
      Held rest = gap;
      rest.range = {next(range.last), was.last};
      q.held.insert(i + 1, std::move(rest));
    } else if (tail) {
      gap.range.first = next(range.last);
    } else if (!head) {
      q.held.erase(i--);
    }
  }
  settle(q, stream);
}

void FifoOrder::insert(Queue& q, StreamIndex stream, const Held& item) {
  std::size_t place = q.held.size();
  while (place > 0 && q.held[place - 1].range.first > item.range.first) --place;
  if (q.held.empty() && q.spilled.raw() == 0) waiting_.push_back(stream);
  q.held.insert(place, item);
  if (gives_up_) deadline_ = std::min(deadline_, item.at + config_.gap_wait);
}

// Keeps an item until its turn comes.
bool FifoOrder::hold(Queue& q, StreamIndex stream, const Held& item, Effects& fx) {
  if (budget_->take(cost(item))) {
    insert(q, stream, item);
    return true;
  }
  fx.count(Counter::held_overflow, item.range.count());
  if (gives_up_) {  // nothing repairs an unreliable topic: the hole is given up early
    std::size_t ahead = 0;
    while (ahead < q.held.size() && q.held[ahead].range.first < item.range.first) ++ahead;
    give_up(q, stream, ahead, DropReason::hold_full, fx);
    state_lost(q, item.range.first, DropReason::hold_full, fx);
    deliver(q, q.key, item, fx);
    drain(q, stream, fx);
    return true;
  }
  if (q.held.empty() && q.spilled.raw() == 0) waiting_.push_back(stream);
  if (q.spilled.raw() == 0) ++spilled_;
  q.spilled = std::max(q.spilled, item.range.last);
  return false;
}

// The hole up to `first` is given up.
void FifoOrder::state_lost(Queue& q, Seq first, DropReason why, Effects& fx) {
  if (first <= q.next) return;
  const SeqRange hole{q.next, before(first)};
  fx.count(Counter::events_lost, hole.count());
  fx.drop(why, topic_, q.key.publisher, hole.count());
  deliver(q, q.key, Held{hole, {}, {}, {}, GapReason::lost, 0}, fx);
}

// Lets the first `items` held out, and states the holes before them as lost.
void FifoOrder::give_up(Queue& q, StreamIndex stream, std::size_t items, DropReason why, Effects& fx) {
  for (; items > 0; --items) {
    Held item = pop_front(q);
    state_lost(q, item.range.first, why, fx);
    deliver(q, q.key, std::move(item), fx);
  }
  drain(q, stream, fx);
}

void FifoOrder::on_gap(StreamIndex stream, const StreamKey& key, SeqRange range, GapReason reason,
                       Effects& fx) {
  Queue& q = queue_of(stream);
  q.key = key;
  if (range.last < q.next) return;
  Seq from = std::max(range.first, q.next);
  // What is held inside the run stays: the gap is stated for the rest.
  for (std::size_t i = 0; i < q.held.size() && from <= range.last; ++i) {
    const SeqRange have = q.held[i].range;
    if (have.last < from) continue;
    if (have.first > range.last) break;
    if (have.first > from) {
      insert(q, stream, Held{{from, before(have.first)}, {}, {}, Time{}, reason, 0});
      ++i;
    }
    from = next(have.last);
  }
  if (from <= range.last) {
    if (from == q.next)
      deliver(q, key, Held{{from, range.last}, {}, {}, {}, reason, 0}, fx);
    else
      insert(q, stream, Held{{from, range.last}, {}, {}, Time{}, reason, 0});
  }
  drain(q, stream, fx);
}

void FifoOrder::start_at(StreamIndex stream, Seq frontier, Effects& fx) {
  Queue& q = queue_of(stream);
  if (frontier < q.next) return;
  q.next = next(frontier);
  while (!q.held.empty() && q.held.front().range.last < q.next) static_cast<void>(pop_front(q));
  if (!q.held.empty() && q.held.front().range.first < q.next) q.held[0].range.first = q.next;
  drain(q, stream, fx);
}

void FifoOrder::advance(StreamIndex stream, const StreamKey& key, Seq upto, Effects& fx) {
  Queue& q = queue_of(stream);
  if (upto < q.next || q.spilled.raw() > 0) return;
  const auto skip = [&](Seq last) {
    if (last < q.next) return;
    fx.deliver(GapNotice{topic_, key.publisher, key.incarnation, q.next, last, GapReason::not_for_you});
    q.next = next(last);
  };
  while (!q.held.empty() && q.held.front().range.first <= upto) {
    skip(before(q.held.front().range.first));
    deliver(q, key, pop_front(q), fx);
  }
  skip(upto);
  drain(q, stream, fx);
}

void FifoOrder::on_refill(const Arrival& arrival, SeqRange range, Effects& fx) {
  Queue& q = queue_of(arrival.stream);
  BOATO_CHECK(range.first == q.next);
  deliver(q, q.key, Held{range, arrival.batch->first, *arrival.bytes, {}, {}, arrival.hops}, fx);
  drain(q, arrival.stream, fx);
}

void FifoOrder::forget(StreamIndex stream) {
  if (stream.raw() >= queues_.size()) return;
  Queue& q = queues_[stream.raw()];
  while (!q.held.empty()) static_cast<void>(pop_front(q));
  q.next = next(q.spilled);
  settle(q, stream);
  q = Queue{};
}

void FifoOrder::on_deadline(Time now, Effects& fx) {
  if (now < deadline_) return;
  deadline_ = never;
  for (std::size_t w = 0; w < waiting_.size();) {
    const StreamIndex stream = waiting_[w];
    Queue& q = queues_[stream.raw()];
    std::size_t due = 0;
    for (std::size_t i = 0; i < q.held.size(); ++i)
      if (q.held[i].bytes && q.held[i].at + config_.gap_wait <= now) due = i + 1;
    if (due > 0) give_up(q, stream, due, DropReason::lost, fx);
    for (std::size_t i = 0; i < q.held.size(); ++i)
      if (q.held[i].bytes) deadline_ = std::min(deadline_, q.held[i].at + config_.gap_wait);
    if (w < waiting_.size() && waiting_[w] == stream) ++w;  // else it waits for nothing any more
  }
}

HeldBack FifoOrder::held() const {
  HeldBack sum;
  sum.streams = waiting_.size();
  for (StreamIndex stream : waiting_) {
    const Queue& q = queues_[stream.raw()];
    for (std::size_t i = 0; i < q.held.size(); ++i) {
      if (!q.held[i].bytes) continue;
      sum.events += q.held[i].range.count();
      sum.bytes += q.held[i].bytes.size();
    }
  }
  return sum;
}

void FifoOrder::check_invariants() const {
  std::size_t spilled = 0, waiting = 0, held = 0;
  for (const Queue& q : queues_) {
    const bool has_spilled = q.spilled.raw() > 0;
    BOATO_CHECK(!has_spilled || q.spilled >= q.next);
    spilled += has_spilled ? 1 : 0;
    waiting += has_spilled || !q.held.empty() ? 1 : 0;
    Seq last = q.next;  // what is held does not begin here: it would have gone out
    for (std::size_t i = 0; i < q.held.size(); ++i) {
      const Held& item = q.held[i];
      BOATO_CHECK(i == 0 ? item.range.first > q.next : item.range.first > last);
      BOATO_CHECK(item.range.first <= item.range.last);
      last = item.range.last;
      held += cost(item);
    }
  }
  BOATO_CHECK(spilled == spilled_ && waiting == waiting_.size() && held <= budget_->used);
}

}  // namespace boato
