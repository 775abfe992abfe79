// SPDX-License-Identifier: Apache-2.0
#include "tests/store/fault_disk.hpp"

#include "tests/store/fault_vfs.hpp"

#include <sqlite3.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

namespace boato {
namespace {

constexpr std::size_t sector = 512;  // what a device writes whole or not at all

void put(std::vector<std::byte>& bytes, std::size_t offset, std::span<const std::byte> what) {
  if (bytes.size() < offset + what.size()) bytes.resize(offset + what.size());
  std::ranges::copy(what, bytes.begin() + static_cast<std::ptrdiff_t>(offset));
}

// Counts a fuse down. True: it has just burnt out.
bool burns(std::optional<std::uint64_t>& fuse) {
  if (!fuse) return false;
  if (*fuse == 0) return fuse.reset(), true;
  --*fuse;
  return false;
}

}  // namespace

FaultDisk::FaultDisk() {
  static std::atomic<int> made = 0;
  name_ = "boato-fault-" + std::to_string(++made);
  vfs_ = std::make_unique<Vfs>(*this, name_.c_str());
}

FaultDisk::~FaultDisk() = default;

void FaultDisk::heal() {
  const std::lock_guard lock{mutex_};
  cut_fuse_.reset();
  sync_fuse_.reset();
  write_fuse_.reset();
  failed_ = false;
  capacity_ = ~std::uint64_t{0};
}

void FaultDisk::cut(Rng& rng) {
  const std::lock_guard lock{mutex_};
  cut_now(rng);
}

void FaultDisk::cut_after(std::uint64_t calls, Rng rng) {
  const std::lock_guard lock{mutex_};
  cut_fuse_ = calls;
  cut_rng_ = rng;
}

void FaultDisk::cut_now(Rng& rng) {
  ++epoch_;
  ++cuts_;
  for (auto& [path, file] : files_) {
    std::vector<std::byte> kept = file->synced;
    for (const File::Change& change : file->unsynced) {
      const std::uint64_t fate = rng.below(4);
      if (fate == 0) continue;
      if (change.truncates) {
        kept.resize(change.offset);
        continue;
      }
      if (fate < 3) {
        put(kept, change.offset, change.bytes);
        continue;
      }
      for (std::size_t at = 0; at < change.bytes.size(); at += sector) {
        const std::size_t n = std::min(sector, change.bytes.size() - at);
        if (rng.chance(0.5)) put(kept, change.offset + at, std::span{change.bytes}.subspan(at, n));
      }
    }
    auto fresh = std::make_shared<File>();
    fresh->now = fresh->synced = std::move(kept);
    file = std::move(fresh);
  }
}

bool FaultDisk::burn() {
  if (!burns(cut_fuse_)) return true;
  cut_now(cut_rng_);
  return false;
}

std::uint64_t FaultDisk::used_now() const {
  std::uint64_t bytes = 0;
  for (const auto& [path, file] : files_) bytes += file->now.size();
  return bytes;
}

std::uint64_t FaultDisk::used() const {
  const std::lock_guard lock{mutex_};
  return used_now();
}

std::uint64_t FaultDisk::size(const std::string& path) const {
  const std::lock_guard lock{mutex_};
  const auto at = files_.find(path);
  return at == files_.end() ? 0 : at->second->now.size();
}

void FaultDisk::flip(const std::string& path, std::uint64_t bit) {
  const std::lock_guard lock{mutex_};
  File& file = *files_.at(path);
  for (auto* bytes : {&file.now, &file.synced})
    if (bit / 8 < bytes->size()) (*bytes)[bit / 8] ^= std::byte{1} << (bit % 8);
}

void FaultDisk::truncate(const std::string& path, std::uint64_t size) {
  const std::lock_guard lock{mutex_};
  File& file = *files_.at(path);
  for (auto* bytes : {&file.now, &file.synced}) bytes->resize(std::min<std::size_t>(bytes->size(), size));
}

void FaultDisk::remove(const std::string& path) {
  const std::lock_guard lock{mutex_};
  files_.erase(path);
}

bool FaultDisk::holds(const std::string& path, std::uint64_t at, Bytes bytes) const {
  const std::lock_guard lock{mutex_};
  const auto& all = files_.at(path)->now;
  return at + bytes.size() <= all.size() && std::ranges::equal(Bytes{all}.subspan(at, bytes.size()), bytes);
}

int FaultDisk::open(Handle& handle, const char* path, int flags, int* out_flags) {
  const std::lock_guard lock{mutex_};
  auto at = files_.find(path);
  if (at == files_.end()) {
    if ((flags & SQLITE_OPEN_CREATE) == 0) return SQLITE_CANTOPEN;
    at = files_.emplace(path, std::make_shared<File>()).first;
  }
  handle.file = at->second;
  handle.epoch = epoch_;
  if (out_flags != nullptr) *out_flags = flags;
  return SQLITE_OK;
}

int FaultDisk::close(Handle& handle) {
  const std::lock_guard lock{mutex_};
  unlock(handle, SQLITE_LOCK_NONE);
  handle.file.reset();
  return SQLITE_OK;
}

int FaultDisk::read(Handle& handle, void* out, int size, std::int64_t offset) {
  const std::lock_guard lock{mutex_};
  if (handle.epoch != epoch_) return SQLITE_IOERR_READ;
  const auto& bytes = handle.file->now;
  const auto from = static_cast<std::size_t>(offset), wanted = static_cast<std::size_t>(size);
  const std::size_t has = from < bytes.size() ? std::min(wanted, bytes.size() - from) : 0;
  if (has > 0) std::memcpy(out, bytes.data() + from, has);
  if (has == wanted) return SQLITE_OK;
  std::memset(static_cast<std::byte*>(out) + has, 0, wanted - has);
  return SQLITE_IOERR_SHORT_READ;
}

int FaultDisk::write(Handle& handle, const void* what, int size, std::int64_t offset) {
  const std::lock_guard lock{mutex_};
  if (handle.epoch != epoch_) return SQLITE_IOERR_WRITE;
  if (burns(write_fuse_)) return failed_ = true, SQLITE_IOERR_WRITE;
  File& file = *handle.file;
  const auto from = static_cast<std::size_t>(offset), n = static_cast<std::size_t>(size);
  const std::size_t grows = from + n > file.now.size() ? from + n - file.now.size() : 0;
  if (grows > 0 && used_now() + grows > capacity_) return SQLITE_FULL;
  const std::span bytes{static_cast<const std::byte*>(what), n};
  put(file.now, from, bytes);
  file.unsynced.push_back({from, {bytes.begin(), bytes.end()}, false});
  return burn() ? SQLITE_OK : SQLITE_IOERR_WRITE;
}

int FaultDisk::resize(Handle& handle, std::int64_t size) {
  const std::lock_guard lock{mutex_};
  if (handle.epoch != epoch_) return SQLITE_IOERR_TRUNCATE;
  File& file = *handle.file;
  file.now.resize(static_cast<std::size_t>(size));
  file.unsynced.push_back({static_cast<std::size_t>(size), {}, true});
  return burn() ? SQLITE_OK : SQLITE_IOERR_TRUNCATE;
}

int FaultDisk::sync(Handle& handle) {
  const std::lock_guard lock{mutex_};
  if (handle.epoch != epoch_) return SQLITE_IOERR_FSYNC;
  // As some kernels do: the pages that could not be written are dropped, and the next sync says all is well.
  if (burns(sync_fuse_)) return handle.file->unsynced.clear(), failed_ = true, SQLITE_IOERR_FSYNC;
  if (!burn()) return SQLITE_IOERR_FSYNC;
  File& file = *handle.file;
  for (const File::Change& change : file.unsynced) {
    if (change.truncates) {
      file.synced.resize(change.offset);
    } else {
      put(file.synced, change.offset, change.bytes);
    }
  }
  file.unsynced.clear();
  return SQLITE_OK;
}

std::int64_t FaultDisk::file_size(Handle& handle) const {
  const std::lock_guard lock{mutex_};
  return handle.epoch == epoch_ ? static_cast<std::int64_t>(handle.file->now.size()) : -1;
}

int FaultDisk::lock(Handle& handle, int level) {
  const std::lock_guard lock{mutex_};
  if (handle.level >= level) return SQLITE_OK;
  File& file = *handle.file;
  const bool others_write = file.writer != nullptr && file.writer != &handle;
  if (others_write && (level > SQLITE_LOCK_SHARED || file.exclusive)) return SQLITE_BUSY;
  const std::size_t others = file.readers - (handle.level >= SQLITE_LOCK_SHARED ? 1 : 0);
  if (level == SQLITE_LOCK_EXCLUSIVE && others > 0) return SQLITE_BUSY;
  if (handle.level < SQLITE_LOCK_SHARED) ++file.readers;
  if (level > SQLITE_LOCK_SHARED) file.writer = &handle;
  file.exclusive = level == SQLITE_LOCK_EXCLUSIVE;
  handle.level = level;
  return SQLITE_OK;
}

int FaultDisk::unlock(Handle& handle, int level) {
  const std::lock_guard lock{mutex_};
  if (handle.level <= level || !handle.file) return SQLITE_OK;
  File& file = *handle.file;
  if (file.writer == &handle) {
    file.writer = nullptr;
    file.exclusive = false;
  }
  if (level < SQLITE_LOCK_SHARED) --file.readers;
  handle.level = level;
  return SQLITE_OK;
}

int FaultDisk::reserved(Handle& handle, int* out) {
  const std::lock_guard lock{mutex_};
  *out = handle.file->writer != nullptr ? 1 : 0;
  return SQLITE_OK;
}

int FaultDisk::shm_map(Handle& handle, int region, int size, bool extend, void volatile** out) {
  const std::lock_guard lock{mutex_};
  *out = nullptr;
  auto& regions = handle.file->shm;
  const auto wanted = static_cast<std::size_t>(region);
  if (wanted >= regions.size() && !extend) return SQLITE_OK;
  while (regions.size() <= wanted)
    regions.push_back(std::make_unique<std::byte[]>(static_cast<std::size_t>(size)));
  *out = regions[wanted].get();
  if (!std::exchange(handle.mapped, true)) ++handle.file->mappers;
  return SQLITE_OK;
}

int FaultDisk::shm_lock(Handle& handle, int offset, int n, int flags) {
  const std::lock_guard lock{mutex_};
  File& file = *handle.file;
  for (int i = offset; i < offset + n; ++i) {
    const auto slot = static_cast<std::size_t>(i);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) continue;
    const int others = file.shm_shared[slot] - (handle.shm_shared[slot] ? 1 : 0);
    const bool written = file.shm_writer[slot] != nullptr && file.shm_writer[slot] != &handle;
    if (written || ((flags & SQLITE_SHM_EXCLUSIVE) != 0 && others > 0)) return SQLITE_BUSY;
  }
  for (int i = offset; i < offset + n; ++i) {
    const auto slot = static_cast<std::size_t>(i);
    if ((flags & SQLITE_SHM_UNLOCK) != 0) {
      if (std::exchange(handle.shm_shared[slot], false)) --file.shm_shared[slot];
      if (file.shm_writer[slot] == &handle) file.shm_writer[slot] = nullptr;
    } else if ((flags & SQLITE_SHM_SHARED) != 0) {
      if (!std::exchange(handle.shm_shared[slot], true)) ++file.shm_shared[slot];
    } else {
      file.shm_writer[slot] = &handle;
    }
  }
  return SQLITE_OK;
}

int FaultDisk::shm_unmap(Handle& handle) {
  const std::lock_guard lock{mutex_};
  shm_lock(handle, 0, SQLITE_SHM_NLOCK, SQLITE_SHM_UNLOCK | SQLITE_SHM_SHARED);
  if (std::exchange(handle.mapped, false) && --handle.file->mappers == 0) handle.file->shm.clear();
  return SQLITE_OK;
}

int FaultDisk::exists(const char* path, int* out) {
  const std::lock_guard lock{mutex_};
  *out = files_.contains(path) ? 1 : 0;
  return SQLITE_OK;
}

int FaultDisk::erase(const char* path) {
  const std::lock_guard lock{mutex_};
  return files_.erase(path) > 0 ? SQLITE_OK : SQLITE_IOERR_DELETE_NOENT;
}

}  // namespace boato
