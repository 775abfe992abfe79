// SPDX-License-Identifier: Apache-2.0
// The loop thread's side of one subscription. While its queue has room, what the core delivers goes straight
// in; when it is full, the numbers are kept instead of the events, and the feed catches up from the core's
// event cache when the queue has drained. What has left the cache by then becomes a stated gap. What the
// subscription's predicate does not take is counted and let go before it takes room; while the feed lags this
// is found out when it catches up, so a gap `overflow` may have numbers that were not for the subscription.
#pragma once

#include "node/host/drop_table.hpp"
#include "node/host/event_filter.hpp"
#include "node/host/shared_batch.hpp"
#include "node/host/subscription_state.hpp"
#include "overlay/effects/effects.hpp"
#include "overlay/stream/range_set.hpp"
#include "overlay/stream/stream_key.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace boato {

class Feed {
 public:
  Feed(std::shared_ptr<SubscriptionState> subscription, bool wildcard, DropTable& drops,
       std::optional<EventFilter> filter = {})
      : subscription_{std::move(subscription)},
        wildcard_{wildcard},
        drops_{drops},
        filter_{std::move(filter)} {}

  [[nodiscard]] SubscriptionState& subscription() const { return *subscription_; }
  [[nodiscard]] const std::shared_ptr<SubscriptionState>& shared() const { return subscription_; }
  [[nodiscard]] bool wildcard() const { return wildcard_; }
  [[nodiscard]] const Predicate* predicate() const {  // null: everything
    return filter_ ? &filter_->predicate() : nullptr;
  }

  void deliver(TopicTag topic, SharedBatch* batch, std::uint32_t index, std::uint32_t count);
  void tell(Item item) { subscription_->tell(std::move(item)); }
  // These were not sent here at all, as nobody here wants them. True: the subscription shows that.
  bool tell_filtered(const Gap& gap) { return filter_ && subscription_->tell_filtered(gap); }

  [[nodiscard]] bool lags() const { return !streams_.empty(); }
  // The first batch with numbers of the range, lent with one reference; null if none is held any more.
  using Find = std::function<SharedBatch*(TopicTag topic, const StreamKey& stream, SeqRange range)>;
  using NameOf = std::function<const std::string*(TopicTag topic)>;
  // Catches up as far as the queue takes it. True if anything was put in.
  bool refill(const Find& find, const NameOf& name_of);

  bool touched = false;  // something was put in this turn: wake it
  bool opened = false;   // an exact name: the core has it open
  TopicTag topic{};      // then

 private:
  struct Stream {
    TopicTag topic;
    StreamKey key;
    RangeSet missed;
    std::string name;
  };
  // Hands over what the predicate takes; how many events it has dealt with before the queue was full.
  std::uint32_t offer(SharedBatch* batch, std::uint32_t index, std::uint32_t count);
  bool skip(SharedBatch& batch, std::uint32_t index, std::uint32_t count);
  void miss(TopicTag topic, const SharedBatch& batch, SeqRange range);
  void lose(const Stream& stream, SeqRange range);
  bool refill(Stream& stream, const Find& find);

  std::shared_ptr<SubscriptionState> subscription_;
  const bool wildcard_;
  DropTable& drops_;
  std::optional<EventFilter> filter_;  // none: everything
  std::vector<Stream> streams_;        // that have missed events, in the order in which they fell behind
};

}  // namespace boato
