// SPDX-License-Identifier: Apache-2.0
// The library's log: JSON lines with fixed event names, handed to Options::log on the delivery thread. Lines
// about one link are at most ten per second, then a count; nothing that a peer sent is printed unescaped.
#pragma once

#include "node/host/delivery_thread.hpp"
#include "overlay/base/strong.hpp"

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace boato {

struct LogFields {
  std::string_view level = "info";
  const PeerId* peer = nullptr;
  std::string_view topic{};
  std::string_view address{};
  std::string_view reason{};
  std::optional<std::uint64_t> n{};
};

class HostLog {
 public:
  using Sink = std::function<void(std::string_view json_line)>;
  HostLog(Sink sink, std::shared_ptr<DeliveryThread> thread)
      : sink_{std::make_shared<const Sink>(std::move(sink))}, thread_{std::move(thread)} {}

  // `about`: the link a line is about, for folding; LinkId{} are all strangers together.
  void line(Time now, LinkId about, std::string_view event, const LogFields& fields = {});

 private:
  static constexpr unsigned lines_per_s_max = 10;
  struct Fold {
    Time second{};
    unsigned lines = 0;
    std::uint64_t left_out = 0;
  };
  void write(std::string_view event, const LogFields& fields);

  std::shared_ptr<const Sink> sink_;
  std::shared_ptr<DeliveryThread> thread_;
  std::map<LinkId, Fold> folds_;
};

// Text as the inside of a JSON string.
[[nodiscard]] std::string json_escape(std::string_view text);

}  // namespace boato
