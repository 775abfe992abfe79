// SPDX-License-Identifier: Apache-2.0
#include "overlay/membership/directory.hpp"

#include "overlay/wire/records.hpp"
#include "tests/membership/world.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

namespace boato {
namespace {

using test::Node;
using test::World;
using namespace std::chrono_literals;

void join_all(World& world, std::size_t n) {
  world.add({});
  for (std::size_t i = 1; i < n; ++i) {
    world.add({0});
    world.run(20ms);
  }
  world.run(20s);
}

std::vector<LinkId> active_links(const Node& node) {
  std::vector<LinkId> links;
  for (const ActivePeer& a : node.membership->active()) links.push_back(a.link);
  return links;
}

Result<const TopicRecord*, Errc> declare(World& world, std::size_t i, std::string_view name,
                                         const std::optional<Contract>& contract = {}) {
  Node& node = world[i];
  const auto result = node.directory->declare(
      world.now, name, contract, active_links(node),
      [&](const TopicId&) {
        const std::array voters{PeerId{}};
        return wire::ReplicaSet{voters};
      },
      node.fx);
  world.settle(node);
  return result;
}

std::vector<std::byte> entry(const Node& of, const TopicId& topic, std::uint64_t version,
                             std::uint32_t flags = 0, Incarnation incarnation = Incarnation{1}) {
  wire::RosterEntry e;
  e.topic = topic;
  e.addresses = of.self.addresses;
  e.flags = flags;
  e.interest = "true";
  std::array<std::byte, 512> body;
  const auto size = wire::encode_record(e, body);
  std::array<std::byte, wire::statement_bytes_max> room;
  const Bytes signed_bytes = wire::sign_statement(
      *of.self.crypto, of.self.network, of.self.id, *of.self.secret,
      {wire::StatementType::roster_entry, incarnation, version, Bytes{body}.first(*size)}, room);
  return {signed_bytes.begin(), signed_bytes.end()};
}

void announce(World& world, std::size_t i, TopicTag topic, const std::vector<std::byte>& statement) {
  Node& node = world[i];
  node.directory->announce_contact(world.now, topic, statement, active_links(node), node.fx);
  world.settle(node);
}

Contract ordered() {
  Contract c;
  c.order = Order::causal;
  return c;
}

std::set<std::uint64_t> versions(World& world, TopicTag topic) {
  std::set<std::uint64_t> all;
  for (const auto& node : world.nodes) {
    if (!node->up) continue;
    const TopicRecord* record = node->directory->find(topic);
    all.insert(record ? record->version : 0);
  }
  return all;
}

TEST(Directory, ATopicIsKnownToAllWithinASecond) {
  World world{1};
  join_all(world, 48);

  const auto record = declare(world, 7, "sensors/kitchen", ordered());
  ASSERT_TRUE(record.has_value());
  const TopicTag tag = (*record)->tag;
  world.run(1s);

  for (const auto& node : world.nodes) {
    const TopicRecord* found = node->directory->find("sensors/kitchen");
    ASSERT_NE(found, nullptr) << node->index;
    EXPECT_EQ(found->contract, ordered());
    EXPECT_EQ(found->creator, world[7].self.id);
    EXPECT_EQ(found->tag, tag);
  }
  EXPECT_EQ(versions(world, tag).size(), 1u);
}

TEST(Directory, DeclaringWithTheSameOrNoContractGivesTheRecordThereIs) {
  World world{2};
  world.add({});
  const auto first = declare(world, 0, "a", ordered());

  EXPECT_EQ(*declare(world, 0, "a", ordered()), *first);
  EXPECT_EQ(*declare(world, 0, "a"), *first);
  EXPECT_EQ(declare(world, 0, "a", Contract{}).error(), Errc::conflict);
  EXPECT_EQ((*declare(world, 0, "b"))->contract, Contract{});
}

TEST(Directory, RefusesBadNamesAndContractsBeyondTheirLimits) {
  World world{3};
  world.add({});
  Contract many;
  many.replicas = 10;

  EXPECT_EQ(declare(world, 0, "a//b").error(), Errc::bad_name);
  EXPECT_EQ(declare(world, 0, "a/#").error(), Errc::bad_name);
  EXPECT_EQ(declare(world, 0, "a", many).error(), Errc::too_large);
}

TEST(Directory, ANewcomerLearnsAllTopicsByComparing) {
  World world{4};
  join_all(world, 8);
  for (int i = 0; i < 700; ++i)
    ASSERT_TRUE(declare(world, static_cast<std::size_t>(i) % 8, "t/" + std::to_string(i)));
  world.run(60s);

  Node& late = world.add({0});
  world.run(20s);

  EXPECT_EQ(late.directory->size(), 700u);
  EXPECT_TRUE(late.directory->compared());
}

TEST(Directory, BothHalvesOfAPartitionEndWithAllTopics) {
  World world{5};
  join_all(world, 16);
  world.split([](std::size_t i) { return static_cast<int>(i % 2); });
  world.run(60s);
  for (int i = 0; i < 40; ++i)
    ASSERT_TRUE(declare(world, static_cast<std::size_t>(i) % 2, "t/" + std::to_string(i)));
  world.run(10s);

  world.split([](std::size_t) { return 0; });
  world.run(120s);

  for (const auto& node : world.nodes) EXPECT_EQ(node->directory->size(), 40u) << node->index;
}

TEST(Directory, AConflictIsDecidedAlikeEverywhereAndTheEarlierWins) {
  World world{6};
  join_all(world, 16);
  world.split([](std::size_t i) { return static_cast<int>(i % 2); });
  world.run(60s);
  const auto first = declare(world, 0, "orders", ordered());
  ASSERT_TRUE(first);
  const TopicTag tag = (*first)->tag;
  world.run(5s);
  ASSERT_TRUE(declare(world, 1, "orders", Contract{}));
  world.run(5s);

  world.split([](std::size_t) { return 0; });
  world.run(120s);

  EXPECT_EQ(versions(world, tag).size(), 1u);
  for (const auto& node : world.nodes) {
    EXPECT_EQ(node->directory->find(tag)->creator, world[0].self.id) << node->index;
    const auto lost = std::ranges::count_if(node->changes, [&](const DirectoryChange& c) {
      return c.topic == tag && c.kind == DirectoryChange::Kind::conflict_lost;
    });
    EXPECT_EQ(lost, node->index % 2 == 1 ? 1 : 0) << node->index;
  }
}

TEST(Directory, TwoFoundingsWithOneContractMeetWithoutAConflict) {
  World world{7};
  join_all(world, 8);
  world.split([](std::size_t i) { return static_cast<int>(i % 2); });
  world.run(60s);
  const auto a = declare(world, 0, "hello"), b = declare(world, 1, "hello");
  ASSERT_TRUE(a && b);
  EXPECT_EQ((*a)->id, (*b)->id);
  const TopicTag tag = (*a)->tag;

  world.split([](std::size_t) { return 0; });
  world.run(120s);

  EXPECT_EQ(versions(world, tag).size(), 1u);
  for (const auto& node : world.nodes)
    for (const DirectoryChange& c : node->changes) EXPECT_NE(c.kind, DirectoryChange::Kind::conflict_lost);
}

TEST(Directory, AClockInThePastDoesNotWin) {
  World world{8};
  world.clock_offset_s = {0, -1'000'000};
  world.add({});
  world.add({0});
  world.run(1s);
  ASSERT_TRUE(declare(world, 0, "known"));
  world.run(1s);

  const auto late = declare(world, 1, "later");

  ASSERT_TRUE(late);
  EXPECT_GT((*late)->created_us, world[1].directory->find("known")->created_us);
}

TEST(Directory, TheEightNewestContactsStayEverywhere) {
  World world{9};
  join_all(world, 24);
  const auto record = declare(world, 0, "busy");
  ASSERT_TRUE(record);
  const TopicTag tag = (*record)->tag;
  const TopicId id = (*record)->id;
  world.run(1s);

  for (std::size_t i = 0; i < 20; ++i) announce(world, i, tag, entry(world[i], id, 100 + i));
  world.run(20s);

  EXPECT_EQ(versions(world, tag).size(), 1u);
  const TopicRecord* found = world[23].directory->find(tag);
  ASSERT_EQ(found->contacts.size(), contacts_max);
  for (std::size_t i = 0; i < contacts_max; ++i)
    EXPECT_EQ(found->contacts[i].peer, world[19 - i].self.id) << i;
  EXPECT_EQ(found->contacts[0].addresses, world[19].self.addresses);
}

TEST(Directory, OnlyANewerStatementOfAContactReplacesIt) {
  World world{10};
  world.add({});
  const auto record = declare(world, 0, "a");
  const TopicTag tag = (*record)->tag;
  const TopicId id = (*record)->id;

  announce(world, 0, tag, entry(world[0], id, 5));
  announce(world, 0, tag, entry(world[0], id, 4));
  EXPECT_EQ(world[0].directory->find(tag)->contacts[0].version, 5u);
  announce(world, 0, tag, entry(world[0], id, 1, 0, Incarnation{2}));
  EXPECT_EQ(world[0].directory->find(tag)->contacts[0].version, 1u);
  EXPECT_EQ(world[0].directory->find(tag)->contacts.size(), 1u);
}

TEST(Directory, AContactThatLeavesIsNotBroughtBackByOldNews) {
  World world{11};
  join_all(world, 8);
  const auto record = declare(world, 0, "a");
  const TopicTag tag = (*record)->tag;
  const auto old = entry(world[3], (*record)->id, 1);
  const auto goodbye = entry(world[3], (*record)->id, 2, wire::flag_leaving);
  world.run(1s);
  announce(world, 3, tag, old);
  world.run(1s);
  ASSERT_EQ(world[5].directory->find(tag)->contacts.size(), 1u);

  announce(world, 3, tag, goodbye);
  world.run(1s);
  announce(world, 5, tag, old);
  world.run(1s);

  for (const auto& node : world.nodes)
    EXPECT_TRUE(node->directory->find(tag)->contacts.empty()) << node->index;
}

void withdraw(World& world, std::size_t i, TopicTag topic, const std::vector<std::byte>& goodbye) {
  Node& node = world[i];
  node.directory->withdraw_contact(world.now, topic, goodbye, active_links(node), node.fx);
  world.settle(node);
}

int pushes(World& world) {
  int sum = 0;
  for (const auto& node : world.nodes) sum += node->received[wire::Kind::topic_push];
  return sum;
}

TEST(Directory, OnlyAContactTellsTheDirectoryThatItLeaves) {
  World world{23};
  join_all(world, 4);
  const auto record = declare(world, 0, "a");
  const TopicTag tag = (*record)->tag;
  const TopicId id = (*record)->id;
  world.run(1s);
  announce(world, 1, tag, entry(world[1], id, 1));
  world.run(1s);
  const int before = pushes(world);

  withdraw(world, 2, tag, entry(world[2], id, 2, wire::flag_leaving));
  world.run(1s);
  EXPECT_EQ(pushes(world), before);

  withdraw(world, 1, tag, entry(world[1], id, 2, wire::flag_leaving));
  world.run(1s);
  for (const auto& node : world.nodes)
    EXPECT_TRUE(node->directory->find(tag)->contacts.empty()) << node->index;
}

TEST(Directory, AFarewellTooOldToBeKeptChangesNothing) {
  World world{21};
  join_all(world, 2);
  World leavers{22};
  for (std::size_t i = 0; i <= contacts_max; ++i) leavers.add({});
  const auto record = declare(world, 0, "a");
  const TopicTag tag = (*record)->tag;
  const TopicId id = (*record)->id;
  announce(world, 0, tag, entry(leavers[0], id, 1));
  for (std::size_t i = 1; i <= contacts_max; ++i)
    announce(world, 0, tag, entry(leavers[i], id, 10 + i, wire::flag_leaving));
  world.run(5s);
  const int before = pushes(world);

  announce(world, 0, tag, entry(leavers[0], id, 2, wire::flag_leaving));
  world.run(5s);

  EXPECT_EQ(pushes(world), before);
  EXPECT_EQ(versions(world, tag).size(), 1u);
  ASSERT_EQ(world[0].directory->find(tag)->contacts.size(), 1u);
  EXPECT_EQ(world[0].directory->find(tag)->contacts[0].version, 1u);
}

// Peers that are cut off from each other hear of more contacts and farewells than a record keeps, each of
// other ones and in an order of its own. Once they meet, all end with one record and have nothing more to
// say.
void hear_apart_and_meet(std::uint64_t seed) {
  World world{seed};
  join_all(world, 5);
  World others{seed + 1000};
  for (std::size_t i = 0; i < 3 * contacts_max; ++i) others.add({});
  const auto record = declare(world, 0, "a");
  const TopicTag tag = (*record)->tag;
  world.run(5s);
  std::vector<std::vector<std::byte>> said;
  for (std::size_t i = 0; i < others.size(); ++i)
    for (std::uint64_t version = 1; version <= 3; ++version)
      said.push_back(entry(others[i], (*record)->id, version,
                           world.rng.chance(0.6) ? std::uint32_t{wire::flag_leaving} : 0,
                           Incarnation{1 + world.rng.below(4)}));

  world.split([](std::size_t i) { return static_cast<int>(i); });
  for (std::size_t i = 0; i < world.size(); ++i) {
    world.rng.shuffle(std::span{said});
    for (std::size_t n = 0; n < said.size() / 2; ++n) announce(world, i, tag, said[n]);
  }
  world.run(30s);
  world.split([](std::size_t) { return 0; });
  world.run(400s);
  const int before = pushes(world);
  world.run(400s);

  EXPECT_EQ(versions(world, tag).size(), 1u) << "seed " << seed;
  EXPECT_EQ(pushes(world), before) << "seed " << seed;
}

TEST(Directory, ContactsAndFarewellsHeardInAnyOrderEndInOneRecordAndInSilence) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) hear_apart_and_meet(seed);
}

