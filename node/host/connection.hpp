// SPDX-License-Identifier: Apache-2.0
// One TCP connection and the Link that speaks on it. Moves bytes; what a frame means is the core's, when to
// dial or accept is others'. Sockets are non-blocking and polled by libuv; a link's bytes are sealed into one
// buffer that all links share, and only what the socket does not take is kept (at most that buffer's size).
#pragma once

#include "node/host/admission.hpp"
#include "overlay/base/strong.hpp"
#include "overlay/effects/link_table.hpp"
#include "overlay/link/link.hpp"

#include <uv.h>

#include <memory>
#include <span>
#include <vector>

namespace boato {

// An open socket under libuv's watch. The handle outlives it until libuv has let go.
class PolledSocket {
 public:
  using Callback = void (*)(void* owner, int status, int events);
  PolledSocket() = default;
  ~PolledSocket() { close(); }
  PolledSocket(const PolledSocket&) = delete;
  PolledSocket& operator=(const PolledSocket&) = delete;

  // Takes `fd` over. `owner` outlives this.
  [[nodiscard]] bool open(uv_loop_t* loop, int fd, void* owner, Callback callback);
  void watch(int events);  // UV_READABLE | UV_WRITABLE; nothing happens if it is watched already
  void close();
  [[nodiscard]] int fd() const { return fd_; }
  [[nodiscard]] bool is_open() const { return fd_ >= 0; }

 private:
  struct Handle {
    uv_poll_t poll;
    void* owner;
    Callback callback;
  };
  Handle* handle_ = nullptr;
  int fd_ = -1;
  int watched_ = 0;
};

struct Connection {
  enum class Stage : std::uint8_t {
    connecting,  // TCP is not there yet
    greeting,    // handshake
    up,          // the core knows the link
    ending,      // what is queued goes out, nothing comes in any more
    gone,        // closed: removed at the end of the turn
  };
  class Network* network = nullptr;
  LinkId id;
  Stage stage = Stage::connecting;
  PolledSocket socket;
  std::unique_ptr<Link> link;
  Address remote;
  PeerId peer{};
  AdmissionGate::Ticket ticket = 0;  // a stranger that came to us
  bool greeted = false;              // its first bytes have come
  std::uint64_t dial = 0;            // the dial it belongs to; 0 = none
  Time give_up = never;              // connecting, ending
  bool dirty = false;                // has something to send
  bool refused = false;              // a frame was not queued since the last flush
  bool shut = false;                 // our side is closed, we wait for the other's
  LinkBacklog backlog_told;
  std::vector<std::byte> rest;  // sealed, not yet taken by the socket
  std::size_t rest_at = 0;
  LinkCounters counted{};  // what metrics have seen of the link's counters

  enum class Sent : std::uint8_t { all, waits, broken };
  // Seals and writes until nothing is left or the socket takes no more.
  Sent flush(std::span<std::byte> buffer);
  [[nodiscard]] bool idle() const { return rest.empty() && (!link || !link->wants_to_send()); }
  [[nodiscard]] std::size_t backlog() const;
};

// Socket options that every connection has.
void tune(int fd);

}  // namespace boato
