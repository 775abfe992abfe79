// SPDX-License-Identifier: Apache-2.0
// What LocalTopics does once per turn, and at the end.
#include "node/host/local_topics.hpp"

#include <algorithm>

namespace boato {
namespace {

// Of one outbox per turn: then sockets are looked at again. As many full batches as are hashed at once.
constexpr std::size_t publish_batches_max = 32;
constexpr std::size_t publish_bytes_max = std::size_t{768} << 10;

}  // namespace

bool LocalTopics::publish(Time now) {
  common_.outboxes->take_marked(busy_);
  if (busy_.empty()) return false;
  bool more = false;
  std::erase_if(busy_, [&](const std::shared_ptr<Outbox>& outbox) {
    if (!core_.has_room(outbox->topic()) && find(outbox->topic()))
      return false;  // asked again after the next flush
    bool empty = false;
    for (std::size_t bytes = 0; taken_.size() < publish_batches_max && bytes < publish_bytes_max && !empty;) {
      Outbox::Batch batch;
      empty = !outbox->take(batch, common_.home->slabs());
      bytes += batch.builder.size();
      if (!empty) taken_.push_back(std::move(batch));
    }
    publish_taken(now, outbox->topic());
    more = more || !empty;
    return empty;
  });
  common_.outboxes->refill(common_.home->slabs());
  return more;
}

void LocalTopics::publish_taken(Time now, TopicTag topic) {
  for (Outbox::Batch& batch : taken_)
    if (!batch.builder.is_signed()) unhashed_.push_back(&batch.builder);
  core_.hash(unhashed_);
  unhashed_.clear();
  for (Outbox::Batch& batch : taken_) {
    const std::uint16_t count = batch.count;
    const bool taken = core_.publish(now, topic, batch.builder, batch.first);
    common_.outboxes->release(batch.reserved);
    if (taken) continue;
    const Topic* refused = find(topic);
    drops_.add(DropReason::topic_closed, refused ? std::string_view{*refused->name} : std::string_view{},
               common_.id, count);
    log_.line(now, LinkId{}, "topic.conflict",
              {.level = "warn", .reason = "events of a closed topic were dropped", .n = count});
  }
  taken_.clear();
}

// Opens the topic in the core. False: not yet.
bool LocalTopics::open_now(Time now, Pending& pending) {
  const bool known = core_.directory().find(pending.name) != nullptr;
  if (!known && !core_.settled() &&
      now < std::min(pending.settle_latest, pending.since + core_.settle_within()))
    return false;
  const auto contract = pending.request ? pending.request->contract : std::nullopt;
  // One use for publishing per topic, whatever the number of handles: numbers go on until the peer ends.
  if (pending.request) {
    const auto same =
        std::ranges::find_if(topics_, [&](const auto& t) { return t->handle && *t->name == pending.name; });
    if (same != topics_.end() && (!contract || *contract == (*same)->handle->contract)) {
      pending.opened = true;
      pending.tag = (*same)->tag;
      return true;
    }
  }
  const auto tag = core_.open_topic(
      now, pending.name, contract, pending.request ? Use::publish : Use::subscribe,
      pending.feed && pending.feed->predicate() ? pending.feed->predicate()->text() : "TRUE");
  if (!tag) {
    const Error error = open_error(tag.error(), pending.name);
    if (pending.request) {
      pending.request->answer.give(error);
    } else {
      Status status;
      status.kind = Status::Kind::topic_refused;
      status.topic = pending.name;
      status.detail = error.detail;
      put(*pending.feed, std::move(status));
    }
    return true;
  }
  pending.opened = true;
  pending.tag = *tag;
  Topic& topic = ensure(*tag, pending.name);
  if (pending.feed) {
    pending.feed->opened = true;
    pending.feed->topic = *tag;
    attach(topic, *pending.feed);
  } else if (!topic.handle) {
    const auto view = core_.topic(*tag);
    topic.handle = std::make_shared<TopicHandle>();
    topic.handle->peer = pending.common;
    topic.handle->tag = *tag;
    topic.handle->name = pending.name;
    topic.handle->contract = view ? view->contract : Contract{};
    topic.handle->outbox = std::make_shared<Outbox>(
        common_.outboxes, *tag, view ? Outbox::Signer{&core_.self(), view->id} : Outbox::Signer{});
    topic.handle->receipts = std::make_shared<ReceiptBook>(
        common_.id, common_.incarnation,
        [delivery = common_.delivery](std::function<void()> task) { delivery->post(std::move(task)); });
  }
  return true;
}

bool LocalTopics::step(Time now, Pending& pending) {
  if (!pending.opened && !open_now(now, pending)) return false;
  if (!pending.opened || pending.feed) return true;
  Topic* topic = find(pending.tag);
  if (!topic || !topic->handle) {
    pending.request->answer.give(open_error(Errc::conflict, pending.name));
    return true;
  }
  if (core_.topic_ready(pending.tag)) {
    pending.request->answer.give(topic->handle);
    return true;
  }
  if (now < pending.until) return false;
  pending.request->answer.give(
      Error{Errc::timeout,
            pending.name + ": no member of the topic has answered in time; it stays open, ask again"});
  return true;
}

bool LocalTopics::settle(Time now) {
  bool called = retell_;
  if (!pending_.empty()) {
    std::vector<Pending> pending = std::exchange(pending_, {});
    std::erase_if(pending, [&](Pending& p) { return step(now, p); });
    for (Pending& p : pending) pending_.push_back(std::move(p));
    called = true;
  }
  tell_interests(now);
  std::erase_if(awaited_, [&](const Awaited& a) {
    if (!core_.topic_ready(a.tag)) return false;
    Status status;
    status.kind = Status::Kind::ready;
    status.topic = find(a.tag) ? *find(a.tag)->name : std::string{};
    put(*a.feed, std::move(status));
    return true;
  });
  std::erase_if(member_waits_, [&](const MembersWait& wait) {
    const auto view = core_.topic(wait.request->topic);
    if (!view) {
      wait.request->answer.give(Error{Errc::closed, "the topic is closed"});
    } else if (view->receivers >= wait.request->count + (view->subscribed ? 1 : 0)) {
      wait.request->answer.give({});
    } else if (now >= wait.until) {
      const std::size_t others = view->receivers - (view->subscribed && view->receivers > 0 ? 1 : 0);
      wait.request->answer.give(Error{Errc::timeout, view->name + " has " + std::to_string(others) +
                                                         " other members that want events, not " +
                                                         std::to_string(wait.request->count)});
    } else {
      return false;
    }
    return true;
  });
  return called;
}

void LocalTopics::wake() {
  if (touched_.empty()) return;
  // A full queue may have drained between the refusal and the note that it lags: then nobody else would look.
  for (std::size_t i = 0; i < touched_.size(); ++i)
    if (touched_[i]->lags()) refill(*touched_[i]);
  scheduled_.clear();
  for (Feed* feed : touched_) {
    feed->touched = false;
    if (feed->subscription().wake()) scheduled_.push_back(feed->shared());
  }
  touched_.clear();
  common_.delivery->schedule(scheduled_);
  scheduled_.clear();
}

// --- the end

std::uint64_t LocalTopics::waiting() const {
  std::uint64_t events = 0;
  for (const auto& topic : topics_)
    if (topic->handle) events += topic->handle->outbox->waiting();
  return events;
}

std::uint64_t LocalTopics::untaken() const {
  std::uint64_t events = 0;
  for (const auto& topic : topics_)
    if (topic->handle && topic->handle->contract.reliability != Reliability::unreliable)
      events += core_.untaken_events(topic->tag);
  return events;
}

std::uint64_t LocalTopics::lagging() const {
  return static_cast<std::uint64_t>(std::ranges::count_if(feeds_, [](const auto& f) { return f->lags(); }));
}

void LocalTopics::close_outboxes() {
  for (const auto& topic : topics_)
    if (topic->handle) topic->handle->outbox->close();
}

void LocalTopics::close(SlabPool& slabs) {
  const Error closed{Errc::closed, "the peer is closed"};
  for (const Pending& p : pending_)
    if (p.request) p.request->answer.give(closed);
  for (const MembersWait& wait : member_waits_) wait.request->answer.give(closed);
  for (const auto& topic : topics_) {
    if (!topic->handle) continue;
    topic->handle->outbox->close();
    topic->handle->outbox->drop(slabs);
    topic->handle->receipts->close();
  }
  for (const auto& feed : feeds_) {
    if (feed->subscription().polled()) continue;  // poll() answers `closed`
    Status status;
    status.kind = Status::Kind::closed;
    put(*feed, std::move(status));
  }
  wake();
  for (const auto& feed : feeds_) feed->subscription().close();
  busy_.clear();
  feeds_.clear();
  topics_.clear();
}

}  // namespace boato
