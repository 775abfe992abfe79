// SPDX-License-Identifier: Apache-2.0
// Dialling, deadlines and sums of the connections.
#include "node/host/addresses.hpp"
#include "node/host/clock.hpp"
#include "node/host/network.hpp"
#include "overlay/base/text.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace boato {

void Network::dial(Time now, const DialWish& wish) {
  const std::uint64_t dial = ++last_dial_;
  dials_.emplace(dial, Dial{wish, 0});
  try_next(now, dial);
}

// The next address of a wish, or its failure.
void Network::try_next(Time now, std::uint64_t dial) {
  const auto at = dials_.find(dial);
  if (at == dials_.end()) return;
  Dial& each = at->second;
  while (each.next < each.wish.addresses.size()) {
    const Address address = each.wish.addresses[each.next++];
    const SocketAddress target = to_socket(address);
    const int fd = ::socket(target.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) {
      remember(address, std::strerror(errno));
      continue;
    }
    tune(fd);
    if (::connect(fd, target.get(), target.size) != 0 && errno != EINPROGRESS) {
      remember(address, std::strerror(errno));
      ::close(fd);
      continue;
    }
    Connection& c = add(fd, address);
    if (c.stage == Connection::Stage::gone) continue;
    c.dial = dial;
    c.give_up = now + parts_.settings->connect_within;
    c.socket.watch(UV_WRITABLE);
    return;
  }
  failed_dials_.push_back(each.wish);
  dials_.erase(at);
}

void Network::on_connected(Time now, Connection& c) {
  int error = 0;
  socklen_t size = sizeof error;
  ::getsockopt(c.socket.fd(), SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) {
    std::string cause = std::strerror(error);
    if (error == ECONNREFUSED) cause += ": no peer listens there";
    return gone(now, c, CloseReason::cut, cause);
  }
  c.give_up = never;
  std::optional<PeerId> expected;
  if (const auto at = dials_.find(c.dial); at != dials_.end() && at->second.wish.peer != PeerId{}) {
    expected = at->second.wish.peer;
  } else {
    const auto known = std::ranges::find(expected_, c.remote, &std::pair<Address, PeerId>::first);
    if (known != expected_.end()) expected = known->second;
  }
  make_link(now, c, Link::Role::initiator, expected);
}

void Network::remember(const Address& address, std::string cause) {
  constexpr std::size_t causes_max = 64;
  if (dial_errors_.size() >= causes_max && !dial_errors_.contains(address)) return;
  dial_errors_[address] = std::move(cause);
}

void Network::tick(Time now) {
  acceptor_.tick(now);
  for (std::size_t i = 0; i < connections_.size(); ++i) {  // grows when a dial goes on to its next address
    Connection& c = *connections_[i];
    if (c.stage == Connection::Stage::gone) continue;
    if (c.give_up <= now) {
      gone(now, c, CloseReason::timeout, "no answer");
    } else if (c.link && c.stage != Connection::Stage::ending && c.link->next_deadline() <= now) {
      const CloseReason why = c.link->on_deadline(now);
      if (why != CloseReason::none) gone(now, c, why);
    } else if (c.stage == Connection::Stage::up) {
      c.link->trim();
      if (c.backlog_told != LinkBacklog{}) mark(c);  // tells the core when a lagging link has caught up
    }
  }
  shed_partial_bytes(now);
}

// Half frames of all links together have a bound: beyond it the oldest goes.
void Network::shed_partial_bytes(Time now) {
  std::size_t sum = 0;
  Connection* oldest = nullptr;
  for (const auto& c : connections_) {
    if (!c->link || c->stage == Connection::Stage::gone) continue;
    sum += c->link->partial_bytes();
    if (c->link->partial_bytes() > 0 && (!oldest || c->link->partial_since() < oldest->link->partial_since()))
      oldest = c.get();
  }
  if (sum <= parts_.settings->partial_bytes_max || !oldest) return;
  parts_.log->line(now, oldest->id, "limit.hit", {.level = "warn", .reason = "bytes of unfinished frames"});
  end(now, *oldest, CloseReason::slow);
}

void Network::close_all(Time now, CloseReason why) {
  for (const auto& c : connections_)
    if (c->stage != Connection::Stage::gone && c->stage != Connection::Stage::ending) {
      c->dial = 0;
      end(now, *c, why);
    }
  dials_.clear();
}

bool Network::flushed() const {
  return std::ranges::all_of(connections_,
                             [](const auto& c) { return c->stage != Connection::Stage::up || c->idle(); });
}

void Network::count(Connection& c) {
  const LinkCounters& now = c.link->counters();
  for (std::size_t i = 0; i < flows; ++i) {
    counts_.bytes_in[i] += now.flow_bytes_in[i] - c.counted.flow_bytes_in[i];
    counts_.bytes_out[i] += now.flow_bytes_out[i] - c.counted.flow_bytes_out[i];
  }
  counts_.wire_in += now.wire_bytes_in - c.counted.wire_bytes_in;
  counts_.wire_out += now.wire_bytes_out - c.counted.wire_bytes_out;
  counts_.dropped_oldest += now.dropped_oldest - c.counted.dropped_oldest;
  counts_.refused_lagging += now.refused_lagging - c.counted.refused_lagging;
  c.counted = now;
}

NetworkCounts Network::counts() {
  for (const auto& c : connections_)
    if (c->stage == Connection::Stage::up) count(*c);
  return counts_;
}

std::size_t Network::queued_bytes(Flow flow) const {
  std::size_t sum = 0;
  for (const auto& c : connections_)
    if (c->stage == Connection::Stage::up) sum += c->link->queued_bytes(flow);
  return sum;
}

}  // namespace boato
