// SPDX-License-Identifier: Apache-2.0
// All connections of one peer, between the sockets and the core: accepts and dials, feeds the core with links
// and frames, and carries out what it answers (send, close, dial). Knows what strangers may cost; knows
// nothing of topics. Loop thread only.
#pragma once

#include "node/host/acceptor.hpp"
#include "node/host/connection.hpp"
#include "node/host/log.hpp"
#include "node/host/settings.hpp"
#include "overlay/peer_core.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace boato {

struct NetworkCounts {
  std::array<std::uint64_t, flows> bytes_in{}, bytes_out{};
  std::uint64_t wire_in = 0, wire_out = 0;
  std::uint64_t dropped_oldest = 0, refused_lagging = 0;
  std::uint64_t handshakes_refused = 0, strangers_refused = 0, links_refused = 0;
};

class Network {
 public:
  struct Parts {
    uv_loop_t* loop;
    const Settings* settings;
    PeerCore* core;
    HostLog* log;
    std::function<void()> after_read;  // effects of what was read are due
    std::function<Key32()> entropy;
    std::function<void(const Drop&)> dropped;
  };
  Network(const Parts& parts, LinkSetup setup);
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  Result<Address> listen(const Address& address) { return acceptor_.listen(address); }
  // Before the peer record is known nothing may be dialled or accepted (listening is fine).
  void set_peer_record(Bytes record) { setup_.peer_record = record; }
  // Whoever answers at this address must be that peer.
  void expect(const Address& address, const PeerId& id) { expected_.emplace_back(address, id); }

  // --- what the core answers
  void send(Time now, LinkId link, Flow flow, Bytes envelope, EventRef body);
  void close(Time now, LinkId link, CloseReason why);
  void dial(Time now, const DialWish& wish);

  // --- turns
  // Links that have ended since the last call are told to the core. True if there were any.
  bool report(Time now);
  // Writes what waits, and tells the core how much is left.
  void flush(Time now);
  void tick(Time now);

  // --- the end
  void stop_accepting() { acceptor_.close(); }
  void close_all(Time now, CloseReason why);
  [[nodiscard]] bool flushed() const;  // nothing waits on any link
  [[nodiscard]] bool empty() const { return connections_.empty(); }

  // --- looking
  [[nodiscard]] std::size_t links() const { return links_up_; }
  [[nodiscard]] NetworkCounts counts();
  [[nodiscard]] std::size_t queued_bytes(Flow flow) const;
  [[nodiscard]] const std::map<Address, std::string>& dial_errors() const { return dial_errors_; }
  [[nodiscard]] const AdmissionGate& gate() const { return gate_; }

 private:
  struct Dial {
    DialWish wish;
    std::size_t next = 0;  // address
  };
  struct Sink;
  static void on_poll(void* owner, int status, int events);

  Connection* find(LinkId id);
  Connection& add(int fd, const Address& remote);
  void on_accept(int fd, const Address& from);
  void on_connected(Time now, Connection& c);
  void on_readable(Time now, Connection& c);
  void on_up(Time now, Connection& c, const PeerHello& hello);
  void try_next(Time now, std::uint64_t dial);
  void make_link(Time now, Connection& c, Link::Role role, std::optional<PeerId> expected);
  void mark(Connection& c);
  void end(Time now, Connection& c, CloseReason why);  // its last bytes go out first
  void gone(Time now, Connection& c, CloseReason why, const std::string& cause = {});
  void settle_stranger(Time now, Connection& c, bool failed);
  void count(Connection& c);
  void flush_one(Time now, Connection& c);
  void shed_partial_bytes(Time now);
  void remember(const Address& address, std::string cause);

  Parts parts_;
  LinkSetup setup_;
  Acceptor acceptor_;
  AdmissionGate gate_;
  std::vector<std::unique_ptr<Connection>> connections_;  // by id
  std::vector<Connection*> dirty_;
  struct Down {
    LinkId link;
    CloseReason why{};
  };
  std::vector<Down> downs_;
  std::map<std::uint64_t, Dial> dials_;
  std::vector<DialWish> failed_dials_;
  std::vector<std::pair<Address, PeerId>> expected_;
  std::map<Address, std::string> dial_errors_;  // why the last try failed; few, for people
  std::vector<std::byte> in_, out_;
  std::size_t links_up_ = 0;
  std::uint32_t last_id_ = 0;
  std::uint64_t last_dial_ = 0;
  bool any_gone_ = false;
  NetworkCounts counts_;
};

}  // namespace boato
