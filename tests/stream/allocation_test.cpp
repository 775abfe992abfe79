// SPDX-License-Identifier: Apache-2.0
// The path of an event inside a peer (stream, cache, delivery) takes nothing from the heap once it is warm.
#include "overlay/order/delivery.hpp"
#include "overlay/stream/event_cache.hpp"
#include "overlay/stream/stream_set.hpp"
#include "tests/wire/batches.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cstdlib>
#include <new>
#include <vector>

namespace {

std::size_t allocations = 0;

void* take(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}

}  // namespace

void* operator new(std::size_t size) { return take(size); }
void* operator new[](std::size_t size) { return take(size); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace boato {
namespace {

struct Host {
  std::uint64_t events = 0;
  void on_deliver(Delivery&& d) { events += d.count; }
  void on_gap(const GapNotice&) {}
  void on_note(const Note&) {}
  void on_drop(const Drop&) {}
  void on_send(LinkId, Flow, Bytes, EventRef) {}
  void on_notice(TopicNotice&&) {}
  void on_taken(const TakenNotice&) {}
  void on_dial(const DialWish&) {}
  void on_close(LinkId, CloseReason) {}
};

// A peer's receiving path. Batches of 4 events of several publishers; every other pair comes in wrong order,
// each batch comes twice.
struct Path {
  static constexpr std::size_t publishers = 4;
  static constexpr std::uint16_t events = 4;
  SlabPool pool{};
  HoldBudget budget{};
  EventCache cache{EventCacheConfig{.bytes_max = 1 << 20}};
  StreamSet streams{StreamSetConfig{}, test_topic(), toy_crypto()};
  DeliveryQueue queue{FifoConfig{}, TopicTag{1}, Contract{}, budget};
  Effects fx{};
  Host host{};
  Time now{};
  std::array<std::uint64_t, publishers> sent{};

  void receive(std::size_t publisher, std::uint64_t first) {
    now += Duration{100};
    SlabRef slab = pool.take(1024);
    const std::size_t size = wire::batch_header_bytes + events * (wire::event_header_bytes + 16);
    const EventRef bytes = slab.slice(0, static_cast<std::uint32_t>(size));
    wire::BatchView batch;
    batch.count = events;
    batch.publisher = PeerId{{static_cast<std::uint8_t>(publisher)}};
    batch.incarnation = Incarnation{1};
    batch.first = Seq{first};
    const auto place = streams.find_or_add(now, {batch.publisher, batch.incarnation});
    Fresh fresh;
    streams.account(now, place.index, {batch.first, batch.last()}, fresh);
    if (!fresh.empty()) {
      static_cast<void>(cache.put(now, {TopicSlot{0}, place.index, Trust::verified, 1}, batch, bytes, fx));
      static_cast<void>(queue.on_batch(now, {place.index, &batch, &bytes, 1}, fresh.ranges(), fx));
    }
    fx.drain(host);
  }

  void run(std::size_t batches) {
    for (std::size_t i = 0; i < batches / 4; ++i) {
      const std::size_t p = i % publishers;
      const std::uint64_t first = 1 + sent[p], second = first + events;
      sent[p] += 2 * events;
      receive(p, i % 2 ? second : first);
      receive(p, i % 2 ? first : second);
      receive(p, first);
      receive(p, second);
    }
  }
};

TEST(Allocation, ReceivingTakesNothingFromTheHeapOnceWarm) {
  Path path;
  path.run(20'000);
  const std::size_t heap = allocations;
  const std::uint64_t slabs = path.pool.allocations(), delivered = path.host.events;

  path.run(100'000);

  EXPECT_EQ(allocations, heap);
  EXPECT_EQ(path.pool.allocations(), slabs);
  EXPECT_EQ(path.host.events - delivered, 100'000 / 2 * Path::events);
  EXPECT_GT(path.cache.evicted(), 10'000U);
}

TEST(Allocation, TheCounterCounts) {
  const std::size_t before = allocations;

  const std::vector<int> some(100);

  EXPECT_GT(allocations, before);
  EXPECT_EQ(some.size(), 100U);
}

}  // namespace
}  // namespace boato
