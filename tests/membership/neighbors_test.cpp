// SPDX-License-Identifier: Apache-2.0
// The rules of becoming neighbours and ceasing to be.
#include "tests/membership/machine_lab.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace boato {
namespace {

using machine_lab::Lab;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

TEST(Neighbor, IsAcceptedBelowTheTarget) {
  Lab lab;
  const LinkInfo a = lab.link(1);

  lab.hear(a, wire::Neighbor{wire::Want::normal, 3});

  EXPECT_THAT(lab.sent<wire::Accept>(), SizeIs(1));
  ASSERT_THAT(lab.m->active(), SizeIs(1));
  EXPECT_EQ(lab.m->active()[0].peer, Lab::peer(1));
}

TEST(Neighbor, AcceptWithoutAQuestionIsRefused) {
  Lab lab;
  const LinkInfo a = lab.link(1);

  lab.hear(a, wire::Accept{3});

  EXPECT_THAT(lab.m->active(), IsEmpty());
  EXPECT_THAT(lab.sent<wire::Disconnect>(), SizeIs(1));
}

TEST(Neighbor, HearsayAloneMakesNoNeighbour) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  wire::Shuffle shuffle;
  for (std::uint8_t n = 10; n < 20; ++n) shuffle.samples.push_back(Lab::sample(n));

  lab.hear(a, shuffle);
  lab.pass(10s);

  EXPECT_THAT(lab.m->active(), IsEmpty());
  EXPECT_GE(lab.m->passive().size(), 10u);
  EXPECT_FALSE(lab.fx.dials().empty());
}

TEST(Neighbor, AFullPeerRefusesWithSamplesOfOthers) {
  Lab lab;
  lab.neighbours(1, 8);
  const LinkInfo asker = lab.link(50);
  lab.fx.clear();

  lab.hear(asker, wire::Neighbor{wire::Want::normal, 7});

  const auto refused = lab.sent<wire::Refuse>();
  ASSERT_THAT(refused, SizeIs(1));
  EXPECT_EQ(refused[0].first, asker.id);
  EXPECT_GE(refused[0].second.samples.size(), 4u);
  for (const wire::PeerSample& s : refused[0].second.samples) EXPECT_NE(s.id, Lab::peer(50));
}

TEST(Neighbor, WhoWasRefusedAsksOthersAndNotTheSameForTenSeconds) {
  Lab lab;
  wire::Shuffle shuffle;
  shuffle.samples.push_back(Lab::sample(1));
  const LinkInfo friendly = lab.link(9);
  lab.hear(friendly, shuffle);
  const LinkInfo full = lab.link(1);
  lab.pass(4s);
  ASSERT_FALSE(lab.sent<wire::Neighbor>().empty());
  wire::Refuse refuse;
  refuse.samples.push_back(Lab::sample(2));
  lab.hear(full, refuse);
  lab.fx.clear();

  lab.pass(9s);

  for (const auto& [link, ask] : lab.sent<wire::Neighbor>()) EXPECT_NE(link, full.id);
  EXPECT_TRUE(std::ranges::any_of(lab.fx.dials(), [](const DialWish& d) { return d.peer == Lab::peer(2); }));
}

TEST(Neighbor, AFullPeerInsertsTheAskerIntoOneOfItsEdges) {
  Lab lab;
  lab.neighbours(1, 8);
  const LinkInfo asker = lab.link(50);
  lab.fx.clear();

  lab.hear(asker, wire::Neighbor{wire::Want::normal, 4});

  const auto splices = lab.sent<wire::Splice>();
  ASSERT_THAT(splices, SizeIs(1));
  EXPECT_EQ(splices[0].second.peer[0].id, Lab::peer(50));
  EXPECT_THAT(lab.sent<wire::Accept>(), IsEmpty());
}

