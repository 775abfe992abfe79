// SPDX-License-Identifier: Apache-2.0
// The node's log on stderr, as text or as JSON lines: ts level event peer topic id reason n. Event names are
// a promise. Repeats of one line are folded to one per 10 s with a count.
#pragma once

#include "node/json.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace spdlog {
class logger;
}

namespace boato {

// Any method from any thread.
class Log {
 public:
  Log(const std::string& level, const std::string& format);
  ~Log();

  void configure(const std::string& level, const std::string& format);
  void library_line(std::string_view json_line);  // as Options::log hands it over
  void line(std::string_view level, std::string_view event, const Json& fields = Json::object());
  void unfold();  // tells counts that are due; now and then

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr auto fold_for = std::chrono::seconds{10};
  static constexpr std::size_t folds_max = 1024;
  struct Fold {
    Clock::time_point since{};
    std::uint64_t repeats = 0;
    Json line{};
  };
  void take(Json line);  // mutex held, as for all below
  void write(const Json& line) const;
  void unfold_due(Clock::time_point now);

  std::mutex mutex_;
  std::shared_ptr<spdlog::logger> logger_;
  bool json_ = false;
  std::map<std::string, Fold> folds_;
};

}  // namespace boato
