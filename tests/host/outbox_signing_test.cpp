// SPDX-License-Identifier: Apache-2.0
// Publishing threads that sign batches when the loop is behind.
#include "node/host/outbox.hpp"
#include "overlay/link/sodium.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace boato {
namespace {

// An outbox whose publishers sign, by a hash that stops until it is let go.
struct SigningLab {
  SigningLab() {
    entered = false;
    released = true;
    self.crypto = &crypto;
    self.secret = &secret;
    sodium_crypto().sign_keypair(Key32{}, self.id, secret);
    EXPECT_TRUE(hub->reserve(1000));  // much waits
  }
  ~SigningLab() {
    outbox->close();
    outbox->drop(slabs);
    hub->drop_spares();
  }
  void add_batches(std::size_t n) {
    for (std::size_t i = 0; i < n * wire::batch_events_max; ++i)
      if (!outbox->add({})) return;
  }
  bool marked() {
    std::vector<std::shared_ptr<Outbox>> marked;
    hub->take_marked(marked);
    return !marked.empty();
  }
  static void hash_each(const Personal& personal, std::span<const Bytes> messages, std::span<Digest> out) {
    entered = true;
    entered.notify_all();
    released.wait(false);
    sodium_crypto().hash_each(personal, messages, out);
  }
  static Crypto table() {
    Crypto crypto = sodium_crypto();
    crypto.hash_each = hash_each;
    return crypto;
  }
  static inline std::atomic<bool> entered, released;
  const Crypto crypto = table();
  SignSecret secret;
  Self self;
  const TopicId topic{};
  SlabPool slabs;
  Inbox inbox;
  std::shared_ptr<OutboxHub> hub = std::make_shared<OutboxHub>(inbox, 1000);
  std::shared_ptr<Outbox> outbox = std::make_shared<Outbox>(hub, TopicTag{1}, Outbox::Signer{&self, topic});
};

TEST(Outboxes, WhoPublishesSignsTheOldestBatchesWhenMuchWaits) {
  SigningLab lab;
  lab.add_batches(10);

  Outbox::Batch batch;
  for (std::uint64_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(lab.outbox->take(batch, lab.slabs));
    EXPECT_EQ(batch.first, Seq{1 + i * wire::batch_events_max});
    EXPECT_EQ(batch.builder.is_signed(), i < 8) << i;
    const EventRef bytes = batch.builder.finish({lab.self.crypto, &lab.secret, &lab.self.network, &lab.topic,
                                                 lab.self.id, lab.self.incarnation, batch.first});
    const auto view = wire::parse_batch(bytes.bytes());
    ASSERT_TRUE(view.has_value());
    EXPECT_TRUE(wire::signature_holds(sodium_crypto(), lab.self.network, lab.topic, *view)) << i;
  }
  EXPECT_FALSE(lab.outbox->take(batch, lab.slabs));
}

TEST(Outboxes, WhoPublishesLeavesSigningToTheLoopWhenLittleWaits) {
  SigningLab lab;
  lab.hub->release(900);
  lab.add_batches(10);

  Outbox::Batch batch;
  while (lab.outbox->take(batch, lab.slabs)) EXPECT_FALSE(batch.builder.is_signed());
}

TEST(Outboxes, WhoPublishesSeldomSignsWhileTheLoopWakesUp) {
  SigningLab lab;
  lab.hub->release(1000);
  Outbox::Batch batch;
  std::uint64_t ahead = 0, slabs = 0;
  const std::byte* last = nullptr;
  for (std::uint64_t i = 1; i <= 10; ++i) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds{100};
    while (std::chrono::steady_clock::now() < until) {
    }  // a publisher with other things to do
    ASSERT_TRUE(lab.outbox->add({}));
    EXPECT_TRUE(lab.marked());
    ASSERT_TRUE(lab.outbox->take(batch, lab.slabs));
    EXPECT_EQ(batch.first, Seq{i});
    ahead += batch.builder.is_signed();
    slabs += last != batch.builder.slab().data();
    last = batch.builder.slab().data();
    EXPECT_FALSE(lab.outbox->take(batch, lab.slabs));
  }
  EXPECT_GE(ahead, 7U);
  EXPECT_EQ(slabs, 1U) << "a batch begins where the last one ended";
}

TEST(Outboxes, NothingOvertakesBatchesThatAreBeingSigned) {
  SigningLab lab;
  lab.released = false;
  std::thread publisher{[&] { lab.add_batches(10); }};
  lab.entered.wait(false);
  EXPECT_TRUE(lab.marked());

  Outbox::Batch batch;
  EXPECT_FALSE(lab.outbox->take(batch, lab.slabs));
  EXPECT_FALSE(lab.marked());
  lab.released = true;
  lab.released.notify_all();
  publisher.join();

  EXPECT_TRUE(lab.marked());
  for (std::uint64_t i = 0; i < 10; ++i) {
    ASSERT_TRUE(lab.outbox->take(batch, lab.slabs));
    EXPECT_EQ(batch.first, Seq{1 + i * wire::batch_events_max});
  }
}

TEST(Outboxes, DroppingTakesBatchesAlongThatAreBeingSigned) {
  SigningLab lab;
  lab.released = false;
  std::thread publisher{[&] { lab.add_batches(9); }};
  lab.entered.wait(false);
  lab.outbox->close();
  std::thread release{[&] {
    lab.released = true;
    lab.released.notify_all();
  }};

  EXPECT_EQ(lab.outbox->drop(lab.slabs), 8U * wire::batch_events_max + 1);
  release.join();
  publisher.join();
}

}  // namespace
}  // namespace boato
