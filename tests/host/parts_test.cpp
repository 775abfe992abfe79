// SPDX-License-Identifier: Apache-2.0
// The parts of a host that need no loop: admission, numbers of receipts, outboxes, keys on disk.
#include "node/host/addresses.hpp"
#include "node/host/admission.hpp"
#include "node/host/identity_file.hpp"
#include "node/host/outbox.hpp"
#include "node/host/receipts.hpp"
#include "node/host/settings.hpp"
#include "overlay/base/bytes.hpp"
#include "tests/host/lab.hpp"

#include <sys/stat.h>

#include <fstream>

namespace boato {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using testing::HasSubstr;

constexpr Time begin{std::chrono::hours{1}};

AdmissionGate::Ip v4(std::uint8_t c, std::uint8_t d) {
  AdmissionGate::Ip ip{};
  ip[10] = ip[11] = 0xff;
  ip[12] = 10;
  ip[14] = c;
  ip[15] = d;
  return ip;
}

AdmissionGate::Ip loopback() {
  AdmissionGate::Ip ip = v4(0, 1);
  ip[12] = 127;
  return ip;
}

TEST(Admission, EvictsTheOldestStrangerWhenThereAreTooMany) {
  AdmissionGate gate{{.strangers_max = 3}};
  const auto first = gate.enter(begin, loopback());
  gate.enter(begin, loopback());
  const auto third = gate.enter(begin, loopback());
  const auto fourth = gate.enter(begin, loopback());

  EXPECT_FALSE(third.evicted);
  ASSERT_TRUE(fourth.evicted);
  EXPECT_EQ(*fourth.evicted, first.ticket);
  EXPECT_EQ(gate.strangers(), 3U);
}

TEST(Admission, OneAddressHasAFewAtATime) {
  AdmissionGate gate{{.strangers_per_address_max = 2}};
  const auto first = gate.enter(begin, v4(0, 1));
  gate.enter(begin, v4(0, 1));

  EXPECT_EQ(gate.enter(begin, v4(0, 1)).why, AdmissionGate::Refusal::per_address);
  EXPECT_NE(gate.enter(begin, v4(0, 2)).ticket, 0U);
  gate.leave(begin, first.ticket, false);
  EXPECT_NE(gate.enter(begin, v4(0, 1)).ticket, 0U);
}

TEST(Admission, OneNetHasAFewAtATime) {
  AdmissionGate gate{{.strangers_per_net_max = 2}};
  gate.enter(begin, v4(0, 1));
  gate.enter(begin, v4(0, 2));

  EXPECT_EQ(gate.enter(begin, v4(0, 3)).why, AdmissionGate::Refusal::per_net);
  EXPECT_NE(gate.enter(begin, v4(1, 3)).ticket, 0U);
}

TEST(Admission, HandshakesPerAddressHaveARate) {
  AdmissionGate gate{{.address_handshakes_per_s = 5, .address_handshakes_burst = 2}};
  const auto knock = [&](Time now) {
    const auto entry = gate.enter(now, v4(0, 1));
    const bool begun = gate.begin(now, entry.ticket);
    gate.leave(now, entry.ticket, false);
    return begun;
  };

  EXPECT_TRUE(knock(begin));
  EXPECT_TRUE(knock(begin));
  EXPECT_FALSE(knock(begin));
  EXPECT_TRUE(knock(begin + std::chrono::milliseconds{200}));
}

TEST(Admission, WrongKnocksCloseTheDoorForLongerEachTime) {
  AdmissionGate gate{{.failed_per_minute_max = 3}};
  const auto fail = [&](Time now) {
    for (int i = 0; i < 3; ++i) gate.leave(now, gate.enter(now, v4(0, 1)).ticket, true);
  };

  fail(begin);
  EXPECT_EQ(gate.enter(begin + seconds{59}, v4(0, 1)).why, AdmissionGate::Refusal::blocked);
  EXPECT_NE(gate.enter(begin + seconds{59}, v4(0, 2)).ticket, 0U);
  fail(begin + seconds{61});
  EXPECT_EQ(gate.enter(begin + seconds{61} + seconds{119}, v4(0, 1)).why, AdmissionGate::Refusal::blocked);
  EXPECT_NE(gate.enter(begin + seconds{61} + seconds{121}, v4(0, 1)).ticket, 0U);
}

TEST(Admission, RemembersABoundedNumberOfAddresses) {
  AdmissionGate gate{{.strangers_max = 10000, .strangers_per_net_max = 1000, .addresses_max = 100}};
  for (int i = 0; i < 1000; ++i) {
    const auto entry =
        gate.enter(begin, v4(static_cast<std::uint8_t>(i / 250), static_cast<std::uint8_t>(i % 250)));
    gate.leave(begin, entry.ticket, true);
  }

  EXPECT_LE(gate.addresses(), 100U);
}

TEST(SeqSets, JoinWhatTouches) {
  SeqSet set;
  set.add(Seq{1}, Seq{4});
  set.add(Seq{9}, Seq{10});
  set.add(Seq{7}, Seq{7});
  EXPECT_TRUE(set.holds(Seq{4}));
  EXPECT_FALSE(set.holds(Seq{5}));
  EXPECT_TRUE(set.holds(Seq{9}));
  EXPECT_FALSE(set.holds(Seq{8}));
  EXPECT_EQ(set.runs(), 2U);

  set.add(Seq{8}, Seq{8});
  EXPECT_EQ(set.runs(), 1U);
  set.add(Seq{3}, Seq{6});
  EXPECT_EQ(set.runs(), 0U);
  EXPECT_TRUE(set.holds(Seq{10}));
  EXPECT_FALSE(set.holds(Seq{11}));
}

struct OutboxLab {
  SlabPool slabs;
  Inbox inbox;
  std::shared_ptr<OutboxHub> hub = std::make_shared<OutboxHub>(inbox, 1000);
  std::shared_ptr<Outbox> outbox = std::make_shared<Outbox>(hub, TopicTag{1});
  ~OutboxLab() {
    outbox->drop(slabs);
    hub->drop_spares();
  }
  Seq add(std::string_view payload) {
    wire::EventView event;
    event.payload = bytes(payload);
    return *outbox->add(event);
  }
};

TEST(Outboxes, BatchesGrowWhileNobodyTakesThem) {
  OutboxLab lab;
  EXPECT_EQ(lab.add("a"), Seq{1});
  EXPECT_EQ(lab.add("b"), Seq{2});

  Outbox::Batch batch;
  ASSERT_TRUE(lab.outbox->take(batch, lab.slabs));

  EXPECT_EQ(batch.first, Seq{1});
  EXPECT_EQ(batch.count, 2U);
  EXPECT_FALSE(lab.outbox->take(batch, lab.slabs));
  batch = {};
}

TEST(Outboxes, SmallBatchesShareOneSlab) {
  OutboxLab lab;
  Outbox::Batch first, second;
  lab.add("a");
  ASSERT_TRUE(lab.outbox->take(first, lab.slabs));
  lab.add("b");
  ASSERT_TRUE(lab.outbox->take(second, lab.slabs));

  EXPECT_EQ(first.builder.slab().data(), second.builder.slab().data());
  EXPECT_EQ(second.first, Seq{2});
  EXPECT_EQ(lab.slabs.live_bytes(), Outbox::small_slab_bytes);
  first = {};
  second = {};
}

TEST(Outboxes, ABatchHasAtMost256EventsAnd112KiB) {
  OutboxLab lab;
  for (int i = 0; i < 300; ++i) lab.add("x");
  const std::string large(40000, 'x');
  for (int i = 0; i < 4; ++i) lab.add(large);
  Outbox::Batch batch;
  std::vector<std::uint16_t> counts;
  while (lab.outbox->take(batch, lab.slabs)) counts.push_back(batch.count);
  batch = {};

  EXPECT_THAT(counts, testing::ElementsAre(256, 45, 2, 1));
}

TEST(Outboxes, OneLargeEventHasABatchOfItsOwn) {
  OutboxLab lab;
  const std::string large(200000, 'x');
  lab.add("a");
  lab.add(large);
  lab.add("b");
  Outbox::Batch batch;
  std::vector<std::uint64_t> firsts;
  while (lab.outbox->take(batch, lab.slabs)) firsts.push_back(batch.first.raw());
  batch = {};

  EXPECT_THAT(firsts, testing::ElementsAre(1, 2, 3));
}

TEST(Outboxes, TheBoundIsForAllOfThemTogether) {
  OutboxLab lab;
  EXPECT_TRUE(lab.hub->reserve(600));
  EXPECT_FALSE(lab.hub->reserve(600));
  lab.hub->release(600);
  EXPECT_TRUE(lab.hub->reserve(5000));  // alone, even one above the bound
  EXPECT_FALSE(lab.hub->reserve(1));
}

TEST(KeyFiles, AreRefusedWhenOthersCanReadThem) {
  const TempFolder folder;
  ASSERT_TRUE(write_key_file(folder / "key", Key32{7}));
  ::chmod((folder / "key").c_str(), 0644);

  const auto key = read_key_file(folder / "key", "the key file");

  EXPECT_EQ(code(key), Errc::bad_config);
  EXPECT_THAT(key.error().detail, HasSubstr("chmod 600"));
}

TEST(KeyFiles, HoldARawOrAHexadecimalKey) {
  const TempFolder folder;
  ASSERT_TRUE(write_key_file(folder / "hex", Key32{7}));
  std::ofstream{folder / "raw"} << std::string(32, 'k');
  std::ofstream{folder / "short"} << "abc";
  for (const char* name : {"raw", "short"}) ::chmod((folder / name).c_str(), 0600);

  EXPECT_EQ((*read_key_file(folder / "hex", "f"))[0], 7);
  EXPECT_EQ((*read_key_file(folder / "raw", "f"))[0], 'k');
  EXPECT_EQ(code(read_key_file(folder / "short", "f")), Errc::bad_config);
  EXPECT_EQ(code(read_key_file(folder / "absent", "f")), Errc::bad_config);
  EXPECT_EQ(code(write_key_file(folder / "raw", Key32{})), Errc::bad_config);  // never over another
}

TEST(KeyFiles, IncarnationsRiseEvenWhenTheClockIsSetBack) {
  const TempFolder folder;
  const auto data = DataFolder::open(folder / "data");
  ASSERT_TRUE(data);

  EXPECT_EQ(data->next_incarnation(1000)->raw(), 1000U);
  EXPECT_EQ(data->next_incarnation(10)->raw(), 1001U);
  EXPECT_EQ(data->next_incarnation(2000)->raw(), 2000U);
}

TEST(Endpoints, AreHostAndPortWithAnIdOrWithout) {
  PeerId id;
  id.raw[0] = 5;
  const auto plain = parse_endpoint("127.0.0.1:7470");
  const auto named = parse_endpoint(to_text(id) + "@[::1]:80");
  const auto dns = parse_endpoint("seed.example:7470");

  ASSERT_TRUE(plain && named && dns);
  EXPECT_EQ(plain->port, 7470);
  EXPECT_TRUE(plain->address);
  EXPECT_EQ(named->id, id);
  EXPECT_FALSE(dns->address);
  for (const char* bad : {"", "host", ":1", "h:99999", "h:x", "::1:80", "short@h:1"})
    EXPECT_EQ(code(parse_endpoint(bad)), Errc::bad_config) << bad;
}

TEST(SettingKeys, TakeUnits) {
  Options options;
  options.set = {{"limits.outbox_bytes_max", "1MiB"},
                 {"limits.connect_within", "500ms"},
                 {"limits.payload_max", "16MiB"}};
  const auto settings = read_settings(options);

  ASSERT_TRUE(settings) << settings.error().detail;
  EXPECT_EQ(settings->outbox_bytes_max, std::size_t{1} << 20);
  EXPECT_EQ(settings->connect_within, std::chrono::milliseconds{500});
  EXPECT_GT(settings->link.data_frame_bytes_max, std::size_t{16} << 20);
  for (const auto& [name, value] : std::vector<std::pair<std::string, std::string>>{
           {"limits.connect_within", "500"}, {"limits.links_max", "many"}, {"limits.payload_max", "17MiB"}}) {
    Options wrong;
    wrong.set = {{name, value}};
    EXPECT_EQ(code(read_settings(wrong)), Errc::bad_config) << name;
  }
}

}  // namespace
}  // namespace boato
