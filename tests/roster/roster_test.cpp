// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster/roster.hpp"

#include "tests/roster/lab.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <optional>

namespace boato {
namespace {

struct Data {
  explicit Data(RosterConfig with = {}) : config{with}, roster{pool, config} {
    for (std::uint64_t i = 0; i < 40; ++i) {
      signers.emplace_back(i);
      signers_by_place.push_back(i);
    }
    std::ranges::sort(signers_by_place, {}, [&](std::size_t i) { return ring_place(signers[i].id); });
  }
  RecordRef entry(std::size_t who, std::uint64_t version, std::string_view interest = "",
                  std::uint32_t flags = 0, std::uint64_t incarnation = 1) {
    return pool.take(now, signers[who].entry(topic, version, interest, flags, incarnation)).record;
  }
  AccusationRef suspicion(std::size_t by, std::size_t of, EntryVersion version) {
    return pool.take(now, signers[by].suspicion(topic, signers[of].id, version)).accusation;
  }
  Merge merge(const RecordRef& r) {
    const Merge result = roster.merge(now, r);
    roster.check_invariants();
    return result;
  }
  RosterConfig config;
  TopicId topic = topic_number(7);
  Time now{seconds{1}};
  RecordPool pool{toy_crypto(), NetworkId{}};
  std::vector<Signer> signers;
  std::vector<std::size_t> signers_by_place;
  Roster roster;
};

TEST(Roster, TheGreaterIncarnationThenVersionWins) {
  Data d;
  EXPECT_EQ(d.merge(d.entry(0, 5)), Merge::added);
  EXPECT_EQ(d.merge(d.entry(0, 5)), Merge::older);
  EXPECT_EQ(d.merge(d.entry(0, 4)), Merge::older);
  EXPECT_EQ(d.merge(d.entry(0, 6)), Merge::updated);
  EXPECT_EQ(d.merge(d.entry(0, 1, "", 0, 2)), Merge::updated);
  EXPECT_EQ(d.merge(d.entry(0, 9, "", 0, 1)), Merge::older);
  EXPECT_EQ(d.roster.size(), 1U);
  EXPECT_EQ(d.roster.find(d.signers[0].id)->entry_version(), (EntryVersion{Incarnation{2}, 1}));
}

TEST(Roster, EqualVersionsWithOtherBytesEndEqualInEitherOrder) {
  Data a, b;
  a.merge(a.entry(0, 1, "x = 1"));
  a.merge(a.entry(0, 1, "x = 2"));
  b.merge(b.entry(0, 1, "x = 2"));
  b.merge(b.entry(0, 1, "x = 1"));
  EXPECT_EQ(a.roster.digest(), b.roster.digest());
}

TEST(Roster, WhoWantsNothingIsAMemberButNoReceiver) {
  Data d;
  d.merge(d.entry(0, 1));
  d.merge(d.entry(1, 1, "false"));
  d.merge(d.entry(2, 1, "a = 1"));
  EXPECT_EQ(d.roster.size(), 3U);
  EXPECT_EQ(d.roster.all().size(), 3U);
  EXPECT_EQ(d.roster.receivers().size(), 2U);

  d.merge(d.entry(1, 2, "true"));
  EXPECT_EQ(d.roster.receivers().size(), 3U);
  d.merge(d.entry(0, 2, "false"));
  EXPECT_EQ(d.roster.receivers().size(), 2U);
  EXPECT_EQ(d.roster.size(), 3U);
  EXPECT_NE(d.roster.find(d.signers[0].id), nullptr);
}

TEST(Roster, ALeavingEntryEndsTheMembershipAndOlderEntriesDoNotBringItBack) {
  Data d;
  d.merge(d.entry(0, 1));
  EXPECT_EQ(d.merge(d.entry(0, 3, "", wire::flag_leaving)), Merge::left);
  EXPECT_EQ(d.roster.size(), 0U);
  EXPECT_EQ(d.roster.digest(), 0U);
  EXPECT_EQ(d.merge(d.entry(0, 2)), Merge::gone);
  EXPECT_EQ(d.merge(d.entry(0, 3, "", wire::flag_leaving)), Merge::gone);
  EXPECT_EQ(d.merge(d.entry(0, 4)), Merge::added);
  EXPECT_EQ(d.roster.find_gone(d.signers[0].id), nullptr);
}

TEST(Roster, ALeavingEntryOfAStrangerIsRemembered) {
  Data d;
  EXPECT_EQ(d.merge(d.entry(0, 3, "", wire::flag_leaving)), Merge::older);
  EXPECT_EQ(d.merge(d.entry(0, 2)), Merge::gone);
}

TEST(Roster, TheGoneComeBackOnlyWithANewerEntry) {
  Data d;
  d.merge(d.entry(0, 5));
  d.roster.remove(d.now, d.signers[0].id);
  d.roster.check_invariants();
  EXPECT_EQ(d.merge(d.entry(0, 5)), Merge::gone);
  EXPECT_EQ(d.merge(d.entry(0, 1, "", 0, 2)), Merge::added);
}

TEST(Roster, TombstonesAreForgottenAfterTheirTime) {
  Data d;
  d.merge(d.entry(0, 5));
  d.roster.remove(d.now, d.signers[0].id);
  d.roster.forget_gone(d.now);
  EXPECT_EQ(d.roster.gone().size(), 1U);
  d.roster.forget_gone(d.now + Duration{1});
  EXPECT_EQ(d.roster.gone().size(), 0U);
  EXPECT_EQ(d.merge(d.entry(0, 5)), Merge::added);
}

TEST(Roster, TheOldestTombstoneMakesRoom) {
  Data d{{.gone_max = 3}};
  for (std::size_t i = 0; i < 4; ++i) {
    d.merge(d.entry(i, 1));
    d.roster.remove(d.now + seconds{i}, d.signers[i].id);
    d.roster.check_invariants();
  }
  EXPECT_EQ(d.roster.gone().size(), 3U);
  EXPECT_EQ(d.roster.find_gone(d.signers[0].id), nullptr);
}

TEST(Roster, HasRoomForMembersMaxAndNotOneMore) {
  Data d{{.members_max = 3}};
  EXPECT_EQ(d.merge(d.entry(0, 1)), Merge::added);
  EXPECT_EQ(d.merge(d.entry(1, 1, "false")), Merge::added);
  EXPECT_EQ(d.merge(d.entry(2, 1)), Merge::added);
  EXPECT_EQ(d.merge(d.entry(3, 1)), Merge::full);
  EXPECT_EQ(d.merge(d.entry(2, 2)), Merge::updated);
}

TEST(Roster, ABatchGivesWhatOneByOneGives) {
  Data one, many;
  std::vector<RecordRef> batch;
  Rng rng{5};
  for (int i = 0; i < 400; ++i) {
    const auto who = static_cast<std::size_t>(rng.below(30));
    const std::uint64_t version = rng.below(9);
    const std::string_view interest = version % 3 == 0 ? "false" : "";
    const std::uint32_t flags = version == 7 ? wire::flag_leaving : 0U;
    one.merge(one.entry(who, version, interest, flags));
    batch.push_back(many.entry(who, version, interest, flags));
    if (batch.size() < 40) continue;
    many.roster.merge(many.now, batch, [](const MemberRecord&, Merge) {});
    many.roster.check_invariants();
    batch.clear();
    EXPECT_EQ(one.roster.digest(), many.roster.digest());
    EXPECT_EQ(one.roster.size(), many.roster.size());
  }
}

TEST(Roster, AnyOrderOfTheSameEntriesEndsInTheSameDigest) {
  std::optional<std::uint64_t> digest;
  for (std::uint64_t seed = 1; seed < 6; ++seed) {
    Data d;
    std::vector<RecordRef> entries;
    for (std::size_t who = 0; who < 10; ++who)
      for (std::uint64_t v = 1; v < 5; ++v)
        entries.push_back(d.entry(who, v, "", who == 3 && v == 4 ? wire::flag_leaving : 0U));
    Rng rng{seed};
    rng.shuffle(std::span{entries});
    for (const RecordRef& e : entries) d.merge(e);
    EXPECT_EQ(digest.value_or(d.roster.digest()), d.roster.digest());
    digest = d.roster.digest();
  }
}

TEST(Roster, EveryChangeGivesANewRevision) {
  Data d;
  std::uint64_t last = d.roster.revision();
  const auto changed = [&] { return std::exchange(last, d.roster.revision()) != d.roster.revision(); };
  d.merge(d.entry(0, 1));
  EXPECT_TRUE(changed());
  d.merge(d.entry(0, 1));
  EXPECT_FALSE(changed());
  d.merge(d.entry(0, 2));
  EXPECT_TRUE(changed());
  d.merge(d.entry(1, 1));
  EXPECT_TRUE(changed());
  d.roster.suspect(d.suspicion(1, 0, {Incarnation{1}, 2}), d.now);
  EXPECT_TRUE(changed());
  d.roster.clear_suspicion(d.signers[0].id);
  EXPECT_TRUE(changed());
  d.roster.remove(d.now, d.signers[0].id);
  EXPECT_TRUE(changed());
}

TEST(Roster, NeighboursAreTheNearestLiveOnesOnBothSides) {
  Data d;
  const auto& by_place = d.signers_by_place;
  for (std::size_t i = 0; i < 10; ++i) d.merge(d.entry(by_place[i], 1));
  const auto id = [&](std::size_t i) { return d.signers[by_place[i]].id; };

  Neighbours n = d.roster.neighbours(id(5));
  EXPECT_EQ(n.before->id, id(4));
  EXPECT_EQ(n.after->id, id(6));
  n = d.roster.neighbours(id(0));
  EXPECT_EQ(n.before->id, id(9));
  EXPECT_EQ(n.after->id, id(1));
  n = d.roster.neighbours(id(20));  // not a member: between the last and the first
  EXPECT_EQ(n.before->id, id(9));
  EXPECT_EQ(n.after->id, id(0));

  d.roster.suspect(d.suspicion(by_place[0], by_place[6], {Incarnation{1}, 1}), d.now);
  d.roster.suspect(d.suspicion(by_place[0], by_place[4], {Incarnation{1}, 1}), d.now);
  n = d.roster.neighbours(id(5));
  EXPECT_EQ(n.before->id, id(3));
  EXPECT_EQ(n.after->id, id(7));

  std::array<const MemberRecord*, 3> near{};
  EXPECT_EQ(d.roster.nearest(id(5), Side::after, near), 3U);
  EXPECT_EQ(near[0]->id, id(7));
  EXPECT_EQ(near[2]->id, id(9));
  std::array<const MemberRecord*, 20> all{};
  EXPECT_EQ(d.roster.nearest(id(5), Side::before, all), 7U);  // ten but itself and two suspects
  EXPECT_EQ(all[0]->id, id(3));
  EXPECT_EQ(all[6]->id, id(7));
}

TEST(Roster, TheOnlyMemberHasNoNeighbours) {
  Data d;
  EXPECT_EQ(d.roster.neighbours(d.signers[0].id).after, nullptr);
  d.merge(d.entry(0, 1));
  EXPECT_EQ(d.roster.neighbours(d.signers[0].id).before, nullptr);
  EXPECT_EQ(d.roster.neighbours(d.signers[0].id).after, nullptr);
  EXPECT_EQ(d.roster.neighbours(d.signers[1].id).before->id, d.signers[0].id);
}

TEST(Roster, RandomMembersAreAllButTheExcepted) {
  Data d;
  Rng rng{3};
  EXPECT_EQ(d.roster.random(rng, d.signers[0].id), nullptr);
  for (std::size_t i = 0; i < 5; ++i) d.merge(d.entry(i, 1));
  std::map<PeerId, int> seen;
  for (int i = 0; i < 200; ++i) ++seen[d.roster.random(rng, d.signers[2].id)->id];
  EXPECT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen.count(d.signers[2].id), 0U);
}

TEST(Roster, OneAccuserIsOneVoice) {
  Data d;
  for (std::size_t i = 0; i < 5; ++i) d.merge(d.entry(i, 1));
  const EntryVersion of{Incarnation{1}, 1};
  EXPECT_EQ(d.roster.suspect(d.suspicion(1, 0, of), d.now)->accusers.size(), 1U);
  const auto again = d.pool.take(d.now, d.signers[1].suspicion(d.topic, d.signers[0].id, of, 2)).accusation;
  EXPECT_EQ(d.roster.suspect(again, d.now), nullptr);
  EXPECT_EQ(d.roster.suspect(d.suspicion(2, 0, of), d.now + seconds{9})->accusers.size(), 2U);
  EXPECT_EQ(d.roster.find_suspect(d.signers[0].id)->gone_at, d.now);
}

TEST(Roster, OnlyThePresentEntryCanBeSuspectedAndANewerOneClearsIt) {
  Data d;
  d.merge(d.entry(0, 2));
  d.merge(d.entry(1, 1));
  EXPECT_EQ(d.roster.suspect(d.suspicion(1, 0, {Incarnation{1}, 1}), d.now), nullptr);
  EXPECT_EQ(d.roster.suspect(d.suspicion(1, 0, {Incarnation{1}, 3}), d.now), nullptr);
  EXPECT_EQ(d.roster.suspect(d.suspicion(1, 9, {Incarnation{1}, 1}), d.now), nullptr);
  EXPECT_NE(d.roster.suspect(d.suspicion(1, 0, {Incarnation{1}, 2}), d.now), nullptr);
  EXPECT_TRUE(d.roster.suspected(d.signers[0].id));
  d.merge(d.entry(0, 3));
  EXPECT_FALSE(d.roster.suspected(d.signers[0].id));
}

TEST(Roster, HasRoomForSuspicionsMaxAndNotOneMore) {
  Data d{{.suspicions_max = 2}};
  for (std::size_t i = 0; i < 4; ++i) d.merge(d.entry(i, 1));
  const EntryVersion of{Incarnation{1}, 1};
  EXPECT_NE(d.roster.suspect(d.suspicion(0, 1, of), d.now), nullptr);
  EXPECT_NE(d.roster.suspect(d.suspicion(0, 2, of), d.now), nullptr);
  EXPECT_EQ(d.roster.suspect(d.suspicion(0, 3, of), d.now), nullptr);
  EXPECT_NE(d.roster.suspect(d.suspicion(3, 2, of), d.now), nullptr);
}

TEST(Roster, EntriesExpireByTheirAgeInThisProcess) {
  Data d;
  d.merge(d.entry(0, 1));
  d.merge(d.entry(1, 1, "false"));
  d.now += seconds{100};
  d.merge(d.entry(2, 1));
  std::size_t told = 0;
  d.roster.expire(d.now, d.now - seconds{50}, d.signers[1].id, [&](const MemberRecord& r) {
    ++told;
    EXPECT_EQ(r.id, d.signers[0].id);
  });
  d.roster.check_invariants();
  EXPECT_EQ(told, 1U);
  EXPECT_EQ(d.roster.size(), 2U);
  EXPECT_EQ(d.merge(d.entry(0, 1)), Merge::gone);
}

TEST(Roster, PreloadGivesWhatMergingGives) {
  Data merged, set;
  std::vector<RecordRef> refs;
  std::vector<const MemberRecord*> records;
  for (std::size_t i = 0; i < 30; ++i) {
    const std::string_view interest = i % 4 == 0 ? "false" : "";
    merged.merge(merged.entry(i, 1, interest));
    refs.push_back(set.entry(i, 1, interest));
    records.push_back(refs.back().get());
  }
  set.roster.set(records);
  set.roster.set(records);  // again: replaces
  set.roster.check_invariants();
  EXPECT_EQ(set.roster.digest(), merged.roster.digest());
  EXPECT_EQ(set.roster.receivers().size(), merged.roster.receivers().size());
}

}  // namespace
}  // namespace boato
