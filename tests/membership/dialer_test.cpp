// SPDX-License-Identifier: Apache-2.0
#include "overlay/membership/dialer.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

using namespace std::chrono_literals;

struct Lab {
  DialerConfig config;
  Self self;
  LinkTable links;
  Time now{1s};
  Dialer dialer;
  std::uint32_t next_link = 1;

  explicit Lab(DialerConfig c = {}) : config{c}, dialer{c, self, links, Rng{1}} {}

  static DialWish to(std::uint16_t n) {
    DialWish wish = nameless(n);
    wish.peer.raw[0] = static_cast<std::uint8_t>(n >> 8);
    wish.peer.raw[1] = static_cast<std::uint8_t>(n);
    return wish;
  }
  static DialWish nameless(std::uint16_t n) {
    DialWish wish;
    Address a;
    a.port = n;
    wish.addresses.push_back(a);
    return wish;
  }
  std::size_t take_all() {
    std::size_t n = 0;
    for (; dialer.take(now); ++n) dialer.check_invariants();
    return n;
  }
  LinkInfo link_up(const DialWish& wish, std::uint16_t peer, bool told_address = true) {
    LinkUp up;
    up.link = LinkId{next_link++};
    up.peer = to(peer).peer;
    up.dialed = true;
    if (told_address) up.addresses = wish.addresses;
    const LinkInfo info = links.add(up, now);
    dialer.on_link_up(now, info);
    return info;
  }
  void link_down(const LinkInfo& link, CloseReason why) {
    links.remove(link.id);
    dialer.on_link_down(now, link, why);
  }
};

TEST(Dialer, OneWishPerPeer) {
  Lab lab;
  lab.dialer.on_wish(lab.now, Lab::to(1));
  lab.dialer.on_wish(lab.now, Lab::to(1));

  EXPECT_EQ(lab.take_all(), 1u);
  lab.dialer.on_wish(lab.now, Lab::to(1));
  EXPECT_EQ(lab.take_all(), 0u);
}

TEST(Dialer, SkipsPeersThatAreLinkedAndItself) {
  Lab lab;
  lab.self.id.raw[1] = 9;
  lab.link_up(Lab::to(1), 1);

  lab.dialer.on_wish(lab.now, Lab::to(1));
  lab.dialer.on_wish(lab.now, Lab::to(9));

  EXPECT_EQ(lab.take_all(), 0u);
  EXPECT_EQ(lab.dialer.waiting(), 0u);
}

TEST(Dialer, DialsEightAtATimeAndSixteenInMassDeath) {
  DialerConfig config;
  config.fresh_per_second = 1000;
  Lab lab{config};
  for (std::uint16_t i = 1; i <= 40; ++i) lab.dialer.on_wish(lab.now, Lab::to(i));

  EXPECT_EQ(lab.take_all(), 8u);
  lab.dialer.set_mass_death(true);
  EXPECT_EQ(lab.take_all(), 8u);
  EXPECT_EQ(lab.dialer.under_way(), 16u);
}

TEST(Dialer, StrangersGetEightDialsASecond) {
  DialerConfig config;
  config.parallel_max = config.parallel_mass_max = 1000;
  config.wish_life = 100s;
  Lab lab{config};
  for (std::uint16_t i = 1; i <= 100; ++i) lab.dialer.on_wish(lab.now, Lab::to(i));

  EXPECT_EQ(lab.take_all(), 8u);
  lab.now += 500ms;
  EXPECT_EQ(lab.take_all(), 4u);
  lab.now += 10s;
  EXPECT_EQ(lab.take_all(), 8u);
}

TEST(Dialer, PeersOnceAuthenticatedGetThirtyTwo) {
  DialerConfig config;
  config.parallel_max = config.parallel_mass_max = 1000;
  Lab lab{config};
  for (std::uint16_t i = 1; i <= 50; ++i) lab.link_down(lab.link_up(Lab::to(i), i), CloseReason::cut);
  for (std::uint16_t i = 1; i <= 50; ++i) lab.dialer.on_wish(lab.now, Lab::to(i));

  EXPECT_EQ(lab.take_all(), 32u);
}

