// SPDX-License-Identifier: Apache-2.0
// boato-bench-memory: what a peer holds, in bytes of the allocator, beside the design's figures. Counts what
// the heap really takes (malloc's block with its header), by operator new: everything in overlay/ comes from
// there.
#include "overlay/link/link.hpp"
#include "overlay/link/sodium.hpp"
#include "overlay/link/toy_crypto.hpp"
#include "overlay/membership/directory.hpp"
#include "overlay/peer_core.hpp"
#include "overlay/roster/roster.hpp"
#include "overlay/stream/stream_set.hpp"
#include "overlay/wire/records.hpp"

#include <malloc.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

namespace {

std::size_t live = 0;  // bytes of blocks that are in use

void* count(void* block) {
  if (block == nullptr) std::abort();
  live += malloc_usable_size(block) + sizeof(std::size_t);
  return block;
}
void uncount(void* block) {
  if (block == nullptr) return;
  live -= malloc_usable_size(block) + sizeof(std::size_t);
  std::free(block);
}

}  // namespace

void* operator new(std::size_t size) { return count(std::malloc(size)); }
void* operator new(std::size_t size, std::align_val_t at) {
  const auto alignment = static_cast<std::size_t>(at);
  return count(std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment));
}
void operator delete(void* block) noexcept { uncount(block); }
void operator delete(void* block, std::size_t) noexcept { uncount(block); }
void operator delete(void* block, std::align_val_t) noexcept { uncount(block); }
void operator delete(void* block, std::size_t, std::align_val_t) noexcept { uncount(block); }

