// SPDX-License-Identifier: Apache-2.0
// A small file beside the database, through the same VFS: what tests do to the disk under SQLite happens to
// it too.
#pragma once

#include "overlay/base/strong.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

namespace boato {

class RawFile {
 public:
  enum class Mode : std::uint8_t { read_write, read_only };
  RawFile(const std::string& path, const char* vfs, Mode mode);

  [[nodiscard]] bool is_open() const { return file_ != nullptr; }
  // False: less is there, or it cannot be read.
  bool read(std::uint64_t offset, std::span<std::byte> out);
  bool write(std::uint64_t offset, Bytes bytes);
  bool truncate(std::uint64_t size);
  bool sync();
  [[nodiscard]] std::uint64_t size();

 private:
  struct Open;
  struct Close {
    void operator()(Open* open) const;
  };
  std::string path_;  // SQLite keeps a pointer to it
  std::unique_ptr<Open, Close> file_;
};

}  // namespace boato
