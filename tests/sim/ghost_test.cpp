// SPDX-License-Identifier: Apache-2.0
// The judges themselves: each rule is broken once, and must be found.
#include "tools/sim/ghost.hpp"

#include "overlay/link/toy_crypto.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace boato::sim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One publisher (peer 0), two subscribers (1, 2), one topic. Batches of one event.
class Lab {
 public:
  explicit Lab(Contract contract = {}) {
    for (std::uint32_t peer = 0; peer < 3; ++peer) ghost.add_peer(peer, id(peer));
    topic = ghost.add_topic(tag, contract);
    for (const std::uint32_t peer : {1U, 2U}) {
      ghost.opened(at(0), peer, topic);
      ghost.ready(at(1), peer, tag);
    }
  }
  static Time at(std::int64_t ms) { return Time{} + std::chrono::milliseconds{ms}; }
  static PeerId id(std::uint32_t peer) {
    PeerId p;
    p.raw[0] = static_cast<std::uint8_t>(peer + 1);
    return p;
  }
  static wire::EventView event(const std::string& text) {
    wire::EventView e;
    e.payload = bytes(text);
    return e;
  }
  void publish(std::uint64_t seq, const std::string& text, std::int64_t when = 10) {
    const std::uint64_t hash = content_hash(event(text));
    ghost.published(at(when), 0, Incarnation{1}, tag, Seq{seq}, std::span{&hash, 1});
  }
  void deliver(std::uint32_t peer, std::uint64_t seq, const std::string& text) {
    wire::BatchBuilder builder{slabs.take(4096)};
    ASSERT_TRUE(builder.add(event(text)));
    SignSecret secret{};
    const NetworkId network{};
    const TopicId topic_id{};
    const EventRef batch =
        builder.finish({&toy_crypto(), &secret, &network, &topic_id, id(0), Incarnation{1}, Seq{seq}});
    ghost.delivered(at(20), peer, {tag, batch, 0, 1, 1});
  }
  void gap(std::uint32_t peer, std::uint64_t first, std::uint64_t last) {
    ghost.gap(at(20), peer, {tag, id(0), Incarnation{1}, Seq{first}, Seq{last}, GapReason::lost});
  }
  std::vector<std::string> rules() {
    std::vector<std::string> found;
    for (const Violation& v : verdicts.kept()) found.push_back(v.rule);
    return found;
  }

  SlabPool slabs;
  TopicTag tag{77};
  Verdicts verdicts;
  Ghost ghost{verdicts};
  std::uint32_t topic = 0;
};

TEST(Ghost, AcceptsAPerfectRun) {
  Lab lab;
  lab.publish(1, "a");
  lab.publish(2, "b");

  for (const std::uint32_t peer : {1U, 2U}) {
    lab.deliver(peer, 1, "a");
    lab.deliver(peer, 2, "b");
  }
  lab.ghost.judge(Lab::at(30));

  EXPECT_THAT(lab.rules(), IsEmpty());
  EXPECT_EQ(lab.ghost.owed(), 4U);
}

TEST(Ghost, FindsADuplicate) {
  Lab lab;
  lab.publish(1, "a");

  lab.deliver(1, 1, "a");
  lab.deliver(1, 1, "a");

  EXPECT_THAT(lab.rules(), ElementsAre("duplicate"));
}

TEST(Ghost, AcceptsAGapThatIsTrue) {
  Lab lab;
  for (const std::uint64_t seq : {1, 2, 3, 4}) lab.publish(seq, "a");

  lab.deliver(1, 1, "a");
  lab.gap(1, 2, 3);
  lab.deliver(1, 4, "a");

  EXPECT_THAT(lab.rules(), IsEmpty());
  EXPECT_EQ(lab.ghost.gaps(), 2U);
}

TEST(Ghost, FindsAHoleThatNobodyTold) {
  Lab lab;
  for (const std::uint64_t seq : {1, 2, 3}) lab.publish(seq, "a");

  lab.deliver(1, 1, "a");
  lab.deliver(1, 3, "a");

  EXPECT_THAT(lab.rules(), ElementsAre("gap"));
}

TEST(Ghost, FindsAGapWhoseEventHadCome) {
  Lab lab{Contract{.order = Order::none}};
  lab.publish(1, "a");

  lab.deliver(1, 1, "a");
  lab.gap(1, 1, 1);

  EXPECT_THAT(lab.rules(), ElementsAre("gap"));
}

TEST(Ghost, FindsAGapWhoseEventComesLater) {
  Lab lab{Contract{.order = Order::none}};
  lab.publish(1, "a");

  lab.gap(1, 1, 1);
  lab.deliver(1, 1, "a");

  EXPECT_THAT(lab.rules(), ElementsAre("gap"));
}

TEST(Ghost, FindsAGapOfWhatWasNeverPublished) {
  Lab lab;
  lab.publish(1, "a");

  lab.gap(1, 1, 2);

  EXPECT_THAT(lab.rules(), ElementsAre("gap"));
}

TEST(Ghost, FindsABrokenOrder) {
  Lab lab;
  lab.publish(1, "a");
  lab.publish(2, "b");

  lab.deliver(1, 2, "b");
  lab.deliver(1, 1, "a");

  EXPECT_THAT(lab.rules(), ElementsAre("gap", "fifo"));  // 1 was left out, then came
}

TEST(Ghost, AllowsAnyOrderWhereNoneIsPromised) {
  Lab lab{Contract{.order = Order::none}};
  lab.publish(1, "a");
  lab.publish(2, "b");

  lab.deliver(1, 2, "b");
  lab.deliver(1, 1, "a");

  EXPECT_THAT(lab.rules(), IsEmpty());
}

TEST(Ghost, FindsAlteredBytes) {
  Lab lab;
  lab.publish(1, "a");

  lab.deliver(1, 1, "A");

  EXPECT_THAT(lab.rules(), ElementsAre("content"));
}

TEST(Ghost, FindsAnEventThatNobodyPublished) {
  Lab lab;
  lab.publish(1, "a");

  lab.deliver(1, 2, "b");

  EXPECT_THAT(lab.rules(), ElementsAre("published"));
}

TEST(Ghost, FindsALostEvent) {
  Lab lab;
  lab.publish(1, "a");

  lab.deliver(1, 1, "a");
  lab.ghost.judge(Lab::at(30));

  EXPECT_THAT(lab.rules(), ElementsAre("complete"));
  EXPECT_EQ(lab.ghost.lost(), 1U);
}

TEST(Ghost, ADeadPublishersEventIsOwedOnceACorrectMemberHasIt) {
  Lab lab;
  lab.publish(1, "a");
  lab.ghost.ended(Lab::at(15), 0);
  lab.ghost.judge(Lab::at(30));
  ASSERT_THAT(lab.rules(), IsEmpty());

  lab.deliver(1, 1, "a");
  lab.ghost.judge(Lab::at(31));

  EXPECT_THAT(lab.rules(), ElementsAre("agreement"));
}

TEST(Ghost, NothingIsOwedToThoseWhoWereNotReady) {
  Lab lab;
  lab.publish(1, "a", 0);

  lab.ghost.judge(Lab::at(30));

  EXPECT_THAT(lab.rules(), IsEmpty());
}

TEST(Ghost, NothingIsOwedToTheDead) {
  Lab lab;
  lab.publish(1, "a");
  lab.deliver(1, 1, "a");

  lab.ghost.ended(Lab::at(15), 2);
  lab.ghost.judge(Lab::at(30));

  EXPECT_THAT(lab.rules(), IsEmpty());
}

}  // namespace
}  // namespace boato::sim
