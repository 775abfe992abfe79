// SPDX-License-Identifier: Apache-2.0
// What handles (Topic, Publication, Subscription) keep of their peer. It outlives the peer, and answers
// `closed` then.
#pragma once

#include <boato/subscription.hpp>
#include <boato/topic.hpp>

#include "node/host/delivery_thread.hpp"
#include "node/host/inbox.hpp"
#include "node/host/outbox.hpp"
#include "node/host/receipts.hpp"
#include "node/host/shared_batch.hpp"

#include <atomic>
#include <memory>
#include <string>
#include <vector>

namespace boato {

class Host;

struct PeerCommon {
  PeerId id;
  Incarnation incarnation;
  std::string name;
  std::vector<std::string> addresses;
  std::size_t payload_max = wire::payload_bytes_max;
  Inbox inbox;
  std::shared_ptr<OutboxHub> outboxes;
  std::shared_ptr<DeliveryThread> delivery;
  std::shared_ptr<BatchHome> home = std::make_shared<BatchHome>();
  std::atomic<std::uint64_t> refused_full{0};  // would_block answers
  Host* host = nullptr;                        // for tasks on the loop thread only
};

// One topic that is open for publishing; what Topic and Publication point to.
struct TopicHandle {
  std::shared_ptr<PeerCommon> peer;
  TopicTag tag;
  std::string name;
  Contract contract;
  std::uint32_t replicas = 0;  // that keep it; 0: nobody does
  std::shared_ptr<Outbox> outbox;
  std::shared_ptr<ReceiptBook> receipts;
};

struct TopicAccess {
  static Topic make(std::shared_ptr<TopicHandle> handle) {
    Topic topic;
    topic.handle_ = std::move(handle);
    return topic;
  }
  static Publication publication(const std::shared_ptr<TopicHandle>& handle, Seq seq, ReceiptLevel level,
                                 std::uint32_t copies) {
    Publication p;
    p.id_ = {handle->peer->id, handle->peer->incarnation.raw(), seq.raw()};
    p.level_ = level;
    p.copies_ = copies;
    p.topic_ = handle;
    return p;
  }
};

struct SubscriptionAccess {
  static Subscription make(std::shared_ptr<SubscriptionState> state);
};

}  // namespace boato
