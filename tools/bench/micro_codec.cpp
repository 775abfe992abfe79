// SPDX-License-Identifier: Apache-2.0
// What a frame's header, a batch and its attributes cost to write and to read.
#include "overlay/base/bytes.hpp"
#include "overlay/base/slab.hpp"
#include "overlay/link/sodium.hpp"
#include "overlay/link/toy_crypto.hpp"
#include "overlay/wire/attributes.hpp"
#include "overlay/wire/batch.hpp"
#include "overlay/wire/codec.hpp"
#include "overlay/wire/event_messages.hpp"

#include <benchmark/benchmark.h>

#include <array>
#include <string>
#include <vector>

namespace {

using namespace boato;
using namespace boato::wire;

Cast cast() {
  Cast m;
  m.topic = TopicTag{0x123456789abcdef0};
  m.lo = std::uint64_t{1} << 60;
  m.hi = std::uint64_t{3} << 60;
  m.hops = 3;
  return m;
}

void write_cast(benchmark::State& state) {
  std::array<std::byte, 512> room;
  const Cast m = cast();
  for (auto _ : state) benchmark::DoNotOptimize(encode(m, room));
}

void read_cast(benchmark::State& state) {
  std::array<std::byte, 512> room;
  const Bytes frame = Bytes{room}.first(*encode(cast(), room));
  Cast m;
  for (auto _ : state) benchmark::DoNotOptimize(decode(frame, m));
}

const std::array<Attribute, 4> attributes{Attribute{"building", std::string_view{"north"}},
                                          Attribute{"floor", std::int64_t{3}}, Attribute{"live", true},
                                          Attribute{"temperature", 21.5}};

void write_attributes(benchmark::State& state) {
  std::array<std::byte, attribute_bytes_max> room;
  for (auto _ : state) benchmark::DoNotOptimize(encode_attributes(attributes, room));
}

void read_attributes(benchmark::State& state) {
  std::array<std::byte, attribute_bytes_max> room;
  const Bytes packed = Bytes{room}.first(*encode_attributes(attributes, room));
  std::vector<Attribute> got;
  for (auto _ : state) benchmark::DoNotOptimize(decode_attributes(packed, got));
}

// One batch of so many events with payloads of 256 B.
struct Batches {
  Batches(const Crypto& table, std::size_t events) : crypto{&table}, count{events} {
    crypto->sign_keypair(Key32{1}, id, secret);
  }
  EventRef make() {
    BatchBuilder builder{pool.take(batch_header_bytes + count * (event_header_bytes + 256))};
    EventView event;
    event.payload = bytes(payload);
    for (std::size_t i = 0; i < count; ++i) BOATO_CHECK(builder.add(event));
    return builder.finish({crypto, &secret, &network, &topic, id, Incarnation{1}, Seq{1}});
  }
  const Crypto* crypto;
  std::size_t count;
  SlabPool pool{};
  PeerId id;
  SignSecret secret{};
  NetworkId network;
  TopicId topic;
  std::string payload = std::string(256, 'p');
};

void items(benchmark::State& state) { state.SetItemsProcessed(state.iterations() * state.range(0)); }

void build_and_sign(benchmark::State& state, const Crypto& crypto) {
  Batches batches{crypto, static_cast<std::size_t>(state.range(0))};
  for (auto _ : state) benchmark::DoNotOptimize(batches.make());
  items(state);
}

void parse(benchmark::State& state) {
  Batches batches{toy_crypto(), static_cast<std::size_t>(state.range(0))};
  const EventRef batch = batches.make();
  for (auto _ : state) benchmark::DoNotOptimize(parse_batch(batch.bytes()));
  items(state);
}

void verify(benchmark::State& state, const Crypto& crypto) {
  Batches batches{crypto, static_cast<std::size_t>(state.range(0))};
  const EventRef batch = batches.make();
  const BatchView view = *parse_batch(batch.bytes());
  for (auto _ : state)
    benchmark::DoNotOptimize(signature_holds(crypto, batches.network, batches.topic, view));
  items(state);
}

}  // namespace

BENCHMARK(write_cast);
BENCHMARK(read_cast);
BENCHMARK(write_attributes);
BENCHMARK(read_attributes);
BENCHMARK_CAPTURE(build_and_sign, sodium, boato::sodium_crypto())->Arg(1)->Arg(64)->Arg(256);
BENCHMARK(parse)->Arg(1)->Arg(64)->Arg(256);
BENCHMARK_CAPTURE(verify, sodium, boato::sodium_crypto())->Arg(1)->Arg(64)->Arg(256);
