// SPDX-License-Identifier: Apache-2.0
#include "overlay/roster/record_pool.hpp"

#include "overlay/link/sodium.hpp"
#include "overlay/wire/attributes.hpp"
#include "tests/roster/lab.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

const TopicId topic = topic_number(7);

TEST(RecordPool, ReadsWhatIsAskedSeldomOutOfTheStatement) {
  RecordPool pool{toy_crypto(), NetworkId{}};
  const Signer signer{1};
  wire::RosterEntry words{topic_number(5), {}, wire::flag_weak, "false", {}};
  Address address;
  address.port = 7470;
  words.addresses.push_back(address);
  std::array<std::byte, 256> body;
  const auto size = wire::encode_record(words, body);
  const auto bytes =
      signer.sign(wire::StatementType::roster_entry, {Incarnation{3}, 4}, Bytes{body}.first(*size));

  const RecordRef record = pool.take(Time{}, bytes).record;

  ASSERT_TRUE(record);
  EXPECT_TRUE(std::ranges::equal(record->statement(), bytes));
  EXPECT_EQ(record->topic(), topic_number(5));
  EXPECT_EQ(record->addresses(), words.addresses);
  EXPECT_TRUE(record->dialable);
  EXPECT_EQ(record->interest_text(), "false");
  EXPECT_EQ(record->interest, Interest::nothing);
  EXPECT_TRUE(record->attributes().empty());
  EXPECT_EQ(record->flags, std::uint32_t{wire::flag_weak});
  EXPECT_FALSE(pool.take(Time{}, Signer{2}.entry(topic_number(5), 1)).record->dialable);
}

TEST(RecordPool, OneStatementIsKeptAndVerifiedOnce) {
  RecordPool pool{toy_crypto(), NetworkId{}};
  const Signer a{1};
  const auto statement = a.entry(topic, 3, "temp > 3", 0, 9);

  const Interned first = pool.take(Time{seconds{5}}, statement);
  const Interned second = pool.take(Time{seconds{6}}, statement);

  ASSERT_EQ(first.verdict, Verdict::good);
  EXPECT_EQ(first.record.get(), second.record.get());
  EXPECT_EQ(pool.records(), 1U);
  EXPECT_EQ(pool.verified(), 1U);
  EXPECT_EQ(first.record->id, a.id);
  EXPECT_EQ(first.record->topic(), topic);
  EXPECT_EQ(first.record->entry_version(), (EntryVersion{Incarnation{9}, 3}));
  EXPECT_EQ(first.record->interest_text(), "temp > 3");
  EXPECT_EQ(first.record->learnt, Time{seconds{5}});
  EXPECT_EQ(first.size, statement.size());
}

TEST(RecordPool, TheLastReferenceFreesTheRecord) {
  RecordPool pool{toy_crypto(), NetworkId{}};
  {
    const Interned taken = pool.take(Time{}, Signer{1}.entry(topic, 1));
    RecordRef copy = taken.record;
    EXPECT_EQ(pool.records(), 1U);
  }
  EXPECT_EQ(pool.records(), 0U);
}

TEST(RecordPool, ManyRecordsComeAndGoInAnyOrder) {
  RecordPool pool{toy_crypto(), NetworkId{}};
  Rng rng{1};
  const Signer a{1};
  std::vector<RecordRef> held;
  for (std::uint64_t i = 0; i < 2000; ++i) {
    held.push_back(pool.take(Time{}, a.entry(topic, i)).record);
    ASSERT_TRUE(held.back());
    if (rng.chance(0.4)) {
      std::swap(held[rng.below(held.size())], held.back());
      held.pop_back();
    }
  }
  EXPECT_EQ(pool.records(), held.size());
  const auto checked = pool.verified();
  for (const RecordRef& r : held)
    EXPECT_EQ(pool.take(Time{}, std::vector(r->statement().begin(), r->statement().end())).record.get(),
              r.get());
  EXPECT_EQ(pool.verified(), checked);
}

TEST(RecordPool, AnyFlippedBitIsRefusedWithRealKeys) {
  RecordPool pool{sodium_crypto(), NetworkId{}};
  const Signer a{1, sodium_crypto()};
  const auto good = a.entry(topic, 1, "x = 1");
  ASSERT_EQ(pool.take(Time{}, good).verdict, Verdict::good);
  for (std::size_t i = 0; i < good.size(); ++i) {
    auto bad = good;
    bad[i] ^= std::byte{4};
    EXPECT_NE(pool.take(Time{}, bad).verdict, Verdict::good) << i;
  }
  EXPECT_EQ(pool.records(), 0U);
}

TEST(RecordPool, AStatementOfAnotherNetworkIsForged) {
  NetworkId other;
  other.raw.fill(1);
  RecordPool pool{toy_crypto(), other};
  EXPECT_EQ(pool.take(Time{}, Signer{1}.entry(topic, 1)).verdict, Verdict::forged);
}

