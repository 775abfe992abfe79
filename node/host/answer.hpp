// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <optional>

namespace boato {

// One value from the loop thread to a thread that waits for it. Shared by both; the first value stays.
template <class T>
class Answer {
 public:
  void give(T value) {
    std::lock_guard lock{mutex_};
    if (!value_) value_.emplace(std::move(value));
    given_.notify_all();
  }
  // Waits until it is given.
  T take() {
    std::unique_lock lock{mutex_};
    given_.wait(lock, [this] { return value_.has_value(); });
    return *value_;
  }
  std::optional<T> take_until(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock{mutex_};
    given_.wait_until(lock, deadline, [this] { return value_.has_value(); });
    return value_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable given_;
  std::optional<T> value_;
};

}  // namespace boato