TEST(Directory, ADeletedTopicIsGoneEverywhereAndItsSuccessorIsAnotherTopic) {
  World world{12};
  join_all(world, 12);
  const auto record = declare(world, 2, "short");
  const TopicTag tag = (*record)->tag;
  world.run(1s);
  EXPECT_EQ(world[5].directory->remove(world.now, tag, active_links(world[5]), world[5].fx).error(),
            Errc::not_allowed);

  ASSERT_TRUE(world[2].directory->remove(world.now, tag, active_links(world[2]), world[2].fx));
  world.settle(world[2]);
  world.run(1s);
  for (const auto& node : world.nodes) EXPECT_EQ(node->directory->find("short"), nullptr) << node->index;
  const auto successor = declare(world, 5, "short", ordered());
  world.run(1s);

  ASSERT_TRUE(successor);
  EXPECT_NE((*successor)->tag, tag);
  for (const auto& node : world.nodes) {
    ASSERT_NE(node->directory->find("short"), nullptr) << node->index;
    EXPECT_EQ(node->directory->find("short")->life, 1u);
  }
}

TEST(Directory, ATombstoneIsForgottenAfterAWeek) {
  World world{13};
  world.directory_config.tombstone_life = 60s;
  join_all(world, 4);
  const auto record = declare(world, 1, "short");
  world.run(1s);
  ASSERT_TRUE(world[1].directory->remove(world.now, (*record)->tag, active_links(world[1]), world[1].fx));
  world.settle(world[1]);
  world.run(10s);
  EXPECT_EQ(world[2].directory->size(), 1u);

  world.run(200s);

  for (const auto& node : world.nodes) EXPECT_EQ(node->directory->size(), 0u) << node->index;
}

