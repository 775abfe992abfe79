// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/codec.hpp"

#include "overlay/base/rng.hpp"
#include "overlay/wire/records.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace boato::wire {
namespace {

struct Item {
  PeerId id;
  Seq seq;
  static constexpr auto fields = std::tuple{&Item::id, &Item::seq};
  bool operator==(const Item&) const = default;
};
enum class Colour : std::uint8_t { red = 0, blue = 9 };

// Has a field of each kind that messages may have.
struct All {
  static constexpr Kind kind = Kind::probe;
  bool flag = false;
  std::uint8_t small = 0;
  std::uint32_t middle = 0;
  std::uint64_t large = 0;
  Colour colour{};
  LinkId link;
  TopicId topic;
  Bytes blob;
  std::string_view name;
  Item item;
  AddressList addresses;
  List<Item, 4> items;
  List<std::uint64_t, 3> numbers;
  static constexpr auto fields = std::tuple{
      &All::flag, &All::small, &All::middle, &All::large,     &All::colour, &All::link,   &All::topic,
      &All::blob, &All::name,  &All::item,   &All::addresses, &All::items,  &All::numbers};
};

struct Short {
  static constexpr Kind kind = Kind::probe;
  bool flag = false;
  std::uint8_t small = 0;
  static constexpr auto fields = std::tuple{&Short::flag, &Short::small};
};

struct Wide {
  static constexpr Kind kind = Kind::probe;
  bool flag = false;
  std::uint64_t small = 0;
  List<std::uint64_t, 8> more;
  static constexpr auto fields = std::tuple{&Wide::flag, &Wide::small, &Wide::more};
};

All sample() {
  All m;
  m.flag = true;
  m.small = 200;
  m.middle = 70'000;
  m.large = ~std::uint64_t{0};
  m.colour = Colour::blue;
  m.link = LinkId{5};
  m.topic.raw[31] = 4;
  m.blob = bytes("\x01\x02");
  m.name = "caf\xc3\xa9";
  m.item = {PeerId{{1}}, Seq{300}};
  m.addresses.push_back(Address{{1, 2}, 7470});
  m.addresses.push_back(Address{{3, 4}, 80});
  for (std::uint8_t i = 0; i < 3; ++i) m.items.push_back({PeerId{{i}}, Seq{i}});
  m.numbers.push_back(1);
  return m;
}

template <Message M>
std::vector<std::byte> packed(const M& m) {
  std::vector<std::byte> room(4096);
  room.resize(*encode(m, room));
  return room;
}

TEST(Codec, ReadsEachKindOfFieldAsItWasWritten) {
  const All m = sample();
  const auto frame = packed(m);
  All got;

  ASSERT_TRUE(decode(frame, got));

  EXPECT_EQ(got.flag, m.flag);
  EXPECT_EQ(got.small, m.small);
  EXPECT_EQ(got.middle, m.middle);
  EXPECT_EQ(got.large, m.large);
  EXPECT_EQ(got.colour, m.colour);
  EXPECT_EQ(got.link, m.link);
  EXPECT_EQ(got.topic, m.topic);
  EXPECT_EQ(text(got.blob), text(m.blob));
  EXPECT_EQ(got.name, m.name);
  EXPECT_EQ(got.item, m.item);
  EXPECT_EQ(got.addresses, m.addresses);
  ASSERT_EQ(got.items.size(), 3U);
  EXPECT_EQ(got.items[2], m.items[2]);
  ASSERT_EQ(got.numbers.size(), 1U);
}

TEST(Codec, LeavesTheBodyBehindTheEnvelope) {
  auto frame = packed(sample());
  frame.push_back(std::byte{42});
  All got;
  Bytes body;

  ASSERT_TRUE(decode(frame, got, &body));

  ASSERT_EQ(body.size(), 1U);
  EXPECT_EQ(body[0], std::byte{42});
}

TEST(Codec, RefusesEachStrictPrefix) {
  const auto frame = packed(sample());
  All got;

  for (std::size_t n = 0; n < frame.size(); ++n) EXPECT_FALSE(decode(Bytes{frame}.first(n), got)) << n;
}

TEST(Codec, WhatItReadsItWritesBackToTheSameBytes) {
  Rng rng{8};
  const auto frame = packed(sample());
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = frame;
    for (std::uint64_t i = 0, flips = 1 + rng.below(3); i < flips; ++i)
      bytes[rng.below(bytes.size())] ^= static_cast<std::byte>(1U << rng.below(8));
    All got;
    Bytes body;
    if (!decode(bytes, got, &body)) continue;
    ++read;
    auto back = packed(got);
    back.insert(back.end(), body.begin(), body.end());
    ASSERT_EQ(back, bytes);
  }
  EXPECT_GT(read, 1000);
}

TEST(Codec, SaysWhenTheRoomIsTooSmallAndWritesNothingBehindIt) {
  const All m = sample();
  const std::size_t size = packed(m).size();
  std::vector<std::byte> room(size, std::byte{0x55});

  EXPECT_EQ(encode(m, std::span{room}.first(size - 1)).error(), Errc::too_large);
  EXPECT_EQ(room[size - 1], std::byte{0x55});
  EXPECT_TRUE(encode(m, room).has_value());
}

