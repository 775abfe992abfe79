// SPDX-License-Identifier: Apache-2.0
// Whether the other end of each link still lives. Any frame is a sign of life; after some silence the lower
// key pings, and one answer serves both. No answer: other neighbours are asked to dial the target (a fresh
// dial tests the peer, not the old socket); no good news from them: dead. Source: SWIM (Das et al. 2002) for
// the indirect probe, Lifeguard (Dadgar et al. 2017) for the local health.
// Knows links and time; does not know views. It says what to do, and Membership does it.
// State: 64 B per link.
#pragma once

#include "overlay/effects/link_table.hpp"
#include "overlay/effects/self.hpp"
#include "overlay/membership/config.hpp"

#include <cstdint>
#include <span>
#include <vector>

namespace boato {

struct LivenessStep {
  enum class Kind : std::uint8_t {
    ping,   // send PING with the token
    probe,  // ask neighbours about the peer, with the token
    dead,   // close it: no sign of life by any path
    stuck,  // close it: the peer lives, the link does not
  };
  Kind kind{};
  LinkId link;
  std::uint32_t token = 0;
};

class Liveness {
 public:
  Liveness(const MembershipConfig& config, const Self& self, const LinkTable& links);

  void on_link_up(Time now, const LinkInfo& link);
  void on_link_down(LinkId link);
  void set_active(LinkId link, bool active);  // a role in the overlay graph
  // A role in another room; `watched`: one that needs to know soon whether the other end lives, events or
  // not.
  void set_busy(LinkId link, bool busy, bool watched);
  [[nodiscard]] bool busy(LinkId link) const;
  // What the other end last said of its own use of the link.
  void set_used_there(LinkId link, bool used);
  [[nodiscard]] bool used_there(LinkId link) const;
  // There is reason to think that the peer is dead: a second of silence is enough to ask it, and few seconds
  // tell.
  void doubt(LinkId link);
  // The measured round trip, smoothed; zero if the token is not that of our last ping.
  Duration on_pong(Time now, LinkId link, std::uint32_t token);
  void on_probe_result(std::uint32_t token, bool alive);

  // What is to be done now; empties `steps` first.
  void on_deadline(Time now, std::vector<LivenessStep>& steps);
  [[nodiscard]] Time next_deadline() const { return next_check_; }
  // How late the own loop is: above 100 ms, nobody else is accused lightly.
  void on_lateness(Duration late);
  [[nodiscard]] std::uint32_t health() const { return health_; }
  [[nodiscard]] std::size_t size() const { return states_.size(); }

 private:
  enum class Stage : std::uint8_t { calm, pinged, probed, excused, ended };
  struct State {
    LinkId link;
    std::uint32_t token = 0;  // of the ping that is not answered yet
    std::uint32_t probe_token = 0;
    Time sent{};   // the last ping
    Time since{};  // the stage began
    std::uint32_t rtt_us = 0, rtt_var_us = 0;
    Stage stage = Stage::calm;
    bool active = false, busy = false, alive_told = false, doubted = false, used_there = false;
    bool watched = false;
    bool tell = false;  // the other end does not know yet how we use the link
  };
  State* find(LinkId link);
  [[nodiscard]] const State* find(LinkId link) const;
  [[nodiscard]] Duration silence_allowed(Time now, const State& state, const LinkInfo& link) const;
  [[nodiscard]] Duration answer_within(const State& state) const;
  [[nodiscard]] Time step(Time now, State& state, const LinkInfo& link, std::vector<LivenessStep>& steps);

  const MembershipConfig& config_;
  const Self& self_;
  const LinkTable& links_;
  std::vector<State> states_;  // by link
  Time next_check_ = never;
  std::uint32_t next_token_ = 1;
  std::uint32_t health_ = 1;
};

}  // namespace boato
