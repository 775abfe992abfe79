// SPDX-License-Identifier: Apache-2.0
// What a peer keeps on disk: its folder (0700, locked, so that one identity never runs twice on a host), the
// seed of its key and its last incarnation. Secrets that others can read are refused, with the command that
// cures it. Files are made under another name, synced and renamed: after a power cut there is the old or the
// new one, never half of one.
#pragma once

#include <boato/result.hpp>

#include "overlay/base/crypto.hpp"

#include <string>
#include <utility>

namespace boato {

class DataFolder {
 public:
  // Makes the folder if it is not there, and locks it. Errors: bad_config.
  static Result<DataFolder> open(const std::string& path);
  DataFolder() = default;
  DataFolder(DataFolder&& other) noexcept
      : path_{std::move(other.path_)}, lock_{std::exchange(other.lock_, -1)} {}
  DataFolder& operator=(DataFolder&& other) noexcept {
    std::swap(path_, other.path_);
    std::swap(lock_, other.lock_);
    return *this;
  }
  ~DataFolder();

  // The seed of this peer's key; made from `fresh` if there is none yet.
  [[nodiscard]] Result<Key32> identity(const Key32& fresh) const;
  [[nodiscard]] const std::string& path() const { return path_; }
  // Greater than every one before, and kept before it is used.
  [[nodiscard]] Result<Incarnation> next_incarnation(std::uint64_t wall_us) const;

 private:
  std::string path_;
  int lock_ = -1;
};

// 32 bytes, raw or as 64 hexadecimal digits. `what` names the file for people.
[[nodiscard]] Result<Key32> read_key_file(const std::string& path, const char* what);
// Makes such a file (hexadecimal, 0600). Fails if it exists.
[[nodiscard]] Result<void> write_key_file(const std::string& path, const Key32& key);

}  // namespace boato
