// SPDX-License-Identifier: Apache-2.0
// What is behind a Peer. For node/host and its tests.
#pragma once

#include <boato/peer.hpp>

#include "node/host/host.hpp"
#include "node/host/identity_file.hpp"
#include "node/host/peer_common.hpp"

#include <memory>

namespace boato {

struct PeerImpl {
  DataFolder folder;  // let go last: until then nobody else may be this peer
  std::shared_ptr<PeerCommon> common;
  std::unique_ptr<Host> host;
};

struct PeerAccess {
  static PeerImpl& impl(Peer& peer) { return *peer.impl_; }
};

}  // namespace boato
