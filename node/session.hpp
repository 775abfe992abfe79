// SPDX-License-Identifier: Apache-2.0
// One client of a peer: its requests in, answers out, as lines of JSON. A request is {"id":1,"do":"pub",...};
// each answer is {"id":1,"item":{...}}, the last one to a request has "done":true. The items are those of
// --json. Knows requests and the public API; does not know sockets (serve.hpp).
//
// do        asks                                                  answers
// pub       topic, payload or payload_b64, key, type, attrs,      accepted, then receipt or refused
//           ttl_us, receipt, copies; more: the payload goes on in
//           the next request of the same id (a line has a limit)
// sub       pattern, order, where, show_filtered                  event, gap, status, until unsub
// unsub     sub                                                   done
// pause     sub, on                                               done
// topics                                                          topic ...
// topic     topic; create with contract; remove; members;         topic | member ... | error
//           wait_subs (answers once so many subscribe)
// status    -                                                     node
// peers     -                                                     peer ...
// topology  within_us                                             topology
// metrics   -                                                     metric ...
// close     -                                                     done; then the node ends as by TERM
#pragma once

#include <boato/peer.hpp>

#include "node/file_handle.hpp"
#include "node/hub.hpp"
#include "node/json.hpp"

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace boato {

// Answers that come from the peer's delivery thread; outlives the session if receipts are still due.
struct Mailbox {
  std::mutex mutex;
  std::string lines;  // guarded by mutex
  FileHandle wake;    // readable while there are lines

  void put(std::string_view answer);
};

class Session {
 public:
  static constexpr std::size_t payload_bytes_max = std::size_t{17}
                                                   << 20;  // above what any configuration allows
  static constexpr std::size_t output_bytes_max = std::size_t{1}
                                                  << 20;  // then nothing more is taken in or handed out
  static constexpr std::size_t subscriptions_max = 1000;

  explicit Session(Hub& hub);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void on_line(std::string_view line);
  // Receipts into the output, items of subscriptions as far as there is room, and what waits tried again.
  void turn();

  [[nodiscard]] std::string& output() { return output_; }
  [[nodiscard]] bool full() const { return output_.size() >= output_bytes_max; }
  // An accepted request comes first: while a publish waits for room no further request is read.
  [[nodiscard]] bool stalled() const { return stalled_.has_value(); }
  // When turn() wants to be called though nothing is readable; -1: not at all.
  [[nodiscard]] int timeout_ms() const;
  // Descriptors that are readable when turn() has something to do.
  void wake_fds(std::vector<int>& fds) const;

 private:
  using Id = std::int64_t;
  struct Publish {
    Id id = 0;
    std::string topic, payload, key, type;
    Json attributes;
    Duration ttl{};
    ReceiptLevel level = ReceiptLevel::by_contract;
    std::uint32_t copies = 0;
  };
  struct Subscribed {
    Subscription subscription;
    std::string pattern{};
    std::uint64_t token = 0;
    bool paused = false;
    bool told_ready = false;  // of a wildcard as a whole; a name is told of by the peer
  };
  struct Waiting {
    Id id = 0;
    std::string name;
    std::shared_ptr<Topic> topic;  // null until it could be opened
    std::size_t wanted = 0;
  };

  void answer(Id id, const Json& item, bool done);
  void answer_done(Id id);
  void refuse(Id id, const Error& error, std::string_view t = "error");
  void on_request(Id id, const Json& request);
  void on_pub(Id id, const Json& request);
  void on_sub(Id id, const Json& request);
  void on_topic(Id id, const Json& request);
  void on_members(Id id, const std::string& name);
  bool publish(Publish& what);  // false: no room yet
  void hand_out(Id id, const Item& item);
  bool answered(Waiting& waiting);
  [[nodiscard]] bool all_ready(const std::string& pattern) const;

  Hub& hub_;
  std::shared_ptr<Mailbox> mailbox_;
  std::string output_;
  std::map<Id, std::string> parts_;  // payloads that come in several requests
  std::size_t parts_bytes_ = 0;
  std::optional<Publish> stalled_;
  std::map<Id, Subscribed> subscriptions_;
  std::vector<Waiting> waiting_;
};

}  // namespace boato
