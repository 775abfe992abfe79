// SPDX-License-Identifier: Apache-2.0
#include "tests/host/lab.hpp"

#include <poll.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <thread>

namespace boato {
namespace {

using testing::HasSubstr;

// The next items that are events.
std::vector<Event> polled(Subscription& sub, std::size_t count) {
  std::vector<Event> out;
  while (out.size() < count) {
    auto items = sub.poll(patience);
    if (!items || items->empty()) {
      ADD_FAILURE() << "no more items";
      break;
    }
    for (const Item& item : *items)
      if (const auto* event = std::get_if<Event>(&item)) out.push_back(*event);
  }
  return out;
}

bool wait_ready(Subscription& sub) {
  for (;;) {
    auto items = sub.poll(patience, 1);
    if (!items || items->empty()) return false;
    if (const auto* status = std::get_if<Status>(&items->front());
        status && status->kind == Status::Kind::ready)
      return true;
  }
}

TEST(Poll, TellsReadyFirst) {
  Peer a = started();
  auto sub = a.subscribe("news");
  ASSERT_TRUE(sub);

  EXPECT_TRUE(wait_ready(*sub));
}

TEST(Poll, TheDescriptorIsReadableWhileThereAreItems) {
  Peer a = started();
  auto sub = a.subscribe("news");
  ASSERT_TRUE(wait_ready(*sub));
  Topic topic = opened(a, "news");
  const int epoll = ::epoll_create1(EPOLL_CLOEXEC);
  epoll_event interest{};
  interest.events = EPOLLIN;
  ASSERT_EQ(::epoll_ctl(epoll, EPOLL_CTL_ADD, sub->poll_fd(), &interest), 0);
  epoll_event event{};
  const bool silent = ::epoll_wait(epoll, &event, 1, 0) == 0;

  ASSERT_TRUE(topic.publish(bytes("one")));
  ASSERT_TRUE(topic.publish(bytes("two")));
  const bool woken = ::epoll_wait(epoll, &event, 1, static_cast<int>(patience.count() / 1000)) == 1;
  const auto events = polled(*sub, 2);

  EXPECT_TRUE(silent);
  EXPECT_TRUE(woken);
  EXPECT_EQ(events.size(), 2U);
  EXPECT_EQ(::epoll_wait(epoll, &event, 1, 0), 0);
  ::close(epoll);
}

TEST(Poll, AnEmptyAnswerMeansThatTheTimeIsOver) {
  Peer a = started();
  auto sub = a.subscribe("news");
  ASSERT_TRUE(wait_ready(*sub));

  const auto items = sub->poll(std::chrono::milliseconds{1});

  ASSERT_TRUE(items);
  EXPECT_TRUE(items->empty());
}

TEST(Poll, IsNotForSubscriptionsWithAHandler) {
  Peer a = started();
  auto sub = a.subscribe("news", {}, [](const Item&) {});

  EXPECT_EQ(code(sub->poll(Duration{0})), Errc::not_allowed);
  EXPECT_EQ(sub->poll_fd(), -1);
}

TEST(Poll, HandsOutWhatIsLeftAfterThePeerIsClosed) {
  Peer a = started();
  auto sub = a.subscribe("news");
  ASSERT_TRUE(wait_ready(*sub));
  Topic topic = opened(a, "news");
  ASSERT_TRUE(topic.publish(bytes("last words"))->wait(patience));

  ASSERT_TRUE(a.close());

  EXPECT_EQ(polled(*sub, 1).front().text(), "last words");
  EXPECT_EQ(code(sub->poll(Duration{0})), Errc::closed);
}

TEST(Subscriptions, ACancelInTheOwnHandlerTakesEffectAfterIt) {
  Peer a = started();
  Subscription sub;
  std::atomic<int> calls{0};
  std::promise<void> cancelled;
  std::promise<void> may_begin;
  auto begin = may_begin.get_future().share();
  auto made = a.subscribe("news", {}, [&](const Item& item) {
    if (!std::holds_alternative<Event>(item)) return;
    begin.wait();
    if (++calls != 1) return;
    sub.cancel();
    cancelled.set_value();
  });
  ASSERT_TRUE(made);
  sub = std::move(*made);
  may_begin.set_value();
  Topic topic = opened(a, "news");

  for (int i = 0; i < 10; ++i) ASSERT_TRUE(topic.publish(bytes("x")));
  cancelled.get_future().wait();
  ASSERT_TRUE(a.close());

  EXPECT_EQ(calls, 1);
}

TEST(Subscriptions, AfterACancelFromOutsideNoHandlerRuns) {
  Peer a = started();
  std::atomic<bool> cancelled{false};
  std::atomic<int> late{0}, calls{0};
  std::promise<void> running;
  auto sub = a.subscribe("news", {}, [&](const Item& item) {
    if (!std::holds_alternative<Event>(item)) return;
    if (++calls == 1) running.set_value();
    if (cancelled) ++late;
  });
  Topic topic = opened(a, "news");
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(topic.publish(bytes("x")));
  running.get_future().wait();

  sub->cancel();
  cancelled = true;
  ASSERT_TRUE(topic.publish(bytes("x"))->wait(patience));
  ASSERT_TRUE(a.close());

  EXPECT_EQ(late, 0);
}

TEST(Subscriptions, APausedOneGoesOnWhereItStopped) {
  Peer a = started();
  Heard heard;
  auto sub = a.subscribe("news", {}, heard.handler());
  ASSERT_TRUE(heard.wait_status(Status::Kind::ready));
  Topic topic = opened(a, "news");

  sub->pause();
  for (int i = 0; i < 500; ++i) ASSERT_TRUE(topic.publish(bytes(std::to_string(i))));
  ASSERT_TRUE(topic.publish(bytes("500"))->wait(patience));
  sub->resume();

  const auto events = heard.events(501);
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].text(), std::to_string(i));
}