TEST(Splice, KeepsTheDegreeAndClosesTheEdgeOnlyWhenBothLinksAreConfirmed) {
  Lab lab;
  const auto others = lab.neighbours(1, 8);
  const LinkInfo asker = lab.link(50);
  lab.hear(asker, wire::Neighbor{wire::Want::normal, 4});
  const auto [edge, splice] = lab.sent<wire::Splice>()[0];
  const LinkInfo other = *lab.links.find(edge);
  lab.fx.clear();

  lab.hear(other, wire::SpliceAnswer{splice.token, wire::SpliceState::agreed});
  ASSERT_THAT(lab.sent<wire::Neighbor>(), SizeIs(1));
  lab.hear(asker, wire::Accept{5});
  EXPECT_THAT(lab.sent<wire::Disconnect>(), IsEmpty());
  EXPECT_EQ(lab.m->active().size(), 9u);
  lab.hear(other, wire::SpliceAnswer{splice.token, wire::SpliceState::linked});

  const auto gone = lab.sent<wire::Disconnect>();
  ASSERT_THAT(gone, SizeIs(1));
  EXPECT_EQ(gone[0].first, edge);
  EXPECT_EQ(gone[0].second.reason, static_cast<std::uint8_t>(CloseReason::splice));
  EXPECT_EQ(lab.m->active().size(), 8u);
}

TEST(Splice, IsVoidAfterTwoSecondsAndNothingIsLost) {
  Lab lab;
  lab.neighbours(1, 8);
  const LinkInfo asker = lab.link(50);
  lab.hear(asker, wire::Neighbor{wire::Want::normal, 4});
  const auto [edge, splice] = lab.sent<wire::Splice>()[0];
  lab.hear(*lab.links.find(edge), wire::SpliceAnswer{splice.token, wire::SpliceState::agreed});
  lab.hear(asker, wire::Accept{8});

  for (int i = 0; i < 5; ++i) {
    lab.pass(500ms);
    for (const LinkInfo& info : std::vector<LinkInfo>(lab.links.all().begin(), lab.links.all().end()))
      lab.links.edit(info.id)->last_heard = lab.now;
  }
  lab.hear(*lab.links.find(edge), wire::SpliceAnswer{splice.token, wire::SpliceState::linked});

  EXPECT_TRUE(lab.m->uses(edge));
  EXPECT_GE(lab.m->active().size(), 8u);
}

TEST(Splice, TheOtherEndLinksToTheNewcomerAndTells) {
  Lab lab;
  const auto others = lab.neighbours(1, 8);
  wire::Splice splice;
  splice.token = 77;
  splice.peer.push_back(Lab::sample(50));

  lab.hear(others[2], splice);
  const auto answers = lab.sent<wire::SpliceAnswer>();
  ASSERT_THAT(answers, SizeIs(1));
  EXPECT_EQ(answers[0].second.state, wire::SpliceState::agreed);
  ASSERT_THAT(lab.fx.dials(), SizeIs(1));
  lab.fx.clear();
  const LinkInfo newcomer = lab.link(50);
  ASSERT_THAT(lab.sent<wire::Neighbor>(), SizeIs(1));
  lab.hear(newcomer, wire::Accept{2});

  const auto told = lab.sent<wire::SpliceAnswer>();
  ASSERT_THAT(told, SizeIs(1));
  EXPECT_EQ(told[0].first, others[2].id);
  EXPECT_EQ(told[0].second.state, wire::SpliceState::linked);
}

TEST(Splice, AnEdgeIsInOneSpliceAtATime) {
  Lab lab;
  const auto others = lab.neighbours(1, 8);
  wire::Splice splice;
  splice.token = 77;
  splice.peer.push_back(Lab::sample(50));
  lab.hear(others[2], splice);
  lab.fx.clear();

  splice.token = 78;
  splice.peer[0] = Lab::sample(51);
  lab.hear(others[2], splice);

  EXPECT_EQ(lab.sent<wire::SpliceAnswer>().at(0).second.state, wire::SpliceState::refused);
}

