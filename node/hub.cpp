// SPDX-License-Identifier: Apache-2.0
#include "node/hub.hpp"

#include "node/text.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>

namespace boato {

std::chrono::seconds Hub::uptime() const {
  return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::steady_clock::now() - started_);
}

Result<std::shared_ptr<Topic>> Hub::topic(std::string_view name, std::optional<Contract> contract) {
  if (!contract) {
    const std::lock_guard lock{mutex_};
    const auto found = topics_.find(name);
    if (found != topics_.end()) {
      found->second.used = ++uses_;
      return found->second.topic;
    }
  }
  // Without the lock: this may wait for others.
  auto opened = peer_.topic(name, contract);
  if (!opened) return opened.error();
  auto topic = std::make_shared<Topic>(std::move(*opened));
  std::shared_ptr<Topic> closed;  // closed after the lock is given back
  const std::lock_guard lock{mutex_};
  if (topics_.size() >= topics_max && topics_.find(name) == topics_.end()) {
    const auto oldest = std::min_element(topics_.begin(), topics_.end(), [](const auto& a, const auto& b) {
      return a.second.used < b.second.used;
    });
    closed = std::move(oldest->second.topic);
    topics_.erase(oldest);
  }
  topics_[std::string{name}] = Open{topic, ++uses_};
  return topic;
}

void Hub::forget(std::string_view name) {
  std::shared_ptr<Topic> closed;
  const std::lock_guard lock{mutex_};
  const auto found = topics_.find(name);
  if (found == topics_.end()) return;
  closed = std::move(found->second.topic);
  topics_.erase(found);
}

std::uint64_t Hub::add_subscription(std::string_view pattern) {
  const std::lock_guard lock{mutex_};
  patterns_.emplace(next_token_, pattern);
  return next_token_++;
}

void Hub::remove_subscription(std::uint64_t token) {
  const std::lock_guard lock{mutex_};
  patterns_.erase(token);
}

std::size_t Hub::subscriptions(std::string_view topic) const {
  const std::lock_guard lock{mutex_};
  return static_cast<std::size_t>(std::count_if(
      patterns_.begin(), patterns_.end(), [&](const auto& entry) { return takes(entry.second, topic); }));
}

std::size_t Hub::subscriptions() const {
  const std::lock_guard lock{mutex_};
  return patterns_.size();
}

void Hub::ask_to_end() { ::kill(::getpid(), SIGTERM); }

}  // namespace boato
