// SPDX-License-Identifier: Apache-2.0
// What Options mean: checked once, before anything is opened.
#pragma once

#include <boato/peer.hpp>

#include "node/host/addresses.hpp"
#include "node/host/admission.hpp"
#include "overlay/core_config.hpp"
#include "overlay/link/link_config.hpp"

#include <string>
#include <vector>

namespace boato {

struct Settings {
  CoreConfig core;
  LinkLimits link;
  AdmissionLimits admission;
  std::vector<Endpoint> listen, join;
  std::vector<Address> advertise;
  bool open = false;  // listen beyond the loopback without a network key
  std::size_t links_max = 512;
  std::size_t outbox_bytes_max = std::size_t{8} << 20;
  std::size_t partial_bytes_max = std::size_t{64} << 20;
  std::size_t subscriptions_max = 10000;
  Duration connect_within = std::chrono::seconds{2};
  Duration flush_within = std::chrono::seconds{1};      // a link that ends
  std::size_t read_bytes_max = std::size_t{256} << 10;  // of one link per turn
};

// Errors: bad_config (an unknown key names the nearest known one), not_allowed (see
// Options::network_key_file).
[[nodiscard]] Result<Settings> read_settings(Options& options);

// Every key of Options::set, by name.
[[nodiscard]] std::vector<std::string> setting_names();

}  // namespace boato
