// SPDX-License-Identifier: Apache-2.0
// A relay whose queues are warm passes events on without the heap: one whole peer, from the frame to the
// frames it sends.
#include "tests/multicast/lab.hpp"

#include <atomic>
#include <cstdlib>
#include <new>

namespace {

std::atomic<std::uint64_t> allocations{0};

void* take(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc{};
}

}  // namespace

void* operator new(std::size_t size) { return take(size); }
void* operator new[](std::size_t size) { return take(size); }
void* operator new(std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void* operator new[](std::size_t size, const std::nothrow_t&) noexcept { return take(size); }
void operator delete(void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete[](void* memory, const std::nothrow_t&) noexcept { std::free(memory); }
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }

namespace boato::lab {
namespace {

struct NullHost {
  std::uint64_t casts = 0;
  std::vector<std::uint64_t> by_link;  // CASTs ever sent, by link
  std::vector<LinkId> touched;
  void on_send(LinkId link, Flow flow, Bytes, EventRef body) {
    if (flow != Flow::reliable || !body) return;
    ++casts;
    ++by_link[link.raw()];
    touched.push_back(link);
  }
  void on_deliver(Delivery&&) {}
  void on_gap(const GapNotice&) {}
  void on_notice(TopicNotice&&) {}
  void on_taken(const TakenNotice&) {}
  void on_dial(const DialWish&) {}
  void on_close(LinkId, CloseReason) {}
  void on_note(const Note&) {}
  void on_drop(const Drop&) {}
};

TEST(WarmRelay, PassesEventsOnWithoutTheHeap) {
  CoreConfig config;
  config.cache.bytes_max = 256 * 1024;  // so that the cache turns over while we look
  Lab lab{40, config};
  TopicTag tag{};
  for (std::size_t i = 0; i < lab.size(); ++i) tag = lab.open(i, Use::subscribe);
  lab.open(0, Use::publish);
  ASSERT_TRUE(lab.gather(tag));
  lab.pass(std::chrono::seconds{5});

  std::size_t relay = 0;
  std::vector<Lab::Packet> frames;
  lab.drop = [&](const Lab::Packet& packet, wire::Kind kind) {
    if (kind != wire::Kind::cast || packet.from != 0) return true;  // nothing else moves from here on
    if (relay == 0) relay = packet.to;
    if (packet.to == relay) frames.push_back(packet);
    return true;
  };
  constexpr std::size_t batches = 3000;
  for (std::size_t i = 0; i < batches; ++i) {
    lab.publish(0, tag, "the payload of an event that is passed on");
  }
  ASSERT_NE(relay, 0U);
  std::erase_if(frames, [&](const Lab::Packet& p) { return p.to != relay; });
  ASSERT_GT(frames.size(), batches / 20);  // the publisher spreads its work over the members of a slice

  NullHost host;
  PeerCore& core = *lab.at(relay).core;
  host.by_link.resize(4096);
  host.touched.reserve(64);
  for (const auto& [end, count] : lab.casts)
    if (end.first == relay) host.by_link.at(end.second.raw()) = count;
  std::vector<std::byte> room(64);
  const std::size_t warm = frames.size() / 2;
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < frames.size(); ++i) {
    if (i == warm) {
      before = allocations;
      host.casts = 0;
    }
    core.on_frame(lab.now(), frames[i].link, frames[i].flow,
                  Frame{frames[i].envelope, frames[i].body, false});
    core.drain(host);
    for (LinkId link : host.touched) {  // the children say TAKEN
      const auto size = wire::encode(wire::Taken{host.by_link[link.raw()]}, room);
      core.on_frame(lab.now(), link, Flow::control, Frame{Bytes{room}.first(*size), {}, false});
    }
    host.touched.clear();
    core.drain(host);
  }
  const std::uint64_t after = allocations;

  EXPECT_EQ(after - before, 0U);
  EXPECT_GE(host.casts, (frames.size() - warm) / 2);
}

}  // namespace
}  // namespace boato::lab
