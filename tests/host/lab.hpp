// SPDX-License-Identifier: Apache-2.0
// Peers of one process on the loopback, and what tests say about them. Everything waits on a condition, with
// a deadline that only a broken build or a stopped machine reaches.
#pragma once

#include <boato/peer.hpp>

#include "node/host/peer_impl.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <filesystem>
#include <future>
#include <map>
#include <mutex>
#include <string>
#include <vector>

namespace boato {

inline constexpr Duration patience = std::chrono::seconds{60};

inline Peer started(Options options = {}) {
  auto peer = Peer::start(std::move(options));
  if (!peer) {
    ADD_FAILURE() << peer.error().detail;
    std::abort();
  }
  return std::move(*peer);
}

// A peer that has joined the overlay of `seed`.
inline Peer joined(const Peer& seed, Options options = {}) {
  options.join = seed.addresses();
  Peer peer = started(std::move(options));
  const auto ready = peer.ready(patience);
  EXPECT_TRUE(ready.has_value()) << (ready ? "" : ready.error().detail);
  return peer;
}

inline Topic opened(Peer& peer, std::string_view name, std::optional<Contract> contract = {}) {
  auto topic = peer.topic(name, std::move(contract), patience);
  EXPECT_TRUE(topic.has_value()) << (topic ? "" : topic.error().detail);
  return topic ? std::move(*topic) : Topic{};
}

// A topic for which so many other members wait.
inline Topic heard_by(Peer& peer, std::string_view name, std::size_t members) {
  Topic topic = opened(peer, name);
  const auto there = topic.wait_members(members, patience);
  EXPECT_TRUE(there.has_value()) << (there ? "" : there.error().detail);
  return topic;
}

template <class T>
Errc code(const Result<T>& result) {
  return result ? Errc{} : result.error().code;
}

inline std::uint64_t missing(const std::vector<Gap>& gaps) {
  std::uint64_t sum = 0;
  for (const Gap& gap : gaps) sum += gap.last - gap.first + 1;
  return sum;
}

// What a subscription hands to its handler.
class Heard {
 public:
  std::function<void(const Item&)> handler() {
    return [this](const Item& item) { add(item); };
  }
  void add(const Item& item) {
    std::lock_guard lock{mutex_};
    if (const auto* event = std::get_if<Event>(&item)) {
      events_.push_back(*event);
    } else if (const auto* gap = std::get_if<Gap>(&item)) {
      gaps_.push_back(*gap);
    } else {
      statuses_.push_back(*std::get_if<Status>(&item));
    }
    changed_.notify_all();
  }
  // Waits for so many events; what has come by then.
  std::vector<Event> events(std::size_t count) {
    std::unique_lock lock{mutex_};
    EXPECT_TRUE(changed_.wait_for(lock, patience, [&] { return events_.size() >= count; }))
        << "got " << events_.size() << " of " << count;
    return events_;
  }
  // Waits until each of so many numbers has come, as an event or within a gap.
  bool accounts_for(std::size_t count) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, patience, [&] { return events_.size() + missing(gaps_) >= count; });
  }
  bool wait_status(Status::Kind kind) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, patience, [&] {
      return std::ranges::any_of(statuses_, [&](const Status& s) { return s.kind == kind; });
    });
  }
  bool wait_gap() {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, patience, [&] { return !gaps_.empty(); });
  }
  std::vector<Gap> gaps() {
    std::lock_guard lock{mutex_};
    return gaps_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Event> events_;
  std::vector<Gap> gaps_;
  std::vector<Status> statuses_;
};

inline std::vector<std::string> texts(const std::vector<Event>& events) {
  std::vector<std::string> out;
  for (const Event& event : events) out.emplace_back(event.text());
  return out;
}

// Waits until so many events have reached the peer, whatever its handlers do: a polled subscription needs no
// delivery thread.
inline void reached(Subscription& polled, std::size_t count) {
  for (std::size_t seen = 0; seen < count;) {
    const auto items = polled.poll(patience, count);
    ASSERT_TRUE(items.has_value() && !items->empty()) << "got " << seen << " of " << count;
    for (const Item& item : *items) seen += std::holds_alternative<Event>(item) ? 1 : 0;
  }
}

// Keeps a peer's loop thread from doing anything while it lives.
class HeldLoop {
 public:
  explicit HeldLoop(Peer& peer) {
    std::promise<void> entered;
    auto inside = entered.get_future();
    PeerAccess::impl(peer).common->inbox.post([&entered, go = std::shared_future<void>{go_.get_future()}] {
      entered.set_value();
      go.wait();
    });
    inside.wait();
  }
  ~HeldLoop() { release(); }
  void release() {
    if (std::exchange(held_, false)) go_.set_value();
  }

 private:
  std::promise<void> go_;
  bool held_ = true;
};

// A folder that is gone afterwards.
class TempFolder {
 public:
  TempFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "boato-test-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TempFolder() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;
  [[nodiscard]] std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace boato
