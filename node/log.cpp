// SPDX-License-Identifier: Apache-2.0
#include "node/log.hpp"

#include "node/text.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace boato {
namespace {

spdlog::level::level_enum level_from(std::string_view name) {
  if (name == "trace") return spdlog::level::trace;
  if (name == "debug") return spdlog::level::debug;
  if (name == "warn") return spdlog::level::warn;
  if (name == "error") return spdlog::level::err;
  return spdlog::level::info;
}

WallTime wall_now() { return std::chrono::time_point_cast<Duration>(std::chrono::system_clock::now()); }

// key=value; a value with blanks in quotes.
void put_field(std::string& text, const std::string& key, const Json& value) {
  const std::string shown = value.is_string() ? printable(value.get<std::string>()) : to_line(value);
  text += ' ' + key + '=';
  const bool quotes =
      value.is_string() && (shown.empty() || shown.find_first_of(" \"=") != std::string::npos);
  text += quotes ? to_line(Json(shown)) : shown;
}

}  // namespace

Log::Log(const std::string& level, const std::string& format)
    : logger_{std::make_shared<spdlog::logger>("boato", std::make_shared<spdlog::sinks::stderr_sink_mt>())} {
  logger_->set_pattern("%v");  // the lines are whole already
  logger_->flush_on(spdlog::level::trace);
  configure(level, format);
}

Log::~Log() {
  const std::lock_guard lock{mutex_};
  unfold_due(Clock::time_point::max());
}

void Log::configure(const std::string& level, const std::string& format) {
  const std::lock_guard lock{mutex_};
  logger_->set_level(level_from(level));
  json_ = format == "json";
}

void Log::library_line(std::string_view json_line) {
  Json line = Json::parse(json_line, nullptr, false);
  // The node says it itself, with its name and addresses, once it has joined.
  if (line.is_object() && line.value("event", "") == "node.ready") return;
  if (!line.is_object())
    line = Json{{"level", "error"}, {"event", "log.malformed"}, {"reason", printable(json_line)}};
  const std::lock_guard lock{mutex_};
  take(std::move(line));
}

void Log::line(std::string_view level, std::string_view event, const Json& fields) {
  Json line{{"ts", to_text(wall_now())}, {"level", level}, {"event", event}};
  for (const auto& [key, value] : fields.items()) line[key] = value;
  const std::lock_guard lock{mutex_};
  take(std::move(line));
}

void Log::unfold() {
  const std::lock_guard lock{mutex_};
  unfold_due(Clock::now());
}

void Log::take(Json line) {
  if (!logger_->should_log(level_from(line.value("level", "info")))) return;
  Json rest = line;
  rest.erase("ts");
  const auto now = Clock::now();
  unfold_due(now);
  const auto [fold, first] = folds_.try_emplace(to_line(rest));
  if (first) {
    fold->second = {now, 0, line};
    write(line);
    if (folds_.size() > folds_max) folds_.erase(folds_.begin() == fold ? std::next(fold) : folds_.begin());
  } else {
    ++fold->second.repeats;
    fold->second.line = std::move(line);
  }
}

void Log::unfold_due(Clock::time_point now) {
  for (auto fold = folds_.begin(); fold != folds_.end();) {
    if (now != Clock::time_point::max() && now - fold->second.since < fold_for) {
      ++fold;
      continue;
    }
    if (fold->second.repeats > 0) {
      fold->second.line["n"] = fold->second.repeats;
      write(fold->second.line);
    }
    fold = folds_.erase(fold);
  }
}

void Log::write(const Json& line) const {
  const std::string level = line.value("level", "info");
  if (json_) {
    logger_->log(level_from(level), to_line(line));
    return;
  }
  std::string text = line.value("ts", "") + ' ' + level + ' ' + printable(line.value("event", ""));
  for (const auto& [key, value] : line.items()) {
    if (key != "ts" && key != "level" && key != "event") put_field(text, key, value);
  }
  logger_->log(level_from(level), text);
}

}  // namespace boato
