// SPDX-License-Identifier: Apache-2.0
// Makes batches for tests: of any publisher, signed with the crypto it is given.
#pragma once

#include "overlay/base/bytes.hpp"
#include "overlay/base/slab.hpp"
#include "overlay/link/toy_crypto.hpp"
#include "overlay/wire/batch.hpp"

#include <array>
#include <cstdint>
#include <string_view>

namespace boato {

struct TestPublisher {
  explicit TestPublisher(std::uint8_t number, const Crypto& table = toy_crypto()) : crypto{&table} {
    Key32 seed{};
    seed[0] = number;
    crypto->sign_keypair(seed, id, secret);
  }
  const Crypto* crypto;
  PeerId id;
  SignSecret secret{};
  Incarnation incarnation{1};
};

inline NetworkId test_network() { return NetworkId{{1, 2, 3}}; }
inline TopicId test_topic() { return TopicId{{7, 7, 7}}; }

// `count` events with numbers from `first`, each with the same payload.
inline EventRef make_batch(SlabPool& pool, const TestPublisher& who, std::uint64_t first, std::size_t count,
                           std::string_view payload = "payload") {
  const std::size_t each = wire::event_header_bytes + payload.size();
  wire::BatchBuilder builder{pool.take(wire::batch_header_bytes + count * each)};
  for (std::size_t i = 0; i < count; ++i) {
    wire::EventView event;
    event.time_us = first + i;
    event.payload = bytes(payload);
    BOATO_CHECK(builder.add(event));
  }
  const NetworkId network = test_network();
  const TopicId topic = test_topic();
  return builder.finish({who.crypto, &who.secret, &network, &topic, who.id, who.incarnation, Seq{first}});
}

inline wire::BatchView parse(const EventRef& batch) { return *wire::parse_batch(batch.bytes()); }

}  // namespace boato
