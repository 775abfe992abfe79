// SPDX-License-Identifier: Apache-2.0
#include "tests/link/lab.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

using lab::at;
using lab::Buffer;
using lab::drain;
using lab::key;
using lab::Pair;
using lab::pattern;
using lab::Peer;
using lab::Rogue;
using lab::send;
using lab::Sink;

struct Records : testing::Test {
  Peer a{1}, b{2};
};

// Frames of every class and of sizes around every boundary of a record.
std::vector<Sink::Frame> mixed_frames() {
  std::vector<Sink::Frame> frames;
  std::uint32_t seed = 1;
  for (std::size_t size : {1, 2, 100, 5000, 16362, 16363, 16364, 16367, 16368, 20000, 32734, 32735, 60000})
    for (Flow flow : {Flow::control, Flow::reliable, Flow::unreliable, Flow::repair})
      frames.push_back({flow, pattern(size, ++seed)});
  return frames;
}

std::vector<Sink::Frame> of(const std::vector<Sink::Frame>& frames, Flow flow) {
  std::vector<Sink::Frame> result;
  for (const auto& frame : frames)
    if (frame.flow == flow) result.push_back(frame);
  return result;
}

void expect_same_streams(const std::vector<Sink::Frame>& got, const std::vector<Sink::Frame>& sent) {
  for (Flow flow : {Flow::control, Flow::reliable, Flow::unreliable, Flow::repair})
    EXPECT_EQ(of(got, flow), of(sent, flow)) << "flow " << static_cast<int>(flow);
}

TEST_F(Records, EveryFrameArrivesWholeAndInTheOrderOfItsClass) {
  Pair pair{a, b};
  pair.pump();
  const auto frames = mixed_frames();
  for (const auto& frame : frames)
    ASSERT_EQ(send(pair.dialler, frame.flow, frame.bytes, a.slabs), Link::Queued::ok);

  pair.pump();

  expect_same_streams(pair.listener_got.frames, frames);
  EXPECT_TRUE(pair.listener_got.exact);
  EXPECT_EQ(pair.dialler.queued_bytes(), 0U);
  EXPECT_EQ(pair.dialler.counters().frames_out, pair.listener.counters().frames_in);
  EXPECT_EQ(pair.dialler.counters().flow_bytes_out, pair.listener.counters().flow_bytes_in);
}

TEST_F(Records, PiecesOfAnySizeGiveTheSameFrames) {
  const auto frames = mixed_frames();
  for (std::size_t piece : {1, 2, 3, 17, 1000, 16385, 16386, 16387, 40000}) {
    for (std::size_t room : {64, 100, 5000, 16386, 65536}) {
      if (piece == 1 && room != 65536) continue;
      Pair pair{a, b};
      pair.pump();
      for (const auto& frame : frames)
        ASSERT_EQ(send(pair.dialler, frame.flow, frame.bytes, a.slabs), Link::Queued::ok);
      const Buffer wire = drain(pair.dialler, room);
      for (std::size_t i = 0; i < wire.size(); i += piece) {
        const Bytes next = Bytes{wire}.subspan(i, std::min(piece, wire.size() - i));
        ASSERT_EQ(pair.listener.receive(next, at(0), pair.listener_got), CloseReason::none)
            << piece << ' ' << i;
      }
      expect_same_streams(pair.listener_got.frames, frames);
      EXPECT_EQ(pair.listener.partial_bytes(), 0U);
    }
  }
}

TEST_F(Records, AFrameOfOneMebibyteArrivesInOnePiece) {
  Pair pair{a, b};
  pair.pump();
  const Buffer before = pattern(1000, 5), large = pattern(std::size_t{1} << 20, 6), after = pattern(3000, 7);
  for (const Buffer* frame : {&before, &large, &after})
    ASSERT_EQ(send(pair.dialler, Flow::reliable, *frame, a.slabs), Link::Queued::ok);
  pair.listener_got.keep = true;

  pair.pump();

  ASSERT_EQ(pair.listener_got.refs.size(), 3U);
  EXPECT_EQ(pair.listener_got.frames[1].bytes, large);
  EXPECT_TRUE(std::ranges::equal(pair.listener_got.refs[0].bytes(), before));
  EXPECT_TRUE(std::ranges::equal(pair.listener_got.refs[1].bytes(), large));
  EXPECT_TRUE(std::ranges::equal(pair.listener_got.refs[2].bytes(), after));
  // The large frame does not keep its slab alive for the small one behind it, and its head moved twice at
  // most.
  EXPECT_LE(pair.listener.counters().moved_heads, 2U);
}