TEST(Subscriptions, ASlowOneLagsAndCatchesUp) {
  constexpr std::size_t count = 4000;
  Peer a = started();
  Peer b = joined(a);
  std::promise<void> go;
  auto gate = go.get_future().share();
  Heard heard;
  auto sub = b.subscribe("fast", {.queue_bytes_max = 64 << 10}, [&](const Item& item) {
    if (std::holds_alternative<Event>(item)) gate.wait();
    heard.add(item);
  });
  auto all = b.subscribe("fast", {});
  Topic topic = heard_by(a, "fast", 1);
  const std::string payload(200, 'x');

  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(topic.publish(bytes(payload)));
  reached(*all, count);
  go.set_value();

  const auto events = heard.events(count);
  for (std::size_t i = 0; i < events.size(); ++i) EXPECT_EQ(events[i].id().seq, i + 1);
  EXPECT_TRUE(heard.wait_status(Status::Kind::lagging));
  EXPECT_TRUE(heard.wait_status(Status::Kind::live));
  EXPECT_TRUE(heard.gaps().empty());
}

TEST(Subscriptions, WhatLeftTheCacheOfALaggingOneIsAGap) {
  constexpr std::size_t count = 4000;
  Peer a = started();
  Heard heard;
  std::promise<void> go;
  auto gate = go.get_future().share();
  Peer b = joined(a, {.set = {{"limits.cache_bytes_max", "256KiB"}}});
  auto sub = b.subscribe("fast", {.queue_bytes_max = 64 << 10}, [&](const Item& item) {
    if (std::holds_alternative<Event>(item)) gate.wait();
    heard.add(item);
  });
  auto all = b.subscribe("fast", {});
  Topic topic = heard_by(a, "fast", 1);
  const std::string payload(1000, 'x');

  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(topic.publish(bytes(payload)));
  reached(*all, count);
  go.set_value();

  ASSERT_TRUE(heard.accounts_for(count));
  ASSERT_TRUE(heard.wait_status(Status::Kind::live));
  const auto gaps = heard.gaps();
  EXPECT_THAT(gaps, testing::Each(testing::Field(&Gap::reason, Gap::Reason::overflow)));
  EXPECT_GT(missing(gaps), 0U);
  EXPECT_EQ(heard.events(0).size() + missing(gaps), count);  // each number once: an event, or in a gap
}

TEST(Subscriptions, DropOldestStatesWhatItDropped) {
  constexpr std::size_t count = 2000;
  Peer a = started();
  Heard heard;
  std::promise<void> go;
  auto gate = go.get_future().share();
  auto sub = a.subscribe("fast", {.when_full = WhenFull::drop_oldest, .queue_bytes_max = 64 << 10},
                         [&](const Item& item) {
                           if (std::holds_alternative<Event>(item)) gate.wait();
                           heard.add(item);
                         });
  ASSERT_TRUE(heard.wait_status(Status::Kind::ready));
  Topic topic = opened(a, "fast");
  const std::string payload(500, 'x');

  for (std::size_t i = 1; i < count; ++i) ASSERT_TRUE(topic.publish(bytes(payload)));
  ASSERT_TRUE(topic.publish(bytes("last"))->wait(patience));
  go.set_value();

  ASSERT_TRUE(heard.wait_gap());
  ASSERT_TRUE(a.close());
  const auto events = heard.events(1);
  EXPECT_EQ(events.back().text(), "last");
  EXPECT_EQ(events.size() + missing(heard.gaps()), count);
}

TEST(Subscriptions, HandlersRunWhereTheyAreToldTo) {
  std::mutex mutex;
  std::condition_variable came;
  std::vector<std::function<void()>> tasks;
  Options options;
  options.deliver_on = [&](std::function<void()> task) {
    std::lock_guard lock{mutex};
    tasks.push_back(std::move(task));
    came.notify_all();
  };
  Peer a = started(options);
  std::vector<std::string> heard;
  std::thread::id ran;
  auto sub = a.subscribe("here", {}, [&](const Item& item) {
    ran = std::this_thread::get_id();
    if (const auto* event = std::get_if<Event>(&item)) heard.emplace_back(event->text());
  });
  Topic topic = opened(a, "here");
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(topic.publish(bytes(std::to_string(i))));

  while (heard.size() < 3) {
    std::vector<std::function<void()>> due;
    {
      std::unique_lock lock{mutex};
      ASSERT_TRUE(came.wait_for(lock, patience, [&] { return !tasks.empty(); }));
      due.swap(tasks);
    }
    for (auto& task : due) task();
  }

  EXPECT_THAT(heard, testing::ElementsAre("0", "1", "2"));
  EXPECT_EQ(ran, std::this_thread::get_id());
}

TEST(Subscriptions, AnEventOutlivesItsPeer) {
  Heard heard;
  {
    Peer a = started();
    auto sub = a.subscribe("kept", {}, heard.handler());
    Topic topic = opened(a, "kept");
    PublishOptions options;
    options.attributes = {{"room", "lab"}};
    ASSERT_TRUE(topic.publish(bytes("still here"), options));
    heard.events(1);
  }

  const auto events = heard.events(1);

  EXPECT_EQ(events[0].text(), "still here");
  EXPECT_EQ(events[0].topic(), "kept");
  EXPECT_EQ(std::get<std::string_view>(*events[0].find("room")), "lab");
}

}  // namespace
}  // namespace boato
