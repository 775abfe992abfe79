// SPDX-License-Identifier: Apache-2.0
// Serves one client on a connected stream socket until it goes, sends what is no request, or is told to stop.
#pragma once

#include "node/file_handle.hpp"
#include "node/hub.hpp"

namespace boato {

inline constexpr std::size_t request_bytes_max = std::size_t{1}
                                                 << 20;  // one line to us; lines from us carry any payload

// `stop_fd` becomes readable when it is time to stop.
void serve(FileHandle client, Hub& hub, int stop_fd);

}  // namespace boato
