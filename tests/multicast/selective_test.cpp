// SPDX-License-Identifier: Apache-2.0
// Events go to the members that want them, and each of those knows that it has everything.
#include "overlay/multicast/recipients.hpp"
#include "overlay/wire/attributes.hpp"
#include "overlay/wire/selective_messages.hpp"
#include "tests/multicast/lab.hpp"

#include <array>

namespace boato::lab {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::IsSupersetOf;

// Peer 0 publishes events that bear a number x; the others say which they want.
class Market : public ::testing::Test {
 protected:
  void gather(std::size_t peers, const std::function<std::string(std::size_t)>& wants,
              const std::optional<Contract>& contract = {}) {
    lab = std::make_unique<Lab>(peers);
    for (std::size_t i = 1; i < peers; ++i) {
      const auto opened = lab->at(i).core->open_topic(lab->now(), "t", contract, Use::subscribe, wants(i));
      ASSERT_TRUE(opened.has_value());
      tag = *opened;
      lab->settle(i);
    }
    lab->open(0, Use::publish, contract);
    ASSERT_TRUE(lab->gather(tag));
    lab->pass(seconds{2});
    lab->sent.clear();
  }
  void publish(std::int64_t x) {
    std::array<std::byte, wire::attribute_bytes_max> room;
    const Attribute bears{"x", x};
    wire::EventView event;
    event.attributes = Bytes{room}.first(*wire::encode_attributes(std::span{&bears, 1}, room));
    event.payload = bytes("payload");
    wire::BatchBuilder batch{lab->slabs().take(512)};
    ASSERT_TRUE(batch.add(event));
    ASSERT_TRUE(lab->at(0).core->publish(lab->now(), tag, batch, Seq{++lab->at(0).published}));
    lab->settle(0);
  }
  void want(std::size_t peer, std::string_view predicate) {
    ASSERT_TRUE(lab->at(peer).core->set_interest(lab->now(), tag, predicate).has_value());
    lab->settle(peer);
  }
  std::vector<std::uint64_t> numbers(std::size_t peer) {
    std::vector<std::uint64_t> out;
    for (const Got& got : lab->at(peer).got) out.push_back(got.seq);
    return out;
  }
  std::uint64_t lost(std::size_t peer) {
    return static_cast<std::uint64_t>(
        std::ranges::count(lab->at(peer).gaps, GapReason::lost, &GapNotice::reason));
  }

