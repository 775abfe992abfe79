// SPDX-License-Identifier: Apache-2.0
// `boato node`: one peer, its control socket, its log and its signals.
#include <boato/version.hpp>

#include "node/commands.hpp"
#include "node/control_path.hpp"
#include "node/control_server.hpp"
#include "node/hub.hpp"
#include "node/item_json.hpp"
#include "node/log.hpp"
#include "node/metrics_server.hpp"
#include "node/node_status.hpp"
#include "node/signals.hpp"
#include "node/text.hpp"
#include "node/units.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <thread>

namespace boato {
namespace {

using Clock = std::chrono::steady_clock;

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ",") + word;
  return text;
}

class NodeRun {
 public:
  NodeRun(const Arguments& arguments, Config config, Report& report)
      : arguments_{arguments},
        config_{std::move(config)},
        report_{report},
        log_{std::make_shared<Log>(config_.text("log.level"), config_.text("log.format"))} {}

  Exit run(Signals& signals);

 private:
  std::optional<Exit> start();
  std::optional<Exit> join(Signals& signals);
  std::optional<Exit> declare_topics();
  void say_ready();
  void on_signal(int signal);
  void reload();
  Exit drain(Signals& signals);
  Exit cannot_start(const Error& error) const;

  const Arguments& arguments_;
  Config config_;
  Report& report_;
  std::shared_ptr<Log> log_;  // shared with the library's log thread
  std::optional<Peer> peer_;
  std::unique_ptr<Hub> hub_;
  std::unique_ptr<ControlServer> server_;
  std::unique_ptr<MetricsServer> metrics_;
};

// What stands in the way at the start is mostly the configuration: an address in use, a key that others can
// read.
Exit NodeRun::cannot_start(const Error& error) const {
  static_cast<void>(report_.error(error));
  log_->configure("error", config_.text("log.format"));  // what is undone again is no news
  switch (error.code) {
    case Errc::unreachable:
    case Errc::not_allowed:
    case Errc::bad_name: return Exit::usage;
    default: return exit_for(error.code);
  }
}

std::optional<Exit> NodeRun::start() {
  const std::string& name = config_.text("node.name");
  if (!name.empty() && !is_node_name(name)) {
    return report_.error(
        Exit::usage, Errc::bad_config,
        "a node's name has letters, digits, '.', '_' and '-', at most 64, and no '.' in front: not '" +
            printable(name) + "'");
  }
  const int ready_fd = arguments_.node.ready_fd;
  if (ready_fd >= 0 && ::fcntl(ready_fd, F_GETFD) < 0) {
    return report_.error(Exit::usage, Errc::bad_config,
                         "--ready-fd " + std::to_string(ready_fd) + " is not an open descriptor");
  }
  AttributeSet attributes;
  Options options = config_.options(attributes);
  options.log = [log = log_](std::string_view line) { log->library_line(line); };
  auto peer = Peer::start(std::move(options));
  if (!peer) return cannot_start(peer.error());
  peer_.emplace(std::move(*peer));
  hub_ = std::make_unique<Hub>(*peer_, config_);
  auto server = ControlServer::start(peer_->name(), *hub_);
  if (!server) return cannot_start(server.error());
  server_ = std::move(*server);
  if (const std::string& address = config_.text("http.listen"); !address.empty()) {
    auto metrics = MetricsServer::start(address, *hub_);
    if (!metrics) return cannot_start(metrics.error());
    metrics_ = std::move(*metrics);
  }
  if (config_.flag("network.open") && config_.text("network.key_file").empty()) {
    log_->line("warn", "node.open", Json{{"reason", "open overlay: anybody who reaches this node may join"}});
  }
  return std::nullopt;
}

// Without end: the peers to join through may come later. Says so now and then.
std::optional<Exit> NodeRun::join(Signals& signals) {
  auto warn_at = Clock::now() + std::chrono::seconds{5};
  while (true) {
    const auto ready = peer_->ready(std::chrono::milliseconds{100});
    if (ready) break;
    if (ready.error().code != Errc::timeout && ready.error().code != Errc::unreachable)
      return report_.error(ready.error());
    if (const int signal = signals.take(); signal != 0) {
      if (signal == SIGINT || signal == SIGTERM) return drain(signals);
      on_signal(signal);
    }
    if (Clock::now() < warn_at) continue;
    warn_at = Clock::now() + std::chrono::seconds{10};
    std::string reason = "no peer lets us join through " + joined(config_.list("network.join"));
    if (!ready.error().detail.empty()) reason += " (" + ready.error().detail + ")";
    log_->line(
        "warn", "join.failed",
        Json{{"reason",
              reason + ": is a node running there, with the same network name and key? Still trying"}});
  }
  hub_->set_joined();
  return std::nullopt;
}

