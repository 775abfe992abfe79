// SPDX-License-Identifier: Apache-2.0
// A disk in memory under SQLite, as a VFS of its own, that does what real ones do at their worst: forgets or
// tears what was not synced when the power goes, fails a write or a sync, is full, flips bits, loses the end
// of a file. Files are found by their path; all of it may be called from several threads.
#pragma once

#include "overlay/base/rng.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace boato {

class FaultDisk {
 public:
  FaultDisk();
  ~FaultDisk();
  FaultDisk(const FaultDisk&) = delete;
  FaultDisk& operator=(const FaultDisk&) = delete;

  [[nodiscard]] const char* vfs() const { return name_.c_str(); }

  // The power goes: what was not synced is kept, lost or torn, as the dice fall. Handles of before answer
  // errors from now on; files may be opened again.
  void cut(Rng& rng);
  // The power goes once this many more calls that write or sync have been made: in the middle of something.
  void cut_after(std::uint64_t calls, Rng rng);
  [[nodiscard]] bool was_cut() const { return cuts_ > 0; }

  void fail_sync_after(std::uint64_t syncs) { sync_fuse_ = syncs; }
  void fail_write_after(std::uint64_t writes) { write_fuse_ = writes; }
  [[nodiscard]] bool failed() const { return failed_; }
  void heal();  // no fault is armed any more

  // Nothing moves on this disk while it is held.
  [[nodiscard]] std::unique_lock<std::recursive_mutex> hold() { return std::unique_lock{mutex_}; }

  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }  // of all files together
  [[nodiscard]] std::uint64_t used() const;

  [[nodiscard]] std::uint64_t size(const std::string& path) const;
  void flip(const std::string& path, std::uint64_t bit);
  void truncate(const std::string& path, std::uint64_t size);
  void remove(const std::string& path);
  [[nodiscard]] bool holds(const std::string& path, std::uint64_t at, Bytes bytes) const;

  // Called by the VFS's C functions.
  struct Handle;
  struct File;
  int open(Handle& handle, const char* path, int flags, int* out_flags);
  int close(Handle& handle);
  int read(Handle& handle, void* out, int size, std::int64_t offset);
  int write(Handle& handle, const void* bytes, int size, std::int64_t offset);
  int resize(Handle& handle, std::int64_t size);
  int sync(Handle& handle);
  int lock(Handle& handle, int level);
  int unlock(Handle& handle, int level);
  int reserved(Handle& handle, int* out);
  int shm_map(Handle& handle, int region, int size, bool extend, void volatile** out);
  int shm_lock(Handle& handle, int offset, int n, int flags);
  int shm_unmap(Handle& handle);
  int exists(const char* path, int* out);
  int erase(const char* path);
  [[nodiscard]] std::int64_t file_size(Handle& handle) const;

 private:
  struct Vfs;
  bool burn();  // a call that changes the disk; false: the power has gone meanwhile
  void cut_now(Rng& rng);
  [[nodiscard]] std::uint64_t used_now() const;

  mutable std::recursive_mutex mutex_;
  std::string name_;
  std::unique_ptr<Vfs> vfs_;
  std::map<std::string, std::shared_ptr<File>> files_;
  std::uint64_t epoch_ = 1;  // handles of an earlier one are dead
  std::uint64_t cuts_ = 0;
  std::optional<std::uint64_t> cut_fuse_, sync_fuse_, write_fuse_;
  Rng cut_rng_{1};
  std::uint64_t capacity_ = ~std::uint64_t{0};
  bool failed_ = false;
};

}  // namespace boato
