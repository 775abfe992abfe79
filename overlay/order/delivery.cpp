// SPDX-License-Identifier: Apache-2.0
#include "overlay/order/delivery.hpp"

namespace boato {

DeliveryQueue::DeliveryQueue(const FifoConfig& config, TopicTag topic, const Contract& contract,
                             HoldBudget& budget)
    : topic_{topic} {
  BOATO_CHECK(offers(contract.order));
  if (contract.order == Order::fifo)
    policy_.emplace<FifoOrder>(config, topic, contract.reliability == Reliability::unreliable, budget);
}

bool DeliveryQueue::on_batch(Time now, const Arrival& arrival, std::span<const SeqRange> fresh, Effects& fx) {
  if (FifoOrder* fifo = std::get_if<FifoOrder>(&policy_)) return fifo->on_batch(now, arrival, fresh, fx);
  for (const SeqRange& piece : fresh)
    fx.deliver(Delivery{topic_, *arrival.bytes,
                        static_cast<std::uint16_t>(piece.first.raw() - arrival.batch->first.raw()),
                        static_cast<std::uint16_t>(piece.count()), arrival.hops});
  return true;
}

void DeliveryQueue::on_gap(StreamIndex stream, const StreamKey& key, SeqRange range, GapReason reason,
                           Effects& fx) {
  if (FifoOrder* fifo = std::get_if<FifoOrder>(&policy_)) return fifo->on_gap(stream, key, range, reason, fx);
  fx.deliver(GapNotice{topic_, key.publisher, key.incarnation, range.first, range.last, reason});
}

void DeliveryQueue::start_at(StreamIndex stream, Seq frontier, Effects& fx) {
  if (FifoOrder* fifo = std::get_if<FifoOrder>(&policy_)) fifo->start_at(stream, frontier, fx);
}

void DeliveryQueue::advance(StreamIndex stream, const StreamKey& key, Seq frontier, Effects& fx) {
  if (FifoOrder* fifo = std::get_if<FifoOrder>(&policy_)) fifo->advance(stream, key, frontier, fx);
}

void DeliveryQueue::forget(StreamIndex stream) {
  if (FifoOrder* fifo = std::get_if<FifoOrder>(&policy_)) fifo->forget(stream);
}

bool DeliveryQueue::spilled() const {
  const FifoOrder* fifo = std::get_if<FifoOrder>(&policy_);
  return fifo && fifo->spilled();
}

void DeliveryQueue::refill(TopicSlot topic, const StreamSet& streams, const EventCache& cache, Effects& fx) {
  FifoOrder* fifo = std::get_if<FifoOrder>(&policy_);
  if (!fifo) return;
  while (fifo->spilled()) {
    // The part of a spilled run that this peer has, if it begins with the number whose turn it is.
    bool found = false;
    StreamIndex stream;
    SeqRange turn;
    fifo->each_spilled([&](StreamIndex s, SeqRange range) {
      if (found || !streams[s].accounted(range.first)) return;
      found = true;
      stream = s;
      turn = range;
      streams[s].each_hole(range, [&](SeqRange hole) {
        turn.last = Seq{hole.first.raw() - 1};
        return false;
      });
    });
    if (!found) return;
    const CachedBatch* batch = nullptr;
    cache.each(topic, stream, turn, [&](const CachedBatch& b) {
      batch = &b;
      return false;
    });
    if (batch && batch->first <= turn.first) {
      const auto parsed = wire::parse_batch(batch->bytes.bytes(), wire::payload_bytes_limit);
      BOATO_CHECK(parsed.has_value());  // it parsed when it was put there
      fifo->on_refill({stream, &*parsed, &batch->bytes, batch->hops},
                      {turn.first, std::min(turn.last, batch->last)}, fx);
    } else {
      const Seq last = batch ? Seq{batch->first.raw() - 1} : turn.last;
      fx.count(Counter::events_lost, SeqRange{turn.first, last}.count());
      fx.drop(DropReason::evicted, topic_, streams[stream].key().publisher,
              SeqRange{turn.first, last}.count());
      fifo->on_gap(stream, streams[stream].key(), {turn.first, last}, GapReason::overflow, fx);
    }
  }
}

void DeliveryQueue::on_deadline(Time now, Effects& fx) {
  if (FifoOrder* fifo = std::get_if<FifoOrder>(&policy_)) fifo->on_deadline(now, fx);
}

Time DeliveryQueue::next_deadline() const {
  const FifoOrder* fifo = std::get_if<FifoOrder>(&policy_);
  return fifo ? fifo->next_deadline() : never;
}

HeldBack DeliveryQueue::held() const {
  const FifoOrder* fifo = std::get_if<FifoOrder>(&policy_);
  return fifo ? fifo->held() : HeldBack{};
}

void DeliveryQueue::check_invariants() const {
  if (const FifoOrder* fifo = std::get_if<FifoOrder>(&policy_)) fifo->check_invariants();
}

}  // namespace boato
