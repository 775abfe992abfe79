// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/event_messages.hpp"
#include "tests/replica/lab.hpp"

#include <array>
#include <vector>

namespace boato {
namespace {

using lab::peer;

class Settles : public ::testing::Test, protected lab::ReplicaLab {
 protected:
  Settles() {
    const std::array voters{peer(2), peer(3), peer(4)};
    set = wire::ReplicaSet{voters};
  }
  void publish(std::uint64_t first, std::uint16_t count = 1) {
    const Batch b = batch(1, first, count);
    settling.published(now, b.view.first, b.view.last(), b.bytes);
  }
  // Receipts since the last call: {last number, holders}.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> receipts() {
    struct Host {
      std::vector<std::pair<std::uint64_t, std::uint32_t>>& out;
      std::vector<LinkId>& pushed;
      void on_send(LinkId link, Flow, Bytes, const EventRef&) const { pushed.push_back(link); }
      void on_deliver(const Delivery&) const {}
      void on_gap(const GapNotice&) const {}
      void on_notice(const TopicNotice&) const {}
      void on_taken(const TakenNotice& t) const { out.emplace_back(t.last.raw(), t.holders); }
      void on_dial(const DialWish&) const {}
      void on_close(LinkId, CloseReason) const {}
      void on_note(const Note&) const {}
      void on_drop(const Drop&) const {}
    };
    std::vector<std::pair<std::uint64_t, std::uint32_t>> out;
    pushed.clear();
    fx.drain(Host{out, pushed});
    return out;
  }

  SettlingConfig config;
  wire::ReplicaSet set;
  Settling settling{config, set, TopicTag{7}, peer(1), links};
  std::vector<LinkId> pushed;
};

using Told = std::vector<std::pair<std::uint64_t, std::uint32_t>>;

TEST_F(Settles, CountsEachVoterOnceAndOnlyVoters) {
  publish(1);
  publish(2);
  settling.on_held(peer(2), Seq{1}, fx);
  EXPECT_EQ(receipts(), (Told{{1, 1}}));
  settling.on_held(peer(2), Seq{1}, fx);
  settling.on_held(peer(9), Seq{2}, fx);  // no replica
  EXPECT_EQ(receipts(), Told{});
  EXPECT_EQ(settling.unsettled(), 2U);
  settling.on_held(peer(3), Seq{2}, fx);
  EXPECT_EQ(receipts(), (Told{{1, 2}, {2, 1}}));
  EXPECT_EQ(settling.unsettled(), 1U);
  settling.on_held(peer(4), Seq{2}, fx);
  EXPECT_EQ(receipts(), (Told{{1, 3}, {2, 2}}));
  EXPECT_EQ(settling.unsettled(), 0U);
  settling.check_invariants();
}

TEST_F(Settles, TellsNeighboursThatAsManyHoldTogether) {
  for (std::uint64_t i = 1; i <= 9; ++i) publish(i);
  settling.on_held(peer(2), Seq{6}, fx);
  EXPECT_EQ(receipts(), (Told{{6, 1}}));
  settling.on_held(peer(3), Seq{8}, fx);
  EXPECT_EQ(receipts(), (Told{{6, 2}, {8, 1}}));
  EXPECT_EQ(settling.unsettled(), 3U);
  settling.check_invariants();
}

TEST_F(Settles, NobodyHoldsWhatWasNotPublishedYet) {
  publish(1);
  settling.on_held(peer(2), Seq{1000}, fx);
  publish(2);
  settling.on_held(peer(3), Seq{2}, fx);
  EXPECT_EQ(receipts(), (Told{{1, 1}, {1, 2}, {2, 1}}));
}

TEST_F(Settles, PushesAgainToReplicasThatDoNotHoldIt) {
  link(2);
  link(3);
  publish(1);
  settling.on_held(peer(2), Seq{1}, fx);
  static_cast<void>(receipts());
  now += config.push_after / 2;
  settling.on_deadline(now, fx);
  EXPECT_TRUE(receipts().empty() && pushed.empty());
  now += config.push_after;
  ASSERT_LE(settling.next_deadline(), now);
  settling.on_deadline(now, fx);
  static_cast<void>(receipts());
  EXPECT_EQ(pushed, std::vector{LinkId{3}});
  EXPECT_GT(settling.next_deadline(), now);  // and again, until a quorum holds it
  settling.on_held(peer(3), Seq{1}, fx);
  now += config.push_after;
  settling.on_deadline(now, fx);
  static_cast<void>(receipts());
  EXPECT_TRUE(pushed.empty());
  EXPECT_EQ(settling.next_deadline(), never);
}

TEST_F(Settles, TheWordOfALinkThatHasEndedDoesNotCount) {
  publish(1);
  settling.on_held(peer(2), Seq{1}, fx);
  settling.on_link_down(peer(2));  // it may come back without its disk
  static_cast<void>(receipts());
  settling.on_held(peer(3), Seq{1}, fx);
  EXPECT_EQ(receipts(), (Told{{1, 1}}));
  EXPECT_EQ(settling.unsettled(), 1U);
  settling.on_held(peer(2), Seq{1}, fx);
  EXPECT_EQ(receipts(), (Told{{1, 2}}));
  EXPECT_EQ(settling.unsettled(), 0U);
}

TEST_F(Settles, HasNoRoomWhileTooMuchWaitsForAQuorum) {
  config.window_bytes = 1;
  EXPECT_TRUE(settling.has_room());
  publish(1);
  EXPECT_FALSE(settling.has_room());
  settling.on_held(peer(2), Seq{1}, fx);
  EXPECT_FALSE(settling.has_room());
  settling.on_held(peer(3), Seq{1}, fx);
  EXPECT_TRUE(settling.has_room());
}

TEST_F(Settles, OtherReplicasBeginFromNothing) {
  publish(1);
  settling.on_held(peer(2), Seq{1}, fx);
  const std::array voters{peer(5), peer(6), peer(7)};
  set = wire::ReplicaSet{voters};
  settling.restart();
  publish(1);
  settling.on_held(peer(2), Seq{1}, fx);
  static_cast<void>(receipts());
  settling.on_held(peer(5), Seq{1}, fx);
  EXPECT_EQ(receipts(), (Told{{1, 1}}));
}

}  // namespace
}  // namespace boato
