// SPDX-License-Identifier: Apache-2.0
// What a peer tells of itself when it is asked, for topology tools: its links; of one topic, which streams it
// has and how far; of one event, by whom it came first.
#pragma once

#include "overlay/stream/stream_key.hpp"
#include "overlay/wire/view_messages.hpp"

#include <optional>
#include <string>
#include <vector>

namespace boato {

struct ViewQuestion {
  TopicTag topic;    // zero: no topic, roles of links are those in any
  StreamKey stream;  // of the event; without one: streams from this publisher on, in the order of keys
  Seq seq;           // of the event; zero: none, the streams are asked for
};

struct StreamHead {
  StreamKey stream;
  Seq newest;
  auto operator<=>(const StreamHead&) const = default;
};

struct PeerView {
  PeerId peer;
  std::uint32_t token = 0;
  std::string name;
  std::uint32_t topics = 0, passive = 0;
  struct Link {
    PeerId peer;
    std::uint32_t roles = 0;
    Duration rtt{0};
    wire::AddressList addresses;
  };
  std::vector<Link> links;
  // Of the topic that was asked for.
  wire::ViewWay way{};
  PeerId from;            // by whose link the event came; zero: nobody's, or one that is gone
  std::uint8_t hops = 0;  // links it had crossed by then; by way of the tree only
  std::vector<StreamHead> streams;
};

// The event a tree is drawn of, from what peers tell of one publisher: of its newest start the lower median
// of the newest numbers, so that at least half of them have it.
[[nodiscard]] std::optional<StreamHead> settled_event(std::vector<StreamHead> told);

}  // namespace boato
