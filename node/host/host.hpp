// SPDX-License-Identifier: Apache-2.0
// The real world of one peer: a libuv loop on a thread of its own that runs the core over sockets.
// A turn: sockets are read and tasks run, the core answers with effects, these are carried out until there
// are none, then what waits on links is written and subscriptions are woken. Nothing here has a rule of the
// protocol; everything of the core is touched by the loop thread alone.
#pragma once

#include <boato/peer.hpp>

#include "node/host/drop_table.hpp"
#include "node/host/host_store.hpp"
#include "node/host/local_topics.hpp"
#include "node/host/network.hpp"
#include "node/host/peer_common.hpp"
#include "node/host/settings.hpp"
#include "node/host/survey.hpp"
#include "overlay/link/knock_filter.hpp"
#include "overlay/roster/record_pool.hpp"

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <variant>
#include <vector>

namespace boato {

// What a peer is made from, all of it checked.
struct HostParts {
  Options options;
  Settings settings;
  Identity identity;
  std::optional<Key32> network_key, previous_key;
  std::vector<std::byte> attributes;  // encoded
  std::shared_ptr<PeerCommon> common;
  std::string store_folder;  // empty: this peer keeps nothing
};

class Host {
 public:
  explicit Host(HostParts parts);
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  // --- any thread
  // Binds the addresses and starts the thread. Errors: unreachable.
  Result<void> start();
  Result<void> ready(Duration within);
  // Closes the peer within `within`, waits for the loop thread and joins it.
  CloseReport close(Duration within);

  // --- loop thread (by PeerCommon::inbox)
  [[nodiscard]] Time now() const { return now_; }
  [[nodiscard]] PeerCore& core() { return *core_; }
  [[nodiscard]] LocalTopics& topics() { return *topics_; }
  Result<void, Errc> remove_topic(std::string_view name);  // its handles are closed when this returns
  [[nodiscard]] Topology topology();
  [[nodiscard]] std::vector<TopicInfo> topic_list();
  [[nodiscard]] std::vector<Metric> metrics();
  [[nodiscard]] std::vector<Dropped> drops() const;
  void survey(Duration within, std::size_t peers_max, const SurveyTopic& topic, Survey::Done done);

 private:
  struct Effects;
  enum class Phase : std::uint8_t { running, draining, leaving, closing, ended };

  void run();
  void note_drop(const Drop& drop);
  void open_handles();
  void resolve(const Endpoint& endpoint);
  void turn();       // the end of what a callback began
  void carry_out();  // effects, until there are none
  void arm();
  void tick();
  void note_joined();
  void step_close();  // host_close.cpp
  void begin_close(Duration within);
  void enter(Phase phase);
  void end();

  HostParts parts_;
  std::shared_ptr<PeerCommon> common_;
  uv_loop_t loop_{};
  uv_async_t async_{};
  uv_timer_t timer_{}, tick_timer_{};
  uv_prepare_t prepare_{};
  uv_check_t check_{};
  bool loop_open_ = false;

  std::vector<Address> addresses_;  // where we can be dialled
  std::vector<std::byte> peer_record_;
  Self self_;
  std::unique_ptr<HostStore> store_;  // null: this peer is no replica
  std::unique_ptr<RecordPool> records_;
  std::unique_ptr<KnockFilter> knocks_;
  std::unique_ptr<PeerCore> core_;
  std::unique_ptr<HostLog> log_;
  std::unique_ptr<Network> network_;
  std::unique_ptr<LocalTopics> topics_;
  std::vector<std::unique_ptr<Survey>> surveys_;
  std::vector<Endpoint> unresolved_;
  std::uint32_t survey_token_ = 0;
  Time now_{}, armed_ = never, resolve_again_{};
  bool again_ = false;  // more to do without waiting for a socket
  std::array<std::uint64_t, counters> counts_{};
  DropTable drops_;
  std::vector<std::variant<Delivery, GapNotice>> deliveries_;  // of this turn, in order

  Phase phase_ = Phase::running;
  Time close_by_ = never, phase_by_ = never;
  CloseReport report_;

  std::thread thread_;
  std::mutex mutex_;
  std::condition_variable changed_;
  bool joined_ = false, ended_ = false;  // guarded by mutex_
  std::string causes_;                   // guarded by mutex_: why dials fail
  std::mutex closing_;                   // one close at a time
};

}  // namespace boato
