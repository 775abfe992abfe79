// SPDX-License-Identifier: Apache-2.0
// Messages of the topology tools: a peer's own view on request. Nobody collects views all the time.
#pragma once

#include "overlay/wire/fields.hpp"
#include "overlay/wire/kind.hpp"

#include <string_view>
#include <tuple>

namespace boato::wire {

inline constexpr std::size_t view_links_max = 128;

// Receiver: answer with its own view.
struct ViewAsk {
  static constexpr Kind kind = Kind::view_ask;
  std::uint32_t token = 0;  // comes back in the answer
  static constexpr auto fields = std::tuple{&ViewAsk::token};
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

struct ViewTell {
  static constexpr Kind kind = Kind::view_tell;
  std::uint32_t token = 0;
  std::string_view name;
  std::uint32_t topics = 0;
  std::uint32_t passive = 0;
  List<ViewLink, view_links_max> links;
  static constexpr auto fields =
      std::tuple{&ViewTell::token, &ViewTell::name, &ViewTell::topics, &ViewTell::passive, &ViewTell::links};
};

}  // namespace boato::wire
