// SPDX-License-Identifier: Apache-2.0
#include "node/host/log.hpp"

#include "node/host/clock.hpp"
#include "overlay/base/text.hpp"

#include <array>
#include <cstdio>
#include <ctime>
#include <utility>

namespace boato {
namespace {

std::string timestamp() {
  const std::uint64_t us = wall_now_us();
  const auto s = static_cast<std::time_t>(us / 1000000);
  std::tm utc{};
  ::gmtime_r(&s, &utc);
  std::array<char, 64> text{};
  const auto day = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &utc);
  std::snprintf(text.data() + day, text.size() - day, ".%06uZ", static_cast<unsigned>(us % 1000000));
  return text.data();
}

void add(std::string& out, std::string_view name, std::string_view value) {
  out += ",\"";
  out += name;
  out += "\":\"";
  out += json_escape(value);
  out += '"';
}

}  // namespace

std::string json_escape(std::string_view text) {
  std::string out;
  const bool utf8 = is_utf8(text);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20 || byte == 0x7f || (byte >= 0x80 && !utf8)) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", byte);
      out += escape.data();
    } else {
      out += c;
    }
  }
  return out;
}

void HostLog::line(Time now, LinkId about, std::string_view event, const LogFields& fields) {
  if (!*sink_) return;
  Fold& fold = folds_[about];
  if (now - fold.second >= std::chrono::seconds{1}) {
    const std::uint64_t left_out = std::exchange(fold.left_out, 0);
    fold.second = now;
    fold.lines = 0;
    if (left_out > 0)
      write("log.folded", {.reason = "more lines about one link than are shown", .n = left_out});
  }
  if (++fold.lines > lines_per_s_max) {
    ++fold.left_out;
    return;
  }
  if (folds_.size() > 1024)
    std::erase_if(folds_, [&](const auto& f) {
      return f.first != about && now - f.second.second > std::chrono::seconds{1};
    });
  write(event, fields);
}

void HostLog::write(std::string_view event, const LogFields& fields) {
  std::string out = "{\"ts\":\"" + timestamp() + "\"";
  add(out, "level", fields.level);
  add(out, "event", event);
  if (fields.peer) add(out, "peer", to_text(*fields.peer));
  if (!fields.topic.empty()) add(out, "topic", fields.topic);
  if (!fields.address.empty()) add(out, "address", fields.address);
  if (!fields.reason.empty()) add(out, "reason", fields.reason);
  if (fields.n) out += ",\"n\":" + std::to_string(*fields.n);
  out += '}';
  thread_->post_log([sink = sink_, text = std::move(out)] { (*sink)(text); });
}

}  // namespace boato