TEST(Dialer, TheDeadlineSaysWhenThereIsSomethingToTake) {
  DialerConfig config;
  config.parallel_max = 100;
  Lab lab{config};
  for (std::uint16_t i = 1; i <= 9; ++i) lab.dialer.on_wish(lab.now, Lab::to(i));
  EXPECT_EQ(lab.take_all(), 8u);

  const Time next = lab.dialer.next_deadline();
  EXPECT_EQ(next, lab.now + 125ms);
  lab.now = next - 1us;
  EXPECT_EQ(lab.take_all(), 0u);
  lab.now = next;
  EXPECT_EQ(lab.take_all(), 1u);
}

TEST(Dialer, AFailedPeerWaitsLongerEachTimeUpToTenSeconds) {
  DialerConfig config;
  config.wish_life = 100s;
  Lab lab{config};
  Duration last{0};
  for (int i = 0; i < 8; ++i) {
    const Time before = lab.now;
    lab.dialer.on_wish(lab.now, Lab::to(1));
    while (lab.take_all() == 0) lab.now = lab.dialer.next_deadline();
    const Duration waited = lab.now - before;
    EXPECT_GE(waited, last < 8s ? last : 8s);
    EXPECT_LE(waited, 12s);
    last = waited;
    lab.dialer.on_result(lab.now, Lab::to(1), false);
  }
  EXPECT_GE(last, 8s);
}

TEST(Dialer, TheSameTwoDoNotRelinkForTenSecondsAfterFullOrProtocolAndAMinuteAfterDenied) {
  DialerConfig config;
  config.wish_life = 100s;
  Lab lab{config};
  lab.link_down(lab.link_up(Lab::to(1), 1), CloseReason::full);
  lab.link_down(lab.link_up(Lab::to(2), 2), CloseReason::protocol);
  lab.link_down(lab.link_up(Lab::to(3), 3), CloseReason::denied);
  for (const std::uint16_t peer : {std::uint16_t{1}, std::uint16_t{2}, std::uint16_t{3}})
    lab.dialer.on_wish(lab.now, Lab::to(peer));

  lab.now += 10s - 1us;
  EXPECT_EQ(lab.take_all(), 0u);
  lab.now += 1us;
  EXPECT_EQ(lab.take_all(), 2u);
  lab.now += 50s - 1us;
  EXPECT_EQ(lab.take_all(), 0u);
  lab.now += 1us;
  EXPECT_EQ(lab.take_all(), 1u);
}

TEST(Dialer, AWishThatIsNotGrantedInTimeIsForgotten) {
  Lab lab;
  lab.dialer.on_wish(lab.now, Lab::to(1));
  lab.now += lab.config.wish_life;

  EXPECT_EQ(lab.take_all(), 0u);
  EXPECT_EQ(lab.dialer.next_deadline(), never);
}

TEST(Dialer, ADialOfABareAddressEndsWithTheLinkItFound) {
  Lab lab;
  lab.dialer.on_wish(lab.now, Lab::nameless(7));
  lab.dialer.on_wish(lab.now, Lab::nameless(8));
  ASSERT_EQ(lab.take_all(), 2u);

  lab.link_up(Lab::nameless(8), 1);
  EXPECT_EQ(lab.dialer.under_way(), 1u);
  lab.link_up(Lab::nameless(7), 2, false);
  EXPECT_EQ(lab.dialer.under_way(), 0u);
}

TEST(Dialer, AHostThatNeverReportsBlocksNothingForEver) {
  Lab lab;
  for (std::uint16_t i = 1; i <= 8; ++i) lab.dialer.on_wish(lab.now, Lab::to(i));
  ASSERT_EQ(lab.take_all(), 8u);
  lab.dialer.on_wish(lab.now, Lab::to(9));
  EXPECT_EQ(lab.take_all(), 0u);

  lab.now += lab.config.result_within;
  lab.dialer.on_wish(lab.now, Lab::to(9));

  EXPECT_EQ(lab.take_all(), 1u);
}

TEST(Dialer, TheOldestWishGoesWhenThereAreTooMany) {
  Lab lab;
  for (std::uint16_t i = 1; i <= lab.config.wishes_max + 5; ++i) lab.dialer.on_wish(lab.now, Lab::to(i));

  EXPECT_EQ(lab.dialer.waiting(), lab.config.wishes_max);
  EXPECT_EQ(lab.dialer.take(lab.now)->peer, Lab::to(6).peer);
}

}  // namespace
}  // namespace boato
