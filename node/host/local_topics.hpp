// SPDX-License-Identifier: Apache-2.0
// The topics this peer uses, between the core and the application's handles: which subscriptions take which
// topic, who waits for a topic to be ready or for members, and batches from outboxes into the core. A name is
// opened only when the peer knows what others know (or after a short while), so that a newcomer does not
// found again what there is. Loop thread only.
#pragma once

#include "node/host/answer.hpp"
#include "node/host/drop_table.hpp"
#include "node/host/feed.hpp"
#include "node/host/log.hpp"
#include "node/host/peer_common.hpp"
#include "overlay/peer_core.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boato {

struct TopicRequest {
  std::string name;
  std::optional<Contract> contract;
  Duration within{};
  Answer<Result<std::shared_ptr<TopicHandle>>> answer;
};

struct MembersRequest {
  TopicTag topic;
  std::size_t count = 0;
  Duration within{};
  Answer<Result<void>> answer;
};

class LocalTopics {
 public:
  LocalTopics(PeerCommon& common, PeerCore& core, HostLog& log, DropTable& drops)
      : common_{common}, core_{core}, log_{log}, drops_{drops} {}

  // --- the application
  void open(Time now, std::shared_ptr<TopicRequest> request, const std::shared_ptr<PeerCommon>& common);
  Result<void> subscribe(Time now, const std::shared_ptr<SubscriptionState>& subscription,
                         std::optional<EventFilter> filter);
  void unsubscribe(Time now, const SubscriptionState* subscription);
  void wait_members(Time now, std::shared_ptr<MembersRequest> request);
  void schedule(const SubscriptionState* subscription);  // it was resumed
  void refill(const SubscriptionState* subscription);    // it lags and has drained
  [[nodiscard]] std::size_t subscriptions() const { return feeds_.size(); }
  // What the subscriptions to a topic want, each distinct predicate once.
  [[nodiscard]] std::vector<LocalInterest> interests(TopicTag topic) const;

  // --- what the core tells
  void on_delivery(Delivery&& delivery);
  void on_gap(const GapNotice& gap);
  void on_notice(Time now, const TopicNotice& notice);
  void on_taken(const TakenNotice& taken);

  // --- turns
  // Gives the core some of what waits in outboxes. True: there is more, and room for it.
  bool publish(Time now);
  // Opens and answers what has become due. True if the core was called.
  bool settle(Time now);
  // Wakes the subscriptions that got something.
  void wake();

  // --- the end
  [[nodiscard]] std::uint64_t waiting() const;  // events in outboxes
  [[nodiscard]] std::uint64_t untaken() const;  // events that no other member has confirmed
  void close_outboxes();
  void close(SlabPool& slabs);

  [[nodiscard]] std::uint64_t lagging() const;  // subscriptions

 private:
  struct Topic {
    TopicTag tag;
    const std::string* name = nullptr;
    std::shared_ptr<TopicHandle> handle;  // if it is open for publishing
    std::vector<Feed*> feeds;
    bool retell = false;  // what they want together has changed
  };
  struct Pending {
    std::string name;
    std::shared_ptr<TopicRequest> request;  // or
    Feed* feed = nullptr;
    Time since{}, until{};
    Time settle_latest = never;  // founded then, whatever the peer still waits for
    bool opened = false;
    TopicTag tag{};
    std::shared_ptr<PeerCommon> common;
  };
  struct Awaited {
    Feed* feed;
    TopicTag tag;
  };
  struct MembersWait {
    std::shared_ptr<MembersRequest> request;
    Time until{};
  };
  Topic* find(TopicTag tag);
  Topic& ensure(TopicTag tag, const std::string& name);
  void attach(Topic& topic, Feed& feed);
  void forget_unused();
  void want_anew(Topic& topic);
  void tell_interests(Time now);
  void publish_taken(Time now, TopicTag topic);
  void put(Feed& feed, Item item);
  void touch(Feed& feed);
  bool step(Time now, Pending& pending);  // true: done
  bool open_now(Time now, Pending& pending);
  void refuse(Time now, Topic& topic, const std::string& why);
  Feed* feed_of(const SubscriptionState* subscription);
  bool refill(Feed& feed);

  PeerCommon& common_;
  PeerCore& core_;
  HostLog& log_;
  DropTable& drops_;
  std::vector<std::unique_ptr<Topic>> topics_;  // by tag
  std::vector<std::unique_ptr<Feed>> feeds_;
  std::vector<Pending> pending_;
  std::vector<Awaited> awaited_;  // subscriptions that are not told `ready` yet
  std::vector<MembersWait> member_waits_;
  std::vector<std::shared_ptr<Outbox>> busy_;  // have something, or had
  std::vector<Outbox::Batch> taken_;           // out of an outbox, within publish()
  std::vector<wire::BatchBuilder*> unhashed_;
  std::vector<Feed*> touched_;
  std::vector<std::shared_ptr<SubscriptionState>> scheduled_;
  Topic* last_ = nullptr;  // found last
  bool retell_ = false;    // some topic's
};

[[nodiscard]] Error open_error(Errc code, const std::string& name);

}  // namespace boato
