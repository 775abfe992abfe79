// SPDX-License-Identifier: Apache-2.0
// The way to the loop thread: tasks from any thread, and a wake-up that costs nothing while one is pending.
// Outlives the loop: handles keep it, and a task for a loop that has ended is refused.
#pragma once

#include <uv.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <type_traits>
#include <vector>

namespace boato {

class Inbox {
 public:
  using Task = std::function<void()>;

  // False: the loop has ended, the task is dropped. An accepted task runs in any case.
  bool post(Task task) {
    {
      std::lock_guard lock{mutex_};
      if (!async_) return false;
      tasks_.push_back(std::move(task));
    }
    wake();
    return true;
  }

  // Runs f on the loop thread and waits for its result; nothing if the loop has ended. Never from the loop
  // thread.
  template <class F>
  auto call(F&& f) -> std::optional<
      std::conditional_t<std::is_void_v<std::invoke_result_t<F>>, bool, std::invoke_result_t<F>>> {
    using Out = std::conditional_t<std::is_void_v<std::invoke_result_t<F>>, bool, std::invoke_result_t<F>>;
    std::mutex m;
    std::condition_variable ready;
    std::optional<Out> out;
    const bool posted = post([&] {
      std::optional<Out> result;
      if constexpr (std::is_void_v<std::invoke_result_t<F>>) {
        f();
        result = true;
      } else {
        result.emplace(f());
      }
      std::lock_guard lock{m};
      out = std::move(result);
      ready.notify_one();  // under the lock: the caller may not leave before we are through with it
    });
    if (!posted) return std::nullopt;
    std::unique_lock lock{m};
    ready.wait(lock, [&] { return out.has_value(); });
    return out;
  }

  void wake() {
    if (signalled_.exchange(true)) return;
    std::lock_guard lock{mutex_};
    if (async_) uv_async_send(async_);
  }

  // --- the loop thread's side
  void open(uv_async_t* async) {
    std::lock_guard lock{mutex_};
    async_ = async;
  }
  // Runs what waits. Wake-ups that come from here on lead to another round.
  void run() {
    signalled_.store(false);
    {
      std::lock_guard lock{mutex_};
      running_.swap(tasks_);
    }
    for (Task& task : running_) task();
    running_.clear();
  }
  // Nothing is accepted any more; what was accepted runs now.
  void close() {
    {
      std::lock_guard lock{mutex_};
      async_ = nullptr;
    }
    run();
  }

 private:
  std::mutex mutex_;
  std::vector<Task> tasks_;      // guarded by mutex_
  uv_async_t* async_ = nullptr;  // guarded by mutex_
  std::vector<Task> running_;    // loop thread
  std::atomic<bool> signalled_{false};
};

}  // namespace boato
