// SPDX-License-Identifier: Apache-2.0
// The C side of the FaultDisk: SQLite's tables of functions, each handed on to the disk.
#pragma once

#include "tests/store/fault_disk.hpp"

#include <sqlite3.h>

#include <array>
#include <cstddef>
#include <memory>
#include <vector>

namespace boato {

struct FaultDisk::File {
  struct Change {
    std::size_t offset = 0;
    std::vector<std::byte> bytes;
    bool truncates = false;
  };
  std::vector<std::byte> now, synced;
  std::vector<Change> unsynced;
  std::size_t readers = 0;
  Handle* writer = nullptr;
  bool exclusive = false;
  std::vector<std::unique_ptr<std::byte[]>> shm;
  std::size_t mappers = 0;
  std::array<int, SQLITE_SHM_NLOCK> shm_shared{};
  std::array<Handle*, SQLITE_SHM_NLOCK> shm_writer{};
};

struct FaultDisk::Handle {
  FaultDisk* disk = nullptr;
  std::shared_ptr<File> file;
  std::uint64_t epoch = 0;
  int level = 0;
  int persist_wal = 0;
  bool mapped = false;
  std::array<bool, SQLITE_SHM_NLOCK> shm_shared{};
};

struct FaultDisk::Vfs {
  Vfs(FaultDisk& disk, const char* name);
  ~Vfs();
  sqlite3_vfs vfs{};
};

}  // namespace boato
