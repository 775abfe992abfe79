// SPDX-License-Identifier: Apache-2.0
// A delivery queue with all that it works on; what came out is read as text: "4-5", "gap 1-3".
#pragma once

#include "overlay/order/delivery.hpp"
#include "tests/wire/batches.hpp"

#include <array>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace boato {

struct OrderLab {
  explicit OrderLab(Reliability reliability = Reliability::reliable, Order order = Order::fifo)
      : queue{FifoConfig{}, TopicTag{1}, Contract{.reliability = reliability, .order = order}, budget} {
    static_cast<void>(streams.find_or_add(now, {who.id, who.incarnation}));
  }

  SlabPool pool;
  EventCache cache{EventCacheConfig{}};
  TestPublisher who{1};
  StreamSet streams{StreamSetConfig{}, test_topic(), toy_crypto()};
  HoldBudget budget;
  Time now{Duration{1'000'000}};
  Effects fx;
  DeliveryQueue queue;

  // A batch of which `fresh` is new; all of it if not given.
  bool batch(std::uint64_t first, std::size_t count, StreamIndex stream = StreamIndex{0},
             std::optional<SeqRange> fresh = {}) {
    const EventRef bytes = make_batch(pool, who, first, count);
    const wire::BatchView view = parse(bytes);
    const std::array<SeqRange, 1> pieces{fresh.value_or(SeqRange{view.first, view.last()})};
    const bool all = queue.on_batch(now, {stream, &view, &bytes, 2}, pieces, fx);
    check();
    return all;
  }
  // A batch as peers take it: accounted, cached and queued.
  bool arrive(std::uint64_t first, std::size_t count) {
    const EventRef bytes = make_batch(pool, who, first, count);
    const wire::BatchView view = parse(bytes);
    Fresh fresh;
    streams.account(now, StreamIndex{0}, {view.first, view.last()}, fresh);
    static_cast<void>(cache.put(now, {TopicSlot{0}, StreamIndex{0}, Trust::verified, 3}, view, bytes, fx));
    const bool all = queue.on_batch(now, {StreamIndex{0}, &view, &bytes, 3}, fresh.ranges(), fx);
    check();
    return all;
  }
  void gap(std::uint64_t first, std::uint64_t last, GapReason reason = GapReason::lost) {
    queue.on_gap(StreamIndex{0}, {who.id, who.incarnation}, {Seq{first}, Seq{last}}, reason, fx);
    check();
  }
  void refill() {
    queue.refill(TopicSlot{0}, streams, cache, fx);
    check();
  }
  void check() const { queue.check_invariants(); }

  [[nodiscard]] std::uint64_t drops(DropReason reason) {
    drain();
    return dropped[{reason, who.id}];
  }
  [[nodiscard]] std::uint64_t count(Counter counter) {
    drain();
    return counted[static_cast<std::size_t>(counter)];
  }
  std::vector<std::string> take() {
    drain();
    return std::exchange(out, {});
  }
  std::vector<SeqRange> take_ranges() {
    drain();
    out.clear();
    return std::exchange(ranges, {});
  }

  // Effects' host.
  void on_deliver(Delivery&& d) {
    const wire::BatchView view = parse(d.batch);
    const std::uint64_t first = view.first.raw() + d.index;
    hops = d.hops;
    ranges.push_back({Seq{first}, Seq{first + d.count - 1}});
    out.push_back(std::to_string(first) + "-" + std::to_string(first + d.count - 1));
  }
  void on_gap(const GapNotice& g) {
    last_gap = g;
    ranges.push_back({g.first, g.last});
    out.push_back("gap " + std::to_string(g.first.raw()) + "-" + std::to_string(g.last.raw()));
  }
  void on_note(const Note& n) { counted[static_cast<std::size_t>(n.counter)] += n.n; }
  void on_drop(const Drop& d) { dropped[{d.reason, d.peer}] += d.n; }
  void on_send(LinkId, Flow, Bytes, EventRef) {}
  void on_notice(TopicNotice&&) {}
  void on_taken(const TakenNotice&) {}
  void on_dial(const DialWish&) {}
  void on_close(LinkId, CloseReason) {}

  GapNotice last_gap;
  std::uint8_t hops = 0;

 private:
  void drain() { fx.drain(*this); }
  std::vector<std::string> out;
  std::vector<SeqRange> ranges;
  std::array<std::uint64_t, counters> counted{};
  std::map<std::pair<DropReason, PeerId>, std::uint64_t> dropped;
};

}  // namespace boato
