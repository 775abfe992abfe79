// SPDX-License-Identifier: Apache-2.0
// One topic with replicas, its links, and batches to keep: for the machines of overlay/replica, one by one.
#pragma once

#include "overlay/link/toy_crypto.hpp"
#include "overlay/replica/holder.hpp"
#include "overlay/replica/settling.hpp"
#include "overlay/stream/have_codec.hpp"
#include "overlay/wire/replica_messages.hpp"

#include <gtest/gtest.h>

#include <string_view>
#include <vector>

namespace boato::lab {

inline PeerId peer(std::uint8_t n) {
  PeerId id;
  id.raw[0] = n;
  return id;
}

struct ReplicaLab {
  ReplicaLab() {
    self.id = peer(1);
    self.crypto = &toy_crypto();
    topic.raw[0] = 7;
  }
  void link(std::uint8_t n) {
    LinkUp up;
    up.link = LinkId{n};
    up.peer = peer(n);
    links.add(up, now);
  }
  // A batch of `count` events of peer `of`, unsigned: who signs is not these machines' business.
  struct Batch {
    EventRef bytes;
    wire::BatchView view;
  };
  Batch batch(std::uint8_t of, std::uint64_t first, std::uint16_t count = 1) {
    wire::BatchBuilder builder{slabs.take(4096)};
    for (std::uint16_t i = 0; i < count; ++i) {
      wire::EventView event;
      event.time_us = 1000 + first + i;
      event.payload = bytes("x");
      EXPECT_TRUE(builder.add(event));
    }
    const NetworkId network{};
    Batch made;
    made.bytes =
        builder.finish({self.crypto, &secret, &network, &topic, peer(of), Incarnation{1}, Seq{first}});
    made.view = *wire::parse_batch(made.bytes.bytes());
    return made;
  }
  StreamTag tag_of_stream(std::uint8_t of) {
    return wire::stream_tag(*self.crypto, topic, peer(of), Incarnation{1});
  }
  // Numbers up to which HELD was said over a link since the last call; 0: nothing was.
  std::uint64_t told(std::uint8_t to, std::uint8_t of) {
    std::uint64_t upto = 0;
    for (const Send& send : fx.sends()) {
      wire::Held held;
      if (send.link != LinkId{to} || !wire::decode(fx.envelope(send), held)) continue;
      HaveReader reader{held.streams};
      HaveEntry entry;
      while (reader.next(entry))
        if (entry.tag == tag_of_stream(of)) upto = entry.upto.raw();
    }
    return upto;
  }

  SlabPool slabs;
  Self self;
  SignSecret secret{};
  TopicId topic;
  LinkTable links;
  Effects fx;
  Time now{std::chrono::seconds{10}};
};

}  // namespace boato::lab
