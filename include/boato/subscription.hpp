// SPDX-License-Identifier: Apache-2.0
// Subscribing. Handler style: the handler runs on the peer's delivery thread, one item at a time. Poll style:
// poll().
#pragma once

#include <boato/event.hpp>
#include <boato/result.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boato {

// Where a subscription begins.
class Start {
 public:
  static Start now() { return {}; }
  // With everything that the replicas of the topic keep: then what is published on. Needs a topic of
  // durability disk, by its exact name, that this peer does not take otherwise: no other subscription to it,
  // and no replica of it.
  static Start beginning() {
    Start start;
    start.beginning_ = true;
    return start;
  }
  [[nodiscard]] bool is_beginning() const { return beginning_; }

 private:
  bool beginning_ = false;
};

enum class WhenFull : std::uint8_t {
  lag,  // the subscription stops taking and catches up later from this peer's cache; what left the cache is a
        // Gap
  drop_oldest  // a Gap{overflow} instead of the oldest items
};

struct SubscribeOptions {
  // Predicate on attributes and on what boato knows of an event, such as "price > 100 AND sym LIKE 'AC%'"
  // (overlay/interest/README.md has the language); empty = everything. Evaluated by this peer, before an
  // event takes room in the queue. What it does not take is accounted for: it is no gap.
  std::string where{};
  Start from = Start::now();
  std::optional<Order>
      order{};  // unset = the contract's; a weaker one may be asked, a stronger one is refused
  WhenFull when_full = WhenFull::lag;
  std::size_t queue_bytes_max = std::size_t{8} << 20;
  bool show_filtered = false;  // hand out a Gap{not_for_you} for the events that `where` does not take
};

// A handle: destruction cancels. It may outlive its Peer.
class Subscription {
 public:
  Subscription() = default;
  Subscription(Subscription&&) noexcept;
  Subscription& operator=(Subscription&&) noexcept;
  ~Subscription();

  // Poll style only (else not_allowed). Waits for one item at most `within`; an empty answer means that the
  // time is over. Errors: closed, when the peer is closed and everything has been handed out.
  Result<std::vector<Item>> poll(Duration within, std::size_t items_max = 256);
  // Readable while poll() would not wait: for epoll, libuv, asyncio. -1 with a handler. Owned by the
  // subscription.
  [[nodiscard]] int poll_fd() const;

  // Stops handing out until resume(). Nothing is lost: the subscription lags.
  void pause();
  void resume();
  // Inside its own handler: takes effect after it returns. Elsewhere: no handler runs after this returns.
  void cancel();

 private:
  friend struct SubscriptionAccess;
  std::shared_ptr<struct SubscriptionState> state_;
};

}  // namespace boato
