// SPDX-License-Identifier: Apache-2.0
#include "overlay/wire/attributes.hpp"

#include "overlay/base/bytes.hpp"
#include "overlay/base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace boato::wire {
namespace {

struct Lab {
  std::vector<std::byte> room = std::vector<std::byte>(attribute_bytes_max);
  std::vector<Attribute> got{};

  Result<std::size_t, Errc> encode(const std::vector<Attribute>& list) {
    return encode_attributes(list, room);
  }
  Bytes packed(const std::vector<Attribute>& list) { return Bytes{room}.first(*encode(list)); }
};

TEST(Attributes, ReadEachKindOfValueAsItWasWritten) {
  Lab lab;
  const std::vector<Attribute> list{{"a", std::monostate{}},
                                    {"b", true},
                                    {"c", false},
                                    {"d", std::int64_t{-5'000'000'000}},
                                    {"e", std::numeric_limits<std::int64_t>::max()},
                                    {"f", 2.5},
                                    {"g", std::string_view{"caf\xc3\xa9"}},
                                    {"h", bytes("\xff")}};

  ASSERT_TRUE(decode_attributes(lab.packed(list), lab.got));

  ASSERT_EQ(lab.got.size(), list.size());
  for (std::size_t i = 0; i < list.size(); ++i) {
    EXPECT_EQ(lab.got[i].name, list[i].name);
    ASSERT_EQ(lab.got[i].value.index(), list[i].value.index());
  }
  EXPECT_EQ(std::get<bool>(lab.got[1].value), true);
  EXPECT_EQ(std::get<bool>(lab.got[2].value), false);
  EXPECT_EQ(std::get<std::int64_t>(lab.got[3].value), -5'000'000'000);
  EXPECT_EQ(std::get<std::int64_t>(lab.got[4].value), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(std::get<double>(lab.got[5].value), 2.5);
  EXPECT_EQ(std::get<std::string_view>(lab.got[6].value), "caf\xc3\xa9");
  EXPECT_EQ(text(std::get<Bytes>(lab.got[7].value)), "\xff");
}

TEST(Attributes, AWholeNumberThatIsADoubleStaysADouble) {
  Lab lab;

  ASSERT_TRUE(decode_attributes(lab.packed({{"x", 3.0}, {"y", -0.0}}), lab.got));

  EXPECT_EQ(std::get<double>(lab.got[0].value), 3.0);
  EXPECT_TRUE(std::signbit(std::get<double>(lab.got[1].value)));
}

TEST(Attributes, HaveOneFormWhateverOrderTheyAreGivenIn) {
  Lab one, other;

  const Bytes a = one.packed({{"b", true}, {"a", std::int64_t{1}}, {"ab", std::int64_t{2}}});
  const Bytes b = other.packed({{"ab", std::int64_t{2}}, {"b", true}, {"a", std::int64_t{1}}});

  EXPECT_EQ(text(a), text(b));
}

TEST(Attributes, NoneAreNoBytes) {
  Lab lab;

  EXPECT_EQ(lab.packed({}).size(), 0U);
  EXPECT_TRUE(decode_attributes({}, lab.got));
  EXPECT_TRUE(lab.got.empty());
  EXPECT_FALSE(attributes_valid(bytes("\x90")));
}

TEST(Attributes, RefuseAName) {
  Lab lab;
  EXPECT_EQ(lab.encode({{"a", true}, {"a", false}}).error(), Errc::bad_name);
  EXPECT_EQ(lab.encode({{"", true}}).error(), Errc::bad_name);
  EXPECT_EQ(lab.encode({{"\xff", true}}).error(), Errc::bad_name);
  EXPECT_EQ(lab.encode({{std::string_view{"a\0b", 3}, true}}).error(), Errc::bad_name);
  EXPECT_EQ(lab.encode({{"a", std::string_view{"\xc0\x80"}}}).error(), Errc::bad_name);
}

TEST(Attributes, TakeNamesUpToTheirLimit) {
  Lab lab;
  const std::string name(attribute_name_bytes_max, 'n'), longer(attribute_name_bytes_max + 1, 'n');

  EXPECT_TRUE(attributes_valid(lab.packed({{name, true}})));
  EXPECT_EQ(lab.encode({{longer, true}}).error(), Errc::too_large);
}

TEST(Attributes, TakeValuesUpToTheirLimit) {
  Lab lab;
  const std::string value(attribute_value_bytes_max, 'v'), longer(attribute_value_bytes_max + 1, 'v');

  EXPECT_TRUE(attributes_valid(lab.packed({{"s", std::string_view{value}}})));
  EXPECT_TRUE(attributes_valid(lab.packed({{"b", bytes(value)}})));
  EXPECT_EQ(lab.encode({{"s", std::string_view{longer}}}).error(), Errc::too_large);
  EXPECT_EQ(lab.encode({{"b", bytes(longer)}}).error(), Errc::too_large);
}

TEST(Attributes, AreSoManyAndNoMore) {
  Lab lab;
  std::vector<std::string> names;
  for (std::size_t i = 0; i <= attributes_max; ++i) names.push_back("n" + std::to_string(100 + i));
  std::vector<Attribute> list;
  for (std::size_t i = 0; i < attributes_max; ++i) list.push_back({names[i], true});

  EXPECT_TRUE(attributes_valid(lab.packed(list)));
  list.push_back({names.back(), true});
  EXPECT_EQ(lab.encode(list).error(), Errc::too_large);
}

TEST(Attributes, FillTheirBytesAndNoMore) {
  Lab lab;
  const std::string value(attribute_value_bytes_max, 'v');
  std::vector<Attribute> list;
  for (std::string_view name : {"a", "b", "c", "d", "e", "f", "g"}) list.push_back({name, bytes(value)});
  // 3 for the array, 7 x (2 + 3 + 1,024), then a last one that fills the rest: 2 + 3 + rest.
  const std::string rest(attribute_bytes_max - 3 - 7 * (5 + attribute_value_bytes_max) - 5, 'r');
  list.push_back({"h", bytes(rest)});

  EXPECT_EQ(lab.packed(list).size(), attribute_bytes_max);
  EXPECT_TRUE(attributes_valid(lab.packed(list)));
  const std::string more = rest + "r";
  list.back().value = bytes(more);
  EXPECT_EQ(lab.encode(list).error(), Errc::too_large);
}

// Bytes written by hand, as a foreign peer may send them.
bool valid(std::string_view text) { return attributes_valid(bytes(text)); }

TEST(Attributes, RefuseWhatNoEncoderWrites) {
  EXPECT_TRUE(
      valid("\x94\xa1"
            "a\x01\xa1"
            "b\x02"));
  EXPECT_FALSE(
      valid("\x94\xa1"
            "b\x01\xa1"
            "a\x02"));  // not ascending
  EXPECT_FALSE(
      valid("\x94\xa1"
            "a\x01\xa1"
            "a\x02"));                  // twice
  EXPECT_FALSE(valid("\x92\xa0\x01"));  // no name
  EXPECT_FALSE(
      valid("\x91\xa1"
            "a"));  // no value
  EXPECT_FALSE(
      valid("\x92\xa1"
            "a\x91\x01"));  // an array as value
  EXPECT_FALSE(
      valid("\x92\xa1"
            "a\xcf\xff\xff\xff\xff\xff\xff\xff\xff"));  // above int64
  EXPECT_FALSE(
      valid("\x92\xa1"
            "a\x01\x01"));              // a byte too many
  EXPECT_FALSE(valid("\x92\x01\x01"));  // a name that is no text
}

TEST(Attributes, RefuseEachStrictPrefix) {
  Lab lab;
  const Bytes whole = lab.packed({{"a", 1.5}, {"b", std::string_view{"text"}}, {"c", std::int64_t{300}}});

  for (std::size_t n = 1; n < whole.size(); ++n)
    EXPECT_FALSE(decode_attributes(whole.first(n), lab.got)) << n;
  EXPECT_TRUE(lab.got.empty());
}

TEST(Attributes, WhatIsReadIsWrittenBackToTheSameBytes) {
  Lab lab;
  Rng rng{12};
  const Bytes whole = lab.packed({{"a", 1.5}, {"b", std::string_view{"text"}}, {"c", std::int64_t{300}}});
  const std::vector<std::byte> original(whole.begin(), whole.end());
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    auto bytes = original;
    for (std::uint64_t i = 0, flips = 1 + rng.below(2); i < flips; ++i)
      bytes[rng.below(bytes.size())] ^= static_cast<std::byte>(1U << rng.below(8));
    if (!decode_attributes(bytes, lab.got)) continue;
    ++read;
    const auto size = lab.encode(lab.got);
    ASSERT_TRUE(size.has_value());
    ASSERT_TRUE(std::ranges::equal(Bytes{lab.room}.first(*size), bytes));
  }
  EXPECT_GT(read, 1000);
}

TEST(Ext, ReadsWhatWasWritten) {
  std::array<std::byte, ext_bytes_max> room;
  const EventExt ext{"text/plain", bytes("key")};
  const auto size = encode_ext(ext, room);
  EventExt got;

  ASSERT_TRUE(size && decode_ext(Bytes{room}.first(*size), got));

  EXPECT_EQ(got.content_type, "text/plain");
  EXPECT_EQ(text(got.key), "key");
  for (std::size_t n = 1; n < *size; ++n) EXPECT_FALSE(decode_ext(Bytes{room}.first(n), got)) << n;
}

TEST(Ext, NoneAreNoBytes) {
  std::array<std::byte, 8> room;
  EventExt got{"x", {}};

  EXPECT_EQ(*encode_ext({}, room), 0U);
  EXPECT_TRUE(decode_ext({}, got));
  EXPECT_TRUE(got.content_type.empty());
}

TEST(Ext, SkipsWhatLaterVersionsAdd) {
  EventExt got;

  EXPECT_TRUE(decode_ext(bytes("\x94\x02\xc4\x01k\x07\x92\x01\x02"), got));

  EXPECT_EQ(text(got.key), "k");
}

TEST(Ext, RefusesIdsThatDoNotRise) {
  EventExt got;

  EXPECT_FALSE(decode_ext(bytes("\x94\x07\x01\x07\x01"), got));
  EXPECT_FALSE(decode_ext(bytes("\x94\x07\x01\x06\x01"), got));
}

TEST(Ext, TakesPartsUpToTheirLimits) {
  std::array<std::byte, ext_bytes_max> room;
  const std::string type(content_type_bytes_max, 't'), key(key_bytes_max, 'k');
  EventExt got;

  const auto size = encode_ext({type, bytes(key)}, room);
  EXPECT_TRUE(size && decode_ext(Bytes{room}.first(*size), got));
  EXPECT_EQ(encode_ext({type + "t", {}}, room).error(), Errc::too_large);
  EXPECT_EQ(encode_ext({"", bytes(key + "k")}, room).error(), Errc::too_large);
  EXPECT_EQ(encode_ext({"\xff", {}}, room).error(), Errc::bad_name);
}

}  // namespace
}  // namespace boato::wire
