// SPDX-License-Identifier: Apache-2.0
#include "overlay/base/text.hpp"

#include "overlay/base/rng.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace boato {
namespace {

std::string repeat(std::string_view part, std::size_t times) {
  std::string all;
  for (std::size_t i = 0; i < times; ++i) all += part;
  return all;
}

struct Pair {
  std::string_view pattern, topic;
  bool takes;
};

// Requirement PS1: which topics a pattern takes.
constexpr Pair pairs[] = {
    {"a", "a", true},
    {"a", "b", false},
    {"a", "A", false},
    {"a", "ab", false},
    {"ab", "a", false},
    {"a", "a/b", false},
    {"a/b", "a", false},
    {"a/b", "a/b", true},
    {"a/b", "a/c", false},
    {"a/b/c", "a/b", false},
    {"+", "a", true},
    {"+", "a/b", false},
    {"+/b", "a/b", true},
    {"+/b", "b", false},
    {"a/+", "a/b", true},
    {"a/+", "a", false},
    {"a/+", "a/b/c", false},
    {"a/+/c", "a/b/c", true},
    {"a/+/c", "a/b/d", false},
    {"a/+/c", "a/c", false},
    {"a/+/c", "a/b/b/c", false},
    {"+/+", "a/b", true},
    {"+/+", "a", false},
    {"+/+/+", "a/b", false},
    {"#", "a", true},
    {"#", "a/b/c/d", true},
    {"a/#", "a", true},
    {"a/#", "a/b", true},
    {"a/#", "a/b/c", true},
    {"a/#", "ab", false},
    {"a/#", "ab/c", false},
    {"a/#", "b/a", false},
    {"a/b/#", "a", false},
    {"+/#", "a", true},
    {"+/b/#", "a/b", true},
    {"+/b/#", "a/b/c/d", true},
    {"+/b/#", "a/c/b", false},
    {"a/+/#", "a", false},
    {"a/+/#", "a/b", true},
    {"caf\u00e9/+", "caf\u00e9/\u00e7", true},
    {"#", "boato/peers", false},
    {"+/peers", "boato/peers", false},
    {"boato/#", "boato/peers", true},
    {"boato/+", "boato/peers", true},
    {"boato/#", "boat", false},
    {"#", "boatos/peers", true},
};

TEST(TopicPattern, TakesTheTopicsOfTheTable) {
  for (const Pair& pair : pairs) {
    ASSERT_TRUE(is_topic_pattern(pair.pattern)) << pair.pattern;
    ASSERT_TRUE(is_topic_name(pair.topic)) << pair.topic;
    EXPECT_EQ(pattern_takes(pair.pattern, pair.topic), pair.takes) << pair.pattern << " on " << pair.topic;
  }
}

TEST(TopicPattern, IsRefusedUnlessAWildcardIsAWholeLevel) {
  for (std::string_view bad : {"a+", "+a", "a/b+/c", "a#", "#a", "a/b#", "++", "+#", "##"})
    EXPECT_FALSE(is_topic_pattern(bad)) << bad;
}

TEST(TopicPattern, IsRefusedWhenTheRestIsNotLast) {
  for (std::string_view bad : {"#/a", "a/#/b", "#/#", "#/+"}) EXPECT_FALSE(is_topic_pattern(bad)) << bad;
}

TEST(TopicPattern, KnowsItsWildcards) {
  EXPECT_TRUE(has_wildcard("a/+/b"));
  EXPECT_TRUE(has_wildcard("a/#"));
  EXPECT_FALSE(has_wildcard("a/b"));
}

TEST(TopicName, IsNoPattern) {
  for (std::string_view bad : {"+", "#", "a/+", "a/#", "a+b"}) EXPECT_FALSE(is_topic_name(bad)) << bad;
}

TEST(TopicName, HasNoEmptyLevel) {
  for (std::string_view bad : {"", "/", "/a", "a/", "a//b"}) {
    EXPECT_FALSE(is_topic_name(bad)) << bad;
    EXPECT_FALSE(is_topic_pattern(bad)) << bad;
  }
}

TEST(TopicName, HasAtMost255Bytes) {
  EXPECT_TRUE(is_topic_name(std::string(255, 'a')));
  EXPECT_FALSE(is_topic_name(std::string(256, 'a')));
}

TEST(TopicName, HasAtMost16Levels) {
  EXPECT_TRUE(is_topic_name(repeat("a/", 15) + "a"));
  EXPECT_FALSE(is_topic_name(repeat("a/", 16) + "a"));
}

TEST(TopicName, HasNoControlCharacter) {
  for (char c : {'\0', '\x01', '\t', '\n', '\x1f', '\x7f'})
    EXPECT_FALSE(is_topic_name(std::string{"a"} + c)) << int{c};
  EXPECT_TRUE(is_topic_name("a b"));
}

TEST(TopicName, IsUtf8) {
  EXPECT_TRUE(is_topic_name("caf\u00e9/\u20ac/\U0001f60a"));
  EXPECT_FALSE(is_topic_name("caf\xe9"));
}

TEST(Utf8, TakesTheEdgesOfEachLength) {
  for (std::string_view good : {"", "\x7f", "\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf",
                                "\xee\x80\x80", "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"})
    EXPECT_TRUE(is_utf8(good)) << testing::PrintToString(good);
}

TEST(Utf8, RefusesLongFormsSurrogatesAndWhatIsCutOff) {
  for (std::string_view bad : {"\x80", "\xbf", "\xc0\x80", "\xc1\xbf", "\xc2", "\xc2 ", "\xe0\x80\x80",
                               "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
                               "\xf0\x9f\x98", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff", "a\xe2\x82"})
    EXPECT_FALSE(is_utf8(bad)) << testing::PrintToString(bad);
  EXPECT_FALSE(is_utf8(std::string_view{"a\0b", 3}));
  EXPECT_FALSE(is_utf8(std::string_view{"\u20ac"}.substr(0, 2)));  // the third byte is there, behind the end
}

PeerId any_id(Rng& rng) {
  PeerId id;
  for (auto& byte : id.raw) byte = static_cast<std::uint8_t>(rng.next());
  return id;
}

TEST(PeerIdText, ComesBackAsTheSameId) {
  Rng rng{1};
  for (int i = 0; i < 200; ++i) {
    const PeerId id = any_id(rng);
    PeerId back;

    ASSERT_TRUE(from_text(to_text(id), back));

    EXPECT_EQ(back, id);
  }
}

// RFC 4648 section 6, in lower case and without padding.
TEST(PeerIdText, IsBase32InLowerCase) {
  PeerId id;
  EXPECT_EQ(to_text(id), std::string(52, 'a'));
  id.raw.fill(0xff);
  EXPECT_EQ(to_text(id), std::string(51, '7') + "q");
  id.raw.fill(0);
  std::ranges::copy(std::string_view{"foobar"}, id.raw.begin());
  EXPECT_THAT(to_text(id), testing::StartsWith("mzxw6ytbo"));
}

TEST(PeerIdText, OfAnotherLengthOrAlphabetIsRefused) {
  PeerId id;
  id.raw.fill(7);
  const PeerId before = id;
  const std::string good = to_text(before);
  for (const std::string& bad :
       {std::string{}, good.substr(1), good + "a", std::string(52, 'A'), std::string(52, '1'),
        std::string(52, '8'), good.substr(0, 51) + "=", good.substr(0, 51) + " "})
    EXPECT_FALSE(from_text(bad, id)) << bad;
}

TEST(PeerIdText, IsTheOnlyTextOfItsId) {
  // The last letter carries one bit of the id: only 'a' and 'q' leave the four spare bits zero.
  const std::string most(51, 'a');
  PeerId id;
  int taken = 0;
  for (char last : std::string_view{"abcdefghijklmnopqrstuvwxyz234567"}) taken += from_text(most + last, id);
  EXPECT_EQ(taken, 2);
}

TEST(Partition, IsTheSameForEverEverywhere) {
  EXPECT_EQ(partition("orders", "customer-1", 8), "orders/4");
  EXPECT_EQ(partition("orders", "", 1000), "orders/945");
}

TEST(Partition, OfNoneOrOneIsTheFirst) {
  EXPECT_EQ(partition("orders", "k", 0), "orders/0");
  EXPECT_EQ(partition("orders", "k", 1), "orders/0");
}

TEST(Partition, SpreadsKeys) {
  std::array<int, 8> hits{};
  for (int i = 0; i < 8000; ++i)
    ++hits[static_cast<std::size_t>(partition("t", std::to_string(i), 8).back() - '0')];
  EXPECT_THAT(hits, testing::Each(testing::AllOf(testing::Gt(800), testing::Lt(1200))));
}

std::string address_round_trip(std::string_view text) {
  Address address;
  return from_text(text, address) ? to_text(address) : "refused";
}

TEST(AddressText, OfIpv4ComesBackAsItWas) {
  for (std::string_view text : {"0.0.0.0:0", "127.0.0.1:7470", "255.255.255.255:65535", "10.0.0.1:1"})
    EXPECT_EQ(address_round_trip(text), text);
}

TEST(AddressText, KeepsIpv4InItsMappedForm) {
  Address address;
  ASSERT_TRUE(from_text("1.2.3.4:5", address));
  EXPECT_THAT(address.ip, testing::ElementsAre(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 1, 2, 3, 4));
  EXPECT_EQ(address.port, 5);
  Address mapped;
  ASSERT_TRUE(from_text("[::ffff:102:304]:5", mapped));
  EXPECT_EQ(mapped, address);
}

TEST(AddressText, OfIpv6IsReadInFullAndShort) {
  EXPECT_EQ(address_round_trip("[::]:1"), "[0:0:0:0:0:0:0:0]:1");
  EXPECT_EQ(address_round_trip("[::1]:7470"), "[0:0:0:0:0:0:0:1]:7470");
  EXPECT_EQ(address_round_trip("[1::]:7470"), "[1:0:0:0:0:0:0:0]:7470");
  EXPECT_EQ(address_round_trip("[2001:db8::ff00:42:8329]:9"), "[2001:db8:0:0:0:ff00:42:8329]:9");
  EXPECT_EQ(address_round_trip("[1:2:3:4:5:6:7:8]:9"), "[1:2:3:4:5:6:7:8]:9");
  EXPECT_EQ(address_round_trip("[1:2:3:4:5:6:7::]:9"), "[1:2:3:4:5:6:7:0]:9");
  EXPECT_EQ(address_round_trip("[::2:3:4:5:6:7:8]:9"), "[0:2:3:4:5:6:7:8]:9");
  EXPECT_EQ(address_round_trip("[FE80::A]:9"), "[fe80:0:0:0:0:0:0:a]:9");
}

TEST(AddressText, ThatIsNoAddressIsRefused) {
  for (std::string_view bad : {"",
                               ":",
                               "7470",
                               "1.2.3.4",
                               "1.2.3.4:",
                               "1.2.3:1",
                               "1.2.3.4.5:1",
                               "256.0.0.1:1",
                               "1.2.3.4:65536",
                               "1.2.3.4:-1",
                               "1.2.3.4:1x",
                               "1..2.3:1",
                               "-1.2.3.4:1",
                               "0001.2.3.4:1",
                               "a.b.c.d:1",
                               "localhost:7470",
                               "::1:7470",
                               "[::1]",
                               "[::1]:",
                               "[]:1",
                               "[:]:1",
                               "[:::]:1",
                               "[1::2::3]:1",
                               "[1:2:3:4:5:6:7]:1",
                               "[1:2:3:4:5:6:7:8:9]:1",
                               "[1:2:3:4:5:6:7:8::]:1",
                               "[::1:2:3:4:5:6:7:8]:1",
                               "[12345::]:1",
                               "[1:]:1",
                               "[:1]:1",
                               "[::g]:1",
                               "[::1",
                               "::1]:1",
                               "[ ::1]:1",
                               "[::-1]:1"})
    EXPECT_EQ(address_round_trip(bad), "refused") << bad;
}

TEST(AddressText, ThatIsRefusedLeavesTheAddressAlone) {
  Address address{.ip = {1}, .port = 9};
  const Address before = address;
  EXPECT_FALSE(from_text("1.2.3.400:1", address));
  EXPECT_EQ(address, before);
}

}  // namespace
}  // namespace boato