TEST(RecordPool, EmptyAndTrueMeanEverythingAndFalseNothing) {
  RecordPool pool{toy_crypto(), NetworkId{}};
  const Signer a{1};
  const auto interest = [&](std::string_view text) {
    return pool.take(Time{}, a.entry(topic, 1, text)).record->interest;
  };
  EXPECT_EQ(interest(""), Interest::everything);
  EXPECT_EQ(interest("true"), Interest::everything);
  EXPECT_EQ(interest("false"), Interest::nothing);
  EXPECT_EQ(interest("a = 1"), Interest::predicate);
}

TEST(RecordPool, AnInterestThatIsNoPredicateIsMalformed) {
  RecordPool pool{toy_crypto(), NetworkId{}};
  const Signer a{1};
  std::string deep = "a = 1";
  for (int i = 0; i < 8; ++i) deep = "NOT (" + deep + " AND b = " + std::to_string(i) + " OR c)";
  std::string dear = "s LIKE '%_______________________________x'";
  for (int i = 0; i < 19; ++i)
    dear += " OR s" + std::to_string(i) + " LIKE '%______________________________x'";
  for (const std::string& text : {std::string{"price >"}, std::string{"a == 1"}, std::string{"1 = 'a'"}, deep,
                                  dear, std::string(400, '(')})
    EXPECT_EQ(pool.take(Time{}, a.entry(topic, 1, text)).verdict, Verdict::malformed) << text;
  for (const std::string_view text : {"5 < a", "a  = 1", "TRUE", "FALSE", "a = 1 OR a = 2"})  // not canonical
    EXPECT_EQ(pool.take(Time{}, a.entry(topic, 1, text)).verdict, Verdict::malformed) << text;
  EXPECT_EQ(pool.records(), 0U);
}

TEST(RecordPool, InterestsAboveTheLimitAreMalformed) {
  RecordPool pool{toy_crypto(), NetworkId{}};
  const Signer a{1};
  const auto of = [](std::size_t bytes) { return "a = '" + std::string(bytes - 6, 'x') + "'"; };
  EXPECT_EQ(pool.take(Time{}, a.entry(topic, 1, of(1023))).verdict, Verdict::good);
  EXPECT_EQ(pool.take(Time{}, a.entry(topic, 1, of(1024))).verdict, Verdict::good);
  EXPECT_EQ(pool.take(Time{}, a.entry(topic, 1, of(1025))).verdict, Verdict::malformed);
}

TEST(RecordPool, AttributesThatAreNoneAreMalformed) {
  RecordPool pool{toy_crypto(), NetworkId{}};
  const Attribute zone{"zone", std::string_view{"north"}};
  std::array<std::byte, 64> room{};
  const auto size = wire::encode_attributes(std::span{&zone, 1}, room);
  ASSERT_TRUE(size.has_value());
  const Bytes good = Bytes{room}.first(*size);

  const Interned taken = pool.take(Time{}, Signer{1}.entry(topic, 1, "", 0, 1, good));
  ASSERT_EQ(taken.verdict, Verdict::good);
  EXPECT_TRUE(std::ranges::equal(taken.record->attributes(), good));
  EXPECT_EQ(pool.take(Time{}, Signer{1}.entry(topic, 1, "", 0, 1, bytes("junk"))).verdict,
            Verdict::malformed);
}

TEST(RecordPool, AFullPoolTakesNoMoreButOurOwn) {
  RecordPool pool{toy_crypto(), NetworkId{}, {.records_max = 2, .accusations_max = 1}};
  const Signer a{1};
  const Interned one = pool.take(Time{}, a.entry(topic, 1)), two = pool.take(Time{}, a.entry(topic, 2));
  const Interned accused = pool.take(Time{}, a.suspicion(topic, PeerId{}, {}));
  EXPECT_EQ(two.verdict, Verdict::good);
  EXPECT_EQ(accused.verdict, Verdict::good);

  EXPECT_EQ(pool.take(Time{}, a.entry(topic, 3)).verdict, Verdict::full);
  EXPECT_EQ(pool.take(Time{}, a.suspicion(topic, PeerId{}, {}, 2)).verdict, Verdict::full);
  EXPECT_EQ(pool.take(Time{}, a.entry(topic, 1)).verdict, Verdict::good);  // is there already
  EXPECT_EQ(pool.take_own(Time{}, a.entry(topic, 3)).verdict, Verdict::good);
}

TEST(RecordPool, StatementsOfOtherTypesAreMalformed) {
  RecordPool pool{toy_crypto(), NetworkId{}};
  EXPECT_EQ(pool.take(Time{}, Signer{1}.sign(wire::StatementType::peer_record, {}, {})).verdict,
            Verdict::malformed);
  EXPECT_EQ(pool.take(Time{}, {}).verdict, Verdict::malformed);
}

}  // namespace
}  // namespace boato