namespace {

using namespace boato;

struct Row {
  const char* what;
  std::size_t count;   // of which so many were made
  std::size_t design;  // bytes each; 0: the design has no figure
  double measured;
};

struct Identities {
  PeerId id;
  SignSecret secret{};
  explicit Identities(std::uint64_t number) {
    Rng rng{number};
    Key32 seed{};
    for (auto& byte : seed) byte = static_cast<std::uint8_t>(rng.next());
    toy_crypto().sign_keypair(seed, id, secret);
  }
};

wire::AddressList one_address(std::uint16_t port) {
  Address address;
  address.ip[10] = address.ip[11] = 0xff;
  address.ip[12] = 127;
  address.port = port;
  wire::AddressList list;
  list.push_back(address);
  return list;
}

double per(std::size_t before, std::size_t count) {
  return static_cast<double>(live - before) / static_cast<double>(count);
}

// As members come: pages of some hundred entries, merged one after another.
Row roster_member(std::size_t count) {
  TopicId topic;
  topic.raw.fill(7);
  const RosterConfig config;
  const std::size_t before = live;
  double each = 0;
  {
    RecordPool pool{toy_crypto(), NetworkId{}};
    Roster roster{pool, config};
    std::vector<RecordRef> page;
    for (std::size_t i = 0; i < count; ++i) {
      const Identities who{i + 1};
      std::array<std::byte, 512> body;
      const auto size = wire::encode_record(
          wire::RosterEntry{topic, one_address(static_cast<std::uint16_t>(i)), 0, "true", {}}, body);
      std::array<std::byte, wire::statement_bytes_max> room;
      const Bytes statement = wire::sign_statement(
          toy_crypto(), NetworkId{}, who.id, who.secret,
          {wire::StatementType::roster_entry, Incarnation{1}, 1, Bytes{body}.first(*size)}, room);
      page.push_back(pool.take(Time{}, statement).record);
      if (page.size() < 256 && i + 1 < count) continue;
      roster.merge(Time{}, page, [](const MemberRecord&, Merge) {});
      page.clear();
    }
    page = {};
    each = per(before, count);
  }
  return {"roster member", count, 320, each};
}

Row stream(std::size_t count) {
  TopicId topic;
  topic.raw.fill(7);
  const std::size_t before = live;
  StreamSet streams{StreamSetConfig{}, topic, toy_crypto()};
  Fresh fresh;
  for (std::size_t i = 0; i < count; ++i) {
    PeerId publisher;
    Rng rng{i + 1};
    for (auto& byte : publisher.raw) byte = static_cast<std::uint8_t>(rng.next());
    const auto place = streams.find_or_add(Time{}, {publisher, Incarnation{1}});
    streams.account(Time{}, place.index, {Seq{1}, Seq{1000}}, fresh);
  }
  return {"stream at a member, no holes", count, 64, per(before, count)};
}

struct Sink {
  void on_up(const PeerHello&) {}
  void on_frame(Flow, Bytes, const EventRef&) {}
};

Row link(std::size_t count) {
  SlabPool slabs;
  const auto key = [](std::size_t n) {
    Key32 k{};
    std::memcpy(k.data(), &n, sizeof n);
    return k;
  };
  const Identity a = make_identity(fast_crypto(), key(1), key(2), Incarnation{1});
  const Identity b = make_identity(fast_crypto(), key(3), key(4), Incarnation{1});
  LinkSetup setup;
  setup.crypto = &fast_crypto();
  setup.slabs = &slabs;
  std::vector<std::byte> wire(65536);
  std::vector<std::unique_ptr<Link>> links;
  links.reserve(2 * count);
  const std::size_t before = live;
  for (std::size_t i = 0; i < count; ++i) {
    setup.identity = &a;
    auto from = std::make_unique<Link>(setup, Link::Role::initiator, key(5 + i), Time{}, std::nullopt);
    setup.identity = &b;
    auto to = std::make_unique<Link>(setup, Link::Role::responder, key(6 + i), Time{}, std::nullopt);
    Sink sink;
    const auto cross = [&](Link& sender, Link& receiver) {
      while (const std::size_t n = sender.fill(wire)) receiver.receive(Bytes{wire}.first(n), Time{}, sink);
    };
    while (!from->up() || !to->up()) cross(*from, *to), cross(*to, *from);
    from->trim();
    to->trim();
    links.push_back(std::move(from));
    links.push_back(std::move(to));
  }
  return {"link without queues", 2 * count, 4096, per(before, 2 * count)};
}

// A peer alone: directory records of others' topics, and topics of its own.
struct Alone {
  Identities who{1};
  Self self;
  SlabPool slabs;
  RecordPool records{toy_crypto(), NetworkId{}};
  std::unique_ptr<PeerCore> core;
  Alone() {
    self.id = who.id;
    self.incarnation = Incarnation{1};
    self.crypto = &toy_crypto();
    self.secret = &who.secret;
    self.addresses = one_address(1);
    core = std::make_unique<PeerCore>(CoreConfig{}, self, slabs, records, Rng{1});
    core->start(Time{}, {});
  }
  ~Alone() { core.reset(); }
};

std::string topic_name(std::size_t number) {
  std::string digits = std::to_string(number);
  return "orders/region-" + std::string(6 - digits.size(), '0') + digits;
}

Row directory_record(std::size_t count) {
  Alone peer;
  DirectoryConfig config;
  config.per_creator_max = count;
  Directory directory{config, peer.self, Rng{1}};
  Effects fx;
  const std::size_t before = live;
  for (std::size_t i = 0; i < count; ++i) {
    const auto made = directory.declare(Time{}, topic_name(i), std::nullopt, {}, {}, fx);
    if (!made) std::abort();
    std::array<std::byte, 512> body;
    const auto size =
        wire::encode_record(wire::RosterEntry{(*made)->id, peer.self.addresses, 0, "true", {}}, body);
    std::array<std::byte, wire::statement_bytes_max> room;
    const Bytes contact = wire::sign_statement(
        toy_crypto(), NetworkId{}, peer.who.id, peer.who.secret,
        {wire::StatementType::roster_entry, Incarnation{1}, 1, Bytes{body}.first(*size)}, room);
    directory.announce_contact(Time{}, (*made)->tag, contact, {}, fx);
    directory.clear_changes();
    fx.clear();
  }
  const double each = per(before, count);
  return {"directory record, one contact", count, 700, each};
}

Row topic(std::size_t count) {
  Alone peer;
  struct Nothing {
    void on_send(LinkId, Flow, Bytes, EventRef) {}
    void on_deliver(Delivery&&) {}
    void on_gap(const GapNotice&) {}
    void on_notice(TopicNotice&&) {}
    void on_taken(const TakenNotice&) {}
    void on_dial(const DialWish&) {}
    void on_close(LinkId, CloseReason) {}
    void on_note(const Note&) {}
    void on_drop(const Drop&) {}
  } nothing;
  const std::size_t before = live;
  for (std::size_t i = 0; i < count; ++i) {
    if (!peer.core->open_topic(Time{}, topic_name(i), std::nullopt, Use::subscribe)) std::abort();
    peer.core->drain(nothing);
  }
  return {"open topic with its record, alone", count, 0, per(before, count)};
}

}  // namespace

int main(int argc, char** argv) {
  const std::string word = argc > 1 ? argv[1] : "";
  if (argc > 1 && word != "--json") {
    std::fprintf(
        word == "--help" ? stdout : stderr,
        "boato-bench-memory: bytes of the heap per roster member, stream, link, record and topic, beside the "
        "design's figures\n\n  boato-bench-memory [--json]\n");
    return word == "--help" ? 0 : 2;
  }
  const std::array rows{roster_member(10'000), stream(10'000), link(128), directory_record(10'000),
                        topic(1'000)};
  if (word != "--json") std::printf("%-36s %8s %8s %9s\n", "BYTES EACH", "MADE", "DESIGN", "MEASURED");
  for (const Row& row : rows) {
    const std::string design = row.design > 0 ? std::to_string(row.design) : "-";
    if (word == "--json")
      std::printf("{\"t\":\"memory\",\"what\":\"%s\",\"made\":%zu,\"design\":%zu,\"measured\":%.1f}\n",
                  row.what, row.count, row.design, row.measured);
    else
      std::printf("%-36s %8zu %8s %9.0f\n", row.what, row.count, design.c_str(), row.measured);
  }
  return 0;
}
