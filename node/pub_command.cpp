// SPDX-License-Identifier: Apache-2.0
#include "node/client.hpp"
#include "node/commands.hpp"
#include "node/item_json.hpp"
#include "node/payload_source.hpp"
#include "node/progress.hpp"
#include "node/text.hpp"
#include "node/units.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <map>

namespace boato {
namespace {

// One run of `boato pub`.
class Publisher {
 public:
  static constexpr std::size_t outstanding_max = 1000;
  static constexpr std::size_t unsent_max = std::size_t{1} << 20;
  static constexpr std::size_t part_bytes = std::size_t{384}
                                            << 10;  // base64 and the rest stay below 1 MiB a line

  Publisher(const PubArguments& pub, Client& client, Report& report)
      : pub_{pub}, client_{client}, report_{report}, progress_{report, "published"} {}

  void publish(std::string payload);
  void on_answer(const Reply& answer);
  void on_time(ClientTime now);  // gives up what waited too long
  [[nodiscard]] bool has_room() const {
    return outstanding_.size() < outstanding_max && client_.unsent() < unsent_max;
  }
  [[nodiscard]] bool idle() const { return outstanding_.empty(); }
  [[nodiscard]] bool stopped() const {
    return stopped_;
  }  // an answer says that no further event would get through
  [[nodiscard]] ClientTime next_deadline() const {
    return outstanding_.empty() ? ClientTime::max() : outstanding_.begin()->second.until;
  }
  [[nodiscard]] Exit exit() const { return exit_; }
  void give_up();  // nothing more will be heard
  void end() { progress_.end(); }

 private:
  struct Outstanding {
    ClientTime until{};
    std::string event;  // its id, once it is accepted
  };
  void send(std::int64_t id, std::string_view payload);
  void unknown(const std::string& event);
  void worsen(Exit exit) {
    if (exit_ == Exit::done) exit_ = exit;
  }

