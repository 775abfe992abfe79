// SPDX-License-Identifier: Apache-2.0
#include "node/client.hpp"

#include "node/control_path.hpp"
#include "node/item_json.hpp"
#include "node/serve.hpp"
#include "node/text.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace boato {
namespace {

std::string join_words(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

int poll_timeout(ClientTime until) {
  if (until == ClientTime::max()) return -1;
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now()).count();
  return static_cast<int>(std::min<std::int64_t>(std::max<std::int64_t>(left, 0), 3'600'000));
}

}  // namespace

Result<std::unique_ptr<Client>> Client::open(const Config& config, bool guest_only, Signals& signals) {
  std::unique_ptr<Client> client{new Client{signals}};
  const std::string& name = config.text("node.name");
  if (!guest_only) client->socket_ = connect_control(name);
  if (client->socket_) return client;
  if (config.list("network.join").empty()) {
    const std::string which = name.empty() ? "no node of this user" : "no node called " + printable(name);
    return Error{
        Errc::closed,
        which +
            " answers on this host: start one with 'boato node', or join an overlay with --join HOST:PORT"};
  }
  if (const auto joined = client->become_guest(config, config.list("network.join")); !joined)
    return joined.error();
  return client;
}

Result<std::unique_ptr<Client>> Client::open_guest(const Config& config, bool join_given, Signals& signals) {
  auto first = open(config, join_given, signals);
  if (!first || (*first)->is_guest()) return first;
  const auto status = (*first)->ask(Json{{"do", "status"}}, join_within);
  if (!status) return status.error();
  std::vector<std::string> join;
  if (!status->empty())
    for (const Json& address : status->front().value("listen", Json::array()))
      if (address.is_string()) join.push_back(address.get<std::string>());
  if (join.empty())
    return Error{Errc::unreachable,
                 "the node of this host listens nowhere: join another one with --join HOST:PORT"};
  std::unique_ptr<Client> client{new Client{signals}};
  if (const auto joined = client->become_guest(config, join); !joined) return joined.error();
  return client;
}

Result<void> Client::become_guest(const Config& config, const std::vector<std::string>& join) {
  AttributeSet attributes;
  Options options = config.options(attributes);
  options.name.clear();
  options.listen.clear();
  options.join = join;
  options.data_dir.clear();  // the node's identity is not ours
  options.role = Role::guest;
  auto peer = Peer::start(std::move(options));
  if (!peer) return peer.error();
  peer_.emplace(std::move(*peer));
  const auto until = std::chrono::steady_clock::now() + join_within;
  while (true) {
    const auto joined = peer_->ready(std::chrono::milliseconds{100});
    if (joined) break;
    if (const int signal = signals_.take(); signal != 0) ::_exit(code(exit_after(signal)));
    if (std::chrono::steady_clock::now() < until) continue;
    std::string detail = "no peer let us join through " + join_words(join) + " within 5 s";
    if (!joined.error().detail.empty()) detail += " (" + joined.error().detail + ")";
    return Error{Errc::unreachable,
                 detail + ": is 'boato node' running there, with the same network name and key?"};
  }
  hub_ = std::make_unique<Hub>(*peer_, config);
  hub_->set_joined();
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return Error{Errc::internal, "no more file descriptors"};
  socket_ = FileHandle{ends[0]};
  stop_ = FileHandle{::eventfd(0, EFD_CLOEXEC)};
  serving_ = std::thread{[this, fd = ends[1]] { serve(FileHandle{fd}, *hub_, stop_.get()); }};
  return {};
}

Client::~Client() {
  socket_.close();
  if (serving_.joinable()) serving_.join();
  hub_.reset();
}

std::int64_t Client::request(Json request) {
  request["id"] = next_id();
  send(request);
  return last_id_;
}

Client::Wake Client::wait(ClientTime until, int input_fd, bool watch_stdout) {
  while (true) {
    while (sent_ < output_.size()) {
      const ssize_t took =
          ::send(socket_.get(), output_.data() + sent_, output_.size() - sent_, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (took < 0 && errno == EINTR) continue;
      if (took < 0 && errno != EAGAIN) ended_ = true;
      if (took < 0) break;
      sent_ += static_cast<std::size_t>(took);
    }
    if (sent_ == output_.size() || sent_ > (std::size_t{1} << 20)) output_.erase(0, std::exchange(sent_, 0));
    if (input_.find('\n', taken_) != std::string::npos) return Wake::answers;
    if (ended_) return Wake::closed;

    std::array<pollfd, 4> polled{
        {{socket_.get(), static_cast<short>(POLLIN | (unsent() > 0 ? POLLOUT : 0)), 0},
         {signals_.fd(), POLLIN, 0},
         {input_fd, POLLIN, 0},
         {watch_stdout ? STDOUT_FILENO : -1, 0, 0}}};
    const int ready = ::poll(polled.data(), polled.size(), poll_timeout(until));
    if (polled[1].revents != 0 && ready > 0) return Wake::signal;
    if (ready > 0 && (polled[3].revents & POLLERR) != 0) return Wake::reader_gone;
    if (ready > 0 && (polled[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      std::array<char, 65536> buffer{};
      const ssize_t got = ::recv(socket_.get(), buffer.data(), buffer.size(), MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN && errno != EINTR)) ended_ = true;
      if (got > 0) {
        if (taken_ > 0) input_.erase(0, std::exchange(taken_, 0));
        input_.append(buffer.data(), static_cast<std::size_t>(got));
      }
      continue;
    }
    if (ready > 0 && polled[2].revents != 0) return Wake::input;
    if (std::chrono::steady_clock::now() >= until) return Wake::time_over;
  }
}

std::optional<Reply> Client::take() {
  const std::size_t end = input_.find('\n', taken_);
  if (end == std::string::npos) return std::nullopt;
  Json json = Json::parse(std::string_view{input_}.substr(taken_, end - taken_), nullptr, false);
  taken_ = end + 1;
  Reply answer;
  if (!json.is_object()) return answer;  // a stranger on our socket: an answer to nobody
  answer.id = json.value("id", std::int64_t{0});
  answer.done = json.value("done", false);
  if (const auto item = json.find("item"); item != json.end()) answer.item = std::move(*item);
  return answer;
}

Result<std::vector<Json>> Client::ask(const Json& what, Duration within) {
  const std::int64_t id = request(what);
  const auto until = std::chrono::steady_clock::now() + within;
  std::vector<Json> items;
  while (true) {
    while (auto answer = take()) {
      if (answer->id != id && answer->id != 0) continue;
      if (answer->item.is_object() && answer->item.value("t", "") == "error") return error_of(answer->item);
      if (!answer->item.is_null()) items.push_back(std::move(answer->item));
      if (answer->done) return items;
    }
    switch (wait(until)) {
      case Wake::time_over: return Error{Errc::timeout, "the node did not answer in time"};
      case Wake::closed: return Error{Errc::closed, "the node has ended"};
      case Wake::signal:
        if (const int signal = signals_.take(); signal != 0) ::_exit(code(exit_after(signal)));
        break;
      case Wake::answers:
      case Wake::input:
      case Wake::reader_gone: break;
    }
  }
}

Exit Client::leave(const Report& report, Duration within) {
  if (!is_guest()) return Exit::done;
  socket_.close();
  if (serving_.joinable()) serving_.join();
  hub_.reset();
  const auto closed = peer_->close(within);
  if (!closed) return report.error(closed.error());
  if (closed->unsent == 0) return Exit::done;
  return report.error(Exit::lost, Errc::timeout,
                      std::to_string(closed->unsent) + " events were taken by no other peer");
}

}  // namespace boato
