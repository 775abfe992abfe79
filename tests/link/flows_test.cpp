// SPDX-License-Identifier: Apache-2.0
// What waits on a link, who goes first, and what happens when a class is full.
#include "tests/link/lab.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

namespace {
std::uint64_t allocations = 0;
}

// Counts every allocation of this binary. Not inlined: GCC takes the pair malloc and operator delete for a
// mistake otherwise.
[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace boato {
namespace {

using lab::at;
using lab::Buffer;
using lab::drain;
using lab::Pair;
using lab::pattern;
using lab::Peer;
using lab::send;
using Queued = Link::Queued;

struct Flows : testing::Test {
  Peer a{1, toy_crypto()}, b{2, toy_crypto()};
};

TEST_F(Flows, ControlOvertakesALargeEventWithinOneRecord) {
  Pair pair{a, b};
  pair.pump();
  send(pair.dialler, Flow::reliable, pattern(std::size_t{1} << 20), a.slabs);
  Buffer record(16386);
  ASSERT_EQ(pair.dialler.fill(record), record.size());  // the event has begun
  ASSERT_EQ(pair.listener.receive(record, at(0), pair.listener_got), CloseReason::none);
  send(pair.dialler, Flow::control, pattern(40), a.slabs);

  record.resize(pair.dialler.fill(record));

  ASSERT_EQ(pair.listener.receive(record, at(0), pair.listener_got), CloseReason::none);
  ASSERT_EQ(pair.listener_got.frames.size(), 1U);
  EXPECT_EQ(pair.listener_got.frames[0].flow, Flow::control);
  pair.pump();
  ASSERT_EQ(pair.listener_got.frames.size(), 2U);
  EXPECT_EQ(pair.listener_got.frames[1].bytes, pattern(std::size_t{1} << 20));
}

// Keeps all four classes full and counts what each gets of 8 MiB.
TEST_F(Flows, SharesAreAFifthForControlAndFourToOneForDataAndRepair) {
  Pair pair{a, b};
  pair.pump();
  const Buffer frame = pattern(900);
  Buffer record(16386);
  for (std::size_t sent = 0; sent < std::size_t{8} << 20;) {
    for (Flow flow : {Flow::control, Flow::reliable, Flow::unreliable, Flow::repair})
      while (pair.dialler.queued_bytes(flow) < 100000)
        ASSERT_EQ(send(pair.dialler, flow, frame, a.slabs), Queued::ok);
    sent += pair.dialler.fill(record);
  }
  const auto& bytes = pair.dialler.counters().flow_bytes_out;
  const double all = static_cast<double>(bytes[0] + bytes[1] + bytes[2] + bytes[3]);
  EXPECT_NEAR(static_cast<double>(bytes[0]) / all, 0.20, 0.01);
  EXPECT_NEAR(static_cast<double>(bytes[1] + bytes[2]) / static_cast<double>(bytes[3]), 4.0, 0.2);
  EXPECT_NEAR(static_cast<double>(bytes[1]) / static_cast<double>(bytes[2]), 1.0, 0.05);
}

TEST_F(Flows, AClassThatIsAloneHasTheWholeLink) {
  for (Flow flow : {Flow::control, Flow::reliable, Flow::unreliable, Flow::repair}) {
    Pair pair{a, b};
    pair.pump();
    for (int i = 0; i < 200; ++i) ASSERT_EQ(send(pair.dialler, flow, pattern(900), a.slabs), Queued::ok);
    Buffer out(65536);
    const std::size_t n = pair.dialler.fill(out);
    EXPECT_GT(n, 60000U);
    EXPECT_GE(pair.dialler.counters().flow_bytes_out[static_cast<std::size_t>(flow)], n - 5 * 19);
  }
}

TEST_F(Flows, SmallFramesShareARecord) {
  Pair pair{a, b};
  pair.pump();
  for (int i = 0; i < 100; ++i) send(pair.dialler, Flow::reliable, pattern(60), a.slabs);
  pair.pump();
  EXPECT_EQ(pair.dialler.counters().records_out, 1U);
  EXPECT_EQ(pair.listener_got.frames.size(), 100U);
}

TEST_F(Flows, AFrameIsSplitOnlyIfItFitsIntoNoRecord) {
  Pair pair{a, b};
  pair.pump();
  // Two of 9,000 do not fit together: a record each. The longest that fits: one. One byte more: two.
  for (std::size_t size : {9000, 9000}) send(pair.dialler, Flow::reliable, pattern(size), a.slabs);
  Buffer record(16386);
  record.resize(pair.dialler.fill(record));
  ASSERT_EQ(pair.listener.receive(record, at(0), pair.listener_got), CloseReason::none);
  EXPECT_EQ(pair.listener_got.frames.size(), 1U);
  EXPECT_EQ(pair.listener.partial_bytes(), 0U);
  drain(pair.dialler);
  EXPECT_EQ(pair.dialler.counters().records_out, 2U);
  send(pair.dialler, Flow::reliable, pattern(16367 - 4), a.slabs);
  drain(pair.dialler);
  EXPECT_EQ(pair.dialler.counters().records_out, 3U);
  send(pair.dialler, Flow::reliable, pattern(16367 - 3), a.slabs);
  drain(pair.dialler);
  EXPECT_EQ(pair.dialler.counters().records_out, 5U);
}

TEST_F(Flows, TheEndOfTheRoomSplitsNoFrame) {
  Pair pair{a, b};
  pair.pump();
  for (std::size_t size : {9000, 9000, 9000}) send(pair.dialler, Flow::reliable, pattern(size), a.slabs);
  Buffer out(20000);
  EXPECT_EQ(pair.dialler.fill(out), 2 * (9000 + 4 + record_overhead_bytes));
  EXPECT_EQ(pair.dialler.fill(out), 9000 + 4 + record_overhead_bytes);
}

TEST_F(Flows, PeerThatNeverReadsIsBounded) {
  Pair pair{a, b};
  pair.pump();
  const Buffer frame = pattern(1000);
  std::array<std::size_t, flows> accepted{};
  std::array<Queued, flows> refused{};
  for (std::size_t i = 0; i < flows; ++i)
    for (int n = 0; n < 20000; ++n) {
      const Queued q = send(pair.dialler, static_cast<Flow>(i), frame, a.slabs);
      q == Queued::ok ? ++accepted[i] : (refused[i] = q, std::size_t{0});
    }

  EXPECT_EQ(refused[0], Queued::full);
  EXPECT_EQ(refused[1], Queued::lagging);
  EXPECT_EQ(refused[2], Queued::dropped_oldest);
  EXPECT_EQ(refused[3], Queued::lagging);
  for (std::size_t i = 0; i < flows; ++i) {
    const std::size_t most = a.limits.queued_bytes_max[i];
    EXPECT_EQ(accepted[i], most / (1000 + 4 + 32)) << i;
    EXPECT_LE(pair.dialler.queued_bytes(static_cast<Flow>(i)), most);
  }
  EXPECT_EQ(pair.dialler.counters().dropped_oldest, 20000 - accepted[2]);
}

TEST_F(Flows, TinyFramesAreBoundedByWhatTheyCost) {
  Pair pair{a, b};
  pair.pump();
  std::size_t accepted = 0;
  while (pair.dialler.queue(Flow::control, pattern(1), {}) == Queued::ok) ++accepted;
  EXPECT_EQ(accepted, a.limits.queued_bytes_max[0] / (1 + 4 + 32));
}

TEST_F(Flows, TheNewestUnreliableFramesStayAndAHalfSentOneIsFinished) {
  a.limits.queued_bytes_max[2] = 100000;
  Pair pair{a, b};
  pair.pump();
  ASSERT_EQ(send(pair.dialler, Flow::unreliable, pattern(50000, 1000), a.slabs), Queued::ok);
  Buffer record(16386);
  ASSERT_EQ(pair.dialler.fill(record), record.size());
  ASSERT_EQ(pair.listener.receive(record, at(0), pair.listener_got), CloseReason::none);
  for (std::uint32_t n = 0; n < 100; ++n) send(pair.dialler, Flow::unreliable, pattern(5000, n), a.slabs);

  pair.pump();

  ASSERT_EQ(pair.listener_got.frames.size(), 10U);
  EXPECT_EQ(pair.listener_got.frames[0].bytes, pattern(50000, 1000));
  for (std::uint32_t n = 0; n < 9; ++n)
    EXPECT_EQ(pair.listener_got.frames[1 + n].bytes, pattern(5000, 91 + n));
  EXPECT_EQ(pair.dialler.counters().dropped_oldest, 91U);
  EXPECT_EQ(a.slabs.live_bytes(), 0U);
}

TEST_F(Flows, AFrameAboveTheBudgetGoesAloneAndOneAboveTheLimitNever) {
  a.limits.queued_bytes_max[1] = 1000;
  Pair pair{a, b};
  pair.pump();
  EXPECT_EQ(send(pair.dialler, Flow::reliable, pattern(5000), a.slabs), Queued::ok);
  EXPECT_EQ(send(pair.dialler, Flow::reliable, pattern(10), a.slabs), Queued::lagging);
  EXPECT_EQ(send(pair.dialler, Flow::repair, pattern(a.limits.data_frame_bytes_max + 1), a.slabs),
            Queued::too_large);
  EXPECT_EQ(send(pair.dialler, Flow::control, pattern(a.limits.control_frame_bytes_max + 1), a.slabs),
            Queued::too_large);
}

TEST_F(Flows, AReliableFrameThatWaitedTwoSecondsMakesTheLinkLag) {
  Pair pair{a, b};
  pair.pump();
  EXPECT_EQ(send(pair.dialler, Flow::reliable, pattern(10), a.slabs, at(1000)), Queued::ok);
  EXPECT_EQ(send(pair.dialler, Flow::reliable, pattern(10), a.slabs, at(3000)), Queued::ok);
  EXPECT_EQ(send(pair.dialler, Flow::reliable, pattern(10), a.slabs, at(3001)), Queued::lagging);
  EXPECT_EQ(send(pair.dialler, Flow::repair, pattern(10), a.slabs, at(3001)), Queued::ok);
  EXPECT_EQ(pair.dialler.counters().refused_lagging, 1U);
  pair.pump();
  EXPECT_EQ(send(pair.dialler, Flow::reliable, pattern(10), a.slabs, at(9000)), Queued::ok);
}

TEST_F(Flows, DroppingAClassLetsItsBodiesGoAndKeepsTheStreamWhole) {
  Pair pair{a, b};
  pair.pump();
  send(pair.dialler, Flow::reliable, pattern(40000, 1), a.slabs);
  for (std::uint32_t n = 2; n < 10; ++n) send(pair.dialler, Flow::reliable, pattern(1000, n), a.slabs);
  Buffer record(16386);
  ASSERT_EQ(pair.dialler.fill(record), record.size());
  ASSERT_EQ(pair.listener.receive(record, at(0), pair.listener_got), CloseReason::none);

  EXPECT_EQ(pair.dialler.drop(Flow::reliable), 8U);

  send(pair.dialler, Flow::reliable, pattern(500, 77), a.slabs);
  pair.pump();
  ASSERT_EQ(pair.listener_got.frames.size(), 2U);
  EXPECT_EQ(pair.listener_got.frames[0].bytes, pattern(40000, 1));
  EXPECT_EQ(pair.listener_got.frames[1].bytes, pattern(500, 77));
}

TEST_F(Flows, FillNeverWritesPastItsRoom) {
  Pair pair{a, b};
  pair.pump();
  for (std::size_t room : {0, 1, 63, 64, 65, 100, 1000, 16385, 16386, 16387, 20000, 65536}) {
    for (int i = 0; i < 40; ++i)
      for (Flow flow : {Flow::control, Flow::reliable, Flow::unreliable, Flow::repair})
        send(pair.dialler, flow, pattern(700), a.slabs);
    Buffer out(room + 32, std::byte{0xee});
    const std::size_t n = pair.dialler.fill(std::span{out}.first(room));
    EXPECT_LE(n, room);
    EXPECT_EQ(n == 0, room < 64);
    for (std::size_t i = room; i < out.size(); ++i) ASSERT_EQ(out[i], std::byte{0xee}) << room;
    ASSERT_EQ(pair.listener.receive(Bytes{out}.first(n), at(0), pair.listener_got), CloseReason::none);
    pair.pump();
  }
}

TEST_F(Flows, NothingIsAllocatedOnceWarm) {
  struct Counter {
    void on_up(const PeerHello&) {}
    void on_frame(Flow, Bytes, const EventRef& ref) {
      kept[n++ % kept.size()] = ref;  // the window of a cache: slabs are reused while others are looked at
    }
    std::array<EventRef, 64> kept;
    std::size_t n = 0;
  };
  Pair pair{a, b};
  pair.pump();
  Counter counter;
  Buffer out(65536);
  const Buffer small = pattern(80), middle = pattern(2000), large = pattern(200000);
  const auto round = [&] {
    for (int i = 0; i < 30; ++i)
      for (Flow flow : {Flow::control, Flow::reliable, Flow::unreliable, Flow::repair}) {
        send(pair.dialler, flow, small, a.slabs);
        send(pair.dialler, flow, middle, a.slabs);
      }
    send(pair.dialler, Flow::reliable, large, a.slabs);
    while (const std::size_t n = pair.dialler.fill(out)) {
      pair.listener.receive(Bytes{out}.first(n / 2 + 7), at(0), counter);
      pair.listener.receive(Bytes{out}.subspan(n / 2 + 7, n - n / 2 - 7), at(0), counter);
    }
  };
  for (int i = 0; i < 20; ++i) round();
  const std::uint64_t before = allocations, slabs_before = a.slabs.allocations() + b.slabs.allocations();

  for (int i = 0; i < 20; ++i) round();

  EXPECT_EQ(allocations, before);
  EXPECT_EQ(a.slabs.allocations() + b.slabs.allocations(), slabs_before);
  EXPECT_GT(counter.n, 9000U);
  EXPECT_FALSE(pair.listener.over());
}

TEST_F(Flows, TrimGivesBackWhatABurstNeeded) {
  Pair pair{a, b};
  pair.pump();
  while (pair.dialler.queue(Flow::control, pattern(30), {}) == Queued::ok) {
  }
  pair.pump();
  pair.dialler.trim();
  EXPECT_EQ(send(pair.dialler, Flow::control, pattern(30), a.slabs), Queued::ok);
  pair.pump();
  EXPECT_EQ(pair.listener_got.frames.back().bytes, pattern(30));
}

}  // namespace
}  // namespace boato