std::optional<Exit> NodeRun::declare_topics() {
  for (const auto& [name, declared] : config_.topics()) {
    const auto topic = hub_->topic(name, declared.contract);
    if (!topic)
      return report_.error(Error{topic.error().code, declared.origin + ": " + topic.error().detail});
  }
  return std::nullopt;
}

void NodeRun::say_ready() {
  const std::string listen = joined(peer_->addresses()), id = to_text(peer_->id());
  const std::string line = "ready name=" + peer_->name() + " id=" + id + " listen=" + listen +
                           " pid=" + std::to_string(::getpid());
  const Json object{{"t", "ready"},
                    {"name", peer_->name()},
                    {"id", id},
                    {"listen", peer_->addresses()},
                    {"pid", ::getpid()}};
  report_.out.line(report_.json() ? to_line(object) : line);
  report_.out.flush();
  if (const int fd = arguments_.node.ready_fd; fd >= 0) {
    write_all(fd, line + '\n');
    if (fd > STDERR_FILENO) ::close(fd);
  }
  log_->line("info", "node.ready",
             Json{{"id", id},
                  {"name", peer_->name()},
                  {"listen", listen},
                  {"control", server_->path()},
                  {"http", metrics_ ? metrics_->address() : ""},
                  {"version", version}});
}

void NodeRun::on_signal(int signal) {
  if (signal == SIGHUP) reload();
  if (signal == SIGUSR1) log_->line("info", "node.state", status_json(*hub_));
}

void NodeRun::reload() {
  auto fresh = Config::load(arguments_.sources);
  if (!fresh) {
    log_->line("error", "config.reload", Json{{"reason", "nothing was changed: " + fresh.error().detail}});
    return;
  }
  std::string changed, later;
  for (const std::string& name : config_.differences(*fresh)) {
    const ConfigKey* key = find_config_key(name);
    std::string& list = key != nullptr && key->reloads ? changed : later;
    list += (list.empty() ? "" : ", ") + name;
  }
  // What needs a restart stays as it was, so that the next reload still says so.
  config_.take_reloadable(*fresh);
  log_->configure(config_.text("log.level"), config_.text("log.format"));
  Json fields{{"reason", changed.empty() ? "nothing changed" : "changed: " + changed}};
  if (!later.empty()) fields["restart"] = later;
  log_->line(later.empty() ? "info" : "warn", "config.reload", fields);
}

// Closes gracefully; another INT or TERM ends it at once.
Exit NodeRun::drain(Signals& signals) {
  const Duration within = config_.duration("node.drain");
  log_->line("info", "node.drain", Json{{"reason", "at most " + to_text(within)}});
  const FileHandle done{::eventfd(0, EFD_CLOEXEC)};
  std::optional<Result<CloseReport>> closed;
  std::thread closing{[&] {
    closed.emplace(peer_->close(within));
    const std::uint64_t one = 1;
    static_cast<void>(!::write(done.get(), &one, sizeof one));
  }};
  pollfd polled[2] = {{done.get(), POLLIN, 0}, {signals.fd(), POLLIN, 0}};
  while (polled[0].revents == 0) {
    ::poll(polled, 2, -1);
    if (polled[1].revents == 0) continue;
    const int signal = signals.take();
    if (signal != SIGINT && signal != SIGTERM) continue;
    if (server_) ::unlink(server_->path().c_str());
    report_.say("ended at once; what was not sent is lost");
    ::_exit(code(Exit::lost));
  }
  closing.join();
  metrics_.reset();
  server_.reset();
  if (!*closed) return report_.error(closed->error());
  if ((*closed)->unsent == 0) return Exit::done;
  return report_.error(Exit::lost, Errc::timeout,
                       std::to_string((*closed)->unsent) + " accepted events were taken by no other peer");
}

Exit NodeRun::run(Signals& signals) {
  if (const auto exit = start()) return *exit;
  if (const auto exit = join(signals)) return *exit;
  if (const auto exit = declare_topics()) return *exit;
  say_ready();
  while (true) {
    pollfd polled{signals.fd(), POLLIN, 0};
    ::poll(&polled, 1, 10'000);
    log_->unfold();
    const int signal = signals.take();
    if (signal == SIGINT || signal == SIGTERM) return drain(signals);
    if (signal != 0) on_signal(signal);
  }
}

}  // namespace

Exit run_node(const Arguments& arguments, const Config& config, Report& report) {
  Signals signals{SIGINT, SIGTERM, SIGHUP, SIGUSR1};
  return NodeRun{arguments, config, report}.run(signals);
}

}  // namespace boato