  std::unique_ptr<Lab> lab;
  TopicTag tag{};
};

std::string own_number(std::size_t i) { return "x = " + std::to_string(i); }

TEST_F(Market, OnlyThoseThatWantAnEventAreSentIt) {
  gather(12, own_number);

  for (const std::int64_t x : {3, 4, 3, 7}) publish(x);
  lab->pass(seconds{1});

  EXPECT_THAT(numbers(3), ElementsAre(1, 3));
  EXPECT_THAT(numbers(4), ElementsAre(2));
  EXPECT_THAT(numbers(7), ElementsAre(4));
  EXPECT_EQ(lab->sent[wire::Kind::cast], 0U);
  for (std::size_t i : {1U, 2U, 5U}) EXPECT_THAT(lab->at(i).got, IsEmpty());
}

TEST_F(Market, AnEventWithoutAGapBeforeItNeedsNoQuestion) {
  gather(8, own_number);
  publish(2);
  lab->pass(seconds{3});
  lab->drop = [](const Lab::Packet&, wire::Kind kind) { return kind == wire::Kind::vouch; };

  for (const std::int64_t x : {5, 5, 5, 2}) publish(x);
  lab->pass(milliseconds{20});

  EXPECT_THAT(numbers(2), ElementsAre(1, 5));
}

TEST_F(Market, WhatANumberBehindShowsToBeMissingIsFetched) {
  gather(8, own_number);
  publish(2);
  lab->pass(seconds{3});
  lab->drop = [](const Lab::Packet&, wire::Kind kind) { return kind == wire::Kind::cast_to; };
  publish(2);
  lab->pass(milliseconds{10});
  lab->drop = {};

  publish(6);
  publish(2);
  lab->pass(seconds{1});

  EXPECT_THAT(numbers(2), ElementsAre(1, 2, 4));
}

TEST_F(Market, AMissingLastEventIsFetchedThoughNothingComesBehindIt) {
  gather(8, own_number);
  publish(2);
  lab->pass(seconds{3});
  lab->drop = [](const Lab::Packet&, wire::Kind kind) {
    return kind == wire::Kind::cast_to || kind == wire::Kind::taken;
  };
  publish(2);
  lab->pass(milliseconds{10});
  lab->drop = {};

  lab->pass(seconds{30});

  EXPECT_THAT(numbers(2), ElementsAre(1, 2));
}

TEST_F(Market, WhoChangesItsMindGetsAllThatItWantsFromThereOn) {
  gather(8, own_number);
  publish(2);
  lab->pass(seconds{3});
  lab->drop = [](const Lab::Packet&, wire::Kind kind) { return kind == wire::Kind::roster_spread; };

  want(2, "x = 5");
  for (const std::int64_t x : {5, 2, 5}) publish(x);
  lab->pass(seconds{2});

  EXPECT_THAT(numbers(2), IsSupersetOf({2, 4}));  // and what was sent before it was heard
  EXPECT_EQ(lost(2), 0U);
}

TEST_F(Market, AClaimMadeForAnEarlierInterestCountsForNothing) {
  gather(8, own_number);
  publish(2);
  lab->pass(seconds{3});
  lab->drop = [](const Lab::Packet&, wire::Kind kind) { return kind == wire::Kind::cast_to; };
  publish(5);  // is for peer 5
  lab->drop = {};
  publish(2);  // says to peer 2 that the one before was not for it: true of x = 2

  want(2, "x = 2 OR x = 5");
  lab->pass(seconds{2});

  EXPECT_THAT(numbers(2), ElementsAre(1, 2, 3));
}

TEST_F(Market, NarrowingIsToldLateAndWideningAtOnce) {
  gather(4, [](std::size_t i) { return i == 2 ? std::string{"x < 10"} : own_number(i); });
  const auto told = [&] {
    return std::string{lab->at(1).core->roster(tag)->find(lab->at(2).self.id)->interest_text()};
  };

  want(2, "x < 5");
  lab->pass(seconds{5});
  EXPECT_EQ(told(), "x < 10");
  lab->pass(seconds{6});
  EXPECT_EQ(told(), "x < 5");
  want(2, "x < 7");
  lab->pass(seconds{1});
  EXPECT_EQ(told(), "x < 7");
}

TEST_F(Market, WhatManyWantIsHandedToAll) {
  gather(8, [](std::size_t i) { return i % 2 == 0 ? std::string{"x < 5"} : std::string{"x >= 5"}; });

  publish(1);
  lab->pass(seconds{1});

  EXPECT_GT(lab->sent[wire::Kind::cast], 0U);
  EXPECT_EQ(lab->sent[wire::Kind::cast_to], 0U);
}

TEST_F(Market, AStreamThatTurnsPlainLeavesNobodyInDoubt) {
  gather(12, own_number);
  for (const std::int64_t x : {3, 4, 5}) publish(x);
  lab->pass(seconds{3});
  for (std::size_t i = 1; i < 12; ++i) want(i, "x = 9");
  lab->pass(seconds{1});

  for (int i = 0; i < 80; ++i) publish(9);
  lab->pass(seconds{5});

  EXPECT_GT(lab->sent[wire::Kind::cast], 0U);
  for (std::size_t i = 1; i < 12; ++i) {
    EXPECT_EQ(numbers(i).back(), 83U);
    EXPECT_EQ(lost(i), 0U);
    EXPECT_GE(numbers(i).size(), 80U);
  }
}

TEST_F(Market, AMemberThatTakesEverythingVouchesForAPublisherThatIsGone) {
  gather(10, [](std::size_t i) { return i == 9 ? std::string{"TRUE"} : own_number(i); });
  publish(2);
  lab->pass(seconds{3});
  const auto to_two = [&](const Lab::Packet& packet, wire::Kind kind) {
    return kind == wire::Kind::cast_to && packet.to == 2;
  };
  lab->drop = to_two;
  publish(2);
  lab->pass(milliseconds{50});
  lab->kill(0);
  lab->pass(milliseconds{500});
  lab->drop = {};

  lab->pass(seconds{60});

  EXPECT_THAT(numbers(2), ElementsAre(1, 2));
}

TEST_F(Market, UnreliableTopicsAreNotRouted) {
  Contract contract;
  contract.reliability = Reliability::unreliable;
  gather(8, own_number, contract);

  publish(2);
  lab->pass(seconds{1});

  EXPECT_GT(lab->sent[wire::Kind::cast], 0U);
  EXPECT_EQ(lab->sent[wire::Kind::cast_to], 0U);
}

TEST_F(Market, AListThatIsNoneClosesTheLink) {
  gather(8, own_number);
  lab->change = [](Lab::Packet& packet, wire::Kind kind) {
    wire::CastTo cast;
    if (kind != wire::Kind::cast_to || !wire::decode(packet.envelope, cast)) return;
    std::vector<std::byte> room(256);
    cast.recipients = bytes("\x80");  // a number that does not end
    room.resize(*wire::encode(cast, room));
    packet.envelope = room;
  };

  publish(2);
  lab->pass(milliseconds{20});

  EXPECT_EQ(lab->at(2).counts[Counter::frames_malformed], 1U);
  EXPECT_THAT(lab->at(2).got, IsEmpty());
}

TEST_F(Market, AClaimBeforeTheBeginningClosesTheLink) {
  gather(8, own_number);
  lab->change = [this](Lab::Packet& packet, wire::Kind kind) {
    wire::CastTo cast;
    if (kind != wire::Kind::cast_to || !wire::decode(packet.envelope, cast)) return;
    std::array<std::byte, 64> list;
    ByteWriter out{list};
    const Recipient r{name_of(ring_place(lab->at(2).self.id)), interest_tag("x = 2"), 1};  // before number 1
    write_recipients(std::span{&r, 1}, out);
    cast.recipients = out.written();
    std::vector<std::byte> room(256);
    room.resize(*wire::encode(cast, room));
    packet.envelope = room;
  };

  publish(2);
  lab->pass(milliseconds{20});

  EXPECT_GE(lab->at(2).counts[Counter::frames_malformed], 1U);  // from whoever took the part over as well
}

TEST(Recipients, ComeBackAsTheyWere) {
  const std::vector<Recipient> list{{0, 7, 3}, {1, 0, 0}, {300, 9, 1'000'000}, {name_end - 1, 1, 0}};
  std::array<std::byte, 128> room;
  ByteWriter out{room};
  std::vector<Recipient> back;

  write_recipients(list, out);

  ASSERT_TRUE(read_recipients(out.written(), back));
  ASSERT_EQ(back.size(), list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(back[i].name, list[i].name);
    EXPECT_EQ(back[i].tag, list[i].tag);
    EXPECT_EQ(back[i].skip, list[i].skip);
  }
}

TEST(Recipients, AreRefusedWhereTheyAreNone) {
  std::vector<Recipient> back;
  std::array<std::byte, 8192> room;
  std::vector<Recipient> many(wire::recipients_max + 1);
  for (std::size_t i = 0; i < many.size(); ++i) many[i] = {i, 0, 0};
  ByteWriter out{room};
  write_recipients(many, out);

  EXPECT_FALSE(read_recipients({}, back));
  EXPECT_FALSE(read_recipients(out.written(), back));                                 // too many
  EXPECT_FALSE(read_recipients(bytes(std::string_view("\x01\0\0\0\0\0", 6)), back));  // a name twice
  EXPECT_FALSE(read_recipients(bytes(std::string_view("\x01\0", 2)), back));          // half a tag
  EXPECT_FALSE(read_recipients(bytes(std::string_view("\x01\0\x01", 3)), back));      // no skip
  EXPECT_FALSE(
      read_recipients(bytes(std::string_view("\x80\x80\x80\x80\x80\x80\x01\0\0", 9)), back));  // beyond
}

}  // namespace
}  // namespace boato::lab
