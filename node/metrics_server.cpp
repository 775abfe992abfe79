// SPDX-License-Identifier: Apache-2.0
#include "node/metrics_server.hpp"

#include "node/text.hpp"
#include "node/units.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <map>
#include <vector>

namespace boato {
namespace {

using Clock = std::chrono::steady_clock;

std::string response(int status, std::string_view reason, const std::string& body,
                     std::string_view type = "text/plain; charset=utf-8") {
  return "HTTP/1.1 " + std::to_string(status) + ' ' + std::string{reason} +
         "\r\nContent-Type: " + std::string{type} + "\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\nConnection: close\r\n\r\n" + body;
}

std::string number_text(double value) {
  std::array<char, 40> text{};
  std::snprintf(text.data(), text.size(), "%.17g", value);
  return text.data();
}

// Prometheus text format 0.0.4: backslash, quote and line feed are escaped in label values.
std::string label_text(const std::string& value) {
  std::string out;
  for (const char c : value) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') out += '\\';
    out += c;
  }
  return out;
}

std::string real_address(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  std::array<char, NI_MAXHOST> host{};
  std::array<char, NI_MAXSERV> port{};
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return {};
  ::getnameinfo(reinterpret_cast<sockaddr*>(&bound), size, host.data(), host.size(), port.data(), port.size(),
                NI_NUMERICHOST | NI_NUMERICSERV);
  const std::string name = host.data();
  return (bound.ss_family == AF_INET6 ? '[' + name + ']' : name) + ':' + port.data();
}

}  // namespace

Result<std::unique_ptr<MetricsServer>> MetricsServer::start(const std::string& address, Hub& hub) {
  const std::string whole = parse_count(address) ? "127.0.0.1:" + address : address;
  const std::size_t colon = whole.rfind(':');
  const Error wrong{
      Errc::bad_config,
      "http.listen is an IP address and a port, 127.0.0.1:9470, or a port: not '" + printable(address) + "'"};
  if (colon == std::string::npos) return wrong;
  std::string host = whole.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') host = host.substr(1, host.size() - 2);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(host.c_str(), whole.substr(colon + 1).c_str(), &hints, &found) != 0) return wrong;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner{found, &::freeaddrinfo};

  std::unique_ptr<MetricsServer> server{new MetricsServer{hub}};
  server->listener_ =
      FileHandle{::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_TCP)};
  server->stop_ = FileHandle{::eventfd(0, EFD_CLOEXEC)};
  const int on = 1;
  ::setsockopt(server->listener_.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (::bind(server->listener_.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(server->listener_.get(), 16) != 0) {
    return Error{Errc::bad_config, "cannot serve HTTP on " + whole + ": " + std::strerror(errno) +
                                       "; choose another address for http.listen"};
  }
  server->address_ = real_address(server->listener_.get());
  server->thread_ = std::thread{[raw = server.get()] { raw->run(); }};
  return server;
}

MetricsServer::~MetricsServer() {
  const std::uint64_t one = 1;
  if (stop_) static_cast<void>(!::write(stop_.get(), &one, sizeof one));
  if (thread_.joinable()) thread_.join();
}

void MetricsServer::run() {
  std::vector<pollfd> polled;
  while (true) {
    polled.clear();
    polled.push_back({stop_.get(), POLLIN, 0});
    polled.push_back({clients_.size() < clients_max ? listener_.get() : -1, POLLIN, 0});
    for (const Client& client : clients_) {
      polled.push_back(
          {client.socket.get(), static_cast<short>(client.answer.empty() ? POLLIN : POLLOUT), 0});
    }
    if (::poll(polled.data(), polled.size(), clients_.empty() ? -1 : 1000) < 0 && errno != EINTR) return;
    if (polled[0].revents != 0) return;
    std::size_t at = 2;
    const auto now = Clock::now();
    for (auto client = clients_.begin(); client != clients_.end(); ++at) {
      const bool keep =
          now < client->until && (polled[at].revents == 0 || serve(*client, polled[at].revents));
      client = keep ? std::next(client) : clients_.erase(client);
    }
    if (polled[1].revents != 0) accept_one();
  }
}

void MetricsServer::accept_one() {
  FileHandle socket{::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK)};
  if (socket) {
    clients_.push_back({std::move(socket), Clock::now() + client_within, {}, {}, 0});
  } else if (errno == EMFILE || errno == ENFILE) {
    // It stays in the kernel's queue: look again a little later instead of spinning.
    pollfd stop{stop_.get(), POLLIN, 0};
    ::poll(&stop, 1, 100);
  }
}

bool MetricsServer::serve(Client& client, short events) {
  if (client.answer.empty()) {
    if ((events & POLLIN) == 0) return false;
    std::array<char, 2048> buffer{};
    const ssize_t got = ::recv(client.socket.get(), buffer.data(), buffer.size(), 0);
    if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
    client.request.append(buffer.data(), static_cast<std::size_t>(got));
    if (client.request.find("\r\n\r\n") != std::string::npos) {
      client.answer = answer_to(client.request);
    } else if (client.request.size() > request_bytes_max) {
      client.answer = response(431, "Request Header Fields Too Large", "");
    } else {
      return true;
    }
  }
  const ssize_t took = ::send(client.socket.get(), client.answer.data() + client.sent,
                              client.answer.size() - client.sent, MSG_NOSIGNAL);
  if (took < 0) return errno == EAGAIN || errno == EINTR;
  client.sent += static_cast<std::size_t>(took);
  return client.sent < client.answer.size();
}

std::string MetricsServer::answer_to(const std::string& request) {
  const std::string line = request.substr(0, request.find("\r\n"));
  if (line.compare(0, 4, "GET ") != 0) return response(405, "Method Not Allowed", "GET, please\n");
  const std::string target = line.substr(4, line.find(' ', 4) - 4);
  const std::string path = target.substr(0, target.find('?'));
  if (path == "/metrics") {
    return response(200, "OK", metrics_text(), "text/plain; version=0.0.4; charset=utf-8");
  }
  if (path == "/healthz") {
    // The answer comes from the loop; if that hangs there is none, which a health check takes for what it is.
    const auto from = Clock::now();
    static_cast<void>(hub_.peer().topology());
    const bool turned = Clock::now() - from < std::chrono::seconds{1};
    return turned ? response(200, "OK", "ok\n")
                  : response(503, "Service Unavailable", "the loop takes longer than 1 s\n");
  }
  if (path == "/readyz") {
    return hub_.joined() ? response(200, "OK", "ready\n")
                         : response(503, "Service Unavailable", "not joined to an overlay yet\n");
  }
  return response(404, "Not Found", "there is /metrics, /healthz and /readyz\n");
}

std::string MetricsServer::metrics_text() {
  // All lines of one name have to stand together.
  std::map<std::string, std::string> by_name;
  for (const Metric& metric : hub_.peer().metrics()) {
    std::string& text = by_name[metric.name];
    if (text.empty()) {
      const bool counter =
          metric.name.size() > 6 && metric.name.compare(metric.name.size() - 6, 6, "_total") == 0;
      text = "# TYPE " + metric.name + (counter ? " counter\n" : " gauge\n");
    }
    text += metric.name;
    for (const auto& label : metric.labels) {
      text += (&label == &metric.labels.front() ? '{' : ',') + label.first + "=\"" +
              label_text(label.second) + '"';
    }
    if (!metric.labels.empty()) text += '}';
    text += ' ' + number_text(metric.value) + '\n';
  }
  std::string text;
  for (const auto& [name, lines] : by_name) text += lines;
  return text;
}

}  // namespace boato