TEST_F(Records, BytesThatAreLookedAtAreNeverWrittenAgain) {
  Pair pair{a, b};
  pair.pump();
  pair.listener_got.keep = true;
  std::uint32_t seed = 0;
  for (int round = 0; round < 40; ++round) {
    for (Flow flow : {Flow::reliable, Flow::unreliable, Flow::repair}) {
      ++seed;
      ASSERT_EQ(send(pair.dialler, flow, pattern(1 + (seed * 7919) % 9000, seed), a.slabs), Link::Queued::ok);
    }
    pair.pump();
    // Some are let go, so that slabs are reused while others are still looked at.
    if (round % 3 == 0) pair.listener_got.refs[pair.listener_got.refs.size() - 2] = EventRef{};
    for (std::size_t i = 0; i < pair.listener_got.refs.size(); ++i)
      if (pair.listener_got.refs[i]) {
        ASSERT_TRUE(std::ranges::equal(pair.listener_got.refs[i].bytes(), pair.listener_got.frames[i].bytes))
            << i;
      }
  }
}

TEST_F(Records, AForgedRecordLeavesWhatIsLookedAtAlone) {
  Rogue rogue{a, b};
  rogue.got.keep = true;
  ASSERT_EQ(rogue.deliver(rogue.frame(3, pattern(3, 9))), CloseReason::none);
  Buffer forged = rogue.frame(100, pattern(100));
  forged.back() ^= std::byte{1};

  EXPECT_EQ(rogue.deliver(forged), CloseReason::protocol);

  EXPECT_TRUE(std::ranges::equal(rogue.got.refs[0].bytes(), pattern(3, 9)));
  EXPECT_TRUE(rogue.link.over());
  EXPECT_EQ(rogue.deliver(rogue.frame(3, pattern(3))), CloseReason::protocol);  // it stays over
  EXPECT_EQ(rogue.got.frames.size(), 1U);
}

TEST_F(Records, AForgedRecordNeverCompletesAFrame) {
  // A cipher that refuses leaves zeros behind: as the rest of a control frame they would look well-formed.
  Rogue rogue{a, b};
  ASSERT_EQ(rogue.deliver(rogue.frame(100, Buffer(40), Flow::control)), CloseReason::none);
  Buffer forged = rogue.record(0, Buffer(60));
  forged.back() ^= std::byte{1};
  EXPECT_EQ(rogue.deliver(forged), CloseReason::protocol);
  EXPECT_TRUE(rogue.got.frames.empty());
}

TEST_F(Records, CloseOnTheFirstForgedTag) {
  for (std::size_t byte = 2; byte < 2 + 1 + 4 + 50 + 16; ++byte) {
    Pair pair{a, b};
    pair.pump();
    send(pair.dialler, Flow::reliable, pattern(50), a.slabs);
    Buffer wire = drain(pair.dialler);
    wire[byte] ^= std::byte{1};
    ASSERT_EQ(pair.listener.receive(wire, at(0), pair.listener_got), CloseReason::protocol) << byte;
    EXPECT_TRUE(pair.listener_got.frames.empty());
    EXPECT_FALSE(pair.listener.peer_closed());
  }
}

TEST_F(Records, AReplayedReorderedOrMissingRecordCloses) {
  for (int fault = 0; fault < 3; ++fault) {
    Rogue rogue{a, b};
    const Buffer first = rogue.frame(5, pattern(5)), second = rogue.frame(6, pattern(6));
    ASSERT_EQ(rogue.deliver(fault == 0 ? first : second),
              fault == 0 ? CloseReason::none : CloseReason::protocol);
    EXPECT_EQ(rogue.deliver(first), CloseReason::protocol);
  }
}

