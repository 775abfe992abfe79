// SPDX-License-Identifier: Apache-2.0
#include "node/store/raw_file.hpp"

#include <sqlite3.h>

#include <vector>

namespace boato {

struct RawFile::Open {
  std::vector<std::max_align_t> room;
  std::vector<char> name;
  [[nodiscard]] sqlite3_file* file() { return reinterpret_cast<sqlite3_file*>(room.data()); }
  [[nodiscard]] const sqlite3_io_methods& io() { return *file()->pMethods; }
};

void RawFile::Close::operator()(Open* open) const {
  open->io().xClose(open->file());
  delete open;
}

RawFile::RawFile(const std::string& path, const char* vfs, Mode mode) {
  sqlite3_vfs* system = sqlite3_vfs_find(vfs);
  if (system == nullptr) return;
  auto open = std::make_unique<Open>();
  open->room.resize(static_cast<std::size_t>(system->szOsFile) / sizeof(std::max_align_t) + 1);
  // The file systems of SQLite want a whole path that ends with two zeros.
  open->name.resize(static_cast<std::size_t>(system->mxPathname) + 2);
  if (system->xFullPathname(system, path.c_str(), system->mxPathname, open->name.data()) != SQLITE_OK) return;
  // A super-journal is the kind of file that SQLite opens without locks and names as it is told.
  const int kind = SQLITE_OPEN_SUPER_JOURNAL;
  const int flags =
      mode == Mode::read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  if (system->xOpen(system, open->name.data(), open->file(), kind | flags, nullptr) != SQLITE_OK) return;
  file_.reset(open.release());
}

bool RawFile::read(std::uint64_t offset, std::span<std::byte> out) {
  return file_ && file_->io().xRead(file_->file(), out.data(), static_cast<int>(out.size()),
                                    static_cast<sqlite3_int64>(offset)) == SQLITE_OK;
}

bool RawFile::write(std::uint64_t offset, Bytes bytes) {
  return file_ && file_->io().xWrite(file_->file(), bytes.data(), static_cast<int>(bytes.size()),
                                     static_cast<sqlite3_int64>(offset)) == SQLITE_OK;
}

bool RawFile::truncate(std::uint64_t size) {
  return file_ && file_->io().xTruncate(file_->file(), static_cast<sqlite3_int64>(size)) == SQLITE_OK;
}

bool RawFile::sync() { return file_ && file_->io().xSync(file_->file(), SQLITE_SYNC_FULL) == SQLITE_OK; }

std::uint64_t RawFile::size() {
  sqlite3_int64 size = 0;
  if (!file_ || file_->io().xFileSize(file_->file(), &size) != SQLITE_OK) return 0;
  return static_cast<std::uint64_t>(size);
}

}  // namespace boato
