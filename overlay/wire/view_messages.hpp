// SPDX-License-Identifier: Apache-2.0
// Messages of the topology tools: a peer's own view on request. Nobody collects views all the time.
#pragma once

#include "overlay/wire/fields.hpp"
#include "overlay/wire/kind.hpp"

#include <string_view>
#include <tuple>

namespace boato::wire {

inline constexpr std::size_t view_links_max = 128;
inline constexpr std::size_t view_streams_max = 64;

// Receiver: answer with its own view; of the topic, if one is named, with its streams from `publisher` on, in
// the order of keys, or with how it came by the event, if `seq` is not zero.
struct ViewAsk {
  static constexpr Kind kind = Kind::view_ask;
  std::uint32_t token = 0;  // comes back in the answer
  TopicTag topic;           // zero: none
  PeerId publisher;
  Incarnation incarnation;
  std::uint64_t seq = 0;
  static constexpr auto fields =
      std::tuple{&ViewAsk::token, &ViewAsk::topic, &ViewAsk::publisher, &ViewAsk::incarnation, &ViewAsk::seq};
};

// How a peer came by an event. Wire values: never renumber.
enum class ViewWay : std::uint8_t {
  none = 0,     // it takes no part in the topic, or was not asked for one
  member = 1,   // it takes part; no event was asked for
  missing = 2,  // it takes part and does not hold the event (any more)
  own = 3,      // it has published it
  tree = 4,     // by a CAST
  repair = 5,   // by a REPAIR
};

enum ViewRoles : std::uint32_t { view_active = 1, view_mesh = 2, view_finger = 4 };

struct ViewLink {
  PeerId peer;
  std::uint32_t roles = 0;
  std::uint32_t rtt_us = 0;
  AddressList addresses;
  static constexpr auto fields =
      std::tuple{&ViewLink::peer, &ViewLink::roles, &ViewLink::rtt_us, &ViewLink::addresses};
};

struct ViewStream {
  PeerId publisher;
  Incarnation incarnation;
  std::uint64_t newest = 0;
  static constexpr auto fields =
      std::tuple{&ViewStream::publisher, &ViewStream::incarnation, &ViewStream::newest};
};

struct ViewTell {
  static constexpr Kind kind = Kind::view_tell;
  std::uint32_t token = 0;
  std::string_view name;
  std::uint32_t topics = 0;
  std::uint32_t passive = 0;
  List<ViewLink, view_links_max> links;  // with a topic: roles in it
  ViewWay way{};
  PeerId from;            // by whose link the event came; zero: nobody's, or one that is gone
  std::uint8_t hops = 0;  // links it had crossed by then; by way of the tree only
  List<ViewStream, view_streams_max> streams;
  static constexpr auto fields =
      std::tuple{&ViewTell::token, &ViewTell::name, &ViewTell::topics, &ViewTell::passive, &ViewTell::links,
                 &ViewTell::way,   &ViewTell::from, &ViewTell::hops,   &ViewTell::streams};
};

}  // namespace boato::wire
