// SPDX-License-Identifier: Apache-2.0
#include "tests/store/fault_vfs.hpp"

#include <atomic>
#include <cstring>
#include <memory>

namespace boato {
namespace {

// What SQLite sees of an open file: its table first.
struct Opened {
  sqlite3_file base;
  FaultDisk::Handle* handle;
};

FaultDisk::Handle& handle(sqlite3_file* file) { return *reinterpret_cast<Opened*>(file)->handle; }
FaultDisk& disk(sqlite3_file* file) { return *handle(file).disk; }
FaultDisk& disk(sqlite3_vfs* vfs) { return *static_cast<FaultDisk*>(vfs->pAppData); }
sqlite3_vfs* system() { return sqlite3_vfs_find(nullptr); }

int on_close(sqlite3_file* file) {
  const int code = disk(file).close(handle(file));
  delete &handle(file);
  return code;
}
int on_size(sqlite3_file* file, sqlite3_int64* out) {
  *out = disk(file).file_size(handle(file));
  return *out < 0 ? SQLITE_IOERR_FSTAT : SQLITE_OK;
}
int on_control(sqlite3_file* file, int op, void* arg) {
  if (op != SQLITE_FCNTL_PERSIST_WAL) return SQLITE_NOTFOUND;
  int& wanted = *static_cast<int*>(arg);
  if (wanted < 0) {
    wanted = handle(file).persist_wal;
  } else {
    handle(file).persist_wal = wanted;
  }
  return SQLITE_OK;
}

const sqlite3_io_methods methods{
    2,
    on_close,
    [](sqlite3_file* f, void* out, int n, sqlite3_int64 at) { return disk(f).read(handle(f), out, n, at); },
    [](sqlite3_file* f, const void* in, int n, sqlite3_int64 at) {
      return disk(f).write(handle(f), in, n, at);
    },
    [](sqlite3_file* f, sqlite3_int64 size) { return disk(f).resize(handle(f), size); },
    [](sqlite3_file* f, int) { return disk(f).sync(handle(f)); },
    on_size,
    [](sqlite3_file* f, int level) { return disk(f).lock(handle(f), level); },
    [](sqlite3_file* f, int level) { return disk(f).unlock(handle(f), level); },
    [](sqlite3_file* f, int* out) { return disk(f).reserved(handle(f), out); },
    on_control,
    [](sqlite3_file*) { return 4096; },
    [](sqlite3_file*) { return SQLITE_IOCAP_POWERSAFE_OVERWRITE; },
    [](sqlite3_file* f, int region, int size, int extend, void volatile** out) {
      return disk(f).shm_map(handle(f), region, size, extend != 0, out);
    },
    [](sqlite3_file* f, int offset, int n, int flags) {
      return disk(f).shm_lock(handle(f), offset, n, flags);
    },
    [](sqlite3_file*) { std::atomic_thread_fence(std::memory_order_seq_cst); },
    [](sqlite3_file* f, int) { return disk(f).shm_unmap(handle(f)); },
    nullptr,
    nullptr,
};

int on_open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
  file->pMethods = nullptr;
  auto made = std::make_unique<FaultDisk::Handle>();
  made->disk = &disk(vfs);
  const int code = disk(vfs).open(*made, path, flags, out_flags);
  if (code != SQLITE_OK) return code;
  reinterpret_cast<Opened*>(file)->handle = made.release();
  file->pMethods = &methods;
  return SQLITE_OK;
}

int on_full_path(sqlite3_vfs*, const char* path, int room, char* out) {
  if (static_cast<int>(std::strlen(path)) >= room) return SQLITE_CANTOPEN;
  std::strcpy(out, path);
  return SQLITE_OK;
}

}  // namespace

FaultDisk::Vfs::Vfs(FaultDisk& disk, const char* name) {
  vfs = *system();
  vfs.iVersion = 1;
  vfs.szOsFile = sizeof(Opened);
  vfs.pNext = nullptr;
  vfs.zName = name;
  vfs.pAppData = &disk;
  vfs.xOpen = on_open;
  vfs.xDelete = [](sqlite3_vfs* v, const char* path, int) { return boato::disk(v).erase(path); };
  vfs.xAccess = [](sqlite3_vfs* v, const char* path, int, int* out) {
    return boato::disk(v).exists(path, out);
  };
  vfs.xFullPathname = on_full_path;
  vfs.xRandomness = [](sqlite3_vfs*, int n, char* out) { return system()->xRandomness(system(), n, out); };
  vfs.xSleep = [](sqlite3_vfs*, int us) { return system()->xSleep(system(), us); };
  vfs.xCurrentTime = [](sqlite3_vfs*, double* out) { return system()->xCurrentTime(system(), out); };
  sqlite3_vfs_register(&vfs, 0);
}

FaultDisk::Vfs::~Vfs() { sqlite3_vfs_unregister(&vfs); }

}  // namespace boato
