// SPDX-License-Identifier: Apache-2.0
#include "overlay/membership/views.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

using namespace std::chrono_literals;

KnownPeer peer(std::uint8_t n, Duration heard, std::uint64_t incarnation = 1) {
  KnownPeer p;
  p.id.raw[0] = n;
  p.incarnation = Incarnation{incarnation};
  p.heard = Time{heard};
  Address a;
  a.port = static_cast<std::uint16_t>(incarnation);
  p.addresses.push_back(a);
  return p;
}

TEST(PeerSet, TheOldestEvidenceMakesRoom) {
  PeerSet set{2};
  EXPECT_FALSE(set.put(peer(1, 10s)));
  EXPECT_FALSE(set.put(peer(2, 5s)));

  const auto evicted = set.put(peer(3, 7s));

  ASSERT_TRUE(evicted);
  EXPECT_EQ(evicted->id, peer(2, 0s).id);
  EXPECT_EQ(set.size(), 2u);
}

TEST(PeerSet, ANewcomerWithOlderEvidenceThanAllDoesNotEnter) {
  PeerSet set{1};
  set.put(peer(1, 10s));

  const auto evicted = set.put(peer(2, 9s));

  ASSERT_TRUE(evicted);
  EXPECT_EQ(evicted->id, peer(2, 0s).id);
  EXPECT_NE(set.find(peer(1, 0s).id), nullptr);
}

TEST(PeerSet, ANewerStartReplacesAddressesAndAnOlderOneNever) {
  PeerSet set{4};
  set.put(peer(1, 10s, 5));
  set.put(peer(1, 20s, 4));
  EXPECT_EQ(set.find(peer(1, 0s).id)->addresses[0].port, 5);

  set.put(peer(1, 1s, 6));
  EXPECT_EQ(set.find(peer(1, 0s).id)->addresses[0].port, 6);
  EXPECT_EQ(set.find(peer(1, 0s).id)->heard, Time{10s});
}

TEST(PeerSet, ASampleTellsTheAgeOfItsEvidence) {
  EXPECT_EQ(to_sample(Time{30s}, peer(1, 10s)).age_s, 20u);
  EXPECT_EQ(to_sample(Time{5s}, peer(1, 10s)).age_s, 0u);
}

TEST(PeerSet, ForgetsWhatIsTooOld) {
  PeerSet set{4};
  set.put(peer(1, 10s));
  set.put(peer(2, 20s));

  set.drop_older_than(Time{15s});

  EXPECT_EQ(set.find(peer(1, 0s).id), nullptr);
  EXPECT_EQ(set.size(), 1u);
}

}  // namespace
}  // namespace boato
