// SPDX-License-Identifier: Apache-2.0
// What a batch costs inside a peer: accounting, cache and delivery. Argument: streams that take turns.
#include "overlay/link/toy_crypto.hpp"
#include "overlay/order/delivery.hpp"
#include "overlay/stream/event_cache.hpp"
#include "overlay/stream/have_codec.hpp"
#include "overlay/stream/stream_set.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace {

using namespace boato;

struct Host {
  void on_deliver(Delivery&&) {}
  void on_gap(const GapNotice&) {}
  void on_note(const Note&) {}
  void on_drop(const Drop&) {}
  void on_send(LinkId, Flow, Bytes, EventRef) {}
  void on_notice(TopicNotice&&) {}
  void on_taken(const TakenNotice&) {}
  void on_dial(const DialWish&) {}
  void on_close(LinkId, CloseReason) {}
};

StreamKey key(std::size_t number) {
  StreamKey k;
  k.publisher.raw[0] = static_cast<std::uint8_t>(number >> 8);
  k.publisher.raw[1] = static_cast<std::uint8_t>(number);
  k.incarnation = Incarnation{1};
  return k;
}

struct Path {
  SlabPool pool{};
  HoldBudget budget{};
  EventCache cache{EventCacheConfig{.bytes_max = 8 << 20}};
  StreamSet streams{StreamSetConfig{}, TopicId{}, toy_crypto()};
  DeliveryQueue queue{FifoConfig{}, TopicTag{1}, Contract{}, budget};
  Effects fx{};
  Host host{};
  Time now{};

  void receive(std::size_t stream, std::uint64_t seq) {
    now += Duration{10};
    const EventRef bytes = pool.take(1024).slice(0, 404);
    const StreamKey k = key(stream);
    wire::BatchView batch;
    batch.count = 1;
    batch.publisher = k.publisher;
    batch.incarnation = k.incarnation;
    batch.first = Seq{seq};
    const auto place = streams.find_or_add(now, k);
    Fresh fresh;
    streams.account(now, place.index, {batch.first, batch.last()}, fresh);
    if (fresh.empty()) return;
    static_cast<void>(cache.put(now, {TopicSlot{0}, place.index, Trust::verified, 1}, batch, bytes, fx));
    static_cast<void>(queue.on_batch(now, {place.index, &batch, &bytes, 1}, fresh.ranges(), fx));
  }
};

void in_order(benchmark::State& state) {
  Path path;
  const auto streams = static_cast<std::size_t>(state.range(0));
  std::uint64_t n = 0;
  for (auto _ : state) {
    path.receive(n % streams, 1 + n / streams);
    ++n;
    path.fx.drain(path.host);
  }
  state.SetItemsProcessed(state.iterations());
}

void pairs_swapped(benchmark::State& state) {
  Path path;
  const auto streams = static_cast<std::size_t>(state.range(0));
  std::uint64_t n = 0;
  for (auto _ : state) {
    const std::uint64_t seq = 1 + n / streams;
    path.receive(n % streams, seq % 2 == 1 ? seq + 1 : seq - 1);
    ++n;
    path.fx.drain(path.host);
  }
  state.SetItemsProcessed(state.iterations());
}

void duplicate(benchmark::State& state) {
  Path path;
  path.receive(0, 1);
  for (auto _ : state) path.receive(0, 1);
  path.fx.drain(path.host);
}

void find_in_cache(benchmark::State& state) {
  Path path;
  const auto batches = static_cast<std::uint64_t>(state.range(0));
  for (std::uint64_t i = 1; i <= batches; ++i) path.receive(0, i);
  path.fx.drain(path.host);
  std::uint64_t n = 0;
  for (auto _ : state)
    benchmark::DoNotOptimize(path.cache.find(TopicSlot{0}, StreamIndex{0}, Seq{1 + n++ * 7919 % batches}));
}

void write_frontiers(benchmark::State& state) {
  Path path;
  for (std::size_t i = 0; i < static_cast<std::size_t>(state.range(0)); ++i) path.receive(i, 1);
  path.fx.drain(path.host);
  std::vector<std::byte> room(64 * 1024);
  for (auto _ : state) {
    HaveWriter writer{room};
    path.streams.each([&](StreamIndex, const Stream& s) { benchmark::DoNotOptimize(writer.add(s)); });
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

}  // namespace

BENCHMARK(in_order)->Arg(1)->Arg(100)->Arg(10'000);
BENCHMARK(pairs_swapped)->Arg(1)->Arg(100);
BENCHMARK(duplicate);
BENCHMARK(find_in_cache)->Arg(100)->Arg(10'000);
BENCHMARK(write_frontiers)->Arg(100)->Arg(1000);
