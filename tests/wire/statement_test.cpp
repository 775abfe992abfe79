// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/statement.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/link/sodium.hpp"
#include "tests/wire/batches.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace boato::wire {
namespace {

struct Lab {
  TestPublisher who{1, sodium_crypto()};
  std::vector<std::byte> room = std::vector<std::byte>(statement_bytes_max);

  Bytes sign(std::string_view body, std::uint64_t version = 3) {
    return sign_statement(sodium_crypto(), test_network(), who.id, who.secret,
                          {StatementType::roster_entry, Incarnation{2}, version, bytes(body)}, room);
  }
};

TEST(Statement, ReadsWhatWasSigned) {
  Lab lab;
  const Bytes signed_bytes = lab.sign("body");
  StatementView s;

  ASSERT_TRUE(parse_statement(signed_bytes, s));

  EXPECT_EQ(s.type, StatementType::roster_entry);
  EXPECT_EQ(s.issuer, lab.who.id);
  EXPECT_EQ(s.incarnation, Incarnation{2});
  EXPECT_EQ(s.version, 3U);
  EXPECT_EQ(text(s.body), "body");
  EXPECT_EQ(s.whole.size(), signed_bytes.size());
  EXPECT_TRUE(statement_holds(sodium_crypto(), test_network(), s));
  EXPECT_FALSE(statement_holds(sodium_crypto(), NetworkId{}, s));
}

TEST(Statement, NoFlippedBitPasses) {
  Lab lab;
  const Bytes signed_bytes = lab.sign("a body");
  const std::vector<std::byte> original(signed_bytes.begin(), signed_bytes.end());

  for (std::size_t bit = 0; bit < 8 * original.size(); ++bit) {
    auto bytes = original;
    bytes[bit / 8] ^= static_cast<std::byte>(1U << bit % 8);
    StatementView s;
    EXPECT_FALSE(parse_statement(bytes, s) && statement_holds(sodium_crypto(), test_network(), s)) << bit;
  }
}

TEST(Statement, RefusesEachStrictPrefix) {
  Lab lab;
  const Bytes signed_bytes = lab.sign("a body");
  StatementView s;

  for (std::size_t n = 0; n < signed_bytes.size(); ++n)
    EXPECT_FALSE(parse_statement(signed_bytes.first(n), s)) << n;
}

TEST(Statement, ReadsOneFromTheFrontOfMany) {
  Lab lab;
  Lab other;
  const Bytes a = lab.sign("first"), b = other.sign("second one");
  std::vector<std::byte> both(a.begin(), a.end());
  both.insert(both.end(), b.begin(), b.end());
  StatementView s;

  ASSERT_TRUE(parse_statement(both, s));
  EXPECT_EQ(text(s.body), "first");
  ASSERT_TRUE(parse_statement(Bytes{both}.subspan(s.whole.size()), s));
  EXPECT_EQ(text(s.body), "second one");
}

TEST(Statement, TakesABodyUpToItsLimit) {
  Lab lab;
  StatementView s;
  EXPECT_TRUE(parse_statement(lab.sign(std::string(statement_body_bytes_max - 1, 'x')), s));
  const Bytes largest = lab.sign(std::string(statement_body_bytes_max, 'x'));
  EXPECT_TRUE(parse_statement(largest, s));
  EXPECT_TRUE(statement_holds(sodium_crypto(), test_network(), s));
  EXPECT_EQ(largest.size(), statement_bytes_max);

  std::vector<std::byte> longer(largest.begin(), largest.end());
  longer.push_back(std::byte{0});
  put_be(longer.data() + 50, static_cast<std::uint16_t>(statement_body_bytes_max + 1));
  EXPECT_FALSE(parse_statement(longer, s));
}

TEST(Statement, ReadsTypesOfLaterVersions) {
  Lab lab;
  const Bytes signed_bytes = lab.sign("x");
  std::vector<std::byte> bytes(signed_bytes.begin(), signed_bytes.end());
  bytes[1] = std::byte{200};
  StatementView s;

  EXPECT_TRUE(parse_statement(bytes, s));
  EXPECT_EQ(static_cast<int>(s.type), 200);
  EXPECT_FALSE(statement_holds(sodium_crypto(), test_network(), s));
}

TEST(Statement, RefusesOtherFormats) {
  Lab lab;
  const Bytes signed_bytes = lab.sign("x");
  std::vector<std::byte> bytes(signed_bytes.begin(), signed_bytes.end());
  StatementView s;
  for (int format = 0; format < 256; ++format) {
    bytes[0] = static_cast<std::byte>(format);
    EXPECT_EQ(parse_statement(bytes, s), format == statement_format);
  }
}

}  // namespace
}  // namespace boato::wire