  const PubArguments& pub_;
  Client& client_;
  Report& report_;
  Progress progress_;
  std::map<std::int64_t, Outstanding> outstanding_;
  Exit exit_ = Exit::done;
  bool stopped_ = false;
};

void Publisher::publish(std::string payload) {
  const std::int64_t id = client_.next_id();
  outstanding_.emplace(id, Outstanding{std::chrono::steady_clock::now() + pub_.within, {}});
  send(id, payload);
}

void Publisher::send(std::int64_t id, std::string_view payload) {
  while (payload.size() > part_bytes) {
    client_.send(Json{{"id", id},
                      {"do", "pub"},
                      {"more", true},
                      {"payload_b64", to_base64(payload.substr(0, part_bytes))}});
    payload.remove_prefix(part_bytes);
  }
  Json request{{"id", id}, {"do", "pub"}, {"topic", pub_.topic}};
  if (!pub_.key.empty()) request["key"] = pub_.key;
  if (!pub_.type.empty()) request["type"] = pub_.type;
  if (!pub_.receipt.empty()) request["receipt"] = pub_.receipt;
  if (!pub_.attributes.empty()) request["attrs"] = pub_.attributes;
  if (pub_.copies > 0) request["copies"] = pub_.copies;
  if (pub_.ttl) request["ttl_us"] = pub_.ttl->count();
  // Control characters take six letters in JSON, so large texts go as base64 too.
  if (payload.size() <= part_bytes / 4) {
    put_payload(request, payload);
  } else {
    request["payload_b64"] = to_base64(payload);
  }
  client_.send(request);
}

void Publisher::on_answer(const Reply& answer) {
  const auto found = outstanding_.find(answer.id);
  const std::string t = answer.item.is_object() ? answer.item.value("t", "") : "";
  if (answer.id == 0 && t == "error") {  // to nobody: the connection itself
    worsen(report_.error(error_of(answer.item)));
    stopped_ = true;
  }
  if (found == outstanding_.end()) return;
  if (t == "accepted") found->second.event = answer.item.value("id", "");
  if (t == "unknown") unknown(found->second.event);
  if (t == "refused" || t == "error") {
    const Error error = error_of(answer.item);
    worsen(exit_for(error.code));
    // Another event may be smaller; nothing else would be answered otherwise.
    if (error.code != Errc::too_large) stopped_ = true;
    if (report_.json()) {
      Json item = answer.item;
      item["t"] = "refused";
      if (!found->second.event.empty()) item["id"] = found->second.event;
      report_.out.line(to_line(item));
    } else {
      static_cast<void>(report_.error(error));
    }
  }
  if (t == "receipt" && report_.json()) report_.out.line(to_line(answer.item));
  if (t == "receipt") progress_.add(1);
  if (answer.done) outstanding_.erase(found);
}

void Publisher::unknown(const std::string& event) {
  worsen(Exit::time_over);
  const std::string detail = event.empty()
                                 ? "not accepted within " + to_text(pub_.within)
                                 : "no receipt within " + to_text(pub_.within) + "; the outcome is open";
  if (report_.json()) {
    report_.out.line(to_line(Json{
        {"t", "unknown"}, {"id", event}, {"topic", pub_.topic}, {"code", "timeout"}, {"detail", detail}}));
  } else {
    write_all(STDERR_FILENO, "unknown " + (event.empty() ? std::string{"-"} : event) + '\n');
  }
}

void Publisher::on_time(ClientTime now) {
  while (!outstanding_.empty() && outstanding_.begin()->second.until <= now) {
    unknown(outstanding_.begin()->second.event);
    outstanding_.erase(outstanding_.begin());
  }
}

void Publisher::give_up() {
  for (const auto& [id, waiting] : outstanding_) unknown(waiting.event);
  outstanding_.clear();
}

Exit wait_for_subscribers(const PubArguments& pub, Client& client, const Report& report) {
  const auto ready =
      client.ask(Json{{"do", "topic"}, {"topic", pub.topic}, {"wait_subs", pub.wait_subs}}, pub.within);
  if (ready) return Exit::done;
  if (ready.error().code != Errc::timeout) return report.error(ready.error());
  return report.error(Error{Errc::timeout, "fewer than " + std::to_string(pub.wait_subs) +
                                               " subscribers to " + printable(pub.topic) + " within " +
                                               to_text(pub.within) + "; nothing was published"});
}

PayloadSource source_for(const PubArguments& pub, const Report& report) {
  using From = PayloadSource::From;
  if (!pub.lines && pub.data_given && pub.data != "-") return {From::argument, pub.data};
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  // Attributes may be all there is to say; nobody who gives some wants to be asked for more.
  if (!pub.lines && !pub.data_given && terminal && !pub.attributes.empty()) return {From::argument, ""};
  if (terminal) report.say("reading from the terminal; Ctrl-D ends it");
  return {pub.lines ? From::lines : From::input, ""};
}

// Reads and publishes until all receipts are in, the time is over, or a signal has come.
Exit publish_all(const PubArguments& pub, Client& client, Signals& signals, Report& report) {
  constexpr auto flush_within = std::chrono::seconds{2};  // after a signal
  Publisher publisher{pub, client, report};
  PayloadSource source = source_for(pub, report);
  const std::chrono::duration<double> pace{pub.rate > 0 ? 1 / pub.rate : 0};
  auto next = std::chrono::steady_clock::now();
  ClientTime stop_at = ClientTime::max();
  Exit stopped_by = Exit::done;
  while (true) {
    while (const auto answer = client.take()) publisher.on_answer(*answer);
    const auto now = std::chrono::steady_clock::now();
    publisher.on_time(now);
    if (now >= stop_at) publisher.give_up();
    if (publisher.stopped()) source.stop();
    report.out.flush();
    if (report.out.reader_gone()) return Exit::done;

    bool hungry = false;  // stdin has to give more
    while (publisher.has_room() && now >= next && !source.ended() && !hungry) {
      if (auto payload = source.next()) {
        publisher.publish(std::move(*payload));
        if (pub.rate > 0)
          next = std::max(next + std::chrono::duration_cast<ClientTime::duration>(pace),
                          now - std::chrono::seconds{1});
      } else {
        hungry = source.wants_input();
        if (!hungry) source.stop();
      }
    }
    if (source.ended() && publisher.idle()) break;

    ClientTime until = std::min(publisher.next_deadline(), stop_at);
    if (!source.ended() && publisher.has_room() && next > now) until = std::min(until, next);
    switch (client.wait(until, hungry ? STDIN_FILENO : -1)) {
      case Client::Wake::input: source.read_some(); break;
      case Client::Wake::closed:
        publisher.give_up();
        publisher.end();
        return report.error(Error{Errc::closed, "the node has ended"});
      case Client::Wake::signal:
        if (const int signal = signals.take(); signal != 0) {
          if (stopped_by != Exit::done) return stopped_by;
          stopped_by = exit_after(signal);
          source.stop();
          stop_at = std::chrono::steady_clock::now() + flush_within;
        }
        break;
      case Client::Wake::answers:
      case Client::Wake::time_over:
      case Client::Wake::reader_gone: break;
    }
  }
  publisher.end();
  return stopped_by != Exit::done ? stopped_by : publisher.exit();
}

}  // namespace

Exit run_pub(const Arguments& arguments, const Config& config, Report& report) {
  Signals signals{SIGINT, SIGTERM};
  auto client = Client::open(config, arguments.join_given, signals);
  if (!client) return report.error(client.error());
  if (arguments.pub.wait_subs > 0) {
    if (const Exit waited = wait_for_subscribers(arguments.pub, **client, report); waited != Exit::done) {
      static_cast<void>((*client)->leave(report));
      return waited;
    }
  }
  const Exit exit = publish_all(arguments.pub, **client, signals, report);
  const Exit left = (*client)->leave(report);
  return exit != Exit::done ? exit : left;
}

}  // namespace boato