TEST(Directory, ForgedStatementsAreNeitherKeptNorPassedOnAndEndTheLink) {
  World world{14};
  join_all(world, 3);
  const auto record = declare(world, 0, "a");
  const TopicTag tag = (*record)->tag;
  auto contact = entry(world[1], (*record)->id, 1);
  contact.back() ^= std::byte{1};
  world.run(1s);
  const std::uint64_t version = world[2].directory->find(tag)->version;
  const LinkInfo link = *world[2].links.find(world[1].self.id);

  world.inject(2, link.id, wire::TopicPush{tag, 1, contact});
  world.run(1s);

  EXPECT_EQ(versions(world, tag), std::set<std::uint64_t>{version});
  EXPECT_EQ(world[2].links.find(link.id), nullptr);
}

TEST(Directory, AForgedGenesisIsRefused) {
  World world{15};
  join_all(world, 2);
  World other{16};
  other.add({});
  const auto record = declare(other, 0, "evil");
  std::vector<std::byte> genesis = (*record)->genesis;
  genesis.back() ^= std::byte{1};
  const LinkId link = world[1].links.find(world[0].self.id)->id;

  world.inject(1, link, wire::TopicPush{(*record)->tag, 1, genesis});

  EXPECT_EQ(world[1].directory->size(), 0u);
}