TEST(Codec, SkipsFieldsOfLaterVersions) {
  auto frame = packed(sample());
  frame.push_back(std::byte{9});
  Short got;
  Bytes body;

  ASSERT_TRUE(decode(frame, got, &body));

  EXPECT_TRUE(got.flag);
  EXPECT_EQ(got.small, 200);
  EXPECT_EQ(body.size(), 1U);
}

TEST(Codec, RefusesAMessageWithTooFewFields) {
  const auto frame = packed(Short{});
  All got;

  EXPECT_FALSE(decode(frame, got));
}

TEST(Codec, RefusesAnotherKind) {
  auto frame = packed(Short{});
  frame[1] = std::byte{static_cast<std::uint8_t>(Kind::ping)};
  Short got;

  EXPECT_FALSE(decode(frame, got));
}

TEST(Codec, RefusesANumberThatDoesNotFitItsField) {
  Wide wide;
  Short got;
  wide.small = 255;
  EXPECT_TRUE(decode(packed(wide), got));

  wide.small = 256;
  EXPECT_FALSE(decode(packed(wide), got));
}

struct Numbers {
  static constexpr Kind kind = Kind::probe;
  List<std::uint64_t, 3> list;
  static constexpr auto fields = std::tuple{&Numbers::list};
};
struct MoreNumbers {
  static constexpr Kind kind = Kind::probe;
  List<std::uint64_t, 9> list;
  static constexpr auto fields = std::tuple{&MoreNumbers::list};
};
struct Items {
  static constexpr Kind kind = Kind::probe;
  List<Item, 3> list;
  static constexpr auto fields = std::tuple{&Items::list};
};

TEST(Codec, RefusesAListLongerThanItsField) {
  MoreNumbers m;
  Numbers got;
  for (std::uint64_t i = 0; i < 3; ++i) m.list.push_back(i);
  EXPECT_TRUE(decode(packed(m), got));

  m.list.push_back(3);
  EXPECT_FALSE(decode(packed(m), got));
}

TEST(Codec, RefusesAListOfBrokenItems) {
  Numbers m;
  m.list.push_back(1);
  Items got;

  EXPECT_FALSE(decode(packed(m), got));
}

TEST(Codec, RefusesAddressesThatAreNotWholeOrTooMany) {
  std::array<std::byte, 128> room{};
  for (const std::size_t n : {0UL, 18UL, 54UL, 17UL, 19UL, 72UL}) {
    RoomWriter out{room};
    Packer pk{out};
    put_bin(pk, Bytes{std::array<std::byte, 72>{}}.first(n));
    Cursor in{Bytes{room}.first(out.used)};
    AddressList list;
    EXPECT_EQ(get(in, list), n == 0 || n == 18 || n == 54) << n;
  }
}

TEST(Codec, OpensNoFrameThatIsNotAnArrayWithAKind) {
  Kind kind{};
  std::uint32_t fields = 0;
  for (const std::vector<std::uint8_t>& bytes :
       {std::vector<std::uint8_t>{}, {0x90}, {0x01}, {0x91, 0xa0}, {0x91, 0xcd, 0x01, 0x00}}) {
    Cursor in{std::as_bytes(std::span{bytes})};
    EXPECT_FALSE(open_frame(in, kind, fields));
  }
}

// A frame of kind `probe` whose only unknown field is nested so deep.
std::vector<std::byte> frame_with(std::size_t arrays) {
  std::vector<std::byte> bytes{std::byte{0x94}, std::byte{static_cast<std::uint8_t>(Kind::probe)},
                               std::byte{0xc2}, std::byte{0}};
  bytes.insert(bytes.end(), arrays, std::byte{0x91});
  bytes.push_back(std::byte{1});
  return bytes;
}

TEST(Codec, CountsTheFrameItselfAsDepth) {
  Short got;
  EXPECT_TRUE(decode(frame_with(depth_max - 1), got));
  EXPECT_FALSE(decode(frame_with(depth_max), got));
}

TEST(Records, ReadWhatTheyWrote) {
  RosterEntry entry;
  entry.topic.raw[0] = 3;
  entry.addresses.push_back(Address{{9}, 1});
  entry.flags = flag_weak;
  entry.interest = "true";
  std::vector<std::byte> room(2048);
  room.resize(*encode_record(entry, room));

  RosterEntry got;
  ASSERT_TRUE(decode_record(room, got));
  EXPECT_EQ(got.topic, entry.topic);
  EXPECT_EQ(got.addresses, entry.addresses);
  EXPECT_EQ(got.flags, entry.flags);
  EXPECT_EQ(got.interest, entry.interest);
  for (std::size_t n = 0; n < room.size(); ++n) EXPECT_FALSE(decode_record(Bytes{room}.first(n), got)) << n;
  room.push_back(std::byte{1});
  EXPECT_FALSE(decode_record(room, got));
}

}  // namespace
}  // namespace boato::wire
