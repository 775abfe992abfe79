// SPDX-License-Identifier: Apache-2.0
// The cost of a link without sockets: frames are queued on one link, sealed into a warm 64 KiB buffer, opened
// by the other link next to it. One thread does both ends, so a real peer sees about half of it. Argument:
// bytes of a frame.
#include "overlay/base/bytes.hpp"
#include "overlay/link/link.hpp"
#include "overlay/link/sodium.hpp"
#include "overlay/link/toy_crypto.hpp"

#include <benchmark/benchmark.h>

#include <vector>

namespace {

using namespace boato;

Key32 key(std::uint8_t n) {
  Key32 k{};
  k.fill(n);
  return k;
}

struct Count {
  void on_up(const PeerHello&) {}
  void on_frame(Flow, Bytes, const EventRef& ref) {
    ++frames;
    recent[frames % recent.size()] =
        ref;  // a short cache, so that slabs are written on while others are looked at
  }
  std::array<EventRef, 256> recent;
  std::uint64_t frames = 0;
};

struct Links {
  explicit Links(const Crypto& crypto)
      : a{make_identity(crypto, key(1), key(2), Incarnation{1})},
        b{make_identity(crypto, key(3), key(4), Incarnation{1})} {
    LinkSetup setup;
    setup.crypto = &crypto;
    setup.slabs = &slabs;
    setup.identity = &a;
    from = std::make_unique<Link>(setup, Link::Role::initiator, key(5), Time{}, std::nullopt);
    setup.identity = &b;
    to = std::make_unique<Link>(setup, Link::Role::responder, key(6), Time{}, std::nullopt);
    while (!from->up()) {
      cross(*from, *to);
      cross(*to, *from);
    }
  }
  void cross(Link& sender, Link& receiver) {
    while (const std::size_t n = sender.fill(out)) receiver.receive(Bytes{out}.first(n), Time{}, got);
  }

  SlabPool slabs;
  Identity a, b;
  Count got;
  std::vector<std::byte> out = std::vector<std::byte>(65536);
  std::unique_ptr<Link> from, to;
};

void frames(benchmark::State& state, const Crypto& crypto) {
  Links links{crypto};
  const auto size = static_cast<std::size_t>(state.range(0));
  const std::size_t envelope_bytes = std::min<std::size_t>(size, 40),
                    count = std::max<std::size_t>(1, 60000 / (size + 4));
  const std::vector<std::byte> envelope(envelope_bytes, std::byte{7}),
      body(size - envelope_bytes, std::byte{9});
  const EventRef event = body.empty() ? EventRef{} : links.slabs.copy(body);
  for (auto _ : state) {
    for (std::size_t i = 0; i < count; ++i) links.from->queue(Flow::reliable, envelope, event);
    links.cross(*links.from, *links.to);
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(links.got.frames));
  state.SetBytesProcessed(static_cast<std::int64_t>(links.got.frames * size));
}

// The cipher alone, on one record of that size.
void seal_and_open(benchmark::State& state, const Crypto& crypto) {
  const auto size = static_cast<std::size_t>(state.range(0));
  std::vector<std::byte> plain(size), sealed(size + seal_tag_bytes);
  std::uint64_t nonce = 0;
  for (auto _ : state) {
    crypto.seal(key(1), nonce, {}, plain, sealed.data());
    benchmark::DoNotOptimize(crypto.open(key(1), nonce++, {}, sealed, plain.data()));
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(nonce * size));
}

void handshake(benchmark::State& state, const Crypto& crypto) {
  for (auto _ : state) Links links{crypto};
  state.SetItemsProcessed(state.iterations());
}

}  // namespace

BENCHMARK_CAPTURE(frames, sodium, boato::sodium_crypto())->Arg(64)->Arg(1024)->Arg(16384)->Arg(65536);
BENCHMARK_CAPTURE(frames, fast, boato::fast_crypto())->Arg(64)->Arg(1024)->Arg(16384)->Arg(65536);
BENCHMARK_CAPTURE(frames, toy, boato::toy_crypto())->Arg(64)->Arg(1024)->Arg(16384)->Arg(65536);
BENCHMARK_CAPTURE(seal_and_open, sodium, boato::sodium_crypto())
    ->Arg(64)
    ->Arg(128)
    ->Arg(192)
    ->Arg(256)
    ->Arg(384)
    ->Arg(1024)
    ->Arg(16368);
BENCHMARK_CAPTURE(seal_and_open, fast, boato::fast_crypto())
    ->Arg(64)
    ->Arg(128)
    ->Arg(192)
    ->Arg(256)
    ->Arg(384)
    ->Arg(1024)
    ->Arg(16368);
BENCHMARK_CAPTURE(handshake, sodium, boato::sodium_crypto());
BENCHMARK_CAPTURE(handshake, toy, boato::toy_crypto());