TEST(Neighbor, AtTheCapAnUrgentAskerTakesThePlaceOfTheRichest) {
  Lab lab;
  lab.neighbours(1, 11, 6);
  const auto rich = lab.neighbours(20, 1, 11);
  ASSERT_EQ(lab.m->active().size(), lab.config.active_max);
  const LinkInfo asker = lab.link(50);
  lab.fx.clear();

  lab.hear(asker, wire::Neighbor{wire::Want::urgent, 0});

  EXPECT_THAT(lab.sent<wire::Accept>(), SizeIs(1));
  const auto gone = lab.sent<wire::Disconnect>();
  ASSERT_THAT(gone, SizeIs(1));
  EXPECT_EQ(gone[0].first, rich[0].id);
  EXPECT_EQ(gone[0].second.reason, static_cast<std::uint8_t>(CloseReason::full));
}

TEST(Neighbor, NobodyIsEvictedBelowItsMinimum) {
  Lab lab;
  lab.neighbours(1, 12, 5);
  const LinkInfo asker = lab.link(50);
  lab.fx.clear();

  lab.hear(asker, wire::Neighbor{wire::Want::urgent, 0});

  EXPECT_THAT(lab.sent<wire::Disconnect>(), IsEmpty());
  EXPECT_THAT(lab.sent<wire::Refuse>(), SizeIs(1));
  EXPECT_EQ(lab.m->active().size(), 12u);
}

TEST(Neighbor, TheLowerKeyClosesALinkWhoseEndsBothHaveTooMany) {
  for (const std::uint8_t key : {std::uint8_t{0}, std::uint8_t{200}}) {
    Lab lab{key};
    const auto others = lab.neighbours(1, 10, 9);
    for (int i = 0; i < 90; ++i) {
      lab.pass(1s);
      for (const LinkInfo& other : others)
        if (lab.links.find(other.id)) lab.links.edit(other.id)->last_heard = lab.now;
    }

    EXPECT_EQ(lab.m->active().size(), key == 0 ? 8u : 10u);
  }
}

TEST(Neighbor, ALinkThatOneEndDoesNotCountIsGivenUpAtTheSecondKeepAlive) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  lab.hear(a, wire::Neighbor{wire::Want::normal, 3});

  lab.hear(a, wire::Ping{1, 3, 0});
  EXPECT_THAT(lab.m->active(), SizeIs(1));
  lab.hear(a, wire::Ping{2, 3, 0});

  EXPECT_THAT(lab.m->active(), IsEmpty());
}

TEST(Neighbor, WhoCountsUsWithoutReasonIsTold) {
  Lab lab;
  const LinkInfo a = lab.link(1);
  lab.fx.clear();

  lab.hear(a, wire::Ping{1, 3, wire::role_active});

  EXPECT_THAT(lab.sent<wire::Disconnect>(), SizeIs(1));
}

TEST(Neighbor, AGhostComesBackOnlyWithNewerEvidence) {
  Lab lab;
  lab.now += 100s;
  const LinkInfo a = lab.link(1);
  wire::Shuffle told;
  told.samples.push_back(Lab::sample(7, 5));
  lab.hear(a, told);
  DialWish dead{Lab::peer(7), {}};
  dead.addresses.push_back(Lab::address(7));
  lab.m->on_dial_failed(lab.now, dead, lab.fx);
  ASSERT_THAT(lab.m->ghosts(), SizeIs(1));

  lab.now += 10s;
  told.samples[0].age_s = 15;
  lab.hear(a, told);
  EXPECT_THAT(lab.m->ghosts(), SizeIs(1));
  told.samples[0].age_s = 2;
  lab.hear(a, told);

  EXPECT_THAT(lab.m->ghosts(), IsEmpty());
}

TEST(Neighbor, LeavingTellsEveryLinkWithSamplesAndThenIsSilent) {
  Lab lab;
  lab.neighbours(1, 3);
  lab.link(40);
  lab.fx.clear();

  lab.m->leave(lab.now, lab.fx);

  const auto told = lab.sent<wire::Disconnect>();
  ASSERT_THAT(told, SizeIs(4));
  for (const auto& [link, goodbye] : told) {
    EXPECT_EQ(goodbye.reason, static_cast<std::uint8_t>(CloseReason::leaving));
    EXPECT_FALSE(goodbye.samples.empty());
  }
  EXPECT_EQ(lab.m->next_deadline(), never);
}

}  // namespace
}  // namespace boato
