// SPDX-License-Identifier: Apache-2.0
// The tables of the store and the settings of a connection to it. See node/store/README.md for what stands in
// each.
#pragma once

#include "node/store/sqlite.hpp"

#include <string>

namespace boato {

inline constexpr std::int64_t store_format = 1;  // a database of another format is left alone

[[nodiscard]] std::string database_path(const std::string& folder);
[[nodiscard]] std::string mark_path(const std::string& folder);
[[nodiscard]] std::string reserve_path(const std::string& folder);

// The writer's connection: makes the file if it is not there.
[[nodiscard]] Database open_to_write(const std::string& folder, const char* vfs);
// A connection that only reads.
[[nodiscard]] Database open_to_read(const std::string& folder, const char* vfs);

// Makes the tables of a new database, inside a transaction of the caller.
bool make_tables(Database& db);

}  // namespace boato