TEST_F(Records, LengthsNeverWrap) {
  for (std::uint32_t claimed :
       {0U, 0x80000000U, 0xfffffffbU, 0xfffffffcU, 0xffffffffU, (1U << 20) + (64U << 10) + 1}) {
    Rogue rogue{a, b};
    EXPECT_EQ(rogue.deliver(rogue.frame(claimed, pattern(200))), CloseReason::protocol) << claimed;
    EXPECT_TRUE(rogue.got.frames.empty());
    EXPECT_LE(b.slabs.live_bytes() + b.slabs.idle_bytes(), std::size_t{1} << 20);
  }
}

TEST_F(Records, FrameLimitsHoldToTheByte) {
  b.limits.control_frame_bytes_max = 1000;
  b.limits.data_frame_bytes_max = 2000;
  for (Flow flow : {Flow::control, Flow::reliable, Flow::unreliable, Flow::repair}) {
    const std::size_t most = flow == Flow::control ? 1000 : 2000;
    for (const std::size_t size : {most - 1, most, most + 1}) {
      Rogue rogue{a, b};
      const Buffer frame = pattern(size);
      const bool refused = size > most;
      EXPECT_EQ(rogue.deliver(rogue.frame(static_cast<std::uint32_t>(size), frame, flow)),
                refused ? CloseReason::protocol : CloseReason::none);
      EXPECT_EQ(rogue.got.frames.size(), refused ? 0U : 1U);
    }
  }
}

TEST_F(Records, AForbiddenRecordLengthClosesBeforeTheBody) {
  for (const std::uint16_t length : std::to_array<std::uint16_t>({0, 1, 16, 16385, 65535})) {
    Rogue rogue{a, b};
    Buffer wire(2);
    put_be(wire.data(), length);
    EXPECT_EQ(rogue.deliver(wire), CloseReason::protocol) << length;
  }
}

TEST_F(Records, UnknownEmptyAndSecondConfirmRecordsClose) {
  for (const std::uint8_t kind : std::to_array<std::uint8_t>({0, 1, 2, 3, 5, 7, 200, 255})) {
    Rogue rogue{a, b};
    EXPECT_EQ(rogue.deliver(rogue.record(kind, kind == 5 ? pattern(32) : Buffer{})), CloseReason::protocol)
        << int{kind};
  }
}

TEST_F(Records, PaddingIsIgnored) {
  Rogue rogue{a, b};
  Buffer wire = rogue.frame(100, pattern(40, 3));
  for (std::size_t size : {0, 1, 16367}) {
    const Buffer padding = rogue.record(6, Buffer(size));
    wire.insert(wire.end(), padding.begin(), padding.end());
  }
  Buffer rest = pattern(100, 3);
  rest.erase(rest.begin(), rest.begin() + 40);
  const Buffer last = rogue.record(1, rest);
  wire.insert(wire.end(), last.begin(), last.end());

  EXPECT_EQ(rogue.deliver(wire), CloseReason::none);

  ASSERT_EQ(rogue.got.frames.size(), 1U);
  EXPECT_EQ(rogue.got.frames[0].bytes, pattern(100, 3));
}

TEST_F(Records, PartialRecordTimesOut) {
  Rogue rogue{a, b};
  const Buffer wire = rogue.frame(50, pattern(50));
  EXPECT_EQ(rogue.link.next_deadline(), never);
  ASSERT_EQ(rogue.deliver({wire.begin(), wire.begin() + 1}, at(1000)), CloseReason::none);
  EXPECT_EQ(rogue.link.next_deadline(), at(11000));
  ASSERT_EQ(rogue.deliver({wire.begin() + 1, wire.begin() + 20}, at(9000)), CloseReason::none);
  EXPECT_EQ(rogue.link.next_deadline(), at(11000));  // more bytes of the same record win no time
  EXPECT_EQ(rogue.link.on_deadline(at(10999)), CloseReason::none);
  EXPECT_EQ(rogue.link.on_deadline(at(11000)), CloseReason::timeout);
}

