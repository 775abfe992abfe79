// SPDX-License-Identifier: Apache-2.0
#include "overlay/replica/choice.hpp"
#include "tests/replica/lab.hpp"

#include <algorithm>
#include <set>

namespace boato {
namespace {

using lab::peer;
using wire::ReplicaSet;

ReplicaSet of(std::vector<PeerId> voters) { return ReplicaSet{voters}; }

TEST(ReplicaSet, HasAnOddNumberOfVotersAndReadsBack) {
  for (std::uint8_t n = 1; n <= 9; ++n) {
    std::vector<PeerId> voters;
    for (std::uint8_t i = n; i > 0; --i) voters.push_back(peer(i));
    const ReplicaSet set = of(voters);
    EXPECT_EQ(set.size(), n >= 7 ? 7U : n % 2 == 1 ? n : n - 1U);
    EXPECT_EQ(set.quorum(), set.size() / 2 + 1);
    EXPECT_TRUE(std::ranges::is_sorted(set.voters()));
    EXPECT_EQ(ReplicaSet::parse(set.packed()), set);
  }
  EXPECT_TRUE(of({}).empty());
}

TEST(ReplicaSet, RefusesWhatIsNotThePackedFormOfOne) {
  std::vector<std::byte> packed = of({peer(1), peer(2), peer(3)}).packed();
  EXPECT_FALSE(ReplicaSet::parse({}));
  EXPECT_FALSE(ReplicaSet::parse(Bytes{packed}.first(64)));  // an even number
  EXPECT_FALSE(ReplicaSet::parse(Bytes{packed}.first(33)));
  std::swap_ranges(packed.begin(), packed.begin() + 32, packed.begin() + 32);
  EXPECT_FALSE(ReplicaSet::parse(packed));  // not rising
  std::copy_n(packed.begin(), 32, packed.begin() + 32);
  EXPECT_FALSE(ReplicaSet::parse(packed));  // one twice
}

TEST(Choice, TakesDifferentPlacesFirstAndPeersThatLiveBeforeHearsay) {
  TopicId topic;
  std::vector<Candidate> candidates;
  for (std::uint8_t i = 1; i <= 6; ++i) candidates.push_back({peer(i), i <= 4 ? 1U : i, true});
  const ReplicaSet chosen = choose_replicas(toy_crypto(), topic, candidates, 3);
  ASSERT_EQ(chosen.size(), 3U);
  EXPECT_TRUE(chosen.has(peer(5)));
  EXPECT_TRUE(chosen.has(peer(6)));

  for (Candidate& c : candidates) c.place = 1;
  for (std::size_t i = 0; i < 3; ++i) candidates[i].linked = false;
  const ReplicaSet linked = choose_replicas(toy_crypto(), topic, candidates, 3);
  for (std::uint8_t i = 4; i <= 6; ++i) EXPECT_TRUE(linked.has(peer(i)));
}

TEST(Choice, SpreadsTopicsAndTakesWhatThereIs) {
  std::vector<Candidate> candidates;
  for (std::uint8_t i = 1; i <= 9; ++i) candidates.push_back({peer(i), i, true});
  std::set<std::vector<std::byte>> sets;
  for (std::uint8_t t = 0; t < 20; ++t) {
    TopicId topic;
    topic.raw[0] = t;
    sets.insert(choose_replicas(toy_crypto(), topic, candidates, 3).packed());
  }
  EXPECT_GT(sets.size(), 10U);
  candidates.resize(2);
  EXPECT_EQ(choose_replicas(toy_crypto(), {}, candidates, 3).size(), 1U);
  EXPECT_TRUE(choose_replicas(toy_crypto(), {}, {}, 3).empty());
}

}  // namespace
}  // namespace boato
