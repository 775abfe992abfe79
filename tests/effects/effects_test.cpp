// SPDX-License-Identifier: Apache-2.0
#include "overlay/effects/effects.hpp"

#include "overlay/wire/event_messages.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace boato {
namespace {

using testing::ElementsAre;

// Writes down what it is handed, in order.
struct Host {
  std::vector<std::string> log;
  std::vector<std::vector<std::byte>> envelopes;
  void on_send(LinkId link, Flow, Bytes envelope, EventRef body) {
    log.push_back("send " + std::to_string(link.raw()) + " +" + std::to_string(body.size()));
    envelopes.emplace_back(envelope.begin(), envelope.end());
  }
  void on_deliver(Delivery&& d) { log.push_back("deliver " + std::to_string(d.index)); }
  void on_gap(const GapNotice& g) { log.push_back("gap " + std::to_string(g.first.raw())); }
  void on_notice(TopicNotice&& n) { log.push_back("notice " + n.text); }
  void on_taken(const TakenNotice&) { log.push_back("taken"); }
  void on_dial(const DialWish&) { log.push_back("dial"); }
  void on_close(LinkId link, CloseReason) { log.push_back("close " + std::to_string(link.raw())); }
  void on_note(const Note& n) { log.push_back("note " + std::string{to_string(n.counter)}); }
  void on_drop(const Drop& d) {
    log.push_back("drop " + std::string{to_string(d.reason)} + ' ' + std::to_string(d.topic.raw()) + ' ' +
                  std::to_string(d.peer.raw[0]) + ' ' + std::to_string(d.n));
  }
};

Delivery event(std::uint16_t index) {
  Delivery d;
  d.index = index;
  return d;
}
GapNotice gap(std::uint64_t first) {
  GapNotice g;
  g.first = Seq{first};
  return g;
}

TEST(Effects, KeepGapsAndDeliveriesInTheOrderOfTheirStatement) {
  Effects fx;
  Host host;
  fx.deliver(gap(1));
  fx.deliver(event(2));
  fx.deliver(gap(3));
  fx.deliver(gap(4));
  fx.deliver(event(5));
  fx.deliver(gap(6));

  fx.drain(host);

  EXPECT_THAT(host.log, ElementsAre("gap 1", "deliver 2", "gap 3", "gap 4", "deliver 5", "gap 6"));
}

TEST(Effects, EncodeOnceForAllLinksAndShareTheBody) {
  SlabPool pool;
  Effects fx;
  Host host;
  const EventRef body = pool.copy(bytes("body"));
  const std::array links{LinkId{1}, LinkId{2}};

  fx.send(links, Flow::reliable, wire::Taken{.count = 7}, body);
  EXPECT_EQ(fx.sends()[0].offset, fx.sends()[1].offset);
  fx.drain(host);

  EXPECT_THAT(host.log, ElementsAre("send 1 +4", "send 2 +4"));
  wire::Taken got;
  ASSERT_TRUE(wire::decode(host.envelopes[0], got));
  EXPECT_EQ(got.count, 7U);
  EXPECT_EQ(host.envelopes[0], host.envelopes[1]);
}

TEST(Effects, ReadEnvelopesOfAnySize) {
  Effects fx;
  Host host;
  const std::string large(3000, 'x');
  wire::Have have;
  have.streams = bytes(large);
  fx.send(LinkId{1}, Flow::control, wire::Taken{.count = 1});
  fx.send(LinkId{1}, Flow::control, have);
  fx.send(LinkId{1}, Flow::control, wire::Taken{.count = 2});

  fx.drain(host);

  wire::Taken first, last;
  wire::Have middle;
  ASSERT_TRUE(wire::decode(host.envelopes[0], first) && wire::decode(host.envelopes[1], middle) &&
              wire::decode(host.envelopes[2], last));
  EXPECT_EQ(first.count, 1U);
  EXPECT_EQ(text(middle.streams), large);
  EXPECT_EQ(last.count, 2U);
}

TEST(Effects, AreEmptyAfterDraining) {
  Effects fx;
  Host host;
  fx.send(LinkId{1}, Flow::control, wire::Taken{});
  fx.deliver(event(1));
  fx.deliver(gap(1));
  TopicNotice notice;
  notice.text = "hello";
  fx.tell(notice);
  fx.taken({});
  fx.dial({});
  fx.close(LinkId{1}, CloseReason::idle);
  fx.count(Counter::dials);
  fx.drop(DropReason::hops, TopicTag{1}, {});
  EXPECT_FALSE(fx.empty());

  fx.drain(host);
  EXPECT_EQ(host.log.size(), 9U);
  fx.drain(host);

  EXPECT_TRUE(fx.empty());
  EXPECT_EQ(host.log.size(), 9U);
}

TEST(Effects, HoldNoBytesAfterDraining) {
  SlabPool pool;
  Effects fx;
  Host host;
  fx.send(LinkId{1}, Flow::reliable, wire::Taken{}, pool.copy(bytes("body")));
  Delivery batch;
  batch.batch = pool.copy(bytes("batch"));
  fx.deliver(std::move(batch));

  fx.drain(host);

  EXPECT_EQ(pool.live_bytes(), 0U);
}

TEST(Effects, SayWhatWasDroppedWhyOfWhichTopicAndWhose) {
  Effects fx;
  Host host;
  PeerId peer;
  peer.raw[0] = 9;
  fx.drop(DropReason::window, TopicTag{3}, peer, 12);
  EXPECT_FALSE(fx.empty());

  fx.drain(host);

  EXPECT_THAT(host.log, ElementsAre("drop window 3 9 12"));
}

TEST(Effects, SendToNobodyIsNothing) {
  Effects fx;

  fx.send(std::span<const LinkId>{}, Flow::control, wire::Taken{});

  EXPECT_TRUE(fx.empty());
}

TEST(Drops, EachReasonHasItsOwnName) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < drop_reasons; ++i) names.push_back(to_string(static_cast<DropReason>(i)));
  std::ranges::sort(names);

  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

TEST(Notes, EachCounterHasItsOwnName) {
  std::vector<std::string_view> names;
  for (std::size_t i = 0; i < counters; ++i) names.push_back(to_string(static_cast<Counter>(i)));
  std::ranges::sort(names);

  EXPECT_EQ(std::ranges::adjacent_find(names), names.end());
}

}  // namespace
}  // namespace boato
