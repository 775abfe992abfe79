// SPDX-License-Identifier: Apache-2.0
// The thread on which user code runs: handlers of subscriptions, callbacks of receipts, log lines. With an
// executor (Options::deliver_on) handlers and callbacks go there instead and the thread only writes the log.
// It is woken once per turn of the loop, not per event. A handler that does not return holds up only this
// peer's subscriptions; at the end such a thread is left behind.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

namespace boato {

class SubscriptionState;

class DeliveryThread : public std::enable_shared_from_this<DeliveryThread> {
 public:
  using Task = std::function<void()>;
  using Executor = std::function<void(Task)>;

  explicit DeliveryThread(Executor executor) : executor_{std::move(executor)} {}
  void start();
  // Lets what is queued run until `deadline`, then ends. Waits for a handler that runs, but not beyond.
  void stop(std::chrono::steady_clock::time_point deadline);

  // Any thread. Callbacks and handlers keep their own order each.
  void post(Task callback);
  void post_log(Task line);
  void schedule(std::span<const std::shared_ptr<SubscriptionState>> subscriptions);

  // Whether the calling thread is in a handler or callback of this peer.
  [[nodiscard]] bool in_own_handler() const;

 private:
  static constexpr std::size_t log_lines_max = 4096;  // waiting; what comes on top is dropped
  void run();
  void call(const Task& task) const noexcept;
  [[nodiscard]] bool deliver(SubscriptionState& subscription) const noexcept;

  const Executor executor_;
  std::mutex mutex_;
  std::condition_variable work_, ended_;
  std::vector<Task> tasks_;  // guarded by mutex_, as all below
  std::vector<Task> log_;
  std::vector<std::shared_ptr<SubscriptionState>> ready_;
  bool started_ = false, stopping_ = false, has_ended_ = false;
  std::chrono::steady_clock::time_point give_up_{};
};

}  // namespace boato
