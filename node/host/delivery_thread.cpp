// SPDX-License-Identifier: Apache-2.0
#include "node/host/delivery_thread.hpp"

#include "node/host/subscription_state.hpp"

#include <thread>

namespace boato {
namespace {

thread_local const DeliveryThread* handlers_of = nullptr;

// Nested when an executor runs handlers of two peers inside one another.
class InHandler {
 public:
  explicit InHandler(const DeliveryThread* now) : before_{std::exchange(handlers_of, now)} {}
  ~InHandler() { handlers_of = before_; }
  InHandler(const InHandler&) = delete;
  InHandler& operator=(const InHandler&) = delete;

 private:
  const DeliveryThread* before_;
};

}  // namespace

void DeliveryThread::start() {
  {
    std::lock_guard lock{mutex_};
    started_ = true;
  }
  std::thread{[self = shared_from_this()] { self->run(); }}.detach();
}

void DeliveryThread::stop(std::chrono::steady_clock::time_point deadline) {
  std::unique_lock lock{mutex_};
  if (!started_) return;
  stopping_ = true;
  give_up_ = deadline;
  work_.notify_all();
  if (in_own_handler()) return;
  ended_.wait_until(lock, deadline + std::chrono::milliseconds{100}, [this] { return has_ended_; });
}

bool DeliveryThread::in_own_handler() const { return handlers_of == this; }

void DeliveryThread::call(const Task& task) const noexcept {
  const InHandler scope{this};
  task();
}

bool DeliveryThread::deliver(SubscriptionState& subscription) const noexcept {
  const InHandler scope{this};
  return subscription.run();
}

void DeliveryThread::post(Task callback) {
  if (executor_) {
    executor_([self = shared_from_this(), task = std::move(callback)] { self->call(task); });
    return;
  }
  std::lock_guard lock{mutex_};
  if (has_ended_) return;
  tasks_.push_back(std::move(callback));
  work_.notify_one();
}

void DeliveryThread::post_log(Task line) {
  std::lock_guard lock{mutex_};
  if (has_ended_ || log_.size() >= log_lines_max) return;
  log_.push_back(std::move(line));
  work_.notify_one();
}

void DeliveryThread::schedule(std::span<const std::shared_ptr<SubscriptionState>> subscriptions) {
  if (subscriptions.empty()) return;
  if (executor_) {
    for (const auto& subscription : subscriptions) {
      executor_([self = shared_from_this(), subscription] {
        while (self->deliver(*subscription)) {
        }
      });
    }
    return;
  }
  std::lock_guard lock{mutex_};
  if (has_ended_) return;
  ready_.insert(ready_.end(), subscriptions.begin(), subscriptions.end());
  work_.notify_one();
}

void DeliveryThread::run() {
  std::vector<Task> tasks, log;
  std::vector<std::shared_ptr<SubscriptionState>> ready, again;
  std::unique_lock lock{mutex_};
  for (;;) {
    const auto has_work = [this] { return !tasks_.empty() || !log_.empty() || !ready_.empty(); };
    work_.wait(lock, [&] { return stopping_ || has_work(); });
    if (stopping_ && (!has_work() || std::chrono::steady_clock::now() >= give_up_)) break;
    tasks.swap(tasks_);
    log.swap(log_);
    ready.swap(ready_);
    lock.unlock();

    for (const Task& line : log) call(line);
    for (const Task& task : tasks) call(task);
    for (auto& subscription : ready)
      if (deliver(*subscription)) again.push_back(std::move(subscription));
    tasks.clear();
    log.clear();
    ready.clear();

    lock.lock();
    for (auto& subscription : again) ready_.push_back(std::move(subscription));
    again.clear();
  }
  has_ended_ = true;
  // What was not handed out goes while nobody holds the lock: destructors may be user code.
  tasks.swap(tasks_);
  ready.swap(ready_);
  ended_.notify_all();
  lock.unlock();
}

}  // namespace boato