TEST_F(Records, PartialFrameTimesOut) {
  Rogue rogue{a, b};
  ASSERT_EQ(rogue.deliver(rogue.frame(5000, pattern(100)), at(1000)), CloseReason::none);
  EXPECT_EQ(rogue.link.next_deadline(), at(31000));
  EXPECT_EQ(rogue.link.partial_since(), at(1000));
  EXPECT_EQ(rogue.link.partial_bytes(), 104U);
  ASSERT_EQ(rogue.deliver(rogue.record(1, pattern(100)), at(20000)), CloseReason::none);
  EXPECT_EQ(rogue.link.next_deadline(), at(31000));
  ASSERT_EQ(rogue.deliver(rogue.record(1, pattern(4800)), at(30000)), CloseReason::none);
  EXPECT_EQ(rogue.got.frames.size(), 1U);
  EXPECT_EQ(rogue.link.next_deadline(), never);
  EXPECT_EQ(rogue.link.partial_bytes(), 0U);
}

TEST_F(Records, MemoryGrowsWithWhatHasArrivedNotWithWhatIsDeclared) {
  Rogue rogue{a, b};
  for (Flow flow : {Flow::control, Flow::reliable, Flow::unreliable, Flow::repair})
    ASSERT_EQ(rogue.deliver(rogue.frame(60000, pattern(1), flow)), CloseReason::none);
  EXPECT_LE(b.slabs.live_bytes(), 4 * 16384U);

  Rogue large{a, b};
  ASSERT_EQ(large.deliver(large.frame(1 << 20, pattern(10))), CloseReason::none);
  std::size_t arrived = 14;
  for (int i = 0; i < 60; ++i) {
    ASSERT_EQ(large.deliver(large.record(1, pattern(16367))), CloseReason::none);
    arrived += 16367;
    EXPECT_LE(b.slabs.live_bytes(), 4 * 16384U + std::max<std::size_t>(131072, 10 * arrived));
  }
}

TEST_F(Records, AHugeFrameNeverHoldsMoreThanTenTimesWhatHasArrived) {
  b.limits.data_frame_bytes_max = (16U << 20) + (64U << 10);
  Rogue rogue{a, b};
  const std::size_t size = 16U << 20;
  const Buffer frame = pattern(size);
  ASSERT_EQ(rogue.deliver(rogue.frame(size, Bytes{frame}.first(1000))), CloseReason::none);
  for (std::size_t arrived = 1000; arrived < size;) {
    const std::size_t n = std::min<std::size_t>(16367, size - arrived);
    ASSERT_EQ(rogue.deliver(rogue.record(1, Bytes{frame}.subspan(arrived, n))), CloseReason::none);
    arrived += n;
    ASSERT_LE(b.slabs.live_bytes(), std::max<std::size_t>(131072, 10 * arrived));
  }
  ASSERT_EQ(rogue.got.frames.size(), 1U);
  EXPECT_EQ(rogue.got.frames[0].bytes, frame);
  EXPECT_LE(rogue.link.counters().moved_heads, 4U);
}

TEST_F(Records, AnIdleLinkHoldsNoReceiveMemory) {
  Pair pair{a, b};
  pair.pump();
  for (const auto& frame : mixed_frames()) send(pair.dialler, frame.flow, frame.bytes, a.slabs);
  pair.pump();
  EXPECT_EQ(b.slabs.live_bytes(), 0U);
  EXPECT_EQ(a.slabs.live_bytes(), 0U);
}

TEST_F(Records, KeysChangeAtTheBoundaryAndBothEndsAgree) {
  a.limits.rekey_every = b.limits.rekey_every = 7;
  Pair pair{a, b};
  pair.pump();
  for (int i = 0; i < 50; ++i) {
    send(pair.dialler, Flow::reliable, pattern(20, 1), a.slabs);
    send(pair.listener, Flow::control, pattern(20, 2), b.slabs);
    pair.pump();
    ASSERT_FALSE(pair.dialler.over() || pair.listener.over()) << i;
  }
  EXPECT_EQ(pair.listener_got.frames.size(), 50U);
  EXPECT_EQ(pair.dialler.counters().records_out, 50U);
  EXPECT_EQ(pair.dialler.counters().rekeys_out, 7U);
  EXPECT_EQ(pair.listener.counters().rekeys_in, 7U);
}

