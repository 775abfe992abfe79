// SPDX-License-Identifier: Apache-2.0
// What peers tell of a topic to whoever surveys it.
#include "tests/multicast/lab.hpp"

namespace boato {
namespace {

using lab::Lab;
using std::chrono::seconds;

TEST(Views, SayByWhomAnEventCameAndHow) {
  Lab lab{3};
  const TopicTag tag = lab.open(0, Use::publish);
  lab.open(1, Use::subscribe);
  lab.open(2, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));
  lab.pass(seconds{2});
  lab.drop = [](const Lab::Packet& packet, wire::Kind kind) {
    return kind == wire::Kind::cast && packet.to == 2;
  };
  lab.publish(0, tag, "x");
  lab.pass(seconds{5});
  lab.drop = nullptr;
  const StreamKey stream{lab.at(0).self.id, lab.at(0).self.incarnation};
  const auto view = [&](std::size_t i, std::uint64_t seq) {
    return lab.at(i).core->own_view({tag, stream, Seq{seq}});
  };

  EXPECT_EQ(view(0, 1).way, wire::ViewWay::own);
  EXPECT_EQ(view(1, 1).way, wire::ViewWay::tree);
  EXPECT_EQ(view(1, 1).from, lab.at(0).self.id);
  EXPECT_EQ(view(1, 1).hops, 1);
  EXPECT_EQ(view(2, 1).way, wire::ViewWay::repair);
  EXPECT_NE(view(2, 1).from, PeerId{});
  EXPECT_EQ(view(1, 2).way, wire::ViewWay::missing);
  EXPECT_EQ(lab.at(1).core->own_view({TopicTag{99}, stream, Seq{1}}).way, wire::ViewWay::none);
}

TEST(Views, NameStreamsFromAPublisherOnInTheOrderOfKeys) {
  Lab lab{3};
  const TopicTag tag = lab.open(0, Use::publish);
  lab.open(1, Use::publish);
  lab.open(2, Use::subscribe);
  ASSERT_TRUE(lab.gather(tag));
  lab.pass(seconds{2});
  for (int i = 0; i < 3; ++i) lab.publish(0, tag, "x");
  lab.publish(1, tag, "y");
  lab.pass(seconds{5});
  StreamHead a{{lab.at(0).self.id, lab.at(0).self.incarnation}, Seq{3}};
  StreamHead b{{lab.at(1).self.id, lab.at(1).self.incarnation}, Seq{1}};
  if (b < a) std::swap(a, b);

  EXPECT_THAT(lab.at(2).core->own_view({tag, {}, {}}).streams, testing::ElementsAre(a, b));
  EXPECT_THAT(lab.at(2).core->own_view({tag, {b.stream.publisher, {}}, {}}).streams, testing::ElementsAre(b));
  EXPECT_EQ(lab.at(2).core->own_view({tag, {}, {}}).way, wire::ViewWay::member);
}

TEST(Views, TheEventOfATreeIsOneThatHalfOfThemHave) {
  PeerId id;
  const StreamKey old{id, Incarnation{1}}, now{id, Incarnation{2}};

  EXPECT_FALSE(settled_event({}));
  EXPECT_EQ(settled_event({{now, Seq{9}}, {old, Seq{50}}, {now, Seq{7}}, {now, Seq{8}}, {now, Seq{1}}}),
            (StreamHead{now, Seq{7}}));
}

}  // namespace
}  // namespace boato