TEST(Directory, AGenesisUnderAnotherTagIsRefused) {
  World world{17};
  join_all(world, 2);
  World other{18};
  other.add({});
  const auto record = declare(other, 0, "x");
  const LinkId link = world[1].links.find(world[0].self.id)->id;

  world.inject(1, link, wire::TopicPush{TopicTag{77}, 1, (*record)->genesis});

  EXPECT_EQ(world[1].directory->size(), 0u);
}

TEST(Directory, OneCreatorHasACapAndTheWholeDirectoryToo) {
  World world{19};
  world.directory_config.per_creator_max = 5;
  world.directory_config.records_max = 8;
  join_all(world, 2);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(declare(world, 0, "a/" + std::to_string(i)));
  EXPECT_EQ(declare(world, 0, "a/5").error(), Errc::too_large);
  for (int i = 0; i < 5; ++i) static_cast<void>(declare(world, 1, "b/" + std::to_string(i)));
  world.run(30s);

  for (const auto& node : world.nodes) EXPECT_LE(node->directory->size(), 8u) << node->index;
}

TEST(Directory, EqualDirectoriesAreComparedInOneClaim) {
  World world{20};
  join_all(world, 2);
  for (int i = 0; i < 100; ++i) static_cast<void>(declare(world, 0, "a/" + std::to_string(i)));
  world.run(400s);
  world[0].received.clear();
  world[1].received.clear();

  world.run(300s);

  EXPECT_EQ(world[0].received[wire::Kind::topic_push] + world[1].received[wire::Kind::topic_push], 0);
  EXPECT_EQ(world[0].received[wire::Kind::topic_names] + world[1].received[wire::Kind::topic_names], 0);
  EXPECT_GE(world[0].received[wire::Kind::directory_ranges], 4);
}

}  // namespace
}  // namespace boato