TEST_F(Records, AnEndThatDoesNotRekeyIsClosedAtTheBoundary) {
  b.limits.rekey_every = 7;
  Rogue rogue{a, b};
  RecordCipher stubborn{*a.crypto, 1000};
  stubborn.key() = rogue.tx.key();
  for (int i = 0; i < 8; ++i) {
    Buffer wire(2 + 1 + 5 + 16, std::byte{0});
    wire[2] = std::byte{6};
    stubborn.seal(wire.data(), 6);
    EXPECT_EQ(rogue.deliver(wire), i < 7 ? CloseReason::none : CloseReason::protocol) << i;
  }
}

TEST_F(Records, CloseIsToldBehindTheControlFramesThatWait) {
  Pair pair{a, b};
  pair.pump();
  send(pair.dialler, Flow::reliable, pattern(100), a.slabs);
  send(pair.dialler, Flow::control, pattern(30), a.slabs);
  pair.dialler.close(CloseReason::duplicate);
  EXPECT_TRUE(pair.dialler.closing());
  EXPECT_EQ(send(pair.dialler, Flow::control, pattern(30), a.slabs), Link::Queued::closed);

  const Buffer wire = drain(pair.dialler);

  EXPECT_FALSE(pair.dialler.wants_to_send());
  EXPECT_EQ(pair.listener.receive(wire, at(0), pair.listener_got), CloseReason::duplicate);
  EXPECT_TRUE(pair.listener.peer_closed());
  ASSERT_EQ(pair.listener_got.frames.size(), 1U);
  EXPECT_EQ(pair.listener_got.frames[0].flow, Flow::control);
  EXPECT_FALSE(pair.listener.wants_to_send());
}

TEST_F(Records, CodesOfCloseAreKeptAndUnknownOnesAreProtocol) {
  for (const auto& [code, reason] :
       {std::pair{1, CloseReason::full}, std::pair{2, CloseReason::leaving},
        std::pair{9, CloseReason::denied}, std::pair{0, CloseReason::protocol},
        std::pair{10, CloseReason::protocol}, std::pair{65, CloseReason::protocol},
        std::pair{65535, CloseReason::protocol}}) {
    Rogue rogue{a, b};
    Buffer body(2);
    put_be(body.data(), static_cast<std::uint16_t>(code));
    EXPECT_EQ(rogue.deliver(rogue.record(4, body)), reason) << code;
    EXPECT_TRUE(rogue.link.peer_closed());
  }
  Rogue rogue{a, b};
  EXPECT_EQ(rogue.deliver(rogue.record(4, Buffer(1))), CloseReason::protocol);
  EXPECT_FALSE(rogue.link.peer_closed());
}

TEST_F(Records, AReasonThatIsNeverToldIsToldAsProtocol) {
  Pair pair{a, b};
  pair.pump();
  pair.dialler.close(CloseReason::timeout);
  EXPECT_EQ(pair.listener.receive(drain(pair.dialler), at(0), pair.listener_got), CloseReason::protocol);
}

TEST_F(Records, AHandlerMayCloseTheLinkInTheMiddleOfARecord) {
  struct Closer : Sink {
    Link* link = nullptr;
    void on_frame(Flow flow, Bytes frame, const EventRef& ref) {
      Sink::on_frame(flow, frame, ref);
      link->close(CloseReason::denied);
    }
  };
  Pair pair{a, b};
  pair.pump();
  for (int i = 0; i < 5; ++i) send(pair.dialler, Flow::reliable, pattern(100), a.slabs);
  Closer closer;
  closer.link = &pair.listener;

  EXPECT_EQ(pair.listener.receive(drain(pair.dialler), at(0), closer), CloseReason::none);

  EXPECT_EQ(closer.frames.size(), 1U);
  EXPECT_EQ(pair.dialler.receive(drain(pair.listener), at(0), pair.dialler_got), CloseReason::denied);
}

}  // namespace
}  // namespace boato
