// SPDX-License-Identifier: Apache-2.0
#include "node/host/local_topics.hpp"

#include "overlay/base/text.hpp"
#include "overlay/interest/covers.hpp"

#include <algorithm>

namespace boato {
Error open_error(Errc code, const std::string& name) {
  switch (code) {
    case Errc::bad_name:
      return {code,
              "'" + name +
                  "' is not a topic name: 1 to 16 levels between '/', no '+', no '#', at most 255 bytes"};
    case Errc::conflict:
      return {code, name + " is declared with another contract: ask for it without one, or with the same"};
    case Errc::not_allowed:
      return {
          code,
          "the contract of " + name +
              " is not offered by this version: it keeps reliability unreliable or reliable, order none or "
              "fifo, durability memory, and no domain"};
    case Errc::too_large:
      return {code, name + " cannot be opened: this peer has as many topics as limits.topics_max allows"};
    default: return {code, name + " cannot be opened"};
  }
}

LocalTopics::Topic* LocalTopics::find(TopicTag tag) {
  if (last_ && last_->tag == tag) return last_;
  const auto at = std::ranges::lower_bound(topics_, tag, {}, [](const auto& t) { return t->tag; });
  if (at == topics_.end() || (*at)->tag != tag) return nullptr;
  return last_ = at->get();
}

LocalTopics::Topic& LocalTopics::ensure(TopicTag tag, const std::string& name) {
  if (Topic* known = find(tag)) return *known;
  auto topic = std::make_unique<Topic>();
  topic->tag = tag;
  topic->name = common_.home->intern(name);
  const auto at = std::ranges::lower_bound(topics_, tag, {}, [](const auto& t) { return t->tag; });
  Topic& made = **topics_.insert(at, std::move(topic));
  for (const auto& feed : feeds_)
    if (feed->wildcard() && pattern_takes(feed->subscription().pattern(), name)) attach(made, *feed);
  return made;
}

void LocalTopics::attach(Topic& topic, Feed& feed) {
  if (std::ranges::find(topic.feeds, &feed) != topic.feeds.end()) return;
  topic.feeds.push_back(&feed);
  want_anew(topic);
  awaited_.push_back({&feed, topic.tag});
}

void LocalTopics::want_anew(Topic& topic) { topic.retell = retell_ = true; }

// Not while the core hands out effects: what it answers would be lost among them.
void LocalTopics::tell_interests(Time now) {
  if (!std::exchange(retell_, false)) return;
  std::vector<const Predicate*> wanted;
  for (const auto& topic : topics_) {
    if (!std::exchange(topic->retell, false) || topic->feeds.empty()) continue;
    wanted.clear();
    for (const Feed* feed : topic->feeds) wanted.push_back(feed->predicate());
    const bool all = std::ranges::find(wanted, nullptr) != wanted.end();
    static_cast<void>(core_.set_interest(now, topic->tag, all ? "TRUE" : merged(wanted)));
  }
}

std::vector<LocalInterest> LocalTopics::interests(TopicTag tag) const {
  std::vector<LocalInterest> out;
  const auto topic = std::ranges::find(topics_, tag, [](const auto& t) { return t->tag; });
  if (topic == topics_.end()) return out;
  const auto name = [](const Predicate* p) { return p ? p->text() : std::string{"TRUE"}; };
  for (const Feed* feed : (*topic)->feeds) {
    const Predicate* p = feed->predicate();
    const auto same = std::ranges::find(out, name(p), &LocalInterest::where);
    if (same != out.end()) {
      ++same->subscriptions;
      continue;
    }
    LocalInterest interest{name(p), 1, {}};
    for (const Feed* other : (*topic)->feeds) {
      const Predicate* wide = other->predicate();
      if (name(wide) == interest.where || (wide && (!p || !covers(*wide, *p)))) continue;
      interest.covered_by = name(wide);
      break;
    }
    out.push_back(std::move(interest));
  }
  return out;
}

void LocalTopics::forget_unused() {
  last_ = nullptr;
  std::erase_if(topics_, [](const auto& t) { return !t->handle && t->feeds.empty(); });
}

Feed* LocalTopics::feed_of(const SubscriptionState* subscription) {
  const auto at = std::ranges::find(feeds_, subscription, [](const auto& f) { return f->shared().get(); });
  return at == feeds_.end() ? nullptr : at->get();
}

// --- the application

void LocalTopics::open(Time now, std::shared_ptr<TopicRequest> request,
                       const std::shared_ptr<PeerCommon>& common) {
  Pending pending;
  pending.name = request->name;
  pending.until = now + request->within;
  pending.since = now;
  pending.settle_latest = now + request->within / 2;
  pending.request = std::move(request);
  pending.common = common;
  pending_.push_back(std::move(pending));
}

Result<void> LocalTopics::subscribe(Time now, const std::shared_ptr<SubscriptionState>& subscription,
                                    std::optional<EventFilter> filter) {
  const std::string& pattern = subscription->pattern();
  const bool wildcard = has_wildcard(pattern);
  if (wildcard)
    if (const auto taken = core_.subscribe_pattern(now, pattern); !taken)
      return open_error(taken.error(), pattern);
  feeds_.push_back(std::make_unique<Feed>(subscription, wildcard, drops_, std::move(filter)));
  Feed& feed = *feeds_.back();
  if (!wildcard) {
    Pending pending;
    pending.name = pattern;
    pending.feed = &feed;
    pending.until = never;
    pending.since = now;
    pending_.push_back(std::move(pending));
    return {};
  }
  for (const auto& topic : topics_)
    if (pattern_takes(pattern, *topic->name)) attach(*topic, feed);
  return {};
}

void LocalTopics::unsubscribe(Time now, const SubscriptionState* subscription) {
  const auto at = std::ranges::find(feeds_, subscription, [](const auto& f) { return f->shared().get(); });
  if (at == feeds_.end()) return;
  Feed* feed = at->get();
  for (const auto& topic : topics_)
    if (std::erase(topic->feeds, feed) > 0) want_anew(*topic);
  std::erase_if(pending_, [&](const Pending& p) { return p.feed == feed; });
  std::erase_if(awaited_, [&](const Awaited& a) { return a.feed == feed; });
  std::erase(touched_, feed);
  if (feed->wildcard())
    core_.unsubscribe_pattern(now, feed->subscription().pattern());
  else if (feed->opened)
    core_.close_topic(now, feed->topic, Use::subscribe);
  feeds_.erase(at);
  forget_unused();
}

void LocalTopics::wait_members(Time now, std::shared_ptr<MembersRequest> request) {
  const Time until = now + request->within;
  member_waits_.push_back({std::move(request), until});
}

void LocalTopics::schedule(const SubscriptionState* subscription) {
  if (Feed* feed = feed_of(subscription)) touch(*feed);
}

void LocalTopics::refill(const SubscriptionState* subscription) {
  if (Feed* feed = feed_of(subscription)) refill(*feed);
}

bool LocalTopics::refill(Feed& feed) {
  const bool any = feed.refill(
      [this](TopicTag tag, const StreamKey& stream, SeqRange range) -> SharedBatch* {
        const Topic* topic = find(tag);
        const EventRef held = topic ? core_.held(tag, stream, range) : EventRef{};
        return held ? common_.home->lend(held, topic->name, 0) : nullptr;
      },
      [this](TopicTag tag) { return find(tag) ? find(tag)->name : nullptr; });
  if (any) touch(feed);
  return any;
}

// --- what the core tells

void LocalTopics::touch(Feed& feed) {
  if (std::exchange(feed.touched, true)) return;
  touched_.push_back(&feed);
}

void LocalTopics::put(Feed& feed, Item item) {
  feed.tell(std::move(item));
  touch(feed);
}

void LocalTopics::on_delivery(Delivery&& delivery) {
  const Topic* topic = find(delivery.topic);
  if (!topic || topic->feeds.empty()) return;
  SharedBatch* batch = common_.home->lend(delivery.batch, topic->name, delivery.hops);
  for (Feed* feed : topic->feeds) {
    feed->deliver(topic->tag, batch, delivery.index, delivery.count);
    touch(*feed);
  }
  BatchHome::drop(batch);
}

void LocalTopics::on_gap(const GapNotice& notice) {
  const Topic* topic = find(notice.topic);
  if (!topic) return;
  Gap gap;
  gap.topic = *topic->name;
  gap.first = notice.first.raw();
  gap.last = notice.last.raw();
  gap.stream = EventId{notice.publisher, notice.incarnation.raw(), gap.first};
  gap.reason = static_cast<Gap::Reason>(notice.reason);
  if (notice.reason == GapReason::not_for_you) {
    for (Feed* feed : topic->feeds) {
      if (feed->predicate()) common_.home->count_filtered(gap.last - gap.first + 1);
      if (feed->tell_filtered(gap)) touch(*feed);
    }
    return;
  }
  for (Feed* feed : topic->feeds) put(*feed, gap);
}

void LocalTopics::on_notice(Time now, const TopicNotice& notice) {
  if (notice.kind == TopicNotice::Kind::opened) {
    ensure(notice.topic, notice.text);
    return;
  }
  Topic* topic = find(notice.topic);
  if (!topic) return;
  Status status;
  status.topic = *topic->name;
  switch (notice.kind) {
    case TopicNotice::Kind::opened:
    case TopicNotice::Kind::ready: return;  // see settle(): a late subscription has to be told as well
    case TopicNotice::Kind::lagging:
      status.kind = Status::Kind::lagging;
      status.behind = notice.number;
      break;
    case TopicNotice::Kind::member_joined: status.kind = Status::Kind::member_joined; break;
    case TopicNotice::Kind::member_left: status.kind = Status::Kind::member_left; break;
    case TopicNotice::Kind::refused: refuse(now, *topic, notice.text); return;
  }
  if (notice.kind != TopicNotice::Kind::lagging) status.peer = notice.peer;
  for (Feed* feed : topic->feeds) {
    const bool told_ready = std::ranges::none_of(
        awaited_, [&](const Awaited& a) { return a.feed == feed && a.tag == notice.topic; });
    if (told_ready) put(*feed, status);
  }
}

// The core has closed the topic: who publishes gets an error, who subscribed follows the founding that won.
void LocalTopics::refuse(Time now, Topic& topic, const std::string& why) {
  log_.line(now, LinkId{}, "topic.conflict", {.level = "warn", .topic = *topic.name, .reason = why});
  Status status;
  status.kind = Status::Kind::topic_refused;
  status.topic = *topic.name;
  status.detail = why;
  for (Feed* feed : topic.feeds) {
    put(*feed, status);
    std::erase_if(awaited_, [&](const Awaited& a) { return a.feed == feed && a.tag == topic.tag; });
    if (feed->wildcard() || !std::exchange(feed->opened, false)) continue;
    Pending pending;
    pending.name = *topic.name;
    pending.feed = feed;
    pending.until = never;
    pending.since = now;
    pending_.push_back(std::move(pending));
  }
  if (topic.handle) {
    topic.handle->outbox->close();
    topic.handle->outbox->drop(common_.home->slabs());
    topic.handle->receipts->close();
  }
  last_ = nullptr;
  std::erase_if(topics_, [&](const auto& t) { return t.get() == &topic; });
}

void LocalTopics::on_taken(const TakenNotice& taken) {
  if (const Topic* topic = find(taken.topic); topic && topic->handle)
    topic->handle->receipts->on_taken(taken);
}

}  // namespace boato
