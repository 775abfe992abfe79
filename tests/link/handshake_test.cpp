// SPDX-License-Identifier: Apache-2.0
#include "overlay/link/handshake.hpp"

#include "tests/link/lab.hpp"
#include "tests/vectors/link.hpp"

#include <gtest/gtest.h>

namespace boato {
namespace {

using lab::at;
using lab::Buffer;
using lab::drain;
using lab::key;
using lab::Pair;
using lab::Peer;
using lab::Rogue;
using lab::Sink;

struct Handshakes : testing::TestWithParam<bool> {  // whether the network is closed
  Handshakes() {
    if (GetParam()) a.network_key = b.network_key = key(40);
  }
  Peer a{1}, b{2};
};
INSTANTIATE_TEST_SUITE_P(OpenAndClosed, Handshakes, testing::Bool());

TEST_P(Handshakes, BothEndsLearnWhoIsThere) {
  Pair pair{a, b, b.identity.id};

  pair.pump();

  ASSERT_TRUE(pair.up());
  EXPECT_EQ(pair.dialler_got.ups, 1);
  EXPECT_EQ(pair.listener_got.ups, 1);
  EXPECT_EQ(pair.dialler_got.hello.id, b.identity.id);
  EXPECT_EQ(pair.listener_got.hello.id, a.identity.id);
  EXPECT_EQ(pair.dialler_got.hello.incarnation, Incarnation{2});
  EXPECT_EQ(pair.listener_got.hello.features, 3U);
  EXPECT_EQ(pair.dialler_got.record, b.record);
  EXPECT_EQ(pair.listener_got.record, a.record);
  EXPECT_EQ(pair.dialler_got.hello.link_tag, pair.listener_got.hello.link_tag);
  EXPECT_TRUE(pair.dialler_got.hello.we_dialed);
  EXPECT_FALSE(pair.listener_got.hello.we_dialed);
}

TEST_P(Handshakes, OneByteAtATimeIsTheSame) {
  Pair pair{a, b};
  while (!pair.up()) {
    const Buffer there = drain(pair.dialler, 64);
    for (std::byte byte : there)
      ASSERT_EQ(pair.listener.receive({&byte, 1}, at(1), pair.listener_got), CloseReason::none);
    const Buffer back = drain(pair.listener, 64);
    for (std::byte byte : back)
      ASSERT_EQ(pair.dialler.receive({&byte, 1}, at(1), pair.dialler_got), CloseReason::none);
    ASSERT_FALSE(there.empty() && back.empty());
  }
  EXPECT_EQ(pair.dialler_got.record, b.record);
}

TEST_P(Handshakes, MessagesHaveTheSizesOfTheDesign) {
  Pair pair{a, b};
  const std::size_t knock = GetParam() ? 48 : 32;

  const Buffer first = drain(pair.dialler);
  EXPECT_EQ(first.size(), 8 + 2 + knock);
  EXPECT_EQ(text(Bytes{first}.first(4)), "BOAT");
  EXPECT_EQ(static_cast<int>(first[6]), GetParam() ? 1 : 0);
  ASSERT_EQ(pair.listener.receive(first, at(0), pair.listener_got), CloseReason::none);
  EXPECT_EQ(drain(pair.listener).size(), 2 + 32 + 48 + 117 + a.record.size() + 16);
}

TEST_P(Handshakes, TheLargestPeerRecordFitsAndIsDelivered) {
  a.record = lab::pattern(peer_record_bytes_max, 8);
  b.record = lab::pattern(peer_record_bytes_max, 9);
  Pair pair{a, b};
  pair.pump();
  ASSERT_TRUE(pair.up());
  EXPECT_EQ(pair.listener_got.record, a.record);
  EXPECT_EQ(pair.dialler_got.record, b.record);
}

TEST_P(Handshakes, AnotherNetworkIsRefusedInSilence) {
  b.network.raw[0] ^= 1;
  Pair pair{a, b};
  pair.pump();
  EXPECT_FALSE(pair.dialler.up() || pair.listener.up());
  // A closed network's knock fails at once; an open one learns of it from message 2.
  EXPECT_EQ(GetParam() ? pair.listener_over : pair.dialler_over, CloseReason::handshake_failed);
  EXPECT_TRUE(drain(GetParam() ? pair.listener : pair.dialler).empty());
}

TEST_P(Handshakes, OpenAgainstClosedIsRefusedInSilence) {
  b.network_key = GetParam() ? std::nullopt : std::optional{key(40)};
  Pair pair{a, b};
  pair.pump();
  EXPECT_EQ(pair.listener_over, CloseReason::handshake_failed);
  EXPECT_TRUE(drain(pair.listener).empty());
}

TEST_P(Handshakes, AWrongPeerIsClosedByTheDialler) {
  Pair pair{a, b, Peer{3}.identity.id};
  pair.pump();
  EXPECT_EQ(pair.dialler_over, CloseReason::wrong_peer);
  EXPECT_FALSE(pair.listener.up());
  EXPECT_TRUE(drain(pair.dialler).empty());
}

TEST_P(Handshakes, AnIdWithoutItsKeyIsRefused) {
  // The right network, the right link key, and a signature by the wrong identity.
  for (Peer* liar : {&a, &b}) {
    const PeerId own = liar->identity.id;
    liar->identity.id = Peer{3}.identity.id;
    b.knocks = KnockFilter{*b.crypto, key(200)};
    Pair pair{a, b};
    pair.pump();
    EXPECT_EQ(liar == &a ? pair.listener_over : pair.dialler_over, CloseReason::handshake_failed);
    EXPECT_FALSE(pair.dialler.up() || pair.listener.up());
    liar->identity.id = own;
  }
}

TEST_P(Handshakes, OurOwnIdIsClosed) {
  Pair pair{a, a};
  pair.pump();
  EXPECT_EQ(pair.dialler_over, CloseReason::self);
}

TEST_P(Handshakes, AnAlteredPrefaceIsRefused) {
  for (std::size_t byte = 0; byte < preface_bytes; ++byte) {
    Pair pair{a, b};
    Buffer first = drain(pair.dialler);
    first[byte] ^= std::byte{1};
    EXPECT_EQ(pair.listener.receive(first, at(0), pair.listener_got), CloseReason::handshake_failed) << byte;
  }
}

TEST_P(Handshakes, OneFlippedBitNeverMakesAnUpLinkAtBothEnds) {
  // A run without faults tells how long each of the three flights and CONFIRM are.
  std::array<std::size_t, 4> flights{};
  for (std::size_t flipped_flight = 0, byte = 0; flipped_flight < flights.size();) {
    Pair pair{a, b};
    b.knocks = KnockFilter{*b.crypto, key(200)};
    for (std::size_t flight = 0; flight < 4; ++flight) {
      Link& from = flight % 2 == 0 ? pair.dialler : pair.listener;
      Link& to = flight % 2 == 0 ? pair.listener : pair.dialler;
      Buffer wire = drain(from);
      flights[flight] = std::max(flights[flight], wire.size());
      if (flight == flipped_flight && byte < wire.size()) wire[byte] ^= std::byte{0x10};
      to.receive(wire, at(0), flight % 2 == 0 ? pair.listener_got : pair.dialler_got);
    }
    ASSERT_FALSE(pair.dialler.up()) << "flight " << flipped_flight << " byte " << byte;
    // CONFIRM is sent by a listener that has seen all it needs.
    ASSERT_EQ(pair.listener.up(), flipped_flight == 3) << "flight " << flipped_flight << " byte " << byte;
    ASSERT_EQ(pair.dialler_got.ups, 0);
    if (++byte == flights[flipped_flight]) ++flipped_flight, byte = 0;
  }
}

TEST_P(Handshakes, NothingIsAcceptedBeforeConfirm) {
  Pair pair{a, b};
  pair.listener.receive(drain(pair.dialler), at(0), pair.listener_got);
  pair.dialler.receive(drain(pair.listener), at(0), pair.dialler_got);
  pair.listener.receive(drain(pair.dialler), at(0), pair.listener_got);
  ASSERT_TRUE(pair.listener.up());
  EXPECT_FALSE(pair.dialler.up());
  EXPECT_FALSE(pair.dialler.wants_to_send());
  lab::send(pair.listener, Flow::control, lab::pattern(20), b.slabs);
  const Buffer wire = drain(pair.listener);
  constexpr std::size_t confirm = 2 + 1 + 32 + 16;

  // CONFIRM is first; whatever follows is only looked at because it was there.
  EXPECT_EQ(pair.dialler.receive(Bytes{wire}.first(confirm - 1), at(0), pair.dialler_got), CloseReason::none);
  EXPECT_FALSE(pair.dialler.up());
  EXPECT_EQ(pair.dialler.receive(Bytes{wire}.subspan(confirm - 1), at(0), pair.dialler_got),
            CloseReason::none);
  EXPECT_TRUE(pair.dialler.up());
  EXPECT_EQ(pair.dialler_got.frames.size(), 1U);
}

TEST_P(Handshakes, ARecordThatIsNotConfirmEndsTheDiallersLink) {
  // A listener that sends a frame, or someone else's id, instead of CONFIRM.
  for (int attempt = 0; attempt < 2; ++attempt) {
    Handshake rogue{b.setup(), false, key(61), std::nullopt};
    b.knocks = KnockFilter{*b.crypto, key(200)};
    Link dialler{a.setup(), Link::Role::initiator, key(50), at(0), std::nullopt};
    Sink got;
    Buffer knock = drain(dialler);
    Bytes wire = knock;
    ASSERT_EQ(rogue.receive(wire, at(0)), CloseReason::none);
    ASSERT_EQ(dialler.receive(rogue.to_send(), at(0), got), CloseReason::none);
    rogue.sent(rogue.to_send().size());
    const Buffer third = drain(dialler);
    wire = third;
    ASSERT_EQ(rogue.receive(wire, at(0)), CloseReason::none);
    RecordCipher tx{*b.crypto, 65536}, rx{*b.crypto, 65536};
    rogue.split(rx.key(), tx.key());
    Buffer record(2 + 33 + 16);
    record[2] = attempt == 0 ? std::byte{1} : std::byte{5};
    tx.seal(record.data(), 33);

    EXPECT_EQ(dialler.receive(record, at(0), got), CloseReason::handshake_failed);
    EXPECT_FALSE(dialler.up());
    EXPECT_TRUE(got.frames.empty());
  }
}

TEST_P(Handshakes, BytesAheadOfTheirTurnAreRefused) {
  Pair pair{a, b};
  Buffer wire = drain(pair.dialler);
  wire.push_back(std::byte{0});
  EXPECT_EQ(pair.listener.receive(wire, at(0), pair.listener_got), CloseReason::handshake_failed);
  EXPECT_TRUE(drain(pair.listener).empty());
}

TEST_P(Handshakes, AMessageOfAForbiddenLengthIsRefusedBeforeItsBody) {
  for (const std::uint16_t length : std::to_array<std::uint16_t>({0, 31, 129, 1400, 65535})) {
    Pair pair{a, b};
    Buffer wire = drain(pair.dialler);
    wire.resize(10);
    put_be(wire.data() + 8, length);
    EXPECT_EQ(pair.listener.receive(wire, at(0), pair.listener_got), CloseReason::handshake_failed) << length;
  }
  for (const std::uint16_t length : std::to_array<std::uint16_t>({0, 31, 1401, 65535})) {
    Pair pair{a, b};
    drain(pair.dialler);
    Buffer wire(2);
    put_be(wire.data(), length);
    EXPECT_EQ(pair.dialler.receive(wire, at(0), pair.dialler_got), CloseReason::handshake_failed) << length;
  }
}

TEST_P(Handshakes, AKnockWithAPayloadIsAcceptedAndThePayloadIgnored) {
  // Message 1 of a later version: the same tokens, and 80 or 81 more bytes at most.
  for (const auto& [extra, taken] : {std::pair{128 - 48, true}, std::pair{129 - 48, false}}) {
    NoiseHandshake::Keys keys;
    keys.static_secret = a.identity.link_secret;
    keys.static_public = a.identity.link_public;
    keys.ephemeral_secret = key(static_cast<std::uint8_t>(extra));
    const auto psk = [&](std::string_view label) {
      Buffer m{reinterpret_cast<const std::byte*>(label.data()),
               reinterpret_cast<const std::byte*>(label.data() + label.size())};
      m.push_back(std::byte{1});
      return a.crypto->keyed_hash(key(40), m);
    };
    keys.psks = {psk("boato/1 psk0"), psk("boato/1 psk3")};
    const Buffer preface = lab::from_hex(GetParam() ? "424f415401010100" : "424f415401010000");
    Buffer prologue;
    for (char c : std::string_view{"boato-link-v1"}) prologue.push_back(static_cast<std::byte>(c));
    prologue.insert(prologue.end(), preface.begin(), preface.end());
    for (std::uint8_t byte : a.network.raw) prologue.push_back(static_cast<std::byte>(byte));
    NoiseHandshake noise{*a.crypto, GetParam() ? NoisePattern::xx_psk0_psk3 : NoisePattern::xx, true,
                         prologue, keys};
    const std::size_t payload = static_cast<std::size_t>(extra) + (GetParam() ? 0 : 16);
    Buffer wire = preface;
    wire.resize(preface.size() + 2 + 32 + payload + 16);
    const std::size_t tokens = *noise.write_tokens(wire.data() + 10);
    const std::size_t length = tokens + noise.write_payload(Buffer(payload), wire.data() + 10 + tokens);
    put_be(wire.data() + 8, static_cast<std::uint16_t>(length));
    wire.resize(10 + length);

    Link listener{b.setup(), Link::Role::responder, key(51), at(0), std::nullopt};
    Sink got;
    EXPECT_EQ(listener.receive(wire, at(0), got) == CloseReason::none, taken) << extra;
    EXPECT_EQ(listener.wants_to_send(), taken);
  }
}

TEST_P(Handshakes, TheSameEntropyGivesTheSameBytes) {
  Buffer first;
  for (int run = 0; run < 2; ++run) {
    b.knocks = KnockFilter{*b.crypto, key(200)};
    Pair pair{a, b};
    const Buffer knock = drain(pair.dialler);
    pair.listener.receive(knock, at(run), pair.listener_got);
    const Buffer reply = drain(pair.listener);
    if (run == 0) first = reply;
    EXPECT_EQ(reply, first);
  }
}

TEST_P(Handshakes, EveryByteIsAsASecondImplementationMakesIt) {
  const vectors::LinkVector& v = vectors::links[GetParam() ? 0 : 1];
  ASSERT_EQ(v.closed, GetParam());
  const auto record = [](std::string_view text) { return Buffer{bytes(text).begin(), bytes(text).end()}; };
  a.record = record("first");
  b.record = record("second record");
  Pair pair{a, b};

  const Buffer first = drain(pair.dialler);
  EXPECT_EQ(to_hex(first), v.preface_and_message_1);
  pair.listener.receive(first, at(0), pair.listener_got);
  const Buffer second = drain(pair.listener);
  EXPECT_EQ(to_hex(second), v.message_2);
  pair.dialler.receive(second, at(0), pair.dialler_got);
  const Buffer third = drain(pair.dialler);
  EXPECT_EQ(to_hex(third), v.message_3);
  pair.listener.receive(third, at(0), pair.listener_got);
  const Buffer confirm = drain(pair.listener);
  EXPECT_EQ(to_hex(confirm), v.confirm);
  pair.dialler.receive(confirm, at(0), pair.dialler_got);
  ASSERT_TRUE(pair.up());
  EXPECT_EQ(to_hex(view(pair.dialler_got.hello.link_tag)), v.link_tag);
  lab::send(pair.dialler, Flow::reliable, record("hello"), a.slabs);
  EXPECT_EQ(to_hex(drain(pair.dialler)), v.frame);
}

TEST_P(Handshakes, TimesAreLimited) {
  Pair pair{a, b};
  EXPECT_EQ(pair.listener.next_deadline(), at(3000));  // the first byte
  EXPECT_EQ(pair.dialler.next_deadline(), at(5000));
  EXPECT_EQ(pair.listener.on_deadline(at(2999)), CloseReason::none);
  const Buffer knock = drain(pair.dialler);
  pair.listener.receive(Bytes{knock}.first(1), at(2999), pair.listener_got);
  EXPECT_EQ(pair.listener.next_deadline(), at(5000));  // the whole handshake
  EXPECT_EQ(pair.listener.on_deadline(at(4999)), CloseReason::none);
  EXPECT_EQ(pair.listener.on_deadline(at(5000)), CloseReason::timeout);
  EXPECT_EQ(pair.dialler.on_deadline(at(5000)), CloseReason::timeout);
  EXPECT_EQ(pair.listener.receive(Bytes{knock}.subspan(1), at(5001), pair.listener_got),
            CloseReason::timeout);
  EXPECT_FALSE(pair.listener.wants_to_send());
}

TEST_P(Handshakes, ASilentListenerIsLeftAfterTheHandshakeTime) {
  Pair pair{a, b};
  pair.listener.receive(drain(pair.dialler), at(0), pair.listener_got);
  pair.dialler.receive(drain(pair.listener), at(0), pair.dialler_got);
  drain(pair.dialler);  // message 3 is lost, and with it CONFIRM
  EXPECT_EQ(pair.dialler.on_deadline(at(5000)), CloseReason::timeout);
  EXPECT_EQ(pair.listener.on_deadline(at(5000)), CloseReason::timeout);
}

TEST_P(Handshakes, ClosingBeforeUpTellsNothing) {
  Pair pair{a, b};
  pair.listener.receive(drain(pair.dialler), at(0), pair.listener_got);
  pair.listener.close(CloseReason::full);
  EXPECT_TRUE(drain(pair.listener).empty());
  EXPECT_EQ(pair.listener.over_reason(), CloseReason::full);
}

struct ClosedNetwork : testing::Test {
  ClosedNetwork() { a.network_key = b.network_key = key(40); }
  Peer a{1}, b{2};
};

TEST_F(ClosedNetwork, AWrongKeyIsRefusedInSilence) {
  a.network_key = key(41);
  Pair pair{a, b};
  pair.pump();
  EXPECT_EQ(pair.listener_over, CloseReason::handshake_failed);
  EXPECT_TRUE(drain(pair.listener).empty());
  EXPECT_EQ(b.slabs.allocations(), 0U);
}

TEST_F(ClosedNetwork, ThePreviousKeyIsStillAcceptedAndAnOlderOneIsNot) {
  b.network_key = key(42);
  b.previous_key = key(41);
  a.network_key = key(41);
  Pair previous{a, b};
  previous.pump();
  EXPECT_TRUE(previous.up());

  a.network_key = key(40);
  Pair older{a, b};
  older.pump();
  EXPECT_EQ(older.listener_over, CloseReason::handshake_failed);
}

TEST_F(ClosedNetwork, AReplayedKnockIsRefusedBeforeAnyDh) {
  Pair pair{a, b};
  const Buffer knock = drain(pair.dialler);
  pair.listener.receive(knock, at(0), pair.listener_got);
  EXPECT_TRUE(pair.listener.wants_to_send());

  Link again{b.setup(), Link::Role::responder, key(52), at(0), std::nullopt};
  Sink got;
  EXPECT_EQ(again.receive(knock, at(60000), got), CloseReason::handshake_failed);
  EXPECT_FALSE(again.wants_to_send());
  EXPECT_EQ(b.knocks.replays(), 1U);
}

TEST_F(ClosedNetwork, ForgedKnocksDoNotFillTheFilter) {
  for (int i = 0; i < 2; ++i) {
    Pair pair{a, b};
    Buffer knock = drain(pair.dialler);
    if (i == 0) knock.back() ^= std::byte{1};
    pair.listener.receive(knock, at(0), pair.listener_got);
    EXPECT_EQ(pair.listener.wants_to_send(), i == 1);
  }
  EXPECT_EQ(b.knocks.replays(), 0U);
}

TEST_F(ClosedNetwork, StrangersHoldLittle) {
  // What one connection holds before its knock is proven: the two objects and the bytes of a knock, and no
  // slab.
  EXPECT_LE(sizeof(Link) + sizeof(Handshake) + knock_bytes_max, 4096U);
  Link listener{b.setup(), Link::Role::responder, key(51), at(0), std::nullopt};
  Sink got;
  const Buffer garbage = lab::pattern(100000);
  EXPECT_EQ(listener.receive(garbage, at(0), got), CloseReason::handshake_failed);
  EXPECT_EQ(listener.partial_bytes(), 0U);
  EXPECT_EQ(b.slabs.allocations(), 0U);
}

TEST(Knocks, TwoGenerationsAreRemembered) {
  KnockFilter filter{toy_crypto(), key(1)};
  const auto ephemeral = [](std::uint32_t n) {
    Key32 k{};
    for (std::size_t i = 0; i < 4; ++i) k[i] = static_cast<std::uint8_t>(n >> (8 * i));
    return k;
  };
  EXPECT_FALSE(filter.seen(ephemeral(1), at(0)));
  EXPECT_TRUE(filter.seen(ephemeral(1), at(1)));
  // A turn after ten minutes, and one more: then it is forgotten.
  EXPECT_FALSE(filter.seen(ephemeral(2), at(600'000)));
  EXPECT_TRUE(filter.seen(ephemeral(1), at(600'001)));
  EXPECT_FALSE(filter.seen(ephemeral(3), at(1'200'001)));
  EXPECT_TRUE(filter.seen(ephemeral(2), at(1'200'002)));
  EXPECT_FALSE(filter.seen(ephemeral(1), at(1'200'003)));
}

TEST(Knocks, AFullGenerationTurnsAndNothingGrows) {
  KnockFilter filter{toy_crypto(), key(1)};
  const auto ephemeral = [](std::uint32_t n) {
    Key32 k{};
    for (std::size_t i = 0; i < 4; ++i) k[i] = static_cast<std::uint8_t>(n >> (8 * i));
    return k;
  };
  constexpr std::uint32_t many = 3 * KnockFilter::full_at;
  for (std::uint32_t n = 1; n <= many; ++n) EXPECT_FALSE(filter.seen(ephemeral(n), at(0)));
  EXPECT_TRUE(filter.seen(ephemeral(many), at(0)));
  EXPECT_TRUE(filter.seen(ephemeral(many - KnockFilter::full_at + 1), at(0)));
  EXPECT_FALSE(filter.seen(ephemeral(1), at(0)));
}

}  // namespace
}  // namespace boato
