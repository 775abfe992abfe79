// SPDX-License-Identifier: Apache-2.0
#include "node/client.hpp"
#include "node/commands.hpp"
#include "node/event_format.hpp"
#include "node/item_json.hpp"
#include "node/text.hpp"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <map>
#include <set>

namespace boato {
namespace {

// One run of `boato sub`.
class Printer {
 public:
  Printer(const Arguments& arguments, EventFormat format, Report& report)
      : arguments_{arguments},
        format_{std::move(format)},
        report_{report},
        terminal_{::isatty(STDOUT_FILENO) == 1} {}

  void expect(std::int64_t id, const std::string& pattern) { patterns_[id] = pattern; }
  void on_answer(const Reply& answer);
  [[nodiscard]] bool complete() const { return arguments_.sub.count > 0 && events_ >= arguments_.sub.count; }
  [[nodiscard]] const std::optional<Exit>& failed() const { return failed_; }
  [[nodiscard]] bool lost() const { return lost_; }
  [[nodiscard]] std::uint64_t events() const { return events_; }

 private:
  void on_event(const Json& item);
  void on_gap(const Json& item);
  void on_status(std::int64_t id, const Json& item);
  void on_ready(std::int64_t id);
  void in_words(const std::string& text) const;

  const Arguments& arguments_;
  EventFormat format_;
  Report& report_;
  bool terminal_;
  std::map<std::int64_t, std::string> patterns_;
  std::set<std::int64_t> ready_;
  std::uint64_t events_ = 0;
  bool lost_ = false, told_ready_ = false;
  std::optional<Exit> failed_;
};

void Printer::on_answer(const Reply& answer) {
  if (failed_ || complete() || !answer.item.is_object()) return;
  const std::string t = answer.item.value("t", "");
  if (t == "event") on_event(answer.item);
  if (t == "gap") on_gap(answer.item);
  if (t == "status") on_status(answer.id, answer.item);
  if (t == "error") failed_ = report_.error(error_of(answer.item));
}

void Printer::on_event(const Json& item) {
  ++events_;
  if (report_.json()) return report_.out.line(to_line(item));
  std::string text;
  format_.print(item, text);
  // What strangers publish must not steer the terminal.
  report_.out.write(terminal_ ? printable(text, Lines::keep) : text);
}

void Printer::on_gap(const Json& item) {
  if (item.value("reason", "") == "lost" && item.value("reliability", "") != "unreliable") lost_ = true;
  if (report_.json()) return report_.out.line(to_line(item));
  std::string text = item.value("topic", "") + ": " + std::to_string(item.value("count", std::uint64_t{0})) +
                     " events will not come (" + item.value("reason", "") + ")";
  if (item.contains("publisher")) {
    text += ", " + std::to_string(item.value("first", std::uint64_t{0})) + " to " +
            std::to_string(item.value("last", std::uint64_t{0})) + " of " + item.value("publisher", "");
  }
  report_.say(text);
}

void Printer::on_status(std::int64_t id, const Json& item) {
  const std::string state = item.value("state", "");
  // Of a wildcard, single topics become ready too.
  if (const auto found = patterns_.find(id); state == "ready" && found != patterns_.end()) {
    if (found->second == item.value("topic", "")) on_ready(id);
  }
  if (report_.json()) return report_.out.line(to_line(item));
  std::string text = item.value("topic", "");
  text += (text.empty() ? "" : ": ") + state;
  if (item.contains("behind"))
    text += ", " + std::to_string(item.value("behind", std::uint64_t{0})) + " events behind";
  if (item.contains("peer")) text += ' ' + item.value("peer", "");
  if (item.contains("detail")) text += ", " + item.value("detail", "");
  // What is as it should be is only said to those who want to hear all.
  if (state == "ready" || state == "live" || state == "member_joined" || state == "member_left")
    return report_.detail(text);
  report_.say(text);
}

void Printer::on_ready(std::int64_t id) {
  ready_.insert(id);
  if (told_ready_ || ready_.size() < patterns_.size()) return;
  told_ready_ = true;
  const std::string line = "ready topics=" + std::to_string(ready_.size()) + '\n';
  if (arguments_.sub.ready) write_all(STDERR_FILENO, line);
  if (arguments_.sub.ready_fd >= 0) {
    write_all(arguments_.sub.ready_fd, line);
    ::close(arguments_.sub.ready_fd);
  }
}

}  // namespace

Exit run_sub(const Arguments& arguments, const Config& config, Report& report) {
  auto format = EventFormat::parse(arguments.sub.format);
  if (!format) return report.error(format.error());
  if (arguments.sub.ready_fd >= 0 && ::fcntl(arguments.sub.ready_fd, F_GETFD) < 0) {
    return report.error(
        Exit::usage, Errc::bad_config,
        "--ready-fd " + std::to_string(arguments.sub.ready_fd) + " is not an open descriptor");
  }
  Signals signals{SIGINT, SIGTERM};
  const bool early = arguments.sub.from == "beginning";  // which the node itself may not ask for
  auto client = early ? Client::open_guest(config, arguments.join_given, signals)
                      : Client::open(config, arguments.join_given, signals);
  if (!client) return report.error(client.error());

  Printer printer{arguments, std::move(*format), report};
  for (const std::string& pattern : arguments.sub.patterns) {
    Json request{{"do", "sub"}, {"pattern", pattern}};
    if (!arguments.sub.where.empty()) request["where"] = arguments.sub.where;
    if (early) request["from"] = arguments.sub.from;
    if (arguments.sub.show_filtered) request["show_filtered"] = true;
    if (!arguments.sub.order.empty()) request["order"] = arguments.sub.order;
    printer.expect((*client)->request(std::move(request)), pattern);
  }
  const ClientTime until =
      arguments.sub.within ? std::chrono::steady_clock::now() + *arguments.sub.within : ClientTime::max();
  constexpr std::size_t write_at = 65536;
  std::optional<Exit> end;
  while (!end) {
    while (const auto answer = (*client)->take()) {
      printer.on_answer(*answer);
      if (report.out.waiting() >= write_at) report.out.flush();
    }
    report.out.flush();
    if (report.out.reader_gone() || printer.complete()) break;
    if (printer.failed()) return *printer.failed();
    switch ((*client)->wait(until, -1, true)) {
      case Client::Wake::reader_gone: end = Exit::done; break;
      case Client::Wake::closed: end = report.error(Error{Errc::closed, "the node has ended"}); break;
      case Client::Wake::time_over:
        end = arguments.sub.count == 0
                  ? Exit::done
                  : report.error(Exit::time_over, Errc::timeout,
                                 "the time is over after " + std::to_string(printer.events()) + " of " +
                                     std::to_string(arguments.sub.count) + " events");
        break;
      case Client::Wake::signal:
        if (const int signal = signals.take(); signal != 0) end = exit_after(signal);
        break;
      case Client::Wake::answers:
      case Client::Wake::input: break;
    }
  }
  static_cast<void>((*client)->leave(report, std::chrono::seconds{2}));
  if (end.value_or(Exit::done) == Exit::done && printer.lost()) {
    return report.error(Exit::lost, Errc::closed,
                        "events of a reliable topic are lost; the gaps above say which");
  }
  return end.value_or(Exit::done);
}

}  // namespace boato
