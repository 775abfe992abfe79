// SPDX-License-Identifier: Apache-2.0
// What others claim, sign or copy does no harm.
#include "tests/multicast/lab.hpp"

namespace boato::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST(Hostile, ABadSignatureIsNotForwardedAndClosesTheLink) {
  Lab lab{30};
  const TopicTag tag = lab.all_subscribe(0);
  std::set<std::size_t> poisoned;
  std::map<std::size_t, std::set<std::size_t>> poisoners;
  lab.change = [&](Lab::Packet& packet, wire::Kind kind) {  // relays change one byte of a payload
    if (kind != wire::Kind::cast || packet.from == 0) return;
    poisoned.insert(packet.to);
    poisoners[packet.to].insert(packet.from);
    std::vector<std::byte> copy(packet.body.bytes().begin(), packet.body.bytes().end());
    copy.back() ^= std::byte{1};
    packet.body = lab.slabs().copy(copy);
  };
  lab.drop = [](const Lab::Packet&, wire::Kind kind) { return kind == wire::Kind::have; };

  lab.publish(0, tag, "true");
  lab.pass(milliseconds{100});

  ASSERT_FALSE(poisoned.empty());
  for (std::size_t i : poisoned) {
    EXPECT_EQ(times(lab.at(i), "true"), 0U);
    EXPECT_THAT(lab.at(i).got, testing::IsEmpty());
    EXPECT_GE(lab.at(i).counts[Counter::signatures_bad], 1U);
    std::uint64_t named = 0;
    for (const std::size_t from : poisoners[i])
      named += lab.at(i).drops[{DropReason::forged, lab.at(from).self.id}];
    EXPECT_EQ(named, lab.at(i).counts[Counter::signatures_bad]);
    EXPECT_THAT(lab.at(i).closed, testing::Contains(testing::Pair(testing::_, CloseReason::protocol)));
  }
}

// Not only our own restarts make incarnations: a copied identity file does, and what it sends is well signed.
TEST(Hostile, ACopiedIdentityRefusesTheOlderProcessAndBreaksNothing) {
  Lab lab{2};
  const TopicTag tag = lab.open(0, Use::publish);
  lab.open(0, Use::subscribe);
  lab.open(1, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));
  Lab::Peer& old = lab.at(0);
  const LinkInfo* link = old.core->links().find(lab.at(1).self.id);
  ASSERT_NE(link, nullptr);
  const LinkId from = link->id;
  const TopicId topic = old.core->directory().find(tag)->id;
  for (std::uint64_t incarnation = 2; incarnation < 2 + StreamSetConfig{}.open_max; ++incarnation) {
    wire::BatchBuilder batch{lab.slabs().take(wire::batch_header_bytes + 64)};
    ASSERT_TRUE(batch.add({}));
    const EventRef body = batch.finish({old.self.crypto, old.self.secret, &old.self.network, &topic,
                                        old.self.id, Incarnation{incarnation}, Seq{1}});
    std::vector<std::byte> room(512);
    const auto size = wire::encode(wire::Cast{tag, 0, 0, {}, 0, 0}, room);
    ASSERT_TRUE(size.has_value());
    old.core->on_frame(lab.now(), from, Flow::reliable, Frame{Bytes{room}.first(*size), body, false});
    lab.settle(0);
  }

  wire::BatchBuilder batch{lab.slabs().take(wire::batch_header_bytes + 64)};
  ASSERT_TRUE(batch.add({}));
  EXPECT_FALSE(old.core->publish(lab.now(), tag, batch, Seq{1}));
  lab.settle(0);

  EXPECT_THAT(old.notices, testing::Contains(testing::Field(&TopicNotice::kind, TopicNotice::Kind::refused)));
  lab.pass(seconds{1});
}

// What others claim of a peer's own stream, it must not believe: it knows what it has published.
TEST(Hostile, ClaimsOfAPeersOwnStreamChangeNothingAboutIt) {
  Lab lab{2};
  const TopicTag tag = lab.all_subscribe(0);
  const Self& self = lab.at(0).self;
  const StreamTag own =
      wire::stream_tag(toy_crypto(), lab.at(0).core->topic(tag)->id, self.id, self.incarnation);
  std::array<std::byte, 64> room;
  HaveWriter claim{room};
  ASSERT_TRUE(claim.add(own, Seq{1000}, {}));
  const LinkId link = lab.at(0).core->links().find(lab.at(1).self.id)->id;
  const auto hand = [&](const auto& message) {
    std::array<std::byte, 256> frame;
    const auto size = wire::encode(message, frame);
    ASSERT_TRUE(size.has_value());
    lab.at(0).core->on_frame(lab.now(), link, Flow::control, Frame{Bytes{frame}.first(*size), {}, false});
    lab.settle(0);
  };

  for (const bool published : {false, true}) {
    hand(wire::Have{tag, claim.written()});
    hand(wire::Frontiers{tag, 0, claim.written(), {}});
    lab.pass(seconds{90});  // a hole is given up after 60 s
    lab.publish(0, tag, published ? "second" : "first");
    lab.pass(seconds{1});
  }

  EXPECT_EQ(times(lab.at(1), "first"), 1U);
  EXPECT_EQ(times(lab.at(1), "second"), 1U);
  EXPECT_TRUE(lab.at(0).gaps.empty());
}

TEST(Hostile, AStartThatNamesTheAskersOwnStreamChangesNothingAboutIt) {
  Lab lab{2};
  TopicTag tag = lab.open(1, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));
  lab.pass(seconds{2});
  std::array<std::byte, 64> room;
  lab.change = [&](Lab::Packet& packet, wire::Kind kind) {
    if (kind != wire::Kind::start_tell || packet.to != 0) return;
    const Self& self = lab.at(0).self;
    HaveWriter claim{room};
    ASSERT_TRUE(
        claim.add(wire::stream_tag(toy_crypto(), lab.at(0).core->topic(tag)->id, self.id, self.incarnation),
                  Seq{1000}, {}));
    packet.envelope.resize(256);
    packet.envelope.resize(*wire::encode(wire::StartTell{tag, false, claim.written()}, packet.envelope));
  };
  lab.open(0, Use::subscribe);
  lab.open(0, Use::publish);
  ASSERT_TRUE(lab.gather(tag));

  lab.publish(0, tag, "mine");
  lab.pass(seconds{1});

  EXPECT_EQ(times(lab.at(1), "mine"), 1U);
  EXPECT_EQ(times(lab.at(0), "mine"), 1U);
}

}  // namespace
}  // namespace boato::lab
