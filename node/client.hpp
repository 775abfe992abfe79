// SPDX-License-Identifier: Apache-2.0
// A command's connection to a peer: the node of this host through its control socket, or else a guest peer
// inside this process that is spoken to in the same way. Not for several threads.
#pragma once

#include <boato/peer.hpp>

#include "node/config.hpp"
#include "node/exit_code.hpp"
#include "node/file_handle.hpp"
#include "node/hub.hpp"
#include "node/json.hpp"
#include "node/report.hpp"
#include "node/signals.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace boato {

using ClientTime = std::chrono::steady_clock::time_point;

struct Reply {
  std::int64_t id = 0;
  bool done = false;
  Json item{};  // null if the answer has none
};

class Client {
 public:
  static constexpr Duration join_within = std::chrono::seconds{5};

  // Errors: closed, unreachable (no node; joining failed), bad_config. `guest_only`: never a local node.
  static Result<std::unique_ptr<Client>> open(const Config& config, bool guest_only, Signals& signals);
  // A guest in any case: it joins where the configuration says, or through the node of this host.
  static Result<std::unique_ptr<Client>> open_guest(const Config& config, bool join_given, Signals& signals);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  [[nodiscard]] bool is_guest() const { return hub_ != nullptr; }

  std::int64_t request(Json request);  // gives it the next id, and queues it
  [[nodiscard]] std::int64_t next_id() { return ++last_id_; }
  void send(const Json& request) { (output_ += to_line(request)) += '\n'; }
  [[nodiscard]] std::size_t unsent() const { return output_.size() - sent_; }

  enum class Wake : std::uint8_t { answers, input, time_over, signal, reader_gone, closed };
  // Sends, and waits until there is something to take(), `input_fd` is readable, stdout has no reader any
  // more (if `watch_stdout`), or the time is over.
  Wake wait(ClientTime until, int input_fd = -1, bool watch_stdout = false);
  std::optional<Reply> take();

  // All items of one request. Errors: that of the answer; timeout; closed.
  Result<std::vector<Json>> ask(const Json& request, Duration within);

  // A guest leaves the overlay: exit 8 if what it has published was taken by nobody.
  Exit leave(const Report& report, Duration within = std::chrono::seconds{5});

 private:
  explicit Client(Signals& signals) : signals_{signals} {}
  Result<void> become_guest(const Config& config, const std::vector<std::string>& join);

  Signals& signals_;
  FileHandle socket_;
  std::string output_, input_;
  std::size_t sent_ = 0, taken_ = 0;
  std::int64_t last_id_ = 0;
  bool ended_ = false;
  // A guest's:
  std::optional<Peer> peer_;
  std::unique_ptr<Hub> hub_;
  FileHandle stop_;
  std::thread serving_;
};

}  // namespace boato
