// SPDX-License-Identifier: Apache-2.0
// Messages of the overlay graph. All travel in the control flow. Each comment states the receiver's duty.
#pragma once

#include "overlay/wire/fields.hpp"
#include "overlay/wire/kind.hpp"
#include "overlay/wire/records.hpp"

#include <cstdint>
#include <tuple>

namespace boato::wire {

inline constexpr std::size_t goodbye_samples_max = 8;
inline constexpr std::size_t shuffle_samples_max = 16;
inline constexpr std::size_t join_samples_max = 32;
using OneSample = List<PeerSample, 1>;  // empty: the frame asks for nothing

enum class Want : std::uint8_t {
  normal = 0,  // below its target
  urgent = 1,  // below its minimum: whoever has any room must accept
  splice = 2,  // the receiver is spliced into a link of the sender
  heal = 3,    // the sender may come from another component: accept, and splice each other in
};

// Receiver: answer ACCEPT, REFUSE, or begin a splice that leads to other NEIGHBOR frames; never with silence.
struct Neighbor {
  static constexpr Kind kind = Kind::neighbor;
  Want want{};
  std::uint32_t degree = 0;  // of the sender
  static constexpr auto fields = std::tuple{&Neighbor::want, &Neighbor::degree};
};

// Receiver: the sender counts it among its neighbours; do the same, or say DISCONNECT.
struct Accept {
  static constexpr Kind kind = Kind::accept;
  std::uint32_t degree = 0;
  static constexpr auto fields = std::tuple{&Accept::degree};
};

// Receiver: ask others; the samples help.
struct Refuse {
  static constexpr Kind kind = Kind::refuse;
  List<PeerSample, goodbye_samples_max> samples;
  static constexpr auto fields = std::tuple{&Refuse::samples};
};

// Receiver: the sender no longer counts it among its neighbours (reason `leaving`: the sender ends). The link
// may stay for topics.
struct Disconnect {
  static constexpr Kind kind = Kind::disconnect;
  std::uint8_t reason = 0;  // CloseReason of effects/close_reason.hpp
  List<PeerSample, goodbye_samples_max> samples;
  static constexpr auto fields = std::tuple{&Disconnect::reason, &Disconnect::samples};
};

// Receiver: keep what is new in the passive view, answer SHUFFLE_REPLY with as many of its own.
struct Shuffle {
  static constexpr Kind kind = Kind::shuffle;
  List<PeerSample, shuffle_samples_max> samples;
  static constexpr auto fields = std::tuple{&Shuffle::samples};
};

// Receiver: keep what is new in the passive view.
struct ShuffleReply {
  static constexpr Kind kind = Kind::shuffle_reply;
  List<PeerSample, shuffle_samples_max> samples;
  static constexpr auto fields = std::tuple{&ShuffleReply::samples};
};

// Receiver: answer SAMPLES, begin walks for the sender, and become its neighbour while below its own target.
struct Join {
  static constexpr Kind kind = Kind::join;
  OneSample self;  // empty addresses: it cannot be dialled, so no walk is begun
  static constexpr auto fields = std::tuple{&Join::self};
};

// Receiver: keep what is new in the passive view.
struct Samples {
  static constexpr Kind kind = Kind::samples;
  List<PeerSample, join_samples_max> samples;
  static constexpr auto fields = std::tuple{&Samples::samples};
};

// Receiver: pass it on to a random neighbour, one step less; at the last step become the origin's neighbour
// or splice it into one of its own links.
struct Walk {
  static constexpr Kind kind = Kind::walk;
  OneSample origin;
  std::uint32_t steps = 0;  // still to go
  static constexpr auto fields = std::tuple{&Walk::origin, &Walk::steps};
};

// The sender wants to put `peer` into the link with the receiver. Receiver: answer SPLICE_ANSWER; if it
// agrees, link to the peer, tell when that is confirmed, and wait for DISCONNECT{splice}.
struct Splice {
  static constexpr Kind kind = Kind::splice;
  std::uint32_t token = 0;
  OneSample peer;
  static constexpr auto fields = std::tuple{&Splice::token, &Splice::peer};
};

enum class SpliceState : std::uint8_t { refused = 0, agreed = 1, linked = 2 };

// Receiver: `linked` and its own link confirmed: close the link between the two. `refused`: try another.
struct SpliceAnswer {
  static constexpr Kind kind = Kind::splice_answer;
  std::uint32_t token = 0;
  SpliceState state{};
  static constexpr auto fields = std::tuple{&SpliceAnswer::token, &SpliceAnswer::state};
};

// This link as the sender sees it. Receiver: a link that the other end uses is not idle.
enum LinkRoles : std::uint32_t {
  role_active = 1,   // a neighbour in the overlay
  role_used = 2,     // in another room's use
  role_crowded = 4,  // the sender has many links: whoever can choose takes another one
};

// Receiver: answer PONG at once.
struct Ping {
  static constexpr Kind kind = Kind::ping;
  std::uint32_t token = 0;
  std::uint32_t degree = 0;
  std::uint32_t roles = 0;
  static constexpr auto fields = std::tuple{&Ping::token, &Ping::degree, &Ping::roles};
};

// Receiver: the link lives, and this is the round trip.
struct Pong {
  static constexpr Kind kind = Kind::pong;
  std::uint32_t token = 0;
  std::uint32_t degree = 0;
  std::uint32_t roles = 0;
  static constexpr auto fields = std::tuple{&Pong::token, &Pong::degree, &Pong::roles};
};

// Receiver: find out whether the target lives, by a ping on an own link or else by dialling it; answer
// PROBE_RESULT.
struct Probe {
  static constexpr Kind kind = Kind::probe;
  std::uint32_t token = 0;
  OneSample target;
  static constexpr auto fields = std::tuple{&Probe::token, &Probe::target};
};

// Receiver: `alive` ends the suspicion; the own link may be broken all the same.
struct ProbeResult {
  static constexpr Kind kind = Kind::probe_result;
  std::uint32_t token = 0;
  bool alive = false;
  static constexpr auto fields = std::tuple{&ProbeResult::token, &ProbeResult::alive};
};

}  // namespace boato::wire
