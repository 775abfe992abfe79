// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/bytes.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <vector>

namespace boato {
namespace {

constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();

std::vector<std::byte> raw(std::initializer_list<int> values) {
  std::vector<std::byte> all;
  for (int value : values) all.push_back(static_cast<std::byte>(value));
  return all;
}

TEST(BigEndian, PutsTheHighestByteFirst) {
  std::array<std::byte, 8> room{};
  put_be(room.data(), std::uint64_t{0x0102030405060708});
  EXPECT_EQ(to_hex(room), "0102030405060708");
  EXPECT_EQ(get_be<std::uint64_t>(room.data()), 0x0102030405060708U);
  EXPECT_EQ(get_be<std::uint16_t>(room.data()), 0x0102);
  EXPECT_EQ(get_be<std::uint8_t>(room.data()), 1);
}

TEST(ByteWriter, WritesWhatTheReaderReads) {
  std::array<std::byte, 64> room{};
  ByteWriter writer{room};
  writer.be(std::uint8_t{1});
  writer.be(std::uint16_t{0xfffe});
  writer.be(std::uint32_t{3});
  writer.be(most);
  writer.varint(300);
  writer.bytes(bytes("abc"));
  ASSERT_TRUE(writer.ok());
  EXPECT_EQ(writer.used() + writer.left(), room.size());

  ByteReader reader{writer.written()};

  EXPECT_EQ(reader.be<std::uint8_t>(), 1);
  EXPECT_EQ(reader.be<std::uint16_t>(), 0xfffe);
  EXPECT_EQ(reader.be<std::uint32_t>(), 3U);
  EXPECT_EQ(reader.be<std::uint64_t>(), most);
  EXPECT_EQ(reader.varint(), 300U);
  EXPECT_EQ(text(reader.bytes(3)), "abc");
  EXPECT_TRUE(reader.done());
}

TEST(ByteWriter, WritesNothingPastTheEndAndRemembersIt) {
  std::array<std::byte, 4> memory{};
  ByteWriter writer{std::span{memory}.first(3)};
  writer.be(std::uint16_t{0xaaaa});
  writer.be(std::uint16_t{0xbbbb});
  writer.be(std::uint8_t{0xcc});  // would fit, but the layout is broken already

  EXPECT_FALSE(writer.ok());
  EXPECT_EQ(writer.used(), 2U);
  EXPECT_EQ(to_hex(memory), "aaaa0000");
}

TEST(ByteWriter, FillsItsRoomToTheLastByte) {
  std::array<std::byte, 3> room{};
  ByteWriter writer{room};
  writer.bytes(bytes("abc"));
  writer.bytes({});
  EXPECT_TRUE(writer.ok());
  EXPECT_EQ(writer.left(), 0U);
}

TEST(ByteReader, FailsForGoodAtTheFirstReadPastTheEnd) {
  const auto in = raw({1, 2, 3});
  ByteReader reader{in};
  EXPECT_EQ(reader.be<std::uint32_t>(), 0U);
  EXPECT_FALSE(reader.ok());
  EXPECT_EQ(reader.be<std::uint8_t>(), 0);
  EXPECT_TRUE(reader.bytes(1).empty());
  std::array<std::uint8_t, 2> out{9, 9};
  reader.array(out);
  EXPECT_THAT(out, testing::ElementsAre(9, 9));
  EXPECT_FALSE(reader.done());
}

TEST(ByteReader, IsDoneOnlyWhenNothingIsLeft) {
  const auto in = raw({1, 2});
  ByteReader reader{in};
  reader.be<std::uint8_t>();
  EXPECT_TRUE(reader.ok());
  EXPECT_FALSE(reader.done());
  EXPECT_EQ(reader.left(), 1U);
  EXPECT_EQ(to_hex(reader.rest()), "02");
  reader.be<std::uint8_t>();
  EXPECT_TRUE(reader.done());
}

TEST(ByteReader, RefusesALengthNearTheEndOfTheNumbers) {
  const auto in = raw({1, 2});
  ByteReader reader{in};
  EXPECT_TRUE(reader.bytes(std::numeric_limits<std::size_t>::max()).empty());
  EXPECT_FALSE(reader.ok());
}

TEST(Varint, ComesBackAtEveryLength) {
  for (int bits = 0; bits < 64; ++bits)
    for (std::uint64_t value : {std::uint64_t{1} << bits, (std::uint64_t{1} << bits) - 1, most >> bits}) {
      std::array<std::byte, 10> room{};
      ByteWriter writer{room};
      writer.varint(value);
      ASSERT_TRUE(writer.ok());

      ByteReader reader{writer.written()};

      EXPECT_EQ(reader.varint(), value);
      EXPECT_TRUE(reader.done());
    }
}

TEST(Varint, OfTheLargestNumberTakesTenBytes) {
  std::array<std::byte, 10> room{};
  ByteWriter writer{room};
  writer.varint(most);
  EXPECT_EQ(to_hex(writer.written()), "ffffffffffffffffff01");
}

TEST(Varint, ThatIsCutOffIsRefused) {
  const auto in = raw({0xff, 0x80});
  ByteReader reader{in};
  EXPECT_EQ(reader.varint(), 0U);
  EXPECT_FALSE(reader.ok());
}

TEST(Varint, OfMoreThanTenBytesIsRefused) {
  const auto in = raw({0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01});
  ByteReader reader{in};
  reader.varint();
  EXPECT_FALSE(reader.ok());
}

TEST(Varint, AboveSixtyFourBitsIsRefused) {
  const auto in = raw({0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02});
  ByteReader reader{in};
  reader.varint();
  EXPECT_FALSE(reader.ok());
}

TEST(Varint, ThatIsLongerThanNeededIsRefused) {
  const auto in = raw({0x81, 0x00});
  ByteReader reader{in};
  reader.varint();
  EXPECT_FALSE(reader.ok());
}

TEST(Hex, IsLowerCaseAndTwoDigitsAByte) {
  EXPECT_EQ(to_hex({}), "");
  EXPECT_EQ(to_hex(raw({0x00, 0x0f, 0xf0, 0xab})), "000ff0ab");
}

}  // namespace
}  // namespace boato
