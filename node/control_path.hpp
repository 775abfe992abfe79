// SPDX-License-Identifier: Apache-2.0
// Where the control sockets of this user's nodes are, and connecting to one.
#pragma once

#include <boato/result.hpp>

#include "node/file_handle.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace boato {

// A node's name is part of a file name: letters, digits, '.', '_' and '-', at most 64, no '.' in front.
[[nodiscard]] bool is_node_name(std::string_view name);

// $XDG_RUNTIME_DIR/boato, else boato-<uid> under the system's temporary folder; made with mode 0700 if
// `make`. An error if it is not ours alone, because who owns the folder owns the sockets in it.
[[nodiscard]] Result<std::string> control_folder(bool make);

// $BOATO_SOCKET, else <folder>/<name>.sock.
[[nodiscard]] Result<std::string> control_path(std::string_view name, bool make_folder);

// A connection to the node of that name; of no name: to the first, by name, that answers. Not open if none
// does.
[[nodiscard]] FileHandle connect_control(std::string_view name);
[[nodiscard]] FileHandle connect_socket(const std::string& path);

// Whether the process at the other end of a Unix socket belongs to this user; the kernel says so.
[[nodiscard]] bool same_user(int fd);

}  // namespace boato
