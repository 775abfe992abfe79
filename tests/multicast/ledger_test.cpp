// SPDX-License-Identifier: Apache-2.0
#include "overlay/multicast/cast_ledger.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace boato {
namespace {

using std::chrono::milliseconds;

struct Ledger {
  MulticastConfig config;
  CastLedger ledger{config};
  Effects fx;
  LinkTable links;
  LinkInfo link;
  Time now{std::chrono::seconds{1}};
  std::vector<Duty> given;

  Ledger() {
    link.id = LinkId{1};
    link.rtt = milliseconds{10};
    ledger.on_link_up(link.id);
  }
  // So much waits on the link of the duties and on each of three others.
  void let_wait(std::size_t here, std::size_t elsewhere) {
    for (std::uint32_t i = 1; i <= 4; ++i) {
      LinkUp up;
      up.link = LinkId{i};
      up.peer = PeerId{{static_cast<std::uint8_t>(i)}};
      if (!links.find(up.link)) links.add(up, now);
      links.edit(up.link)->backlog = i == 1 ? here : elsewhere;
    }
  }
  void send(std::uint8_t hops) {
    Duty duty;
    duty.hops = hops;
    ledger.sent(now, link, duty);
  }
  std::vector<int> taken(std::uint64_t count) {
    std::vector<int> out;
    EXPECT_TRUE(ledger.on_taken(link.id, count, [&](Duty&& duty) { out.push_back(duty.hops); }));
    ledger.check_invariants();
    return out;
  }
  void pass(Duration d) {
    now += d;
    std::vector<Overdue> overdue;
    ledger.on_deadline(now, links, fx, overdue);
    for (Overdue& o : overdue) {
      EXPECT_EQ(o.link, link.id);
      given.push_back(std::move(o.duty));
    }
    ledger.check_invariants();
  }
};

TEST(CastLedger, ASilentChildsDutyIsGivenOnOnce) {
  Ledger lab;
  lab.send(1);

  lab.pass(lab.config.taken_min);
  lab.pass(lab.config.taken_min);

  EXPECT_THAT(lab.given, testing::SizeIs(1));
  EXPECT_EQ(lab.ledger.next_deadline(), never);
}

TEST(CastLedger, WhatAFullWayOutHoldsUpIsNotGivenToAnotherChild) {
  Ledger lab;
  lab.let_wait(lab.config.held_up_bytes, lab.config.held_up_bytes);
  lab.send(1);

  lab.pass(lab.config.taken_max);
  EXPECT_THAT(lab.given, testing::IsEmpty());
  lab.let_wait(0, lab.config.held_up_bytes);  // it has left
  lab.pass(lab.config.taken_min);

  EXPECT_THAT(lab.given, testing::SizeIs(1));
}

TEST(CastLedger, AChildWhoseLinkAloneIsSlowIsReplacedAtOnce) {
  Ledger lab;
  lab.let_wait(lab.config.held_up_bytes, 1000);
  lab.send(1);

  lab.pass(lab.config.taken_min);

  EXPECT_THAT(lab.given, testing::SizeIs(1));
}

TEST(CastLedger, ALinkIsOpenUntilItsDutiesAreTakenAndToldOrOverdue) {
  Ledger lab;
  EXPECT_FALSE(lab.ledger.open(lab.link.id));

  lab.send(1);
  EXPECT_TRUE(lab.ledger.open(lab.link.id));
  lab.taken(1);
  EXPECT_FALSE(lab.ledger.open(lab.link.id));
  lab.ledger.received(lab.now, lab.link.id, lab.fx);
  EXPECT_TRUE(lab.ledger.open(lab.link.id));
  lab.pass(lab.config.taken_after);
  EXPECT_FALSE(lab.ledger.open(lab.link.id));
  lab.send(2);
  lab.pass(lab.config.taken_max);
  EXPECT_FALSE(lab.ledger.open(lab.link.id)) << "a child that never takes anything holds no link";
}

TEST(CastLedger, NoPartIsHeldUpForEver) {
  Ledger lab;
  lab.let_wait(lab.config.held_up_bytes, lab.config.held_up_bytes);
  lab.send(1);

  for (Duration waited{0}; waited <= lab.config.held_up_max; waited += lab.config.taken_min)
    lab.pass(lab.config.taken_min);

  EXPECT_THAT(lab.given, testing::SizeIs(1));
}

TEST(CastLedger, TakenComesSoonAfterALoneCastAndMoreRarelyInAFlow) {
  Ledger lab;
  const auto tells = [&](int casts, Duration after) {
    lab.fx.clear();
    for (int i = 0; i < casts; ++i) lab.ledger.received(lab.now, lab.link.id, lab.fx);
    lab.pass(after);
    return lab.fx.sends().size();
  };

  EXPECT_EQ(tells(1, lab.config.taken_after), 1U);
  EXPECT_EQ(tells(1, lab.config.taken_after), 1U) << "whoever waits for each TAKEN is not kept waiting";
  EXPECT_EQ(tells(3, lab.config.taken_after), 1U);
  EXPECT_EQ(tells(3, lab.config.taken_after), 0U);
  EXPECT_EQ(tells(0, lab.config.taken_flow), 1U);
  EXPECT_EQ(tells(static_cast<int>(lab.config.taken_every), Duration{0}), 1U) << "a fast flow does not wait";
}

TEST(CastLedger, ALateTakenStillCountsForThePublisher) {
  Ledger lab;
  lab.send(1);
  lab.send(2);

  lab.pass(lab.config.taken_max);

  EXPECT_THAT(lab.taken(1), testing::ElementsAre(1));
  EXPECT_THAT(lab.taken(2), testing::ElementsAre(2));
}

TEST(CastLedger, ABrokenLinkGivesOnWhatWasNotGivenOnBefore) {
  Ledger lab;
  lab.send(1);
  lab.pass(lab.config.taken_min);
  lab.send(2);
  std::vector<Duty> lost;

  lab.ledger.on_link_down(lab.link.id, lost);

  ASSERT_THAT(lost, testing::SizeIs(1));
  EXPECT_EQ(lost[0].hops, 2);
}

TEST(CastLedger, ATakenForMoreThanWasSentIsALie) {
  Ledger lab;
  lab.send(1);

  EXPECT_FALSE(lab.ledger.on_taken(lab.link.id, 2, [](Duty&&) {}));
}

TEST(CastLedger, TakenIsToldInTimeOrAfterManyCasts) {
  Ledger lab;

  lab.ledger.received(lab.now, lab.link.id, lab.fx);
  EXPECT_THAT(lab.fx.sends(), testing::IsEmpty());
  lab.pass(lab.config.taken_after);
  EXPECT_THAT(lab.fx.sends(), testing::SizeIs(1));
  lab.fx.clear();
  for (std::uint32_t i = 0; i < lab.config.taken_every; ++i)
    lab.ledger.received(lab.now, lab.link.id, lab.fx);

  EXPECT_THAT(lab.fx.sends(), testing::SizeIs(1));
}

TEST(CastLedger, SoManyOutstandingAndNoMore) {
  Ledger lab;
  for (std::size_t i = 0; i + 1 < lab.config.outstanding_max; ++i) lab.send(0);
  EXPECT_TRUE(lab.ledger.may_send(lab.link.id));

  lab.send(0);

  EXPECT_FALSE(lab.ledger.may_send(lab.link.id));
}

}  // namespace
}  // namespace boato
